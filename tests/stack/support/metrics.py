"""What the services show of themselves: their /metrics, read as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiohttp import ClientSession, ClientTimeout
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.info import StackInfo
from deploy.observe.labels import is_known

OURS = "docuvault_"


@dataclass(frozen=True, slots=True)
class Shown:
    """A sample of ours, and the process that shows it."""

    process: str
    name: str
    labels: Mapping[str, str]
    value: float


async def shown(info: StackInfo, *services: str) -> list[Shown]:
    """All samples of ours, of these services or of all. Raises ClientError where one does not answer."""
    found: list[Shown] = []
    async with ClientSession(timeout=ClientTimeout(total=10)) as session:
        for process, url in info.service_urls.items():
            if not services or process.rpartition("-")[0] in services:
                async with session.get(f"{url}/metrics") as response:
                    found += _samples(process, await response.text())
    return found


def _samples(process: str, text: str) -> Iterator[Shown]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith(OURS):
                yield Shown(process, sample.name, sample.labels, sample.value)


async def value(info: StackInfo, service: str, name: str, **labels: str) -> float:
    """The samples of this name and these labels, added up over the replicas of a service."""
    found = await shown(info, service)
    return sum(each.value for each in found if each.name == name and labels.items() <= each.labels.items())


async def strange_labels(info: StackInfo) -> set[tuple[str, str, str]]:
    """Series, label and value of whatever a label may not hold."""
    return {
        (each.name, label, found)
        for each in await shown(info)
        for label, found in each.labels.items()
        if not is_known(label, found)
    }
