"""The streams of this process, and what they hear of: a topic's records come in, those of connected users go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from uuid import UUID

import msgspec
import structlog
from docuvault_contracts.cloudevents import type_of
from docuvault_contracts.events import AccountChanged, DocumentChanged

from services.chassis.delivery import Record
from services.upload.live.metrics import STREAMS
from services.upload.live.settings import LiveSettings
from services.upload.live.stream import Stream
from services.upload.live.window import ACCOUNT, Ahead, Lost, Missed, Window

log = structlog.get_logger(__name__)

AGAIN = "Changes may have been missed"
STOPPED = "stopped"


class _Change(msgspec.Struct, gc=False):
    """Whose, and which document; as text, since most of them concern nobody who is connected here."""

    user_id: str
    document_id: str | None = None


_ID_BYTES = 16
_CHANGE = msgspec.json.Decoder(_Change)
_TYPES = frozenset({DocumentChanged.type, AccountChanged.type})


class Full(Enum):
    """Why there is no stream to be had now."""

    OF_USER = "The caller has too many streams open"
    OF_PROCESS = "There are too many streams open here"


class Hub:
    """Streams by user, and the window: a Sink. Each call is done before another begins, as all in one event loop."""

    def __init__(
        self,
        window: Window,
        *,
        most: int,
        most_of_user: int,
        queue: int,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 10**6,
    ) -> None:
        self.window = window
        self._most = most
        self._most_of_user = most_of_user
        self._queue = queue
        self._now_ms = now_ms
        self._streams: dict[bytes, set[Stream]] = {}
        """By the bytes of their user's id."""
        self._count = 0
        self._undecided: set[Stream] = set()
        self._stopped = False

    def __len__(self) -> int:
        """How many streams there are."""
        return self._count

    def full(self, user_id: UUID) -> Full | None:
        """Why the user cannot have another stream; None where they can."""
        if len(self._streams.get(user_id.bytes, ())) >= self._most_of_user:
            return Full.OF_USER
        return Full.OF_PROCESS if self._count >= self._most else None

    @contextmanager
    def stream(self, user_id: UUID, resume: str | None) -> Iterator[Stream]:
        """A stream that hears for as long as the block runs, however it ends."""
        stream = Stream(user_id, self._queue, resume)
        self._streams.setdefault(user_id.bytes, set()).add(stream)
        self._undecided.add(stream)
        self._count += 1
        STREAMS.set(self._count)
        if self._stopped:
            stream.end(STOPPED)
        try:
            yield stream
        finally:
            self._remove(stream)

    def _remove(self, stream: Stream) -> None:
        of_user = self._streams[stream.user_id.bytes]
        of_user.discard(stream)
        if not of_user:
            del self._streams[stream.user_id.bytes]
        self._undecided.discard(stream)
        self._count -= 1
        STREAMS.set(self._count)

    def settle(self, stream: Stream, *, patient: bool) -> None:
        """Finds out where the stream begins or goes on, unless that is to be waited for.

        Who is `patient` waits for this replica to read as far as another one had.
        """
        if not self.window.is_open:
            return
        match self._missed(stream):
            case Missed(documents):
                stream.hear_all(documents)
            case Lost(reason):
                stream.lose(reason)
            case Ahead() if patient:
                return
            case Ahead():
                stream.lose(AGAIN)
        stream.undecided = False
        self._undecided.discard(stream)

    def _missed(self, stream: Stream) -> Missed | Ahead | Lost:
        """Who begins has missed nothing, but for one who listed before there was a place to begin at."""
        if stream.resume is not None:
            return self.window.missed(stream.user_id, stream.resume)
        return Lost(AGAIN) if stream.greeted else Missed(frozenset())

    def stop(self) -> None:
        """Ends all streams: their clients go on elsewhere."""
        self._stopped = True
        for stream in self._all():
            stream.end(STOPPED)

    def begin(self, partitions: int) -> None:
        """See Sink."""
        if self.window.widen(partitions):
            for stream in self._all():
                stream.lose(AGAIN)

    def place(self, partition: int) -> int | None:
        """See Sink."""
        return self.window.place(partition)

    def start(self, partition: int, offset: int) -> None:
        """See Sink."""
        known = self.window.place(partition)
        self.window.start(partition, offset)
        if known is not None:
            self._break(partition, known, offset)

    def take(self, records: Sequence[Record]) -> None:
        """See Sink."""
        for record in records:
            self._take(record)
        self.window.forget(self._now_ms())
        if records:
            self._ring_undecided()

    def caught_up(self) -> None:
        """See Sink."""
        self.window.is_open = True
        self._ring_undecided()

    def _take(self, record: Record) -> None:
        """A gap in the offsets, or a record nobody can read, may have hidden a change of anybody's."""
        expected = self.window.place(record.partition)
        if expected != record.offset or record.fault is not None:
            self.window.start(record.partition, record.offset)
            self._break(record.partition, expected, record.offset)
        change = _change_of(record)
        if change is None:
            self.window.add(record.partition, record.timestamp_ms)
            return
        user, document = change
        self.window.add(record.partition, record.timestamp_ms, user, document)
        streams = self._streams.get(user)
        if streams:
            document_id = None if document == ACCOUNT else UUID(bytes=document)
            for stream in streams:
                stream.hear(document_id)

    def _break(self, partition: int, expected: int | None, offset: int) -> None:
        log.warning("live.changes_missed", partition=partition, expected=expected, offset=offset)
        for stream in self._all():
            if self.window.partition_of(stream.user_id) == partition:
                stream.lose(AGAIN)

    def _ring_undecided(self) -> None:
        for stream in self._undecided:
            stream.bell.set()

    def _all(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]


def make_hub(settings: LiveSettings) -> Hub:
    """The hub as it is set."""
    window = Window(settings.live_window_seconds, settings.live_window_changes, settings.live_queue)
    return Hub(
        window,
        most=settings.live_streams,
        most_of_user=settings.live_streams_per_user,
        queue=settings.live_queue,
    )


def _change_of(record: Record) -> tuple[bytes, bytes] | None:
    """The ids of a user and a document, as the window has them. What nobody of ours wrote concerns nobody."""
    if record.fault is not None or record.value is None or type_of(record.headers) not in _TYPES:
        return None
    try:
        change = _CHANGE.decode(record.value)
        return _id(change.user_id), ACCOUNT if change.document_id is None else _id(change.document_id)
    except (msgspec.MsgspecError, ValueError):
        return None


def _id(text: str) -> bytes:
    """Those of a UUID, in a third of its time. Raises ValueError."""
    found = bytes.fromhex(text.replace("-", ""))
    if len(found) != _ID_BYTES:
        raise ValueError(text)
    return found
