"""The two pipes between a parent's event loop and a worker: documents go down one, answers come up the other."""

from __future__ import annotations

import asyncio
import fcntl
import os
from asyncio import ReadTransport, StreamReader, StreamReaderProtocol, StreamWriter
from contextlib import ExitStack, suppress
from dataclasses import dataclass

MOST_IN_PIPE = 1024 * 1024
"""What a pipe holds, where the kernel lets it: a document goes through in fewer, larger pieces."""


@dataclass(frozen=True, slots=True)
class Pipes:
    """The parent's ends."""

    documents: StreamWriter
    answers: StreamReader
    answers_from: ReadTransport

    def close(self) -> None:
        """Both, whatever is still on its way."""
        if not self.documents.transport.is_closing():
            self.documents.transport.abort()
        self.answers_from.close()


async def open_pipes(documents: int, answers: int) -> Pipes:
    """Makes ends of pipes into streams, which close them."""
    loop, reader = asyncio.get_running_loop(), StreamReader()
    protocol = StreamReaderProtocol(StreamReader())
    with ExitStack() as undo:
        up = undo.enter_context(os.fdopen(answers, "rb", 0))
        down = undo.enter_context(os.fdopen(documents, "wb", 0))
        answers_from, _ = await loop.connect_read_pipe(lambda: StreamReaderProtocol(reader), up)
        undo.callback(answers_from.close)
        documents_to, _ = await loop.connect_write_pipe(lambda: protocol, down)
        undo.pop_all()
    return Pipes(StreamWriter(documents_to, protocol, None, loop), reader, answers_from)


def wide_pipe() -> tuple[int, int]:
    """A pipe that holds much, where that can be had."""
    ends = os.pipe2(os.O_CLOEXEC)
    with suppress(OSError):
        fcntl.fcntl(ends[0], fcntl.F_SETPIPE_SZ, MOST_IN_PIPE)
    return ends


def patient_pipe() -> tuple[int, int]:
    """A pipe that, when full, takes no more, instead of holding up who writes; and whose reader does not wait."""
    return os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
