"""The generated descriptions are fresh, and the tools that judge them do refuse what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from docuvault_contracts import events, topics
from generator import asyncapi, examples, operations, traffic, validate
from generator.asyncapi_tool import asyncapi_problems
from generator.files import read_tree, stale, write_tree
from generator.openapi import openapi
from generator.schemas import BODIES, schemas

CONTRACTS = Path(__file__).parent.parent.parent / "contracts"


def documents() -> dict[str, dict[str, Any]]:
    return deepcopy(schemas() | {"openapi.json": openapi(), "asyncapi.json": asyncapi.asyncapi()})


def test_the_checked_in_files_are_fresh_valid_and_break_nobody() -> None:
    command = [sys.executable, str(CONTRACTS / "generate.py"), "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603 - our own script
    assert ran.returncode == 0, ran.stderr


def test_generating_twice_gives_the_same_text(tmp_path: Path) -> None:
    write_tree(tmp_path, documents())
    assert list(stale(tmp_path, documents())) == []
    assert read_tree(tmp_path) == documents()


def test_a_stale_a_missing_and_a_left_over_file_are_each_named(tmp_path: Path) -> None:
    write_tree(tmp_path, documents())
    (tmp_path / "openapi.json").write_text("{}")
    (tmp_path / "asyncapi.json").unlink()
    (tmp_path / "schemas/events/gone.json").write_text("{}")
    lines = list(stale(tmp_path, documents()))
    assert [line.rsplit("/", 1)[1].split(":")[0] for line in lines] == [
        "openapi.json is stale",
        "asyncapi.json is missing",
        "gone.json belongs to nothing any more",
    ]


def test_asyncapis_own_parser_refuses_what_is_no_asyncapi() -> None:
    broken = documents()["asyncapi.json"]
    broken["operations"]["quota.send.quota"]["action"] = "shout"
    assert any("action" in line for line in asyncapi_problems(broken))


def test_asyncapis_own_parser_refuses_a_reference_to_nothing() -> None:
    broken = documents()["asyncapi.json"]
    broken["channels"]["quota"]["messages"]["quota.reserved"]["$ref"] = "#/components/messages/nothing"
    assert asyncapi_problems(broken)


def test_a_wrong_openapi_a_wrong_schema_and_a_wrong_example_are_each_told() -> None:
    broken = documents()
    del broken["openapi.json"]["info"]["title"]
    broken["schemas/events/quota.reserved.json"]["properties"]["etag"]["type"] = "words"
    broken["schemas/http/responses/Quota.json"]["properties"]["used_bytes"]["maximum"] = 0
    told = "\n".join(validate.problems(broken))
    assert "openapi.json: $.info" in told
    assert "schemas/events/quota.reserved.json: $.properties.etag.type" in told
    assert "schemas/http/responses/Quota.json: its example" in told


def test_every_event_and_body_has_an_example() -> None:
    assert [type(event) for event in examples.all_events()] == list(events.ALL)
    assert [type(body) for body in examples.all_bodies()] == list(BODIES)


def test_every_event_has_a_writer_and_a_topic_that_its_writer_owns() -> None:
    owners = {topic.name: [each.replace(" ", "-") for each in topic.owner.split(", ")] for topic in topics.PUBLISHED}
    sent = {event: service for service, sends in traffic.SENDS.items() for event in sends}
    assert set(sent) == set(events.ALL)
    assert all(service in owners[event.topic.name] for event, service in sent.items())


def test_every_topic_is_a_channel_with_what_it_is_declared_as() -> None:
    channels = asyncapi.asyncapi()["channels"]
    assert set(channels) == {topic.name for topic in topics.ALL}
    quota = channels["quota"]["bindings"]["kafka"]
    assert (quota["partitions"], quota["topicConfiguration"]["retention.ms"]) == (
        topics.QUOTA.partitions,
        topics.QUOTA.retention_ms,
    )


def test_every_operation_tells_what_a_bad_token_and_a_server_in_trouble_answer() -> None:
    for path, item in openapi()["paths"].items():
        for method, operation in item.items():
            wanted = {"503"} if operation.get("security") == [] else {"401", "503"}
            assert wanted <= set(operation["responses"]), f"{method} {path}"


def test_only_the_sign_in_wants_no_token() -> None:
    without = {
        path
        for path, item in openapi()["paths"].items()
        for operation in item.values()
        if operation.get("security") == []
    }
    assert without == {f"/api/auth/oidc{path}" for path in ("", "/token", "/renew", "/sign-out")}


def test_the_answers_that_clients_rely_on_are_described() -> None:
    assert {answer.status for answer in operations.CONFIRM.answers} == {200, 202, 404, 413, 422}
    shown = openapi()["paths"]["/api/documents/{id}/confirm"]["post"]["responses"]["422"]
    example = {"detail": "Upload not found — presigned URL may have expired"}
    assert shown["content"]["application/json"]["example"] == example


def test_no_description_holds_a_signature_or_forbids_fields_to_come() -> None:
    text = json.dumps(documents())
    assert 'additionalProperties": false' not in text
    assert "X-Amz-Signature=…" in json.loads(json.dumps(text)) or "X-Amz-Signature=\\u2026" in text


@pytest.mark.parametrize("topic", topics.PUBLISHED, ids=lambda topic: topic.name)
def test_the_table_of_topics_in_the_readme_is_the_declared_one(topic: topics.Topic) -> None:
    days = topic.retention_ms // 86_400_000
    kept = f"{days} days" if days else f"{topic.retention_ms // 3_600_000} hour"
    start = f"| {topic.name} | {topic.key} | {kept} | {topic.owner} | "
    row = next(line for line in (CONTRACTS / "README.md").read_text("utf-8").splitlines() if line.startswith(start))
    types = [event.type for event in events.ALL if event.topic == topic]
    assert row == f"{start}{', '.join(types) or topic.description} |"
