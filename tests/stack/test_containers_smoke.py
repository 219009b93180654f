"""The stack in containers, where a Docker engine answers: uploads, a killed container, more replicas, clean audits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from uuid import uuid4

import aiohttp
import pytest

from deploy.containers.engine import containers_of
from deploy.containers.stack import ContainerStack
from deploy.images.docker import docker, engine
from deploy.local.errors import StackError
from deploy.ops.audit import settled
from deploy.ops.users import access_token, register
from tests.stack.support.provider import in_containers, log_of
from tests.stack.support.waiting import eventually

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(engine() is None, reason="no Docker engine answers here (DOCKER_HOST)"),
]
CUTS = """
import os, pathlib, uuid
(folder,) = (path for path in pathlib.Path("/var/lib/minio/queue").iterdir() if path.is_dir())
for data in (b"", b'{"eventVersion":"2.0","eventSource":"minio:s3","s3":{"buck'):
    path = folder / f"{uuid.uuid4()}.event"
    path.write_bytes(data)
    os.utime(path, (0, 0))
    print(path.name)
"""
"""Leaves events as a crash of the store does, the oldest, which are told first, and names them."""
BODY = b"%PDF-1.4 a document of the smoke test"


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerStack]:
    stack = in_containers(tmp_path_factory.mktemp("containers"), without_services=())
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()
    assert containers_of(stack.project) == []


async def new_headers(stack: ContainerStack) -> dict[str, str]:
    user = uuid4()
    await register(stack.info, user)
    return {"Authorization": f"Bearer {access_token(stack.info, user)}"}


async def uploaded(
    stack: ContainerStack, session: aiohttp.ClientSession, headers: dict[str, str], body: bytes = BODY
) -> str:
    """A document that was asked for, again where its replica just died, and whose bytes are in the store."""
    api = f"{stack.info.gateway_url}/api/documents"
    wanted = {"filename": "a.txt", "content_type": "text/plain"}
    async with session.post(f"{api}/upload-url", json=wanted, headers=headers) as answer:
        assert answer.status in {200, 503}, await answer.text()
        made = await answer.json()
    if answer.status == 503:
        await asyncio.sleep(1)
        return await uploaded(stack, session, headers, body)
    async with session.put(made["upload_url"], data=body, headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 200, await answer.text()
    return str(made["document_id"])


async def confirmed(stack: ContainerStack, session: aiohttp.ClientSession, headers: dict[str, str], id_: str) -> int:
    """The bytes that the user has, as the answer to the confirm says."""
    async with session.post(f"{stack.info.gateway_url}/api/documents/{id_}/confirm", headers=headers) as answer:
        assert answer.status in {200, 202}, await answer.text()
        if answer.status == 202:
            await asyncio.sleep(0.5)
            return await confirmed(stack, session, headers, id_)
        return int((await answer.json())["used_bytes"])


async def assert_clean(stack: ContainerStack) -> None:
    report = await settled(stack.info, 60.0)
    assert report.clean, report


async def test_an_upload_is_decided_and_the_audit_is_clean(
    containers: ContainerStack, client: aiohttp.ClientSession
) -> None:
    headers = await new_headers(containers)
    id_ = await uploaded(containers, client, headers)
    assert await confirmed(containers, client, headers, id_) == len(BODY)
    await assert_clean(containers)


async def test_a_ledger_that_is_killed_goes_on_where_it_was(
    containers: ContainerStack, client: aiohttp.ClientSession
) -> None:
    headers = await new_headers(containers)
    ids = [await uploaded(containers, client, headers) for _ in range(5)]
    await asyncio.to_thread(containers.supervisor.signal, "quota-1", "KILL")
    ids += [await uploaded(containers, client, headers) for _ in range(5)]
    used = [await confirmed(containers, client, headers, id_) for id_ in ids]
    assert max(used) == len(ids) * len(BODY)
    await assert_clean(containers)


async def test_replicas_come_and_share_the_work(containers: ContainerStack, client: aiohttp.ClientSession) -> None:
    await asyncio.to_thread(containers.up, replicas=2)
    running = {one.name for one in containers.health() if not one.reason}
    assert {"quota-1", "quota-2", "upload-1", "upload-2"} <= running
    headers = await new_headers(containers)
    ids = [await uploaded(containers, client, headers) for _ in range(4)]
    used = [await confirmed(containers, client, headers, id_) for id_ in ids]
    assert max(used) == len(ids) * len(BODY)
    await assert_clean(containers)


def scaled(stack: ContainerStack, **counts: int) -> None:
    """What anybody types: `docker compose up -d --wait --scale quota=3 …`."""
    scales = [f"--scale={name}={count}" for name, count in counts.items()]
    stack.compose.run("up", "-d", "--wait", *scales, "gateway", "janitor", "classifier")


def id_of(stack: ContainerStack, name: str) -> str:
    return next(one.id for one in containers_of(stack.project) if one.process.name == name)


def kill(stack: ContainerStack, name: str) -> None:
    """Ends a replica for good: an engine leaves to who has killed it whether it comes back."""
    docker("kill", id_of(stack, name))


async def test_composes_own_scale_finds_its_replicas_and_loses_nothing_with_those_that_die(
    containers: ContainerStack, client: aiohttp.ClientSession
) -> None:
    await asyncio.to_thread(scaled, containers, upload=3, quota=3, janitor=2, classifier=2)
    headers, other = await new_headers(containers), await new_headers(containers)
    ids = await asyncio.gather(*(uploaded(containers, client, headers) for _ in range(30)))
    served = [await asyncio.to_thread(log_of, containers, f"upload-{number}") for number in (1, 2, 3)]
    assert all(any(id_ in log for id_ in ids) for log in served), "the gateway finds all three"
    under_way = asyncio.gather(*(uploaded(containers, client, other) for _ in range(30)))
    doomed = ("upload-2", "quota-2", "janitor-1", "classifier-1")
    await asyncio.gather(*(asyncio.to_thread(kill, containers, name) for name in doomed))
    later = [*await under_way, *[await uploaded(containers, client, other) for _ in range(10)]]
    assert max([await confirmed(containers, client, headers, id_) for id_ in ids]) == len(ids) * len(BODY)
    assert max([await confirmed(containers, client, other, id_) for id_ in later]) == len(later) * len(BODY)
    assert {one.name for one in containers.health() if one.reason} == set(doomed), "nobody else was disturbed"
    await assert_clean(containers)


async def test_events_that_a_crash_of_the_store_cut_short_hold_up_none_that_come_later(
    containers: ContainerStack, client: aiohttp.ClientSession
) -> None:
    headers, store = await new_headers(containers), id_of(containers, "minio")
    await asyncio.to_thread(containers.supervisor.stop, "minio")
    beside = ("--network=none", "--volumes-from", store, "--entrypoint", "/usr/bin/python3", "docuvault/python:latest")
    cut = (await asyncio.to_thread(docker, "run", "--rm", *beside, "-c", CUTS)).split()
    await asyncio.to_thread(containers.supervisor.start, "minio", wait=True)
    await uploaded(containers, client, headers)

    async def untold() -> str:
        looks = "import pathlib; print(*pathlib.Path('/var/lib/minio/queue').rglob('*.event'))"
        return (await asyncio.to_thread(docker, "exec", store, "/usr/bin/python3", "-c", looks)).strip()

    await eventually(untold, becomes="")
    said = await asyncio.to_thread(log_of, containers, "minio")
    assert cut
    assert all(name in said for name in cut)


async def test_documents_are_read_behind_walls_that_hold_in_a_container(
    containers: ContainerStack, client: aiohttp.ClientSession
) -> None:
    """As an ordinary user without capabilities the kernel gives no namespaces; Landlock and seccomp it must give."""
    id_ = await uploaded(containers, client, await new_headers(containers), b"The minutes of the board's last meeting.")

    async def filed() -> bool:
        said = await asyncio.to_thread(read_logs, containers)
        return any("classifier.document_filed" in line and id_ in line for line in said)

    await eventually(filed, becomes=True, within=60)
    walls = [json.loads(line)["layers"] for line in read_logs(containers) if '"classifier.sandbox"' in line]
    assert all({"landlock", "seccomp", "capabilities"} <= set(layers) for layers in walls)
    assert walls


def read_logs(containers: ContainerStack) -> list[str]:
    """What the classifiers have said."""
    containers.keep_logs()
    return [line for log in containers.layout.logs.glob("classifier-*.log") for line in log.read_text().splitlines()]


def test_a_container_has_no_rights_no_shell_and_nothing_it_may_write(containers: ContainerStack) -> None:
    for one in containers.supervisor.containers():
        found = json.loads(docker("inspect", one.id))[0]
        assert found["Config"]["User"] not in {"", "0", "root"}, one.process.name
        assert found["HostConfig"]["ReadonlyRootfs"], one.process.name
        assert found["HostConfig"]["CapDrop"] == ["ALL"], one.process.name
        hidden = [*containers.info.store_keys.values()]
        shown = json.dumps(found["Config"])
        assert not [key for key in hidden if key.secret_key in shown], one.process.name
        assert containers.info.jwt_secret not in shown, one.process.name


def test_every_container_is_bounded_well_and_says_what_it_is(containers: ContainerStack) -> None:
    for one in containers_of(containers.project):
        found = json.loads(docker("inspect", one.id))[0]
        host, labels = found["HostConfig"], found["Config"]["Labels"]
        assert min(host["Memory"], host["PidsLimit"], host["NanoCpus"]) > 0, one.process.name
        assert one.process.name == "setup" or "Health" in found["State"], one.process.name
        assert {f"org.opencontainers.image.{name}" for name in ("title", "version", "revision", "created")} <= set(
            labels
        ), one.process.name


@pytest.mark.parametrize(
    ("name", "sees", "not_"), [("gateway", "upload", "postgres"), ("postgres", "kafka", "gateway")]
)
def test_a_container_finds_the_names_of_its_own_tiers_alone(
    containers: ContainerStack, name: str, sees: str, not_: str
) -> None:
    asks = "import socket, sys; socket.getaddrinfo(sys.argv[1], 80)"
    docker("exec", id_of(containers, name), "/usr/bin/python3", "-c", asks, sees)
    with pytest.raises(StackError, match=r"gaierror|Name or service|resolution"):
        docker("exec", id_of(containers, name), "/usr/bin/python3", "-c", asks, not_)


async def test_the_store_lets_the_page_of_the_gateway_write_and_no_other(
    containers: ContainerStack, client: aiohttp.ClientSession
) -> None:
    headers = await new_headers(containers)
    (own,) = containers.info.cors_origins
    for origin in (own, "https://evil.example"):
        asked = {"Access-Control-Request-Method": "PUT", "Origin": origin}
        async with client.options(f"{containers.info.minio_url}/documents/a", headers=asked) as answer:
            assert answer.headers.get("Access-Control-Allow-Origin") == (own if origin == own else None)
    wanted = {"filename": "a.txt", "content_type": "text/plain"}
    api = f"{containers.info.gateway_url}/api/documents"
    async with client.post(f"{api}/upload-url", json=wanted, headers=headers) as answer:
        assert (await answer.json())["upload_url"].startswith(f"http://{containers.info.minio_public_endpoint}/")
