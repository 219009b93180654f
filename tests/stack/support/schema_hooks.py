"""What schemathesis loads into its process: it makes calls sound, sends bytes between two of them, and checks more.

It writes one line of JSON an answer, into the file that SCHEMA_TOLD names: the call, its status, the signatures in it.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import requests
import schemathesis
from generator.operations_live import EVENTS
from schemathesis import Case, CheckContext, HookContext, Response

from tests.stack.support.schema_known import Known
from tests.stack.support.schema_sound import harmless, sound, why_refused
from tests.stack.support.sse import parse

TOLD = Path(os.environ["SCHEMA_TOLD"])
CALLER = {"Authorization": f"Bearer {os.environ['SCHEMA_TOKEN']}"}
CALLER_ID = os.environ["SCHEMA_CALLER_ID"]
OTHER = {"Authorization": f"Bearer {os.environ['SCHEMA_OTHER_TOKEN']}"}
TIMEOUT_SECONDS = 10
KEY = "Idempotency-Key"
BYTES = b"Invoice 4711: please pay 10 euros by Friday."
MAX_BOUND_BYTES = 1000
_SIGNATURE = re.compile(r"X-Amz-Signature=([0-9a-f]{64})")
_MODELS = dict(EVENTS.answers[0].stream.events) if EVENTS.answers[0].stream else {}
_known = Known()
_others: dict[str, requests.Response] = {}
"""What another user was answered, by the id of the case."""


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, object]) -> None:
    """Makes the call sound on the walk along the links, and harmless everywhere. Asks as another user first."""
    del context, kwargs
    call, given = _call(case), case.path_parameters or {}
    if _is_walk(case) and _is_positive(case):
        case.body = sound(call, case.body, _about(case), _known)
        if KEY in case.headers:  # under a key of before it may be answered with what was deleted since: ADR 29
            case.headers[KEY] = case.id
    else:
        case.body = harmless(call, case.body, is_own_account=given.get("user_id") == CALLER_ID)
    if given and _phase(case) != "coverage" and _is_positive(case):
        _others[case.id] = _ask_as_another(case)


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Tells of the answer, and does what a client would do next where that is no call of the API."""
    del context
    _tell(case, response.status_code, response.content.decode(errors="replace"), response.headers.get("location", []))
    if _is_walk(case) and response.status_code < 300:
        _known.learn(_call(case), _about(case), response.json() if response.content else None)
        if _is_positive(case):
            _go_on(case, response)


@schemathesis.check
def refuses_what_fits_for_a_known_reason(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """In place of positive_data_acceptance: some rules are beyond any schema, and each of them says that it is."""
    del ctx
    if response.status_code == 422 and _is_positive(case):
        assert why_refused(response.json()), f"refused for no known reason: {response.text}"


@schemathesis.check
def tells_another_user_nothing(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """A document or a topic is another user's: 404, as if there were none. An account is nobody's but an admin's."""
    del ctx, response
    other = _others.pop(case.id, None)
    if other is None:
        return
    wanted = 403 if case.operation.path.startswith("/api/admin/") else 404
    is_invalid = other.status_code == 422 and isinstance(other.json()["detail"], list)
    assert other.status_code == wanted or is_invalid, f"another user was answered {other.status_code}: {other.text}"


@schemathesis.check
def finds_what_was_made(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """In place of ensure_resource_availability, which takes a document and its multipart upload for two things."""
    del ctx
    if _is_walk(case) and response.status_code == 404:
        assert not _known.must_find(_call(case), _about(case)), "it was made, and nobody deleted it"


@schemathesis.check
def streams_the_events_described(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """In place of the schema of a stream's text, which schemathesis takes for that of each event."""
    del ctx
    if case.operation.path == EVENTS.path and response.status_code == 200:
        for said in parse(response.content):
            if said.event in _MODELS:
                _MODELS[said.event].model_validate(said.data)
            else:
                assert said.event in {"", "retry"}, f"an event that is not described: {said.event}"


def _ask_as_another(case: Case[Any]) -> requests.Response:
    sent = case.as_transport_kwargs(base_url=case.operation.schema.get_base_url(), headers=OTHER)
    answer = requests.request(**sent, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    _tell(case, answer.status_code, answer.text, [])
    return answer


def _tell(case: Case[Any], status: int, text: str, locations: list[str]) -> None:
    told = {"call": _call(case), "status": status, "signatures": _SIGNATURE.findall("".join([text, *locations]))}
    with TOLD.open("a") as file:
        file.write(json.dumps(told) + "\n")


def _go_on(case: Case[Any], response: Response) -> None:
    sent: Any = case.body
    match _call(case):
        case "POST /api/documents/upload-url":
            _put(sent, response.json())
        case "POST /api/documents/upload-urls":
            for each in response.json()["uploads"]:
                _put(sent["files"][each["index"]], each)
        case "POST /api/documents/multipart":
            _put_part(case, response.json()["document_id"])


def _put(asked: dict[str, Any], answer: dict[str, Any]) -> None:
    size = asked["size_bytes"] if asked.get("bound") else len(BYTES)
    if isinstance(size, int) and size <= MAX_BOUND_BYTES:
        _send(answer["upload_url"], BYTES.ljust(size, b".")[:size], answer["headers"])


def _put_part(case: Case[Any], document: str) -> None:
    """So that a completion has what to complete: no schema knows an etag."""
    path = f"{case.operation.schema.get_base_url()}/api/documents/multipart/{document}/parts/sign"
    signed = requests.post(path, json={"part_numbers": [1]}, headers=CALLER, timeout=TIMEOUT_SECONDS)
    signed.raise_for_status()
    _tell(case, signed.status_code, signed.text, [])
    etag = _send(signed.json()["urls"]["1"], BYTES, {}).headers["ETag"]
    _known.parts[document] = [{"PartNumber": 1, "ETag": etag}]


def _send(url: str, data: bytes, headers: dict[str, str]) -> requests.Response:
    answer = requests.put(url, data=data, headers=headers, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer


def _call(case: Case[Any]) -> str:
    return f"{case.method.upper()} {case.operation.path}"


def _about(case: Case[Any]) -> str:
    """The id in the path; empty without one."""
    return str(next(iter((case.path_parameters or {}).values()), ""))


def _phase(case: Case[Any]) -> str | None:
    return None if case.meta is None else str(case.meta.phase.name.value)


def _is_positive(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _is_walk(case: Case[Any]) -> bool:
    """Whether it is made along the links: the other phases send no bytes."""
    return _phase(case) == "stateful"
