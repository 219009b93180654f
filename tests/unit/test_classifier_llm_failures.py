"""Mode llm against an endpoint that fails, in each way there is; nothing of it reaches a log or a person but why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs

from services.classifier.filing import Later, NotFiled
from tests.unit.llm_bad_answers import BAD, NOT_USABLE, REFUSES
from tests.unit.llm_endpoint import KEY, Step, choice, completion, drips, says, sends
from tests.unit.llm_world import FALLEN_BACK, MANNER, WISHES, World, living

FALLS_BACK = replace(WISHES, falls_back=True)
UNREACHED = "The language model could not be reached"
REDIRECTS = "The language model's endpoint redirects elsewhere, which is not followed"
BUSY = "The language model's endpoint takes no more requests just now"
LEFT_ALONE = "The language model failed several times in a row and is left alone for a while"


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with living() as world:
        yield world


@pytest.mark.parametrize(("step", "reason"), BAD.values(), ids=BAD.keys())
async def test_a_bad_answer_is_asked_for_once_more_and_then_told(world: World, step: Step, reason: str) -> None:
    world.endpoint.script = [step]
    assert await world.refusal() == reason
    assert len(world.endpoint.asked) == 2


@pytest.mark.parametrize(("step", "reason"), BAD.values(), ids=BAD.keys())
async def test_a_good_answer_after_a_bad_one_counts(world: World, step: Step, reason: str) -> None:
    world.endpoint.script = [step, says(choice(1))]
    assert len(await world.topics()) == 1, reason
    assert len(world.clock.waits) == 1


async def test_where_the_owner_wishes_a_bad_model_is_replaced_and_the_reason_says_so(world: World) -> None:
    world.endpoint.script = [sends(b"nonsense")]
    (topic,) = await world.topics(wishes=FALLS_BACK)
    assert topic == FALLEN_BACK.model_copy(update={"reason": f"{NOT_USABLE}; near its description"})
    world.fall_back.outcome = NotFiled("The model is broken")
    assert await world.refusal(wishes=FALLS_BACK) == f"{NOT_USABLE}; The model is broken"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "The language model's endpoint refuses the key"),
        (402, "The language model's endpoint asks for payment"),
        (403, "The language model's endpoint refuses the key"),
        (404, "The language model's endpoint has no such model, or is not at this URL"),
        (413, "The document is too long for the language model"),
        (451, "The language model's endpoint answers 451"),
    ],
)
async def test_a_refusal_of_the_endpoint_is_final_and_told(world: World, status: int, reason: str) -> None:
    world.endpoint.script = [sends({"error": {"message": f"Incorrect API key: {KEY}"}}, status=status)]
    assert await world.refusal() == reason
    assert len(world.endpoint.asked) == 1
    (topic,) = await world.topics(wishes=FALLS_BACK)
    assert topic.reason == f"{reason}; {FALLEN_BACK.reason}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/latest/meta-data/", "/v1/chat/completions", "https://api.test/"]
)
async def test_no_redirect_is_followed(world: World, status: int, to: str) -> None:
    world.endpoint.script = [sends(b"", status=status, Location=to)]
    assert await world.refusal() == REDIRECTS
    assert len(world.endpoint.asked) == 1
    assert set(world.names.asked) == {"llm.test"}


@pytest.mark.parametrize("after", ["2", "1.95", "Fri, 02 Jan 2026 03:04:07 GMT"])
async def test_a_short_retry_after_is_waited_for(world: World, after: str) -> None:
    world.endpoint.script = [sends({}, status=429, Retry_After=after), says(choice(1))]
    assert len(await world.topics()) == 1
    assert world.clock.waits == [pytest.approx(2, abs=0.06)]


async def test_a_long_retry_after_is_handed_to_the_queue_and_kept_for_the_owners_other_documents(world: World) -> None:
    world.endpoint.script = [sends({}, status=429, Retry_After="120"), says(choice(1))]
    with pytest.raises(Later, match=BUSY) as told:
        await world.file()
    assert told.value.after_seconds == 120
    world.clock.now += 100
    with pytest.raises(Later, match=LEFT_ALONE) as told:
        await world.file()
    assert told.value.after_seconds == 20
    assert len(world.endpoint.asked) == 1
    world.clock.now += 20
    assert len(await world.topics()) == 1


async def test_no_endpoint_puts_a_document_off_for_days(world: World) -> None:
    world.endpoint.script = [sends({}, status=503, Retry_After="99999999")]
    with pytest.raises(Later, match="503") as told:
        await world.file()
    assert told.value.after_seconds == MANNER.retry_after_cap_seconds


async def test_failures_in_a_row_open_the_circuit_and_one_good_answer_closes_it(world: World) -> None:
    world.endpoint.script = [sends({}, status=500)]
    for _ in range(2):
        with pytest.raises(Later, match="500"):
            await world.file()
    with pytest.raises(Later, match=LEFT_ALONE) as told:
        await world.file()
    assert told.value.after_seconds == pytest.approx(30)
    assert len(world.endpoint.asked) == 4
    world.clock.now += 31
    with pytest.raises(Later, match="500"):
        await world.file()  # half-open: one request, no second attempt
    assert len(world.endpoint.asked) == 5
    world.clock.now += 31
    world.endpoint.script = [says(choice(1))]
    assert len(await world.topics()) == 1
    assert len(await world.topics()) == 1
    assert len(world.endpoint.asked) == 7


async def test_an_open_circuit_falls_back_without_a_request(world: World) -> None:
    world.endpoint.script = [sends({}, status=500)]
    for _ in range(4):
        (topic,) = await world.topics(wishes=FALLS_BACK)
    assert topic.reason == f"{LEFT_ALONE}; {FALLEN_BACK.reason}"
    assert len(world.endpoint.asked) == 4


async def test_new_settings_are_a_new_circuit(world: World) -> None:
    world.endpoint.script = [sends({}, status=500)]
    for _ in range(3):
        with pytest.raises(Later):
            await world.file()
    world.key = world.endpoint.key = "sk-other"
    world.endpoint.script = [says(choice(1))]
    assert len(await world.topics()) == 1


async def test_what_a_model_makes_of_documents_does_not_open_the_circuit(world: World) -> None:
    world.endpoint.script = [sends(completion(None, refusal="no"))]
    for _ in range(5):
        assert await world.refusal() == REFUSES
    assert len(world.endpoint.asked) == 10


async def test_an_endpoint_that_is_not_there_is_asked_later(world: World) -> None:
    with pytest.raises(Later, match=UNREACHED):
        await world.file(url="http://llm.test:1024/v1")
    with pytest.raises(Later, match=UNREACHED):
        await world.file(url="https://nowhere.test/v1")


@pytest.mark.parametrize("step", [drips(), drips(b'{"choices":')])
async def test_a_slow_drip_ends_in_time(step: Step) -> None:
    async with living(replace(MANNER, timeout_seconds=0.15)) as world:
        world.endpoint.script = [step]
        assert await world.refusal() == "The language model's endpoint sends its answer too slowly"


async def test_an_endpoint_that_does_not_answer_in_time_is_asked_later() -> None:
    async with living(replace(MANNER, timeout_seconds=0.15)) as world:
        world.endpoint.script = [hangs]
        with pytest.raises(Later, match=f"{UNREACHED}: it takes too long to answer"):
            await world.file()


async def test_an_endpoint_that_refuses_each_way_of_asking_late_is_left_in_time() -> None:
    manner = replace(MANNER, timeout_seconds=1, patience_seconds=0)  # two seconds for all
    async with living(manner) as world:
        world.endpoint.script = [refuses_late]
        with pytest.raises(Later, match=f"{UNREACHED}: it takes too long to answer"):
            await world.file()
        assert len(world.endpoint.asked) == 3


async def refuses_late(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(0.75)
    return await sends(b"max_tokens", status=400)(request)


async def hangs(_: web.Request) -> web.StreamResponse:
    """Until the server ends."""
    await asyncio.Event().wait()
    return web.Response()


async def test_the_key_is_in_no_log_no_exception_and_no_reason(world: World) -> None:
    steps = [sends({"error": KEY}, status=500), sends(f"no JSON {KEY}".encode()), sends({}, status=401)]
    with capture_logs() as lines:
        for step in steps:
            world.endpoint.script = [step]
            try:
                told = repr(await world.file())
            except Later as error:
                told = repr(error) + repr(error.__context__) + repr(error.__cause__)
            assert KEY not in told
    assert len(lines) == 3
    assert KEY not in repr(lines)


@pytest.mark.parametrize("key", ["sk\r\nX-Evil: 1", "sk live", "schlüssel", ""])
async def test_a_key_that_is_no_header_is_refused(world: World, key: str) -> None:
    world.key = key
    assert await world.refusal() == "The language model's key holds characters that no key may hold"


async def test_a_url_that_is_no_longer_allowed_is_not_asked(world: World) -> None:
    reason = await world.refusal(url="https://user@llm.test/v1")
    assert reason.startswith("The language model is not asked. The URL must be without a user name")
