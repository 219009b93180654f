"""The statement that reads a list: that of its filters, in its order."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.postgres import load_sql
from services.upload.paging import Listing
from services.upload.sorts import ORDERS, Sort

_SQL = load_sql("services.upload")
_FILES = ("list_documents", "list_documents_by_topic", "search_documents")
_FILLED: Mapping[tuple[str, Sort], str] = {
    (name, sort): order.fill(_SQL[name]) for name in _FILES for sort, order in ORDERS.items()
}


def statement_of(listing: Listing) -> tuple[str, tuple[object, ...]]:
    """The statement, and its parameters after the fifth."""
    if listing.words:
        return _FILLED["search_documents", listing.sort], (listing.topic, list(listing.words))
    if listing.topic is not None:
        return _FILLED["list_documents_by_topic", listing.sort], (listing.topic,)
    return _FILLED["list_documents", listing.sort], ()
