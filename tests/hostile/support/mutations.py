"""Good documents with some of their bytes wrong: on the outside, or of a file within a zip."""

from __future__ import annotations

import io
import zipfile
from random import Random

from benchmarks.papers.packages import zipped


def mutated(document: bytes, chance: Random) -> bytes:
    """The document, a little wrong; of a zip as often one of the files in it."""
    if document.startswith(b"PK") and chance.random() < 0.5:
        return _within(document, chance)
    return _bytes(document, chance)


def _within(document: bytes, chance: Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(files))
    return zipped(files | {name: _bytes(files[name], chance)})


def _bytes(data: bytes, chance: Random) -> bytes:
    wrong = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        if wrong:
            _one(wrong, chance)
    return bytes(wrong)


def _one(wrong: bytearray, chance: Random) -> None:
    at, size = chance.randrange(len(wrong)), chance.randint(1, 64)
    match chance.randrange(6):
        case 0:
            wrong[at] ^= 1 << chance.randrange(8)
        case 1:
            wrong[at : at + size] = chance.randbytes(size)
        case 2:
            del wrong[at : at + size]
        case 3:
            wrong[at:at] = wrong[at : at + size] * chance.choice((1, 2, 100))
        case 4:
            del wrong[at:]
        case _:
            wrong[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"9999"))
