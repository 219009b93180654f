"""What must hold once all is healed: for every document of every client, and for all that was ever said."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.structs import ConsumerRecord
from docuvault_contracts import topics

from tests.campaign.filing import OFF, READABLE
from tests.campaign.tales import Delete, Ends, Tale, ends_of, filing_of
from tests.campaign.users import User, Users
from tests.faults.support.history import History, read_history
from tests.faults.support.line import wrong_line
from tests.faults.support.site import Site
from tests.faults.support.wire import Wire
from tests.stack.support.api import Client
from tests.stack.support.bucket import Bucket

AT_ONCE = 8
LIVE = frozenset({"uploaded", "classified", "classification_failed"})
OURS = (topics.DOCUMENTS, topics.QUOTA, topics.CLASSIFICATION, topics.STORAGE_JANITOR)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that does not hold, and the document it is about, where it is about one."""

    what: str
    tale: Tale | None = None

    def __str__(self) -> str:
        return self.what if self.tale is None else f"{self.what}\n      {self.tale}"


async def all_wrong(site: Site, users: Users, wire: Wire) -> list[Wrong]:
    """Everything that does not hold; nothing may be under way any more."""
    history = await read_history(wire)
    found = [Wrong(what) for what in [*wrong_sums(history), *await _wrong_events(wire)]]
    found += [Wrong(what) for what in await wrong_line(site.info)]
    for user in users.users:
        tales = [tale for tale in users.tales if tale.client is user.client]
        found += await _wrong_of(site.bucket, user, tales, users.dropped)
    return found


async def _wrong_of(bucket: Bucket, user: User, tales: Sequence[Tale], dropped: Collection[str]) -> list[Wrong]:
    """What is wrong with one user's documents."""
    sizes = await bucket.sizes_of(user.client.user_id)
    listed = {each["id"]: each async for each in listed_documents(user.client)}
    found = [Wrong(what) for what in wrong_statuses(user, listed.values(), dropped)]
    used = await user.client.used_bytes()
    if used != sum(sizes.values()):
        found.append(Wrong(f"user {user.client.user_id} uses {used} bytes, the store holds {sum(sizes.values())}"))
    known = {tale.upload.key for tale in tales}
    found += [Wrong(f"an object that no client was told of: {key}") for key in sizes.keys() - known]
    for at in range(0, len(tales), AT_ONCE):
        slice_ = tales[at : at + AT_ONCE]
        told = await asyncio.gather(*(_wrong_with(bucket, each, sizes, listed) for each in slice_))
        found += [Wrong(what, each) for each, reasons in zip(slice_, told, strict=True) for what in reasons]
    return found


async def _wrong_with(
    bucket: Bucket, tale: Tale, sizes: Mapping[str, int], listed: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    data = await bucket.read(tale.upload.key) if tale.upload.key in sizes else None
    shown = listed.get(tale.upload.document_id)
    wrong = wrong_end(ends_of(tale), data, shown) or wrong_filing(tale, shown)
    reasons = [*tale.lies, *([] if wrong is None else [wrong])]
    if not reasons:
        answer = await tale.client.confirm(tale.upload.document_id)
        reasons += wrong_answer(tale, data, answer.status, answer.body)
    return reasons


def wrong_end(ends: Ends, data: bytes | None, shown: Mapping[str, Any] | None) -> str | None:
    """Why what has become of a document is none of its possible ends; None where it is one."""
    status = shown["status"] if shown else None
    if data is not None:
        if not ends.kept:
            return f"its bytes are there, though they must be gone; it is {status}"
        if data not in ends.kept:
            return f"other bytes are there than were put: {len(data)}, of {[len(each) for each in ends.kept]}"
        whole = status in LIVE and shown is not None and shown["size_bytes"] == len(data)
        return None if whole else f"its bytes are there, but it is shown as {shown}"
    if status is None:
        return None if ends.gone else "it is gone, though its bytes were acknowledged and nothing was refused"
    if status == "pending":
        return None if ends.waiting else "it still waits for bytes, though they were acknowledged"
    return f"it is {status}, but the store has no bytes"


def wrong_statuses(
    user: User, shown: Iterable[Mapping[str, Any]], dropped: Collection[str] = frozenset()
) -> Iterator[str]:
    """Documents of a user that were classified though nothing of theirs is to be read, or were not though it is.

    And those that are shown under topics which their owner was told to be deleted.
    """
    wanted = {"uploaded", "pending"} if user.mode == OFF else {"classified", "classification_failed", "pending"}
    for each in shown:
        if each["status"] not in wanted:
            yield f"with mode {user.mode} document {each['id']} is {each['status']}"
        if gone := [topic["name"] for topic in each["topics"] if topic["topic_id"] in dropped]:
            yield f"document {each['id']} is shown under {gone}, which was deleted"


def wrong_filing(tale: Tale, shown: Mapping[str, Any] | None) -> str | None:
    """Why a document is not filed as its owner filed it by hand, or was not read; None where it is, or need not be.

    What befalls a service is never told of a document: a good one is not called unreadable for it.
    """
    filed = filing_of(tale)
    if shown is not None and shown["status"] == "classification_failed" and tale.upload.key.endswith(READABLE):
        return f"it is a text, and told to be none that can be read: {shown['reason']}"
    if filed is None or shown is None:
        return None
    topics = tuple(topic["topic_id"] for topic in shown["topics"])
    return None if topics == filed else f"its owner filed it under {filed}, and it is shown under {topics}"


def wrong_answer(tale: Tale, data: bytes | None, status: int, body: Any) -> list[str]:
    """What is wrong with the answer to one more confirm: everybody is told what has become of it."""
    if data is not None:
        return [] if (status, body.get("size_bytes")) == (200, len(data)) else [f"a last confirm says {status}: {body}"]
    if tale.deleted is Delete.DONE and not tale.refused:
        return [] if status in {404, 413} else [f"a last confirm of a deleted document says {status}: {body}"]
    if tale.refused:
        return [] if status in {413, 404} else [f"a last confirm of a refused document says {status}: {body}"]
    return [] if status in {404, 413, 422} else [f"a last confirm of what is not there says {status}: {body}"]


async def listed_documents(client: Client) -> AsyncIterator[dict[str, Any]]:
    """All the client's documents, page by page."""
    query = "limit=100"
    while query:
        page = (await client.list(query)).body
        for each in page["items"]:
            yield each
        query = f"limit=100&cursor={page['next_cursor']}" if page["next_cursor"] else ""


def wrong_sums(history: History) -> Iterator[str]:
    """Refusals of what fits, and two decisions in one place."""
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    for each in history.by_id.values():
        ids[each.key, each.version].add(each.id)
        data = each.data
        if data.get("reason") == "over_quota" and data["used_bytes"] + data["rejected_bytes"] <= data["limit_bytes"]:
            yield f"refused although it fits: {each.body.decode()}"
    for (key, version), found in ids.items():
        if len(found) > 1:
            yield f"{key}: version {version} was decided {len(found)} times"


async def _wrong_events(wire: Wire) -> list[str]:
    records = [record for topic in OURS for record in await wire.read(topic.name)]
    return [*two_meanings(records), *out_of_order(records)]


def two_meanings(records: Sequence[ConsumerRecord[bytes, bytes]]) -> Iterator[str]:
    """Ids under which our services said more than one thing."""
    said: dict[bytes, set[tuple[bytes | None, bytes | None]]] = defaultdict(set)
    for record in records:
        headers = dict(record.headers)
        if (headers.get("ce_source") or b"").startswith(b"docuvault/"):
            said[headers.get("ce_id") or b""].add((headers.get("ce_type"), record.value))
    for id_, found in said.items():
        if len(found) > 1:
            yield f"event {id_.decode()} says {len(found)} things: {sorted(map(repr, found))}"


def out_of_order(records: Sequence[ConsumerRecord[bytes, bytes]]) -> Iterator[str]:
    """Documents whose delete was said before their request was, each for the first time."""
    first: dict[tuple[str, bytes], int] = {}
    for place, record in enumerate(records):
        if record.topic == topics.DOCUMENTS.name and record.value and record.value.startswith(b"{"):
            kind = dict(record.headers).get("ce_type") or b""
            first.setdefault((str(_document(record.value)), kind), place)
    for (document, kind), place in first.items():
        requested = first.get((document, b"upload.requested"))
        if kind == b"document.deleted" and requested is not None and place < requested:
            yield f"document {document} was deleted before it was requested"


def _document(value: bytes) -> object:
    try:
        return json.loads(value).get("document_id")
    except ValueError:
        return None
