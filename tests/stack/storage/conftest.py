"""One MinIO for all tests of the storage that leave it running, and the storage as two services see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from services.chassis.storage_minio import MinioStorage, open_storage
from tests.stack.minio_alone import MinioAlone, Sink, minio_alone, settings_for


@pytest.fixture(scope="package")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MinioAlone, Sink]]:
    with minio_alone(tmp_path_factory.mktemp("minio")) as both:
        yield both


@pytest.fixture(scope="package")
def minio(servers: tuple[MinioAlone, Sink]) -> MinioAlone:
    return servers[0]


@pytest.fixture
async def storage(minio: MinioAlone) -> AsyncIterator[MinioStorage]:
    async with open_storage(settings_for(minio, "upload")) as opened:
        yield opened


@pytest.fixture
async def janitors(minio: MinioAlone) -> AsyncIterator[MinioStorage]:
    async with open_storage(settings_for(minio, "janitor")) as opened:
        yield opened
