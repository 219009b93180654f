"""What a client may send about topics and settings: hostile names, texts, URLs and keys have a defined answer."""

from __future__ import annotations

from typing import Any

import pytest
from docuvault_contracts.http_topics import (
    ClassificationRequest,
    DocumentTopicsRequest,
    TopicPatch,
    TopicRequest,
)
from pydantic import BaseModel, ValidationError

KEY = "sk-a-very-secret-key"
LLM = {"url": "https://llm.example.com/v1", "model": "small"}


def wrong(model: type[BaseModel], sent: dict[str, Any]) -> list[tuple[int | str, ...]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(sent)
    return [error["loc"] for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Invoices", "Invoices"),
        ("  two \u3000 words ", "two words"),
        ("Straße & Söhne 文書 😀", "Straße & Söhne 文書 😀"),
        ("\u202eright to left", "\u202eright to left"),
        ("a" * 100, "a" * 100),
    ],
)
def test_a_topics_name_is_kept_as_it_is_but_for_its_blanks(sent: str, kept: str) -> None:
    assert TopicRequest(name=sent).name == kept


@pytest.mark.parametrize(
    "name", ["", " ", "\u3000", "a\0b", "a\nb", "a\tb", "a\u2028b", "a\ud800b", "a" * 101, 7, None]
)
def test_what_is_no_line_of_text_is_no_name(name: Any) -> None:
    assert wrong(TopicRequest, {"name": name}) == [("name",)]


def test_a_description_may_have_lines_but_no_other_control_character() -> None:
    assert TopicRequest(name="a", description="one\ntwo\r\n\tthree").description == "one\ntwo\r\n\tthree"
    for text in ("a\0b", "a\x1bb", "\ud800", "a" * 2001):
        assert wrong(TopicRequest, {"name": "a", "description": text}) == [("description",)]


def test_keywords_are_bounded_in_number_and_length_and_the_wrong_one_is_named() -> None:
    assert TopicRequest.model_validate({"name": "a", "keywords": [" due  date "]}).keywords == ("due date",)
    assert wrong(TopicRequest, {"name": "a", "keywords": ["a"] * 51}) == [("keywords",)]
    assert wrong(TopicRequest, {"name": "a", "keywords": ["a", "b" * 101, "\0", ""]}) == [
        ("keywords", place) for place in (1, 2, 3)
    ]


def test_a_patch_may_say_anything_or_nothing_of_a_topic() -> None:
    assert TopicPatch() == TopicPatch(name=None, description=None, keywords=None)
    assert wrong(TopicPatch, {"name": " ", "description": 1, "keywords": "a"}) == [
        ("name",), ("description",), ("keywords",)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "magic"),
        ("mode", None),
        ("threshold", -0.1),
        ("threshold", 1.1),
        ("threshold", float("nan")),
        ("threshold", float("inf")),
        ("most_topics", 0),
        ("most_topics", 21),
        ("most_topics", 2.5),
        ("most_topics", "3"),
        ("most_topics", True),
        ("llm", "https://llm.example.com"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_field(field: str, value: Any) -> None:
    assert wrong(ClassificationRequest, {"mode": "embedding"} | {field: value})[0] == (field,)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "llm.example.com",
        "ftp://llm.example.com",
        "file:///etc/passwd",
        "https://",
        "https://:443/v1",
        "https://me:password@llm.example.com/v1",
        "https://me@llm.example.com/v1",
        "https://llm.example.com/v1?key=secret",
        "https://llm.example.com/v1#x",
        "https://llm.example.com:99999/v1",
        "https://llm.example.com/\n",
        "https://[::1/v1",
        "https://a b/",
        "https://" + "a" * 2000,
        None,
    ],
)
def test_what_is_no_base_of_an_api_is_refused_by_field(url: Any) -> None:
    assert wrong(ClassificationRequest, {"mode": "llm", "llm": LLM | {"url": url}}) == [("llm", "url")]


@pytest.mark.parametrize("key", ["", "two words", "a\r\nX-Header: 1", "schlüssel", "a" * 2001, 7])
def test_a_key_that_fits_in_no_header_is_refused_by_field(key: Any) -> None:
    assert wrong(ClassificationRequest, {"mode": "llm", "llm": LLM | {"key": key}}) == [("llm", "key")]


def test_a_key_that_is_absent_is_another_thing_than_none() -> None:
    absent = ClassificationRequest.model_validate({"mode": "llm", "llm": LLM})
    none = ClassificationRequest.model_validate({"mode": "llm", "llm": LLM | {"key": None}})
    assert absent.llm
    assert none.llm
    assert "key" not in absent.llm.model_fields_set
    assert "key" in none.llm.model_fields_set


def test_no_text_of_a_request_shows_the_key() -> None:
    request = ClassificationRequest.model_validate({"mode": "llm", "llm": LLM | {"key": KEY}})
    assert KEY not in f"{request} {request!r} {request.model_dump()} {request.model_dump_json()}"


def test_a_document_is_filed_under_a_topic_once_and_under_twenty_at_most() -> None:
    one = "99999999-8888-4777-8666-555555555555"
    assert wrong(DocumentTopicsRequest, {"topic_ids": [one, one.upper()]}) == [("topic_ids",)]
    assert wrong(DocumentTopicsRequest, {"topic_ids": [f"{one[:-2]}{n:02}" for n in range(21)]}) == [("topic_ids",)]
    assert wrong(DocumentTopicsRequest, {"topic_ids": [one, "x"]}) == [("topic_ids", 1)]
    assert wrong(DocumentTopicsRequest, {}) == [("topic_ids",)]
    assert DocumentTopicsRequest(topic_ids=()).topic_ids == ()
