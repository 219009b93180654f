"""What can be uploaded: a file, bytes in memory, or a stream of known size."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol

from docuvault_contracts.http import UNKNOWN_MEDIA_TYPE

from docuvault_client.errors import SourceChanged, SourceUnreadable

CHUNK_BYTES = 64 * 1024
PACKINGS = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


class Reader(Protocol):
    """A source that is open. Every method raises SourceChanged or SourceUnreadable."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    @property
    def identity(self) -> str | None:
        """The same only for the same bytes, as far as can be told without reading them; None where nothing can."""
        ...

    @property
    def again(self) -> bool:
        """Whether any part of it can be read, and more than once."""
        ...

    def chunks(self, start: int, size: int) -> AsyncGenerator[bytes]:
        """So many bytes from there, or an error before the last of them."""
        ...


class Source(Protocol):
    """Something with a name and a media type that can be opened."""

    @property
    def name(self) -> str:
        """The file's name; of a path the server keeps the last component."""
        ...

    @property
    def content_type(self) -> str:
        """Its media type."""
        ...

    def open(self) -> AbstractAsyncContextManager[Reader]:
        """Raises SourceUnreadable."""
        ...


def guess_type(name: str) -> str:
    """A media type by the name's suffix; of what is packed, the packing's."""
    suffixes = "".join(PurePath(name).suffixes[-2:])  # alone, since the whole might be taken for a URL
    kind, packing = mimetypes.guess_type(f"x{suffixes}", strict=False)
    return PACKINGS.get(packing, UNKNOWN_MEDIA_TYPE) if packing else kind or UNKNOWN_MEDIA_TYPE


@dataclass(frozen=True, slots=True)
class File:
    """A regular file. It is opened once: who renames or deletes it meanwhile takes nothing away."""

    path: Path
    name: str = ""
    content_type: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        object.__setattr__(self, "name", self.name or self.path.name)
        object.__setattr__(self, "content_type", self.content_type or guess_type(self.name))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Reader]:
        """The file as it is now."""
        number = await asyncio.to_thread(_opened, self.path)
        try:
            yield _FileReader(number, self.path, os.fstat(number))
        finally:
            os.close(number)


def _opened(path: Path) -> int:
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would wait for its writer
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise SourceUnreadable("it is no regular file")
    return number


@dataclass(slots=True)
class _FileReader:
    number: int
    path: Path
    was: os.stat_result
    again: bool = True
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def size(self) -> int:
        return self.was.st_size

    @property
    def identity(self) -> str | None:
        return f"{self.path.absolute()}\0{self.was.st_size}\0{self.was.st_mtime_ns}"

    async def chunks(self, start: int, size: int) -> AsyncGenerator[bytes]:
        end = start + size
        while start < end:
            wanted = min(CHUNK_BYTES, end - start)
            data = await asyncio.to_thread(self._read, wanted, start)
            start += wanted
            if start == end:
                self._hold()  # before the last piece is out, so that the store never has a whole that is none
            yield data
        if not size:
            self._hold()

    def _read(self, size: int, start: int) -> bytes:
        try:
            data = os.pread(self.number, size, start)
        except OSError as error:
            raise _unreadable(error) from None
        if len(data) != size:
            raise SourceChanged("the file became shorter while it was sent")
        return data

    def _hold(self) -> None:
        now = os.fstat(self.number)
        if (now.st_size, now.st_mtime_ns) != (self.was.st_size, self.was.st_mtime_ns):
            raise SourceChanged("the file changed while it was sent")


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes in memory."""

    data: bytes = field(repr=False)
    name: str
    content_type: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "content_type", self.content_type or guess_type(self.name))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Reader]:
        """The bytes."""
        yield _BytesReader(self.data)


@dataclass(frozen=True, slots=True)
class _BytesReader:
    data: bytes
    again: bool = True
    identity: str | None = None

    @property
    def size(self) -> int:
        return len(self.data)

    async def chunks(self, start: int, size: int) -> AsyncGenerator[bytes]:
        for at in range(start, start + size, CHUNK_BYTES):
            yield self.data[at : min(at + CHUNK_BYTES, start + size)]


@dataclass(frozen=True, slots=True)
class Stream:
    """Bytes that come once, so many of them. What failed after the first was sent is not tried again."""

    stream: AsyncIterable[bytes] = field(repr=False)
    size: int
    name: str
    content_type: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "content_type", self.content_type or guess_type(self.name))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Reader]:
        """The stream."""
        yield _StreamReader(self.stream, self.size)


@dataclass(slots=True)
class _StreamReader:
    stream: AsyncIterable[bytes]
    size: int
    again: bool = False
    identity: str | None = None
    begun: bool = False

    async def chunks(self, start: int, size: int) -> AsyncGenerator[bytes]:
        """Everything at once: `start` is 0. The last piece waits for the stream's end, which may come late."""
        if self.begun or start or size != self.size:
            raise SourceUnreadable("a stream is read once, from its start to its end")
        self.begun = True
        left, held = size, b""
        async for piece in self.stream:
            left -= len(piece)
            if left < 0:
                raise SourceChanged(f"the stream has more than the {size:,} bytes that were told")
            if held:
                yield held
            held = piece
        if left:
            raise SourceChanged(f"the stream ended {left:,} bytes before the {size:,} that were told")
        if held:
            yield held


def _unreadable(error: Exception) -> SourceUnreadable:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return SourceUnreadable(f"it cannot be read: {reason}")
