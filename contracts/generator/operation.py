"""What an operation of the HTTP API is made of, and the answers that many of them have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from docuvault_contracts import http

Method = Literal["get", "post", "put", "patch", "delete"]


@dataclass(frozen=True, slots=True)
class Stream:
    """Server-Sent Events: the models of their data by the events' names, and a piece of such a stream."""

    events: tuple[tuple[str, type[http.Response]], ...]
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status of an operation. `detail` is the text of an ErrorBody; `headers` are names and what they say.

    `many`: the answer is an array of such bodies.
    `or_body` is what the status means, too, where it means two things.
    """

    status: int
    description: str
    body: type[http.Response] | None = None
    detail: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    many: bool = False
    stream: Stream | None = None
    or_body: type[http.Response] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `role` is what the token must say beyond being valid.

    `headers` are those of the request that matter to it: names and what they say. None has to be there.
    One that is `idempotent` takes an Idempotency-Key; one that is `public` wants no token.
    """

    id: str
    method: Method
    path: str
    summary: str
    tag: str
    answers: tuple[Answer, ...]
    body: type[http.Request] | None = None
    query: type[http.Request] | None = None
    role: str | None = None
    description: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    idempotent: bool = False
    public: bool = False


RETRY = (("Retry-After", "seconds to wait before asking again"),)
UNAUTHORIZED = Answer(
    401,
    "No token, or none that is good",
    http.ErrorBody,
    "Not authenticated",
    (("WWW-Authenticate", "the scheme that is wanted, `Bearer`"),),
)
FORBIDDEN = Answer(403, "The token's role is not admin", http.ErrorBody, "Role admin required")
LIMITED = Answer(
    429, "The caller asked for too many at once", http.ErrorBody, "Too many presigned URLs asked for, try again", RETRY
)
UNAVAILABLE = Answer(503, "Something this needs is away for now", http.ErrorBody, "Try again later", RETRY)
TOO_LARGE = Answer(413, "The request's body is too large", http.ErrorBody, "Request body too large")
OVER_QUOTA = Answer(
    413,
    "It cannot fit, by the declared size: nothing was made. Or the request's body is too large",
    http.QuotaExceededBody,
    or_body=http.ErrorBody,
)
INVALID = Answer(422, "The request does not fit; each wrong field is named", http.ValidationBody)
NO_DOCUMENT = Answer(
    404, "Unknown, another user's, rejected, deleted, or no id at all", http.ErrorBody, http.DOCUMENT_NOT_FOUND
)
NO_QUOTA = Answer(404, "The user has no account", http.ErrorBody, http.QUOTA_NOT_FOUND)
ALWAYS = (UNAUTHORIZED, UNAVAILABLE)
