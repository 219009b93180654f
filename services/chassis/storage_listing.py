"""The store's listings: of one key, which a client waits for, and of the bucket page by page, which an audit walks.

They are made here and not by the S3 client. That one takes 570 us of CPU for a key, two threads' turns among them; this
takes a third, most of it aiohttp's own. And it tells neither when the store looked nor lets a caller keep its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
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
_EPOCH, _MS = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
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
    contents, *names = (f"{_space(root)}{name}" for name in ("Contents", "Key", "Size", "ETag", "LastModified"))
    return [_listed([_child(each, name) for name in names]) for each in root.iterfind(contents)]


def _listed(texts: Sequence[str]) -> Listed:
    key, size, etag, modified = texts
    return Listed(
        unquote_plus(key, errors="strict"),
        int(size),
        etag.replace('"', ""),
        _end_of_ms(datetime.fromisoformat(modified)),
    )


def _text(root: ET.Element, name: str) -> str:
    """Raises KeyError where there is none."""
    return _child(root, f"{_space(root)}{name}")


def _space(root: ET.Element) -> str:
    """The namespace of an answer, which is S3's or none, as it stands before each name."""
    return root.tag[: root.tag.find("}") + 1]


def _child(element: ET.Element, name: str) -> str:
    found = element.findtext(name)
    if found is None:
        raise KeyError(name)
    return found


def _end_of_ms(time: datetime) -> int:
    """The last ns of the ms that the store tells; without a zone it is UTC."""
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    return (since // _MS + 1) * NS_PER_MS - 1
