"""The pure parts of mode llm: the circuit breaker, Retry-After, and what a person is shown of a model's words."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.modes.llm_breaker import Breaker, Breakers, Rule
from services.classifier.modes.llm_failures import retry_after
from services.classifier.modes.llm_plain import plain
from services.classifier.modes.llm_prompt import harmless
from tests.unit.llm_world import NOW

RULE = Rule(failures=3, seconds=30)


def test_a_breaker_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker().failed(0, RULE).failed(0, RULE)
    assert breaker.admitted(0, RULE) == breaker
    assert breaker.failed(1, RULE).admitted(1, RULE) is None
    assert breaker.failed(1, RULE).admitted(30.9, RULE) is None


def test_a_half_open_breaker_lets_one_through_and_the_next_only_if_that_one_is_never_heard_of() -> None:
    probed = Breaker(3, open_until=30).admitted(31, RULE)
    assert probed is not None
    assert probed.admitted(31, RULE) is None
    assert probed.admitted(61, RULE) is not None
    assert probed.failed(40, RULE).admitted(69, RULE) is None


def test_an_endpoint_that_asks_for_quiet_gets_it_after_its_first_failure() -> None:
    breaker = Breaker().failed(0, RULE, after=10)
    assert breaker.admitted(9, RULE) is None
    assert breaker.admitted(10, RULE) == breaker


def test_breakers_know_only_so_many_and_forget_the_oldest() -> None:
    breakers = Breakers(Rule(1, 30), most=2)
    for key in (1, 2, 3):
        breakers.failed(key, 0)
    assert [breakers.wait(key, 1) for key in (1, 2, 3)] == [0, 29, 29]
    breakers.succeeded(2)
    assert breakers.wait(2, 1) == 0


@given(st.lists(st.tuples(st.sampled_from(["ask", "fail", "succeed"]), st.floats(0, 50)), max_size=60))
def test_a_breaker_never_lets_through_more_than_its_rule(steps: list[tuple[str, float]]) -> None:
    breakers, now, failures, last = Breakers(RULE), 0.0, 0, -100.0
    for what, seconds in steps:
        now += seconds
        if what == "ask" and breakers.wait(1, now) == 0:
            assert failures < RULE.failures or now - last >= RULE.seconds
            last = now
        elif what == "fail":
            breakers.failed(1, now)
            failures, last = failures + 1, now
        elif what == "succeed":
            breakers.succeeded(1)
            failures = 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7),
        (" 7 ", 7),
        ("0", 0),
        ("-5", 0),
        ("1.5", 1.5),
        ("1e9", 60),
        ("inf", 60),
        ("nan", None),
        ("soon", None),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9),
        (format_datetime(NOW - timedelta(days=9), usegmt=True), 0),
        ("Fri, 02 Jan 2026 03:04:15", 10),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 60),
        ("Fri, 99 Jan 2026 03:04:05 GMT", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_and_never_beyond_the_cap(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW, 60) == seconds


@given(st.text())
def test_no_retry_after_breaks_anything(header: str) -> None:
    assert 0 <= (retry_after(header, NOW, 60) or 0) <= 60


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("It bills 12 hours (due in May).", "It bills 12 hours (due in May)."),
        ("R&D costs, 50 % of v1.2; see notes.md", "R&D costs, 50 % of v1.2; see notes.md"),
        ("Rechnung für Müller 请款单 فاتورة", "Rechnung für Müller 请款单 فاتورة"),
        ("a\n\n\tb\x00\x1b[31m\u202e\u200b c", "a b31m c"),
        ("<script>alert(1)</script>ok", "alert(1) ok"),
        ("&lt;img src=x onerror=alert(1)&gt;ok", "ok"),
        ("&amp;lt;b&amp;gt;ok", "ok"),
        ("see [this](https://evil.test/a) now", "see this( now"),
        ("see https://evil.test/?q=1 now", "see now"),
        ("see HTTP://EVIL.test", "see"),
        ("see www.evil.test now", "see now"),
        ("see evil.test/login now", "see now"),
        ("see //evil.test now", "see now"),
        ("write to a@evil.test now", "write to now"),
        ("javascript:alert(1) ok", "ok"),
        ("ht<b></b>tps://evil.test ok", "ht ok"),
        ("h`t`tps://evil.test ok", "ok"),
        ("\uff48ttps://evil.test ok", "ok"),
        ("x" * 300, "x" * 199 + "…"),
        ("", ""),
    ],
)
def test_a_models_words_are_made_plain(said: str, shown: str) -> None:
    assert plain(said) == shown


FRAGMENTS = st.sampled_from(
    ["<", ">", "&lt;", "&#x3c;", "&amp;", "http", "s", ":", "//", "/", "www.", "evil.test", "@", "[", "](", ")", " ",
     "a", "\u200b", "\x00", "javascript", "`", "<b>", "\u202e", "\uff48", "data:", ";", "#", "\ud800"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(FRAGMENTS).map("".join)))
def test_nothing_that_is_said_makes_markup_or_a_link(said: str) -> None:
    shown = plain(said)
    assert len(shown) <= 200
    assert not re.search(r"[<>\x00-\x1f\u200b\u202e`\[\]]|(?i:https?:/|www\.\S|\bjavascript:\S|\S@\S|//\S)", shown)
    assert shown.encode().decode() == shown


@given(
    st.lists(st.sampled_from(["<", "|", ">", "im_start", "[", "INST", "]", "/", "s", " ", "\u200b", "<<SYS>>"])).map(
        "".join
    )
)
def test_no_composition_makes_a_mark_of_a_template(text: str) -> None:
    assert not re.search(r"<\|im_start|</s>|\[/?INST\]|<<SYS>>", harmless(text))
