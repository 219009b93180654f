"""In which orders documents are listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

Place = datetime | str | int
"""What an order goes by, of one document: its time, its name as it is compared, or its size in bytes."""


class Sort(StrEnum):
    """The orders; documents that are alike in what it goes by are in the order of their ids."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    LARGEST = "largest"


@dataclass(frozen=True, slots=True)
class Order:
    """A sort as SQL has it: by the column `key` of that `type`, upwards or down; every document is after `start`."""

    key: str
    type: str
    upwards: bool
    start: Place

    @property
    def first_id(self) -> UUID:
        """Before every id."""
        return UUID(int=0 if self.upwards else 2**128 - 1)

    def fill(self, template: str) -> str:
        """The statement with what its file has in braces."""
        follows, direction = (">", "ASC") if self.upwards else ("<", "DESC")
        return template.format(key=self.key, type=self.type, follows=follows, direction=direction)


ORDERS: Mapping[Sort, Order] = {
    Sort.NEWEST: Order("created_at", "timestamptz", upwards=False, start=datetime(9999, 1, 1, tzinfo=UTC)),
    Sort.OLDEST: Order("created_at", "timestamptz", upwards=True, start=datetime(1, 1, 2, tzinfo=UTC)),
    Sort.NAME: Order("name_key", "text", upwards=True, start=""),
    Sort.LARGEST: Order("size_bytes", "bigint", upwards=False, start=2**63 - 1),
}
