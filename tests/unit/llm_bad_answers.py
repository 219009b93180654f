"""Answers of endpoints that cannot be used, each with what a person is told of it."""

from __future__ import annotations

import gzip

from aiohttp import web

from tests.unit.llm_endpoint import choice, completion, resets, says, sends

NOT_USABLE = "The language model's answer could not be used"
INCOMPLETE = f"{NOT_USABLE}: it is not complete"
NO_END = "The language model did not come to an end within its limit of tokens"
REFUSES = "The language model refuses to judge this document"
HUGE = "The language model's endpoint sends far too long an answer"
MEGABYTE = b" " * 1024 * 1024


async def floods(request: web.Request) -> web.StreamResponse:
    """100 MB, and no word of how many beforehand."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(100):
        await response.write(MEGABYTE)
    return response


async def announces_100_mb(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(10**8)})
    await response.prepare(request)
    for _ in range(100):
        await response.write(MEGABYTE)
    return response


BAD = {
    "no_json": (sends(b"<html>It works</html>"), NOT_USABLE),
    "another_type": (sends(completion({"topics": []}), content_type="text/event-stream"), NOT_USABLE),
    "a_stream": (sends(b"data: {}\n\ndata: [DONE]\n\n", content_type="text/event-stream"), NOT_USABLE),
    "compressed": (sends(completion({"topics": []}), Content_Encoding="br"), NOT_USABLE),
    "a_gzip_bomb": (sends(gzip.compress(MEGABYTE * 40), Content_Encoding="gzip"), NOT_USABLE),
    "empty": (sends(b""), NOT_USABLE),
    "no_utf8": (sends(b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'), NOT_USABLE),
    "too_deep": (sends(b"[" * 60_000), NOT_USABLE),
    "no_choices": (sends({"choices": []}), NOT_USABLE),
    "no_message": (sends({"choices": [{}]}), NOT_USABLE),
    "an_error_with_200": (sends({"error": {"message": "overloaded"}}), NOT_USABLE),
    "created": (sends(completion({"topics": []}), status=201), NOT_USABLE),
    "silence": (sends(completion(None)), NOT_USABLE),
    "prose": (sends(completion("I think that it is an invoice.")), NOT_USABLE),
    "another_schema": (sends(completion({"answer": 1})), NOT_USABLE),
    "too_sure": (says(choice(1, 1.5)), NOT_USABLE),
    "not_a_number": (sends(completion('{"topics": [{"topic": 1, "reason": "r", "score": NaN}]}')), NOT_USABLE),
    "infinite": (sends(completion('{"topics": [{"topic": 1, "reason": "r", "score": 1e999}]}')), NOT_USABLE),
    "no_reason": (sends(completion({"topics": [{"topic": 1, "score": 1}]})), NOT_USABLE),
    "cut_json": (sends(completion('{"topics": [{"topic": 1')), NOT_USABLE),
    "out_of_tokens": (sends(completion('{"topics": [', "length")), NO_END),
    "out_of_tokens_but_whole": (sends(completion({"topics": []}, "length")), NO_END),
    "filtered": (sends(completion("", "content_filter")), REFUSES),
    "a_refusal": (sends(completion(None, refusal="I cannot help with that")), REFUSES),
    "reset_in_mid_body": (resets(b'{"choices": ['), INCOMPLETE),
    "a_flood": (floods, HUGE),
    "an_announced_flood": (announces_100_mb, HUGE),
}
