"""The object store over S3: a client for our own calls, and a signer of URLs for the endpoint that clients resolve."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlunsplit

from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider

from services.chassis.disposition import attachment, inert
from services.chassis.errors import Transient
from services.chassis.presign import Headers, Presigner, Query
from services.chassis.settings import StorageSettings
from services.chassis.storage import MOST_KEYS, ObjectHead, ObjectNotFoundError, ObjectStat, Page
from services.chassis.storage_deletion import Deletion, fits_xml
from services.chassis.storage_errors import MISSING, is_missing_object, translated
from services.chassis.storage_heads import read_head
from services.chassis.storage_listing import Listing
from services.chassis.storage_metrics import Operation, measured
from services.chassis.storage_multipart import Multipart
from services.chassis.tracing_s3 import s3_span

CHUNK_BYTES = 64 * 1024


class MinioStorage:
    """ObjectStorage on MinIO, within the S3 API. Nothing is retried here: who calls backs off on Transient."""

    def __init__(
        self, session: ClientSession, internal: Minio, own: Presigner, public: Presigner, settings: StorageSettings
    ) -> None:
        self._internal = internal
        self._listing = Listing(session, own)
        self._deletion = Deletion(session, own)
        self.multipart = Multipart(session, own, public, settings.minio_timeout_seconds)
        self._presigner = public
        self._bucket = settings.minio_bucket
        self._timeout_seconds = settings.minio_timeout_seconds

    async def put_object(self, object_key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Writes the whole object in one request, whatever its size; replaces what was there."""
        size = len(data)
        async with self._bounded("PutObject"):
            await self._internal.put_object(
                self._bucket, object_key, io.BytesIO(data), size, content_type=content_type, part_size=size
            )

    def get_object(
        self, object_key: str, max_bytes: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Streams the stored bytes, at most `max_bytes`. Raises ObjectNotFoundError on entering."""
        return self._reading(object_key, max_bytes)

    async def read_head(self, object_key: str, most_bytes: int, etag: str) -> ObjectHead:
        """The first `most_bytes` of the object with this etag. Raises ObjectNotFoundError and ObjectChangedError."""
        return await read_head(self._ask, object_key, most_bytes, etag)

    async def _ask(self, object_key: str, most_bytes: int, headers: dict[str, str]) -> ClientResponse:
        async with self._bounded("GetObject"):
            return await self._internal.get_object(
                self._bucket, object_key, length=most_bytes, request_headers=dict(headers)
            )

    async def delete_object(self, object_key: str) -> None:
        """Removes the object; one that is not there, or cannot be, is fine."""
        try:
            async with self._bounded("DeleteObject"):
                await self._internal.remove_object(self._bucket, object_key)
        except Exception as error:
            if not is_missing_object(error):
                raise

    async def delete_objects(self, object_keys: Sequence[str]) -> None:
        """Removes up to MOST_KEYS objects in one request; those that XML cannot tell one by one, for want of another.

        Raises Transient where any could not be deleted, ValueError for too many.
        """
        if len(object_keys) > MOST_KEYS:
            raise ValueError(f"{len(object_keys)} keys are more than the {MOST_KEYS} of one multi-delete")
        told = [key for key in object_keys if fits_xml(key)]
        if told:
            async with self._bounded("DeleteObjects"):
                left = await self._deletion.delete(told)
            if trouble := {code: count for code, count in left.items() if code not in MISSING}:
                raise Transient(f"object storage: of {len(told)} objects some could not be deleted: {trouble}")
        for key in object_keys:
            if not fits_xml(key):
                await self.delete_object(key)

    async def end_uploads(self, object_key: str) -> int:
        """Ends all uploads in parts of exactly this key, and removes their parts; how many there were."""
        return await self.multipart.abort_all(object_key)

    async def list_page(self, after: str = "", most: int = MOST_KEYS) -> Page:
        """At most `most` objects whose keys come after `after`, and when the store looked by its own clock."""
        async with self._bounded("ListObjectsV2"):
            return await self._listing.page(after, most)

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        """What is under exactly this key. Asked as a listing, since a HEAD tells the time in whole seconds only."""
        async with self._bounded("ListObjectsV2"):
            found = await self._listing.first(object_key)
        if found is None or found.key != object_key:
            return None
        return ObjectStat(found.size, found.etag, found.observed_ns)

    async def presigned_get_url(
        self, object_key: str, expires_minutes: int = 15, download_name: str | None = None
    ) -> str:
        """A URL on the public endpoint, signed without asking the store."""
        disposition = "attachment" if download_name is None else attachment(download_name)
        return self._signed("GET", object_key, expires_minutes * 60, [("response-content-disposition", disposition)])

    async def generate_presigned_put_url(self, object_key: str, expires_minutes: int = 15) -> str:
        """A URL on the public endpoint, signed without asking the store; binds no header but the host."""
        return self._signed("PUT", object_key, expires_minutes * 60)

    async def presigned_upload_url(
        self, object_key: str, seconds: int, size_bytes: int | None = None, traceparent: str | None = None
    ) -> str:
        """A URL on the public endpoint; bound to a length, and to a key that is free, where a size is given."""
        bound = () if size_bytes is None else (("content-length", str(size_bytes)), ("if-none-match", "*"))
        return self._signed("PUT", object_key, seconds, headers=bound, traceparent=traceparent)

    async def presigned_download_url(self, object_key: str, seconds: int, name: str, media_type: str) -> str:
        """A URL on the public endpoint; what it says of name and type is signed, too."""
        told = [("response-content-disposition", attachment(name)), ("response-content-type", inert(media_type))]
        return self._signed("GET", object_key, seconds, told)

    def _signed(  # noqa: PLR0913, PLR0917 - all that is signed
        self,
        method: str,
        object_key: str,
        seconds: int,
        query: Query = (),
        headers: Headers = (),
        traceparent: str | None = None,
    ) -> str:
        now = datetime.now(UTC)
        return self._presigner.url(method, object_key, seconds, now, query, headers=headers, traceparent=traceparent)

    async def health_check(self) -> None:
        """Returns where the store answers and has our bucket; raises otherwise."""
        async with self._bounded("HeadBucket"):
            exists = await self._internal.bucket_exists(self._bucket)
        if not exists:
            raise Transient(f"object storage: there is no bucket {self._bucket}")

    @asynccontextmanager
    async def _bounded(self, operation: Operation) -> AsyncIterator[None]:
        with measured(operation), translated(), s3_span(operation):
            async with asyncio.timeout(self._timeout_seconds):
                yield

    @asynccontextmanager
    async def _reading(self, object_key: str, max_bytes: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        response = await self._open(object_key)
        try:
            yield _chunks(response, max_bytes)
        finally:
            response.close()

    async def _open(self, object_key: str) -> ClientResponse:
        try:
            async with self._bounded("GetObject"):
                return await self._internal.get_object(self._bucket, object_key)
        except Exception as error:
            if is_missing_object(error):
                raise ObjectNotFoundError(object_key) from error
            raise


@asynccontextmanager
async def open_storage(settings: StorageSettings) -> AsyncIterator[MinioStorage]:
    """Opens the storage; connects on the first call only."""
    secret_key = settings.minio_secret_key.get_secret_value()
    async with _session(settings) as session:
        internal = Minio(
            settings.minio_endpoint,
            credentials=StaticProvider(settings.minio_access_key, secret_key),
            region=settings.minio_region,  # given, so that it is never asked for
            secure=settings.minio_secure,
            session=session,
        )
        own = _presigner(settings, settings.minio_endpoint, settings.minio_secure)
        public = _presigner(settings, settings.public_endpoint, settings.minio_public_secure)
        yield MinioStorage(session, internal, own, public, settings)


def _presigner(settings: StorageSettings, endpoint: str, secure: bool) -> Presigner:  # noqa: FBT001 - as the settings have it
    """Signs for the bucket at `endpoint`, by the library's rules: no default port, the bucket in path or host."""
    client = Minio(endpoint, region=settings.minio_region, secure=secure)
    url = client._base_url.build("GET", settings.minio_region, settings.minio_bucket, "-")  # noqa: SLF001 - no other way
    base, secret_key = urlunsplit(url).removesuffix("-"), settings.minio_secret_key.get_secret_value()
    return Presigner(base, settings.minio_region, settings.minio_access_key, secret_key)


def _session(settings: StorageSettings) -> ClientSession:
    """Bytes are taken as they are stored: an object's own Content-Encoding must not make a small read a large one."""
    return ClientSession(
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(
            total=None, sock_connect=settings.minio_connect_timeout_seconds, sock_read=settings.minio_timeout_seconds
        ),
    )


async def _chunks(response: ClientResponse, max_bytes: int | None) -> AsyncIterator[bytes]:
    left = max_bytes
    with translated():
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            yield chunk if left is None else chunk[:left]
            left = None if left is None else left - len(chunk)
            if left is not None and left <= 0:
                return
