"""A MinIO of a test's own, without the rest of the stack: it can be killed, frozen and started again."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any
from uuid import uuid4

import aiohttp
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider
from miniopy_async.minioadmin import MinioAdmin
from miniopy_async.notificationconfig import NotificationConfig, QueueConfig

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.provision_minio import provision_minio
from deploy.local.setup_minio import policy
from services.chassis.settings import StorageSettings
from services.chassis.storage import ObjectStorage

BUCKET = "documents"
REGION = "us-east-1"
ROOT = "root-of-the-tests"
ARN = "arn:minio:sqs::TEST:webhook"
USERS = ("upload", "janitor", "classifier", "audit")


class Sink:
    """Receives MinIO's notifications over HTTP: the fastest way to see what the store says of an object."""

    def __init__(self) -> None:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for record in json.loads(body or b"{}").get("Records", []):
                    sink.records.put(record)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.records: Queue[dict[str, Any]] = Queue()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def wait_for(self, nonce: str, seconds: float = 10) -> dict[str, Any]:
        """The first record whose key holds `nonce`; those before it are dropped. Raises queue.Empty."""
        while nonce not in (record := self.records.get(timeout=seconds))["s3"]["object"]["key"]:
            pass
        return record

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class MinioAlone:
    """The server, with the bucket and with each service's user and policy as the stack makes them."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.endpoint = f"127.0.0.1:{self.port}"
        self.secret = secrets.token_urlsafe(24)
        self._folder = folder
        self._sink_url = f"http://127.0.0.1:{sink.server.server_port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the process and does not wait for it to be ready."""
        with Steps() as steps:
            binary = provision_minio(cache_folder(), lambda: ensure_uv(cache_folder()), steps)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own build
                [binary, "server", "--quiet", "--address", self.endpoint, self._folder / "data"],
                env={**os.environ, **self._environment()},
                stdout=log,
                stderr=log,
            )

    def _environment(self) -> dict[str, str]:
        return {
            "MINIO_ROOT_USER": ROOT,
            "MINIO_ROOT_PASSWORD": self.secret,
            "MINIO_BROWSER": "off",
            "MINIO_NOTIFY_WEBHOOK_ENABLE_TEST": "on",
            "MINIO_NOTIFY_WEBHOOK_ENDPOINT_TEST": self._sink_url,
        }

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def freeze(self) -> None:
        """Stops the process; returns when none of its threads works any more, which is a while after it was told."""
        self.signal(signal.SIGSTOP)
        assert self._process is not None
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def kill(self) -> None:
        """Ends the process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def ready(self) -> None:
        """Waits until the store answers."""
        async with asyncio.timeout(30), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"http://{self.endpoint}/minio/health/cluster") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)

    async def set_up(self) -> None:
        await self.ready()
        async with self.root() as client:
            await client.make_bucket(BUCKET)
            await client.set_bucket_notification(
                BUCKET, NotificationConfig(queue_config_list=[QueueConfig(ARN, ["s3:ObjectCreated:*"])])
            )
        await self._add_users()

    def root(self) -> Minio:
        """A client that may do everything; use it in `async with`."""
        return Minio(self.endpoint, ROOT, self.secret, secure=False, region=REGION)

    async def _add_users(self) -> None:
        async with aiohttp.ClientSession() as session:
            provider = StaticProvider(ROOT, self.secret)
            admin = MinioAdmin(self.endpoint, provider, region=REGION, secure=False, session=session)
            for user in USERS:
                file = self._folder / f"{user}.json"
                file.write_text(json.dumps(policy(user)))
                await admin.policy_add(user, str(file))
                await admin.user_add(user, self.secret)
                await admin.policy_set(user, user=user)


@contextmanager
def minio_alone(folder: Path) -> Iterator[tuple[MinioAlone, Sink]]:
    """A running server with everything set up, and where its notifications arrive."""
    sink = Sink()
    server = MinioAlone(folder, sink)
    try:
        server.start()
        asyncio.run(server.set_up())
        yield server, sink
    finally:
        server.kill()
        sink.close()


def settings_for(minio: MinioAlone, user: str, **changes: Any) -> StorageSettings:
    """Those of a service, by the name of its user."""
    given = {
        "minio_endpoint": minio.endpoint,
        "minio_public_endpoint": f"localhost:{minio.port}",
        "minio_access_key": user,
        "minio_secret_key": minio.secret,
    }
    return StorageSettings(**(given | changes))


def new_key(ext: str = "") -> str:
    """A key that no other test has."""
    return f"{uuid4()}/{uuid4()}/{uuid4()}{ext}"


async def read(storage: ObjectStorage, key: str, max_bytes: int | None = None) -> bytes:
    """The bytes under a key."""
    async with storage.get_object(key, max_bytes) as chunks:
        return b"".join([chunk async for chunk in chunks])
