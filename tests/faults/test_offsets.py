"""Where groups stand, and how they are set to another place: never under a living member, and never unsaid."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.faults.support.console import docuvault
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site


async def offsets(site: Site, *arguments: str) -> dict[str, Any]:
    code, out, words = await docuvault(site.stack, "offsets", "--json", *arguments)
    assert code == 0, words
    found: dict[str, Any] = json.loads(out)
    return found


async def test_every_group_is_shown_with_its_members_and_its_lag_by_partition(site: Site) -> None:
    client = await site.api.user()
    await client.store(b"data")
    await assert_at_rest(site)
    found = await offsets(site)
    shown = {each["group"]: (each["members"], each["lag"]) for each in found["groups"]}
    members, _ = shown.pop("classifier")
    assert members == 0, "this stack does without it, and it has heard nothing"
    assert shown == {"upload": (1, 0), "quota": (1, 0), "janitor": (1, 0)}
    quota = next(each for each in found["groups"] if each["group"] == "quota")
    assert {each["topic"] for each in quota["partitions"]} == {
        "storage.events",
        "documents",
        "storage.janitor",
        "users",
    }
    assert sum(each["committed"] or 0 for each in quota["partitions"]) > 0
    code, out, _ = await docuvault(site.stack, "offsets", "--group", "quota", "--topic", "users")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["quota:", "topic", *["users"] * 6]


async def test_under_a_member_nothing_is_moved(site: Site) -> None:
    before = await offsets(site, "--group", "quota")
    code, out, words = await docuvault(site.stack, "offsets", "--group", "quota", "--to", "earliest")
    assert (code, out) == (2, "")
    assert len(words.splitlines()) == 1
    assert "group quota has 1 members" in words
    assert (await offsets(site, "--group", "quota"))["groups"] == before["groups"]


async def test_what_is_heard_again_from_the_start_changes_nothing(site: Site) -> None:
    client = await site.api.user()
    upload = await client.store(b"data")
    await client.delete((await client.store(b"gone")).document_id)
    await assert_at_rest(site)
    async with site.processes.without(*site.processes.services()):
        before = await offsets(site, "--group", "upload")
        tried = await offsets(site, "--group", "upload", "--to", "earliest", "--dry-run")
        assert (await offsets(site, "--group", "upload"))["groups"] == before["groups"]
        moved = await offsets(site, "--group", "upload", "--to", "earliest")
        assert {**tried, "dry_run": False} == moved
        assert moved["again"] > 0 == moved["skipped"]
        assert (await offsets(site, "--group", "upload"))["groups"][0]["lag"] == moved["again"]
    await site.processes.ready()
    assert await client.status_of(upload) == "uploaded"
    await assert_at_rest(site)


async def test_a_topic_alone_goes_to_a_time_and_forward_again(site: Site) -> None:
    client = await site.api.user()
    await client.store(b"data")
    await assert_at_rest(site)
    async with site.processes.without(*site.processes.services("janitor")):
        back = await offsets(site, "--group", "janitor", "--topic", "documents", "--to", "1d")
        assert {move["topic"] for move in back["moves"]} == {"documents"}
        assert back["again"] > 0
        forward = await offsets(site, "--group", "janitor", "--to", "latest")
        assert (forward["skipped"], forward["again"]) == (back["again"], 0)
        code, out, _ = await docuvault(site.stack, "offsets", "--group", "janitor", "--to", "earliest", "--dry-run")
        assert code == 0
        assert "records heard again: safe" in out
        code, out, _ = await docuvault(site.stack, "offsets", "--group", "janitor", "--to", "latest", "--dry-run")
        assert (code, out.splitlines()) == (0, ["janitor: 0 partitions would be moved"])
    await site.processes.ready()
    await assert_at_rest(site)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--group", "nobody"), "there is no group 'nobody'; there are upload, quota, janitor"),
        (("--group", "upload", "--topic", "users"), "group upload does not read users"),
        (("--to", "earliest"), "say which group is to be moved"),
        (("--group", "upload", "--to", "sooner"), "is no time"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_a_line(site: Site, arguments: tuple[str, ...], says: str) -> None:
    code, out, words = await docuvault(site.stack, "offsets", *arguments)
    assert (code, out) == (2, "")
    assert says in words
