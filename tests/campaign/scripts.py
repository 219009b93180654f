"""What a client will do with a document, drawn by chance. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from tests.campaign.filing import rewrite, write_document

MAX_BYTES = 2048


class Dies(StrEnum):
    """Where a client goes away in the middle of what it does, and never comes back to that document."""

    NEVER = "never"
    WITH_THE_URL = "with the URL"
    IN_MID_PUT = "in mid-PUT"
    IN_THE_PUT = "before the store answers"
    AFTER_THE_PUT = "after the PUT"
    IN_CONFIRM = "in confirm"
    IN_DELETE = "in delete"


CHANCES = {
    Dies.NEVER: 12,
    Dies.WITH_THE_URL: 1,
    Dies.IN_MID_PUT: 2,
    Dies.IN_THE_PUT: 2,
    Dies.AFTER_THE_PUT: 5,
    Dies.IN_CONFIRM: 2,
    Dies.IN_DELETE: 1,
}
AGAIN, CONFIRMS, DELETES, TOO_LARGE = 0.2, 0.7, 0.25, 0.08
FILES, ASKS = 0.2, 0.1


@dataclass(frozen=True, slots=True)
class Script:
    """Bytes to put one after the other under one URL, whether to confirm each, and how it ends.

    `files`: it is filed by hand once its bytes are there, or else, with `asks`, wanted to be classified again.
    """

    filename: str
    puts: tuple[bytes, ...]
    confirms: tuple[bool, ...]
    deletes: bool
    dies: Dies
    files: bool = False
    asks: bool = False


def write_script(chance: random.Random, limit_bytes: int) -> Script:
    """The next document of a user; one that is larger than `limit_bytes` is put once and alone."""
    dies = chance.choices(list(CHANCES), list(CHANCES.values()))[0]
    if chance.random() < TOO_LARGE:
        return Script("report.pdf", (chance.randbytes(limit_bytes + 1),), (True,), deletes=False, dies=dies)
    times = 2 if chance.random() < AGAIN else 1
    filename, first = write_document(chance, MAX_BYTES)
    return Script(
        filename,
        puts=(first, *(rewrite(chance, filename, MAX_BYTES) for _ in range(times - 1))),
        confirms=tuple(chance.random() < CONFIRMS for _ in range(times)),
        deletes=chance.random() < DELETES,
        dies=dies,
        files=chance.random() < FILES,
        asks=chance.random() < ASKS,
    )
