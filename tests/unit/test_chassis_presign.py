"""Presigned URLs are, byte for byte, what the S3 client would have made of the same."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider

from services.chassis.presign import MAX_SECONDS, Presigner
from services.chassis.settings import StorageSettings
from services.chassis.storage_minio import open_storage

NOW = datetime(2026, 1, 31, 23, 59, 59, 999_999, UTC)
DISPOSITION = "response-content-disposition"
BASES = st.sampled_from(
    [
        ("localhost:9000", False, "http://localhost:9000/documents/"),
        ("minio.example.org:80", False, "http://minio.example.org/documents/"),
        ("minio.example.org:443", True, "https://minio.example.org/documents/"),
        ("minio.example.org:443", False, "http://minio.example.org:443/documents/"),
        ("[::1]:9000", False, "http://[::1]:9000/documents/"),
    ]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
KEYS = TEXT.filter(lambda key: key.strip() and not {".", ".."} & set(key.split("/")))
SECRETS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=40)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - it adds it


@settings(deadline=None, max_examples=300)
@given(
    BASES,
    KEYS,
    st.tuples(st.sampled_from(["us-east-1", "eu-central-1", "r_2"]), SECRETS, SECRETS),
    st.lists(st.tuples(TIMES, st.integers(1, MAX_SECONDS)), min_size=1, max_size=3),
    st.none() | TEXT,
)
def test_a_url_is_the_librarys_own(
    base: tuple[str, bool, str],
    key: str,
    account: tuple[str, str, str],
    signings: list[tuple[datetime, int]],
    disposition: str | None,
) -> None:
    (endpoint, secure, ours), (region, *keys) = base, account
    library = Minio(endpoint, credentials=StaticProvider(*keys), region=region, secure=secure)
    presigner = Presigner(ours, *account)
    method = "PUT" if disposition is None else "GET"
    for now, seconds in signings:
        expected = asyncio.run(
            library.get_presigned_url(
                method,
                "documents",
                key,
                timedelta(seconds=seconds),
                response_headers=None if disposition is None else {DISPOSITION: disposition},
                request_date=now,
            )
        )
        query = [] if disposition is None else [(DISPOSITION, disposition)]
        assert presigner.url(method, key, seconds, now, query) == expected


def test_the_key_of_a_day_is_left_with_it() -> None:
    presigner = Presigner("http://localhost:9000/documents/", "us-east-1", "key", "secret")
    days = [NOW, NOW + timedelta(seconds=1), NOW]
    fresh = [Presigner("http://localhost:9000/documents/", "us-east-1", "key", "secret") for _ in days]
    urls = [presigner.url("PUT", "k", 900, day) for day in days]
    assert urls == [other.url("PUT", "k", 900, day) for other, day in zip(fresh, days, strict=True)]
    assert urls[0] == urls[2] != urls[1]


@pytest.mark.parametrize("seconds", [0, -1, MAX_SECONDS + 1])
def test_a_life_that_s3_does_not_grant_is_refused(seconds: int) -> None:
    presigner = Presigner("http://localhost:9000/documents/", "us-east-1", "key", "secret")
    with pytest.raises(ValueError, match="lives for"):
        presigner.url("PUT", "k", seconds, NOW)


@pytest.mark.parametrize("key", ["", " ", ".", "..", "a/../b", "a/."])
def test_a_key_that_a_client_would_rewrite_is_refused(key: str) -> None:
    presigner = Presigner("http://localhost:9000/documents/", "us-east-1", "key", "secret")
    with pytest.raises(ValueError, match="segment"):
        presigner.url("PUT", key, 900, NOW)


@pytest.mark.parametrize(
    ("endpoint", "secure", "begins"),
    [
        ("localhost:9000", False, "http://localhost:9000/documents/u/d/k.pdf?X-Amz-Algorithm="),
        ("minio.example.org:443", True, "https://minio.example.org/documents/u/d/k.pdf?"),
        ("s3.eu-central-1.amazonaws.com:443", True, "https://documents.s3.eu-central-1.amazonaws.com/u/d/k.pdf?"),
    ],
)
async def test_the_storage_signs_for_the_endpoint_that_clients_resolve(
    endpoint: str,
    secure: bool,  # noqa: FBT001 - a parameter of the test
    begins: str,
) -> None:
    made = StorageSettings(
        minio_public_endpoint=endpoint,
        minio_public_secure=secure,
        minio_region="eu-central-1",
        minio_access_key="key",
        minio_secret_key="secret",
    )
    async with open_storage(made) as storage:
        assert (await storage.generate_presigned_put_url("u/d/k.pdf")).startswith(begins)
        assert "filename%2A%3DUTF-8%27%27a%2520b" in await storage.presigned_get_url("u/d/k.pdf", 5, "a b")
