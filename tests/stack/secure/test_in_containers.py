"""What only a secure stack in containers has: images, networks, secrets that are files."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

import pytest

from deploy.containers.engine import containers_of
from deploy.containers.stack import ContainerStack
from deploy.images.docker import docker
from deploy.local.credentials import load_credentials
from deploy.local.errors import StackError
from deploy.local.settings import StackSettings
from deploy.local.stack import Stack
from tests.stack.secure.accounts import GUESTS, Accounts
from tests.stack.secure.test_bus_accounts import why_not
from tests.stack.support.provider import kind

pytestmark = pytest.mark.skipif(kind() == "embedded", reason="of a stack in containers alone")


@pytest.fixture
def containers(stack: Stack) -> ContainerStack:
    assert isinstance(stack, ContainerStack)
    return stack


def id_of(stack: ContainerStack, name: str) -> str:
    return next(one.id for one in containers_of(stack.project) if one.process.name == name)


def test_no_password_and_no_key_is_in_what_an_engine_tells_of_a_container(containers: ContainerStack) -> None:
    found = asdict(load_credentials(containers.layout))
    hidden = [*found["kafka"].values(), *found["kafka_guests"].values(), *found["database"].values(), "PRIVATE KEY"]
    for one in containers_of(containers.project):
        shown = docker("inspect", one.id)
        assert not [secret for secret in hidden if secret in shown], one.process.name


@pytest.mark.parametrize(("name", "folder"), [("kafka", "/var/lib/kafka"), ("postgres", "/var/lib/postgresql")])
def test_what_opens_a_server_is_not_among_its_data(containers: ContainerStack, name: str, folder: str) -> None:
    """A copy of a volume lets nobody in: passwords of operators and brokers, and keys, are not on it."""
    found = load_credentials(containers.layout)
    looks = """if True:
        import json, os, sys
        hidden = [each.encode() for each in json.loads(sys.argv[2])]
        paths = [os.path.join(at, name) for at, _, names in os.walk(sys.argv[1]) for name in names]
        assert len(paths) > 10, paths
        print([path for path in paths if any(each in open(path, "rb").read() for each in hidden)])"""
    hidden = [found.kafka["operators"], found.kafka["brokers"], "PRIVATE KEY-----"]
    command = ("/usr/bin/python3", "-c", looks, folder, json.dumps(hidden))
    assert docker("exec", id_of(containers, name), *command).strip() == "[]"


def test_a_container_beside_them_is_not_answered_plainly(containers: ContainerStack) -> None:
    """As whatever was taken over on their network would try. The check by TLS is the one that the engine makes."""
    probe = ("/usr/bin/python3", "-I", "-S", "/probe.py", "9092", "kafka")
    kafka = id_of(containers, "kafka")
    docker("exec", kafka, *probe, "/run/secrets/ca.crt")
    with pytest.raises(StackError):
        docker("exec", kafka, *probe)


async def test_guests_come_and_go_with_up_while_the_stack_runs(containers: ContainerStack, accounts: Accounts) -> None:
    before = load_credentials(containers.layout)
    running = {one.name: one.pid for one in containers.health()}
    dumped = containers.settings.model_dump()
    try:
        fewer = {name: guest for name, guest in GUESTS.items() if name != "idp"}
        await asyncio.to_thread(ContainerStack(StackSettings(**{**dumped, "kafka_guests": fewer})).up)
        assert "SaslAuthenticationFailed" in await why_not(accounts.reach("idp", credentials=before))
        async with accounts.producer("reports", credentials=before):
            assert {one.name: one.pid for one in containers.health()} == running, "nobody was restarted for it"
    finally:
        await asyncio.to_thread(ContainerStack(StackSettings(**dumped)).up)
    async with accounts.producer("idp"):
        assert load_credentials(containers.layout).kafka_guests["reports"] == before.kafka_guests["reports"]
