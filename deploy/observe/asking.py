"""Prometheus' HTTP API, as far as it is needed here: is it ready, what fires, what a query gives over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from deploy.local.errors import StackError

SECONDS = 10.0
OK = 200


@dataclass(frozen=True, slots=True)
class Series:
    """A result's labels and its points: seconds since the epoch, and the value."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


class Prometheus:
    """One that runs at `url`, by an open session. All calls but `ready` raise StackError."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def ready(self) -> bool:
        """Whether it has read its configuration and data."""
        try:
            async with self._session.get(f"{self._url}/-/ready", timeout=ClientTimeout(total=SECONDS)) as response:
                return response.status == OK
        except (ClientError, TimeoutError):
            return False

    async def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        found = await self._get("/api/v1/alerts", {})
        return {each["labels"]["alertname"] for each in found["alerts"] if each["state"] == "firing"}

    async def over_time(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        """What the expression gives between two times, in seconds since the epoch, every `step` seconds."""
        asked = {"query": expression, "start": str(start), "end": str(end), "step": str(step)}
        found = await self._get("/api/v1/query_range", asked)
        return [
            Series(each["metric"], [(float(at), float(value)) for at, value in each["values"]])
            for each in found["result"]
        ]

    async def _get(self, path: str, asked: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        try:
            async with self._session.get(
                self._url + path, params=asked, timeout=ClientTimeout(total=SECONDS)
            ) as response:
                body = await response.json()
        except (ClientError, TimeoutError, ValueError) as error:
            raise StackError(f"Prometheus does not answer at {self._url}: {error}") from error
        if body.get("status") != "success":
            raise StackError(f"Prometheus refuses {asked.get('query', path)}: {body.get('error')}")
        return body["data"]
