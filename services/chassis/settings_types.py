"""The types of settings: what a variable must look like, and how long a time may be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

MIN_SECRET_BYTES = 32
"""RFC 7518 section 3.2: an HS256 key is at least as long as its hash."""

_ENDPOINT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")


def _endpoint(text: str) -> str:
    match = _ENDPOINT.fullmatch(text)
    if match is None or not 0 < int(match[2]) < 65536:  # noqa: PLR2004 - the ports there are
        raise ValueError("must be host:port, without a scheme or path")
    return text


def _endpoint_or_empty(text: str) -> str:
    return _endpoint(text) if text else text


def _endpoints(text: str) -> str:
    return ",".join(_endpoint(part.strip()) for part in text.split(","))


def _postgres_url(secret: SecretStr) -> SecretStr:
    parts = urlsplit(secret.get_secret_value())
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ValueError("must look like postgresql://role:password@host:port/database")
    authorities = parse_qs(parts.query).get("sslrootcert", [])
    if not all(Path(name).is_file() for name in authorities):
        raise ValueError("its sslrootcert must be a file, of the authorities that may have signed the server's name")
    return secret


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL")
    return text


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"must have at least {MIN_SECRET_BYTES} bytes")
    return secret


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


Endpoint = Annotated[str, AfterValidator(_endpoint)]
EndpointOrEmpty = Annotated[str, AfterValidator(_endpoint_or_empty)]
Endpoints = Annotated[str, AfterValidator(_endpoints)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
HmacSecret = Annotated[SecretStr, AfterValidator(_long_enough)]
NonEmpty = Annotated[str, Field(min_length=1)]
NonEmptySecret = Annotated[SecretStr, Field(min_length=1)]
EMPTY_IS_NONE = BeforeValidator(_none_if_empty)

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
"""Of a wait or a time-out: no longer than a day."""
LongSeconds = Annotated[float, Field(gt=0, le=10 * 366 * 86_400, allow_inf_nan=False)]
"""Of an age: no longer than ten years."""
