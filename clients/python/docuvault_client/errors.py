"""What can go wrong, one type for each thing a caller may do about it. The words of each are one line for a person.

No error ever holds a presigned URL or a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from docuvault_contracts import http


class DocuvaultError(Exception):
    """All that this package raises of its own accord."""


class Unauthorized(DocuvaultError):
    """The token is missing, wrong or expired, or its role does not do: get another one."""


class NotFound(DocuvaultError):
    """There is no such thing, or it is another user's."""


class Invalid(DocuvaultError):
    """The request does not fit; the same one never will."""


class Conflict(DocuvaultError):
    """Not in this state, such as a download of what is still pending."""


class QuotaExceeded(DocuvaultError):
    """It does not fit: `detail` has the numbers, in bytes, of the moment of the decision."""

    def __init__(self, detail: http.QuotaExceeded) -> None:
        super().__init__(
            f"it does not fit: {detail.rejected_bytes:,} bytes are {detail.over_by_bytes:,} more than are left"
            f" ({detail.used_bytes:,} of {detail.limit_bytes:,} are in use)"
        )
        self.detail = detail


class Unavailable(DocuvaultError):
    """Something is away, and still was after all tries: nothing is wrong with the request, so try again later."""


class Unexpected(DocuvaultError):
    """The answer is none that the API gives; the address may be another server's."""


class StoreRefused(DocuvaultError):
    """The store took the bytes for none that it was told to take; `code` is its own word."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"the store refused the bytes: {status} {code}".rstrip())
        self.status, self.code = status, code


class UploadLost(DocuvaultError):
    """The bytes were sent, and are not in the store: upload again."""


class NotYet(DocuvaultError):
    """The bytes are there and are not decided or classified yet. Nothing is lost: look at `document_id` later."""

    def __init__(self, document_id: UUID, words: str) -> None:
        super().__init__(words)
        self.document_id = document_id


class SourceChanged(DocuvaultError):
    """The file is not as it was when its upload began. No document is made of a mixture of both."""


class SourceUnreadable(DocuvaultError):
    """The file cannot be read."""


def first_of(troubles: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one that ended the others."""
    first = troubles.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


def error_of(status: int, body: Any) -> DocuvaultError:  # noqa: ANN401 - whatever JSON came
    """What an answer other than 2xx says."""
    detail = body.get("detail") if isinstance(body, Mapping) else None
    if status == 413 and isinstance(detail, Mapping):  # noqa: PLR2004 - HTTP's
        return _over(detail)
    kind = _KINDS.get(status, Unavailable if status >= 500 else Unexpected)  # noqa: PLR2004 - HTTP's
    return kind(_words(detail) or f"the API answered {status}")


_KINDS: Mapping[int, type[DocuvaultError]] = {
    400: Invalid, 401: Unauthorized, 403: Unauthorized, 404: NotFound, 409: Conflict, 413: Invalid, 422: Invalid,
    429: Unavailable,
}  # fmt: skip


def _over(detail: Mapping[str, Any]) -> DocuvaultError:
    """Also of a server that does not say by how much it does not fit."""
    try:
        used, limit, rejected = (int(detail[name]) for name in ("used_bytes", "limit_bytes", "rejected_bytes"))
        return QuotaExceeded(http.QuotaExceeded.of(used, limit, rejected))
    except (KeyError, TypeError, ValueError):
        return Unexpected("the API refused it, by numbers that are none")


def _words(detail: object) -> str:
    """A detail of either kind on one line: a sentence, or the fields that are wrong."""
    if not isinstance(detail, list):
        return " ".join(str(detail or "").split())
    return "; ".join(
        f"{'.'.join(map(str, each.get('loc', ())))}: {each.get('msg', '')}" for each in detail if isinstance(each, dict)
    )
