"""Classification settings over HTTP, on a real database; above all that a model's key never comes out again."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from services.chassis.jobs import run_now
from services.chassis.logging import configure
from services.chassis.postgres import transaction
from services.classifier.filing import Llm, Mode, Wishes
from services.classifier.secrets import KeySafe
from services.classifier.secrets_rotation import rotation_job
from services.classifier.settings_store import SQL, PgSettings
from tests.stack.classifier_service import DEFAULTS, NOWHERE, Answer, Service, open_classifier
from tests.stack.support.waiting import eventually

PATH = "/api/auth/me/classification"
KEY = "sk-live-DoNotTellAnybody0123456789"
URL = "https://llm.example.com/v1"
LLM = {"url": URL, "model": "small"}
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    async with open_classifier(database) as opened:
        yield opened


@pytest.fixture
def user() -> UUID:
    return uuid4()


async def put(service: Service, user: UUID, **body: Any) -> Answer:
    return await service.call("PUT", PATH, user, {"mode": "llm"} | body)


async def wishes(service: Service, user: UUID) -> Wishes:
    """What the workers are told."""
    return await PgSettings(service.pool, service.safe, DEFAULTS).read(user)


async def test_who_has_set_nothing_has_the_services_defaults(service: Service, user: UUID) -> None:
    expected = {"mode": "embedding", "threshold": 0.5, "most_topics": 3, "llm": None}
    assert await service.call("GET", PATH, user) == (200, expected)
    assert await wishes(service, user) == DEFAULTS


async def test_settings_are_replaced_and_what_is_absent_is_the_default(service: Service, user: UUID) -> None:
    wanted = {"mode": "keywords", "threshold": 0.35, "most_topics": 20}
    assert await put(service, user, **wanted) == (200, wanted | {"llm": None})
    assert await service.call("GET", PATH, user) == (200, wanted | {"llm": None})
    assert (await service.call("GET", PATH, uuid4()))[1]["mode"] == "embedding"
    off = {"mode": "off", "threshold": 0.5, "most_topics": 3, "llm": None}
    assert await put(service, user, mode="off") == (200, off)


async def test_a_model_is_shown_without_its_key_and_the_workers_have_it(service: Service, user: UUID) -> None:
    shown = LLM | {"fall_back": False, "has_key": True}
    status, answer = await put(service, user, llm=LLM | {"key": KEY, "fall_back": False})
    assert (status, answer["llm"]) == (200, shown)
    assert (await service.call("GET", PATH, user))[1]["llm"] == shown
    assert await wishes(service, user) == Wishes(Mode.LLM, 0.5, 3, Llm(URL, "small", KEY), falls_back=False)
    stored = await service.pool.fetchval("SELECT llm_key FROM settings")
    assert KEY.encode() not in stored


@pytest.mark.parametrize(
    ("llm", "key"), [({}, KEY), ({"model": "large"}, KEY), ({"key": None}, None), ({"key": "sk-other"}, "sk-other")]
)
async def test_an_absent_key_stays_and_null_removes_it(
    service: Service, user: UUID, llm: dict[str, Any], key: str | None
) -> None:
    await put(service, user, llm=LLM | {"key": KEY})
    before = await service.pool.fetchval("SELECT llm_key FROM settings")
    status, answer = await put(service, user, llm=LLM | llm)
    assert (status, answer["llm"]["has_key"]) == (200, key is not None)
    found = await wishes(service, user)
    assert found.llm
    assert found.llm.key == key
    assert await service.pool.fetchval("SELECT llm_key FROM settings") != before


async def test_without_a_model_nothing_of_it_stays(service: Service, user: UUID) -> None:
    await put(service, user, llm=LLM | {"key": KEY})
    await put(service, user, mode="embedding")
    assert await service.pool.fetchval("SELECT num_nulls(llm_url, llm_model, llm_key) FROM settings") == 3
    status, answer = await put(service, user, llm=LLM)
    assert (status, answer["llm"]["has_key"]) == (200, False)


@pytest.mark.parametrize(
    "url", ["https://evil.example.com/v1", "http://llm.example.com/v1", "https://llm.example.com:8443/v1"]
)
async def test_a_stored_key_is_not_sent_to_another_host_by_who_never_knew_it(
    service: Service, user: UUID, url: str
) -> None:
    await put(service, user, llm=LLM | {"key": KEY})
    status, answer = await put(service, user, llm=LLM | {"url": url})
    assert (status, answer["detail"][0]["loc"]) == (422, ["body", "llm", "key"])
    assert (await service.call("GET", PATH, user))[1]["llm"]["url"] == URL
    assert (await put(service, user, llm=LLM | {"url": url, "key": None}))[0] == 200


async def test_another_path_of_the_same_host_keeps_the_key(service: Service, user: UUID) -> None:
    await put(service, user, llm=LLM | {"key": KEY})
    status, answer = await put(service, user, llm=LLM | {"url": "https://LLM.example.com:443/v2"})
    assert (status, answer["llm"]["has_key"]) == (200, True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ["llm"]),
        ({"llm": None}, ["llm"]),
        ({"llm": {"url": URL}}, ["llm", "model"]),
        ({"llm": LLM | {"url": NOWHERE}}, ["llm", "url"]),
        ({"llm": LLM | {"url": "https://me:pw@llm.example.com"}}, ["llm", "url"]),
        ({"llm": LLM | {"key": "two words"}}, ["llm", "key"]),
        ({"llm": LLM | {"fall_back": "yes"}}, ["llm", "fall_back"]),
        ({"mode": "magic"}, ["mode"]),
        ({"mode": "embedding", "threshold": 2}, ["threshold"]),
        ({"mode": "embedding", "most_topics": 0}, ["most_topics"]),
        ({"mode": "embedding", "llm": LLM | {"url": NOWHERE}}, ["llm", "url"]),
    ],
)
async def test_what_does_not_fit_is_a_422_that_names_the_field_and_changes_nothing(
    service: Service, user: UUID, body: dict[str, Any], field: list[str]
) -> None:
    status, answer = await put(service, user, **body)
    assert (status, answer["detail"][0]["loc"]) == (422, ["body", *field])
    assert await service.pool.fetchval("SELECT count(*) FROM settings") == 0


async def test_no_answer_shows_what_was_wrong_with_a_key(service: Service, user: UUID) -> None:
    status, answer = await put(service, user, llm=LLM | {"key": f"{KEY} and more"})
    assert (status, KEY in json.dumps(answer)) == (422, False)


async def test_without_keys_of_the_operators_no_key_is_taken(database: str, user: UUID) -> None:
    async with open_classifier(database, keys=[]) as service:
        status, answer = await put(service, user, llm=LLM | {"key": KEY})
        assert (status, answer["detail"][0]["loc"]) == (422, ["body", "llm", "key"])
        assert (await put(service, user, llm=LLM))[0] == 200


async def test_settings_put_at_the_same_time_end_as_one_of_them_and_keep_the_key(service: Service, user: UUID) -> None:
    calls = [
        put(service, user, llm=LLM | {"key": KEY}),
        *(put(service, user, most_topics=n, llm=LLM) for n in range(1, 16)),
    ]
    answers = await asyncio.gather(*calls)
    assert {status for status, _ in answers} == {200}
    found = await wishes(service, user)
    assert found.llm
    assert found.llm.key == KEY


async def test_who_keeps_the_key_waits_for_who_is_just_giving_one(service: Service, user: UUID) -> None:
    async with transaction(service.pool) as giving:
        await giving.execute(SQL["lock_user"], user)
        keeping = asyncio.create_task(put(service, user, llm=LLM))
        await eventually(service.someone_waits, becomes=True)
        token = service.safe.seal(user, KEY)
        await giving.execute(SQL["write_settings"], user, "llm", 0.5, 3, URL, "small", token, True)
    assert (await keeping)[1]["llm"]["has_key"] is True


async def test_a_stored_key_whose_own_key_is_gone_is_no_key_and_told_once(database: str, user: UUID) -> None:
    async with open_classifier(database, keys=[OLD]) as service:
        await put(service, user, llm=LLM | {"key": KEY})
    async with open_classifier(database, keys=[NEW], goes_on=True) as service:
        with capture_logs() as logs:
            for _ in range(3):
                assert (await service.call("GET", PATH, user))[1]["llm"]["has_key"] is False
        assert [line["event"] for line in logs].count("classifier.stored_secret_unreadable") == 1
        assert (await put(service, user, llm=LLM))[1]["llm"]["has_key"] is False
        assert (await put(service, user, llm=LLM | {"key": KEY}))[1]["llm"]["has_key"] is True


async def test_after_the_rotation_the_old_key_can_be_dropped(database: str) -> None:
    users = [uuid4() for _ in range(5)]
    async with open_classifier(database, keys=[OLD]) as service:
        for user in users:
            await put(service, user, llm=LLM | {"key": f"{KEY}-{user}"})
        await put(service, uuid4(), mode="off")
    async with open_classifier(database, keys=[NEW, OLD], goes_on=True) as service:
        job = rotation_job(service.pool, service.safe)
        assert await run_now(service.pool, job, 5) == {"renewed": 5, "unreadable": 0}
        assert await run_now(service.pool, job, 5) == {"renewed": 0, "unreadable": 0}
    async with open_classifier(database, keys=[NEW], goes_on=True) as service:
        keys = {found.llm.key for user in users if (found := await wishes(service, user)).llm}
        assert keys == {f"{KEY}-{user}" for user in users}
        unreadable = rotation_job(service.pool, KeySafe([OLD]))
        assert await run_now(service.pool, unreadable, 5) == {"renewed": 0, "unreadable": 5}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as the service logs it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    found = io.StringIO()
    configure("classifier", "1", "DEBUG", stream=found)
    structlog.configure(cache_logger_on_first_use=False)  # else the services' loggers went on like this in other tests
    yield found
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


async def test_no_log_line_and_no_answer_ever_shows_the_key(database: str, user: UUID, log: io.StringIO) -> None:
    answers = list[Answer]()
    async with open_classifier(database) as service:
        for llm in (LLM | {"key": KEY}, LLM, LLM | {"key": f"{KEY} "}, LLM | {"url": NOWHERE, "key": KEY}):
            answers += [await put(service, user, llm=llm), await service.call("GET", PATH, user)]
        answers.append(await put(service, user, llm=KEY))
        answers.append(await service.call("PUT", PATH, user, f'{{"llm": {{"key": "{KEY}"}}'.encode()))
        await service.pool.execute("DROP TABLE settings CASCADE")
        answers.append(await put(service, user, llm=LLM | {"key": KEY}))
        await service.pool.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert [status for status, _ in answers] == [200, 200, 200, 200, 422, 200, 422, 200, 422, 422, 500]
    assert "http.request" in log.getvalue()
    assert KEY not in log.getvalue() + json.dumps(answers)
    assert KEY not in repr(Llm(URL, "small", KEY))
