"""A process that reads documents, one after another: `python -m services.classifier.sandbox.worker ORDERS`.

What is a document on its standard input is a text, or why there is none, on its standard output. It trusts its parent
and nothing in a document. Modules with threads are imported only when the process has given up what they could use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import BinaryIO

from services.classifier.niceness import Session, give_way
from services.classifier.reading import Reading, Source
from services.classifier.sandbox import confine, protocol
from services.classifier.sandbox.messages import Orders, frame_of_reading, source_of_frame
from services.classifier.sandbox.protocol import Frame

Read = Callable[[Source], Reading]
Answer = Callable[[Frame], Frame]


def main(prepare: Callable[[Orders], Read]) -> None:
    """Reads documents with what `prepare` makes."""

    def answering(orders: Orders) -> Answer:
        read = prepare(orders)
        return lambda frame: frame_of_reading(read(source_of_frame(frame)))

    serve(answering)


def serve(prepare: Callable[[Orders], Answer]) -> None:
    """Confines this process, makes it ready with `prepare`, and answers until its parent closes the pipe."""
    orders = Orders.from_argument(sys.argv[1])
    give_way(orders.nice)
    documents, answers = _pipes()
    session, layers = Session(), confine.before_imports(orders)
    if orders.is_probe:
        _tell_ready(answers, confine.before_documents(orders, layers))
        protocol.read(documents)
        return
    answer = prepare(orders)
    session.give_way()  # only now: a start on a busy machine would take longer than anybody waits for it
    _tell_ready(answers, confine.before_documents(orders, layers))
    while (frame := protocol.read(documents)) is not None:
        protocol.write(answers, answer(frame))


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Documents and answers; what a library prints goes where errors go, and is no answer."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, answers


def _tell_ready(answers: BinaryIO, layers: list[confine.Layer]) -> None:
    protocol.write(answers, Frame({"ready": [layer.value for layer in layers]}))


def _prepare(orders: Orders) -> Read:
    from services.classifier.sandbox.extraction import Extraction  # noqa: PLC0415 - it starts threads

    extraction = Extraction(orders.most_characters, orders.tessdata)
    extraction.warm_up()
    return extraction.read


if __name__ == "__main__":
    main(_prepare)
