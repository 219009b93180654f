"""The plain design's object store: minio-py, with a connection for each thread."""

from __future__ import annotations

import os
from datetime import timedelta

import urllib3
from minio import Minio
from minio.error import S3Error

CONNECTIONS = 64


class Store:
    """The bucket, by the environment's settings."""

    def __init__(self) -> None:
        self._bucket = os.environ["MINIO_BUCKET"]
        self._client = Minio(
            endpoint=os.environ["MINIO_ENDPOINT"],
            access_key=os.environ["MINIO_ACCESS_KEY"],
            secret_key=os.environ["MINIO_SECRET_KEY"],
            region=os.environ["MINIO_REGION"],
            secure=False,
            http_client=urllib3.PoolManager(maxsize=CONNECTIONS, timeout=urllib3.Timeout(connect=2, read=10)),
        )

    def presigned_put(self, object_key: str, life: timedelta) -> str:
        """A URL. With a known region nothing is asked, so this needs no thread."""
        return self._client.presigned_put_object(bucket_name=self._bucket, object_name=object_key, expires=life)

    def size_of(self, object_key: str) -> int | None:
        """Bytes of an object; None where there is none. Blocks."""
        try:
            return self._client.stat_object(bucket_name=self._bucket, object_name=object_key).size
        except S3Error as error:
            if error.code == "NoSuchKey":
                return None
            raise
