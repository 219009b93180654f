"""The store's listings: of one key, which a client waits for, and of the bucket page by page, which an audit walks.

They are made here and not by the S3 client. That one takes 570 us of CPU for a key, two threads' turns among them; this
takes a third, most of it aiohttp's own. And it tells neither when the store looked nor lets a caller keep its place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from aiohttp import ClientSession
from yarl import URL

from services.chassis.presign import Presigner, Query
from services.chassis.storage import Listed, Page
from services.chassis.storage_answer import Answer, read_answer

SECONDS = 60
"""How long the signature of a call is good; it is made for the call, and clocks may differ a little."""
NS_PER_MS = 1_000_000
NS_PER_SECOND = 1_000_000_000
_AS_KEYS_ARE_TOLD = (("encoding-type", "url"), ("list-type", "2"))
"""Percent-encoded, since a key may hold what XML cannot."""


class Listing:
    """Lists the bucket that `presigner` signs for.

    Its calls raise what the S3 client would: S3Error, InvalidResponseError for an answer that is no listing of S3's, or
    aiohttp's own.
    """

    def __init__(self, session: ClientSession, presigner: Presigner) -> None:
        self._session = session
        self._presigner = presigner
        self._next: tuple[str, str] | None = None

    async def first(self, prefix: str) -> Listed | None:
        """The first object whose key starts with `prefix`. With max-keys 1 MinIO looks at the exact key first."""
        answer = await self._ask((*_AS_KEYS_ARE_TOLD, ("max-keys", "1"), ("prefix", prefix)))
        with answer.understood():
            return next(iter(_objects(answer.root)), None)

    async def page(self, after: str, most: int) -> Page:
        """At most `most` objects whose keys come after `after`.

        Where that is the end of the page before, by the store's own token: MinIO, asked by a key, may end a walk too
        early, where more than 66 objects have names that begin as a folder of that key does ("a" and "a b").
        """
        token = self._next[1] if self._next is not None and self._next[0] == after else None
        first, last = (("continuation-token", token),), (("start-after", after),)
        asked = (*(first if token else ()), *_AS_KEYS_ARE_TOLD, ("max-keys", str(most)), *(() if token else last))
        answer = await self._ask(asked)
        with answer.understood():
            page = _page(answer)
            self._next = (page.objects[-1].key, _text(answer.root, "NextContinuationToken")) if page.more else None
        return page

    async def _ask(self, query: Query) -> Answer:
        url = self._presigner.bucket_url(SECONDS, datetime.now(UTC), query)
        async with self._session.get(URL(url, encoded=True), allow_redirects=False) as response:
            return await read_answer(response, "ListBucketResult")


def _page(answer: Answer) -> Page:
    """Raises ValueError, KeyError and TypeError for what is no page, an empty one that is not the last among them."""
    objects = _objects(answer.root)
    more = {"true": True, "false": False}[_text(answer.root, "IsTruncated")]
    if more and not objects:
        raise ValueError("a page of nothing has another after it")
    looked = parsedate_to_datetime(answer.response.headers["Date"])
    return Page(objects, int(looked.timestamp()) * NS_PER_SECOND, more)


def _objects(root: ET.Element) -> list[Listed]:
    """Raises ValueError and KeyError where one is not whole."""
    return [_listed(child) for child in root if child.tag.endswith("Contents")]


def _listed(element: ET.Element) -> Listed:
    return Listed(
        unquote_plus(_text(element, "Key"), errors="strict"),
        int(_text(element, "Size")),
        _text(element, "ETag").replace('"', ""),
        _end_of_ms(datetime.fromisoformat(_text(element, "LastModified"))),
    )


def _text(element: ET.Element, name: str) -> str:
    """Of the one child of that name, in the namespace of the element itself. Raises KeyError where there is none."""
    found = element.findtext(element.tag[: element.tag.find("}") + 1] + name)
    if found is None:
        raise KeyError(name)
    return found


def _end_of_ms(time: datetime) -> int:
    """The last ns of the ms that the store tells; without a zone it is UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    whole, ms = int(aware.replace(microsecond=0).timestamp()), aware.microsecond // 1000
    return (whole * 1000 + ms) * NS_PER_MS + NS_PER_MS - 1
