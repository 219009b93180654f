"""The caller's own quota, and the limits that administrators set."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import UserRegistered

from tests.stack.support.api import Api, Client
from tests.stack.support.broker import Broker
from tests.stack.support.waiting import eventually

NOT_FOUND = {"detail": "Quota not found"}


async def test_a_user_without_a_quota_is_told_so(api: Api) -> None:
    answer = await api.stranger().quota()
    assert (answer.status, answer.body) == (404, NOT_FOUND)


async def test_a_registered_user_has_a_hundred_mebibytes(api: Api, broker: Broker) -> None:
    user = api.stranger()
    await _register(broker, user)
    await eventually(lambda: _quota(user), becomes={"used_bytes": 0, "limit_bytes": 104857600})


async def test_being_registered_again_changes_nothing(api: Api, broker: Broker) -> None:
    user = await api.user(limit_bytes=500)
    await user.store(b"x" * 200)
    await _register(broker, user)
    await user.store(b"y" * 100)
    assert await _quota(user) == {"used_bytes": 300, "limit_bytes": 500}


async def test_an_administrator_sees_and_sets_a_limit(api: Api) -> None:
    user, admin = await api.user(limit_bytes=500), api.stranger("admin")
    await user.store(b"x" * 200)
    path = f"/api/admin/quotas/{user.user_id}"
    shown = await admin.call("GET", path)
    assert (shown.status, shown.body["used_bytes"], shown.body["limit_bytes"]) == (200, 200, 500)
    changed = await admin.set_limit(user.user_id, 900)
    assert (changed.status, changed.body["used_bytes"], changed.body["limit_bytes"]) == (200, 200, 900)
    assert await _quota(user) == {"used_bytes": 200, "limit_bytes": 900}


async def test_a_limit_below_what_is_used_takes_no_byte_back_and_lets_none_in(api: Api) -> None:
    user, admin = await api.user(limit_bytes=500), api.stranger("admin")
    kept = await user.store(b"x" * 400)
    await admin.set_limit(user.user_id, 100)
    refused = await user.put_new(b"y")
    answer = await user.confirm(refused.document_id)
    numbers = {"used_bytes": 400, "limit_bytes": 100, "rejected_bytes": 1, "over_by_bytes": 301}
    assert (answer.status, answer.body) == (413, {"detail": numbers})
    assert await user.status_of(kept) == "uploaded"
    assert await _quota(user) == {"used_bytes": 400, "limit_bytes": 100}


async def test_a_raised_limit_lets_in_what_was_refused_before(api: Api) -> None:
    user, admin = await api.user(limit_bytes=100), api.stranger("admin")
    refused = await user.put_new(b"x" * 101)
    assert (await user.confirm(refused.document_id)).status == 413
    await admin.set_limit(user.user_id, 101)
    await user.store(b"x" * 101)


async def test_only_an_administrator_may(api: Api) -> None:
    user = await api.user(limit_bytes=500)
    for role in ("user", "Admin", "admin ", "superadmin", ""):
        caller = api.stranger(role)
        path = f"/api/admin/quotas/{user.user_id}"
        answers = (await caller.call("GET", path), await caller.set_limit(user.user_id, 10**12))
        assert [(answer.status, list(answer.body)) for answer in answers] == [(403, ["detail"])] * 2
    assert (await user.set_limit(user.user_id, 10**12)).status == 403
    assert await _quota(user) == {"used_bytes": 0, "limit_bytes": 500}


@pytest.mark.parametrize("user_id", [str(uuid4()), "1", "%00", "me", "..%2fme"])
async def test_an_account_that_is_not_there_is_a_404(api: Api, user_id: str) -> None:
    answer = await api.stranger("admin").call("GET", f"/api/admin/quotas/{user_id}")
    assert (answer.status, answer.body) == (404, NOT_FOUND)


async def test_setting_a_limit_opens_the_account(api: Api) -> None:
    user = api.stranger()
    assert (await api.stranger("admin").set_limit(user.user_id, 500)).status == 200
    assert await _quota(user) == {"used_bytes": 0, "limit_bytes": 500}


@pytest.mark.parametrize("limit", [-1, 1.5, "10", True, None, 2**63, [1], {}])
async def test_a_limit_that_is_none_is_a_422_that_names_the_field(api: Api, limit: object) -> None:
    user = await api.user(limit_bytes=500)
    answer = await api.stranger("admin").set_limit(user.user_id, limit)
    assert answer.status == 422
    assert answer.body["detail"][0]["loc"] == ["body", "limit_bytes"]
    assert await _quota(user) == {"used_bytes": 0, "limit_bytes": 500}


async def test_the_greatest_limit_there_is_overflows_nothing(api: Api) -> None:
    user = await api.user(limit_bytes=2**63 - 1)
    await user.store(b"x" * 10)
    await user.store(b"y" * 10)
    assert await _quota(user) == {"used_bytes": 20, "limit_bytes": 2**63 - 1}


async def _quota(user: Client) -> object:
    return (await user.quota()).body


async def _register(broker: Broker, user: Client) -> None:
    now = datetime.now(UTC)
    event = UserRegistered(user_id=user.user_id, registered_at=now)
    await broker.heard("quota", await broker.say(encode(event, id=str(user.user_id), source="test/idp", time=now)))
