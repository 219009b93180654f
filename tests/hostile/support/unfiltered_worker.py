"""The bad worker on a kernel without seccomp: what the other layers hold by themselves."""

from __future__ import annotations

from services.classifier.sandbox import seccomp, worker
from tests.hostile.support import bad_worker


def _is_missing(*_: object) -> None:
    raise OSError


if __name__ == "__main__":
    seccomp.install = _is_missing  # type: ignore[assignment]
    worker.main(lambda _: bad_worker.obey)
