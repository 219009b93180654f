"""When the containers of a stack are well, from what the engine says of each."""

from __future__ import annotations

from deploy.containers.engine import Container, failed, unwell
from deploy.local.supervisor import Process


def container(name: str, state: str = "RUNNING", *, exit_code: int = 0, reason: str = "") -> Container:
    return Container("id", Process(name, state, 0, 0), exit_code, reason)


RUNS = container("postgres")
ENDED = container("setup", "EXITED", reason="exited, exit 0")


def test_the_stack_is_well_when_its_servers_are_and_are_set_up() -> None:
    assert unwell([RUNS, ENDED]) == ""
    assert not failed([RUNS, ENDED])


def test_it_is_not_before_they_are_set_up_though_nothing_waits_for_that() -> None:
    """As with SERVICES=false: of the services, Compose starts none before."""
    for state in ("STARTING", "RUNNING"):
        assert unwell([RUNS, container("setup", state)]) == "setup (still at work)"
        assert not failed([container("setup", state)])


def test_a_setup_that_gave_up_is_not_waited_for() -> None:
    gave_up = container("setup", "EXITED", exit_code=1, reason="exited, exit 1")
    assert unwell([RUNS, gave_up]) == "setup (exited, exit 1)"
    assert failed([RUNS, gave_up])


def test_any_other_that_ended_or_is_ill_is_named_with_its_reason() -> None:
    assert unwell([container("quota-1", "EXITED", reason="exited, exit 0"), ENDED]) == "quota-1 (exited, exit 0)"
    assert not failed([container("quota-1", "EXITED", exit_code=1)])
