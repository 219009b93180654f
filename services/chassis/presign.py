"""AWS Signature Version 4, made here: a hash and two HMACs, the day's key kept.

Presigned URLs are signed in the query, requests with a body in a header. Byte for byte what miniopy-async makes of the
same key, time and life (property tests hold it to that), at a sixth of its cost; it knows no headers among what is
signed. Source: AWS, "Authenticating Requests (AWS Signature Version 4)", using query parameters and using the
Authorization header.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
Query = Sequence[tuple[str, str]]
"""Parameters of a URL's own in the order of their names, which come after "X-Amz-" as all of S3's do, and are plain."""
Headers = Sequence[tuple[str, str]]
"""Names in lower case, with the values that a request must bring."""
MAX_SECONDS = 7 * 24 * 3600
"""The longest life that S3 grants a URL."""


@dataclass(frozen=True, slots=True)
class _Day:
    """What is the same for all URLs that are signed on one day (UTC), such as 20260131."""

    date: str
    scope: str
    credential: str
    key: bytes


class Presigner:
    """Signs for the objects of one bucket; `base` is its URL as clients see it, `http://host:port/bucket/`."""

    def __init__(self, base: str, region: str, access_key: str, secret_key: str) -> None:
        scheme, _, rest = base.partition("://")
        host, _, path = rest.partition("/")
        self._origin, self._host, self._path = f"{scheme}://{host}", host, f"/{path}"
        self._region, self._access_key, self._secret_key = region, access_key, secret_key
        self._day = self._begin("19700101")
        self._bare = "host", f"host:{self._host}\n"

    def url(  # noqa: PLR0913 - all that is signed
        self,
        method: str,
        object_key: str,
        seconds: int,
        now: datetime,
        query: Query = (),
        *,
        headers: Headers = (),
        traceparent: str | None = None,
    ) -> str:
        """A URL that allows `method` on the object from `now` (UTC) for `seconds`, to who sends exactly `headers`.

        What is written by it keeps `traceparent` as metadata, which comes back in the store's notification.
        """
        _check(object_key, seconds)
        path, kept = self._path + quote(object_key), traceparent and f"&X-Amz-Meta-traceparent={traceparent}"
        return self._url(method, path, seconds, now, query, headers=headers, kept=kept or "")

    def bucket_url(self, seconds: int, now: datetime, query: Query) -> str:
        """A URL that allows a GET of the bucket itself."""
        return self._url("GET", self._path.rstrip("/") or "/", seconds, now, query)

    def _url(  # noqa: PLR0913 - as above
        self,
        method: str,
        path: str,
        seconds: int,
        now: datetime,
        query: Query,
        *,
        headers: Headers = (),
        kept: str = "",
    ) -> str:
        time = now.strftime("%Y%m%dT%H%M%SZ")
        day = self._of(time[:8])
        own = "&".join([f"{name}={quote(value, safe='')}" for name, value in query])
        names, told = self._signed(headers) if headers else self._bare
        amz = (
            f"X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={day.credential}&X-Amz-Date={time}"
            f"&X-Amz-Expires={seconds}{kept}&X-Amz-SignedHeaders={names.replace(';', '%3B')}"
        )
        asked = f"{method}\n{path}\n{amz}{own and '&'}{own}\n{told}\n{names}\nUNSIGNED-PAYLOAD"
        signature = _sign(asked, time, day)
        return f"{self._origin}{path}?{own}{own and '&'}{amz}&X-Amz-Signature={signature}"

    def bucket_post(
        self, action: str, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> tuple[str, Mapping[str, str]]:
        """URL and headers of a POST of exactly this body to the bucket itself; `action` is S3's, such as "delete".

        Names of `headers` are in lower case; they are signed, and returned with those of the signature.
        """
        path, time, payload = self._path.rstrip("/") or "/", now.strftime("%Y%m%dT%H%M%SZ"), sha256(body).hexdigest()
        day = self._of(time[:8])
        sent = {**headers, "x-amz-content-sha256": payload, "x-amz-date": time}
        names, told = self._signed(tuple(sent.items()))
        signature = _sign(f"POST\n{path}\n{action}=\n{told}\n{names}\n{payload}", time, day)
        credential = f"{self._access_key}/{day.scope}"
        authorization = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return f"{self._origin}{path}?{action}=", {**sent, "Authorization": authorization}

    def _signed(self, headers: Headers) -> tuple[str, str]:
        """The names of what is signed beside the host, and a line for each, as S3 wants them."""
        signed = sorted((*headers, ("host", self._host)))
        return ";".join([name for name, _ in signed]), "".join([f"{name}:{value}\n" for name, value in signed])

    def _of(self, date: str) -> _Day:
        if date != self._day.date:
            self._day = self._begin(date)
        return self._day

    def _begin(self, date: str) -> _Day:
        scope = f"{date}/{self._region}/s3/aws4_request"
        key = f"AWS4{self._secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return _Day(date, scope, quote(f"{self._access_key}/{scope}", safe=""), key)


def _sign(canonical: str, time: str, day: _Day) -> str:
    to_sign = f"{ALGORITHM}\n{time}\n{day.scope}\n{sha256(canonical.encode()).hexdigest()}"
    return hmac.digest(day.key, to_sign.encode(), "sha256").hex()


def _check(object_key: str, seconds: int) -> None:
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError(f"a URL lives for 1 to {MAX_SECONDS} seconds, not {seconds}")
    segments = object_key.split("/")
    if not object_key.strip() or "." in segments or ".." in segments:  # who sends the URL would take them out of it
        raise ValueError("an object's key is not empty and has no segment . or ..")
