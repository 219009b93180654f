"""Trace context as text, and which traces of clients are sampled."""

from __future__ import annotations

import pytest

from services.chassis.tracing_context import Edge, fresh, is_sampled, parsed, trace_id_of
from tests.unit.spans import trace

LOW, HIGH = f"{'a' * 16}{'0' * 15}1", f"{'a' * 16}{'f' * 16}"
"""Trace ids that any ratio samples, and that none but 1 does."""
BAD = ["", "x", trace(0), trace(1, 0), "01" + trace(1)[2:], trace(1).upper().replace("00-", "0A-"), trace(1) + "-x"]


def edge(ratio: float = 0.5, *, trusted: bool = False, per_second: float = 1000.0, die: float = 0.4) -> Edge:
    return Edge(ratio, trusted=trusted, per_second=per_second, now=lambda: 0.0, die=lambda: die)


def of(trace_id: str, flags: str = "01") -> str:
    return f"00-{trace_id}-{'b' * 16}-{flags}"


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_trace_context_is_none(text: str) -> None:
    assert (parsed(text), trace_id_of(text), is_sampled(text)) == (None, None, False)


@pytest.mark.parametrize(("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("03", True), ("ff", True)])
def test_the_last_bit_of_the_flags_says_that_it_is_sampled(flags: str, sampled: bool) -> None:  # noqa: FBT001
    assert is_sampled(trace(7, flags=flags)) is sampled


def test_a_fresh_one_goes_on_in_a_trace_without_its_flag_and_begins_one_where_there_is_none() -> None:
    one, other = fresh(trace(7)), fresh("")
    assert (one[:36], one[-2:], one != trace(7, flags="00")) == (trace(7)[:36], "00", True)
    assert (parsed(other) is not None, other[-2:]) == (True, "00")


@pytest.mark.parametrize(("ratio", "sampled"), [(0.0, False), (0.4, False), (0.41, True), (1.0, True)])
def test_a_request_without_a_trace_is_sampled_by_the_ratio(ratio: float, sampled: bool) -> None:  # noqa: FBT001
    assert edge(ratio).samples("") is sampled
    assert edge(ratio).samples("garbage") is sampled


@pytest.mark.parametrize("flags", ["00", "01"])
def test_of_a_client_who_is_not_trusted_the_flag_counts_for_nothing(flags: str) -> None:
    assert edge(0.5).samples(of(LOW, flags))
    assert not edge(0.5).samples(of(HIGH, flags))


def test_all_requests_of_one_trace_are_sampled_or_none_is() -> None:
    replicas = [edge(0.5, die=die) for die in (0.0, 0.9)]
    assert [each.samples(of(LOW)) for each in replicas * 2] == [True] * 4
    assert [each.samples(of(HIGH)) for each in replicas * 2] == [False] * 4


def test_with_a_ratio_of_0_no_id_is_sampled_and_with_1_each_is() -> None:
    assert not edge(0.0).samples(of("0" * 31 + "1"))
    assert edge(1.0).samples(of(HIGH))


@pytest.mark.parametrize(("flags", "sampled"), [("00", False), ("01", True)])
def test_a_trusted_clients_flag_decides_whatever_the_ratio(flags: str, sampled: bool) -> None:  # noqa: FBT001
    assert edge(0.0, trusted=True).samples(of(HIGH, flags)) is sampled
    assert edge(1.0, trusted=True).samples(of(LOW, flags)) is sampled


def test_a_client_who_chooses_sampled_ids_gets_so_many_a_second_and_starves_nobody_else() -> None:
    now = [0.0]
    limited = Edge(0.5, trusted=False, per_second=2.0, now=lambda: now[0], die=lambda: 0.4)
    assert [limited.samples(of(LOW)) for _ in range(100)].count(True) == 2
    assert limited.samples("")
    now[0] = 0.5
    assert [limited.samples(of(LOW)) for _ in range(100)].count(True) == 1
    now[0] = 100.0
    assert [limited.samples(of(LOW)) for _ in range(100)].count(True) == 2


def test_a_limit_of_0_samples_no_id_that_a_client_chose() -> None:
    assert not edge(1.0, per_second=0.0).samples(of(LOW))
