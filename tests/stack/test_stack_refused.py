"""An `up` that is refused: what is kept of the stack stays as it was, and nothing is started."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from deploy.local.credentials import coming_credentials, keep_credentials, with_guests
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.leftovers import marked_processes
from deploy.local.running import remember
from deploy.local.settings_guests import Guest
from deploy.local.stack import Stack, StackSettings

pytestmark = pytest.mark.embedded("its files; the containers' smoke has theirs")


@contextmanager
def squatter(stack: Stack) -> Iterator[None]:
    """Has a port of the stack's."""
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of just now are no squatters
        found.bind(("127.0.0.1", stack.settings.minio_port))
        found.listen()
        yield


def of_one_broker(stack: Stack) -> AbstractContextManager[None]:
    """Kafka's data is that of another number of nodes."""
    data = stack.layout.state / "kafka" / "data"
    data.mkdir(parents=True)
    (data / "meta.properties").touch()
    return nullcontext()


def as_it_is(_: Stack) -> AbstractContextManager[None]:
    return nullcontext()


REFUSED: dict[str, tuple[Callable[[Stack], AbstractContextManager[None]], dict[str, Any], str]] = {
    "a port is taken": (squatter, {}, "wanted for minio, is taken by .*MINIO_PORT="),
    "the data is of other brokers": (of_one_broker, {"brokers": 3}, "cannot become that of 3"),
    "a value cannot be handed on": (as_it_is, {"service_env": {"A": "'\""}}, "both kinds of quotes"),
}


def asked(folder: Path, why: str) -> Stack:
    changes: dict[str, Any] = {"services": "service_env" in REFUSED[why][1], **REFUSED[why][1]}
    return Stack.on_free_ports(folder, **changes)


def kept(layout: Layout) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (layout.secrets, layout.running) if path.exists()}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_leaves_nothing_behind_that_was_not_there(tmp_path: Path, why: str) -> None:
    stack, (arranged, _, words) = asked(tmp_path, why), REFUSED[why]
    with arranged(stack), pytest.raises(StackError, match=words) as refused:
        stack.up()
    assert "\n" not in str(refused.value)
    assert not stack.layout.holds_a_stack()
    assert marked_processes(stack.layout.stack_id) == []


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_leaves_the_settings_and_secrets_of_before(tmp_path: Path, why: str) -> None:
    """Those of others' accounts, too, who are no guests in what is asked for."""
    stack, (arranged, _, words) = asked(tmp_path, why), REFUSED[why]
    stack.layout.prepare()
    guests = {"idp": Guest(writes=frozenset({"users"}))}
    remember(stack.layout, StackSettings(state_dir=tmp_path, secure=True, kafka_guests=guests))
    keep_credentials(stack.layout, with_guests(coming_credentials(stack.layout), guests))
    before = kept(stack.layout)
    with arranged(stack), pytest.raises(StackError, match=words):
        stack.up()
    assert kept(stack.layout) == before
