"""Uppy 5 and 6 as they come from npm, by the examples of docs/clients.md as they stand there."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.stack import Stack
from deploy.local.waiting import wait_until
from tests.browser.conftest import NewUser
from tests.browser.support.uppy_build import provision_uppy
from tests.browser.support.uppy_page import SECONDS, UppyPage, what_is_held
from tests.browser.support.visit import Visit
from tests.browser.support.way import Way

MB = 1024 * 1024
PART_BYTES = 5 * MB
BIG_BYTES = 7 * PART_BYTES + MB
"""Eight parts: Uppy 5 sends six at once, so that there are some to come when the first one is there."""
Files = Callable[..., Path]


@pytest.fixture(params=[5, 6], ids="uppy{}".format)
def uppy(request: pytest.FixtureRequest, stack: Stack, visit: Visit) -> UppyPage:
    """A tab with Uppy of either version."""
    cache = cache_folder()
    with Steps() as steps:
        built = provision_uppy(request.param, cache, partial(ensure_uv, cache), steps)
    return UppyPage(visit, built, f"http://{stack.info.minio_public_endpoint}/")


def test_a_small_file_goes_in_one_request(uppy: UppyPage, new_user: NewUser, files: Files) -> None:
    uppy.sign_in(new_user()[1])
    uppy.choose(files("Größe & more.txt", "a small file"))
    with uppy.decided():
        uppy.start()
    uppy.until("sent")
    [document] = uppy.documents()
    assert (document["filename"], document["declared_bytes"]) == ("Größe & more.txt", 12)
    assert uppy.content(document["id"]) == b"a small file"
    assert uppy.parts == []


@pytest.mark.parametrize("meanwhile", ["paused", "reloaded"])
def test_a_large_file_goes_on_where_it_stopped(uppy: UppyPage, new_user: NewUser, files: Files, meanwhile: str) -> None:
    uppy.sign_in(new_user()[1])
    data = os.urandom(BIG_BYTES)
    big = files("big.bin", data)
    uppy.choose(big)
    uppy.at_the_next_part("uppy.pauseAll()")
    uppy.start()
    uppy.until("part")
    [document] = uppy.documents()
    there, sent = uppy.parts_of(document["id"]), len(uppy.parts)
    assert document["status"] == "pending"
    assert there
    if meanwhile == "reloaded":
        uppy.reload_with(big)
    with uppy.decided():
        (uppy.start if meanwhile == "reloaded" else uppy.go_on)()
    uppy.until("sent")
    assert uppy.content(document["id"]) == data
    assert [one["id"] for one in uppy.documents()] == [document["id"]]
    again = uppy.parts[sent:]
    assert again
    assert not there & set(again)


def test_what_does_not_fit_is_an_error_of_uppys_before_a_byte_is_sent(
    uppy: UppyPage, visit: Visit, new_user: NewUser, files: Files
) -> None:
    uppy.sign_in(new_user(MB)[1])
    uppy.choose(files("whole.bin", 3 * MB), files("in parts.bin", 8 * MB))
    uppy.start()
    uppy.until("failed", 2)
    assert {one["name"]: one["more"]["over_by_bytes"] for one in uppy.told("failed")} == {
        "whole.bin": 2 * MB,
        "in parts.bin": 7 * MB,
    }
    assert (uppy.documents(), uppy.store, uppy.told("sent")) == ([], [], [])
    _forget_what_uppy_logs(visit)


def test_what_does_not_fit_any_more_is_an_error_of_uppys_afterwards(
    uppy: UppyPage, visit: Visit, to_the_store: Way, new_user: NewUser, files: Files
) -> None:
    uppy.sign_in(new_user(8 * MB)[1])
    uppy.choose(files("one.bin", 5 * MB), files("other.bin", 5 * MB + 1))
    with to_the_store.narrow(4096), uppy.decided():  # both are signed before either has arrived
        uppy.start()
        uppy.until("failed")
    [refused], [stored] = uppy.told("failed"), uppy.documents()
    assert len(uppy.told("sent")) == 2
    assert {refused["name"], stored["filename"]} == {"one.bin", "other.bin"}
    assert refused["more"]["over_by_bytes"] == 2 * MB + 1
    _forget_what_uppy_logs(visit)


def test_an_upload_that_is_removed_leaves_nothing_in_the_store(
    uppy: UppyPage, stack: Stack, new_user: NewUser, files: Files
) -> None:
    user, token = new_user()
    uppy.sign_in(token)
    uppy.choose(files("unwanted.bin", os.urandom(BIG_BYTES)))
    uppy.at_the_next_part("uppy.pauseAll()")
    uppy.start()
    uppy.until("part")
    key = uppy.store[0].split("/", 4)[4]
    assert len(what_is_held(stack.info, user, key)) == 1
    uppy.at_the_next_part("uppy.removeFile(uppy.getFiles()[0].id)")
    uppy.go_on()
    uppy.until("part", 2)
    wait_until(lambda: not what_is_held(stack.info, user, key), SECONDS, lambda: "parts are left in the store")
    assert (uppy.documents(), uppy.told("sent")) == ([], [])


def _forget_what_uppy_logs(visit: Visit) -> None:
    """Uppy says each upload-error to the console, too."""
    assert all("[Uppy]" in complaint for complaint in visit.complaints), visit.complaints
    visit.complaints.clear()
