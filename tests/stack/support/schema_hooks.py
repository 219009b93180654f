"""What schemathesis loads into its process: it sends the bytes between two calls, and writes down each answer.

One line of JSON an answer, in the file that SCHEMA_TOLD names: the call, its status, and the signatures handed out.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import requests
import schemathesis
from schemathesis import Case, HookContext, Response

TOLD = Path(os.environ["SCHEMA_TOLD"])
TIMEOUT_SECONDS = 10
BYTES = b"Invoice 4711: please pay 10 euros by Friday."
MAX_BOUND_BYTES = 1000
NOBODY = "http://127.0.0.1:9/v1"
_SIGNATURE = re.compile(r"X-Amz-Signature=([0-9a-f]{64})")
_parts: dict[str, list[Any]] = {}
"""The parts that were sent, by the document they belong to."""


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, object]) -> None:
    """A completion names parts that are there, as no schema knows an etag; and nobody's model elsewhere is asked."""
    del context, kwargs
    body, document = case.body, str((case.path_parameters or {}).get("document_id"))
    match _call(case):
        case "POST /api/documents/multipart/{document_id}/complete" if _is_sound(case) and document in _parts:
            case.body = {"parts": _parts[document]}
        case "PUT /api/auth/me/classification" if isinstance(body, dict) and isinstance(llm := body.get("llm"), dict):
            if "://" in str(llm.get("url")):
                case.body = {**body, "llm": {**llm, "url": NOBODY}}


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Tells of the answer, and does what a client would do next where that is no call of the API."""
    del context
    told = {"call": _call(case), "status": response.status_code, "signatures": _signatures(response)}
    with TOLD.open("a") as file:
        file.write(json.dumps(told) + "\n")
    if response.status_code == 200 and _is_sound(case):
        _go_on(case, response)


def _go_on(case: Case[Any], response: Response) -> None:
    sent: Any = case.body
    match _call(case):
        case "POST /api/documents/upload-url":
            _put(sent, response.json())
        case "POST /api/documents/upload-urls":
            for each in response.json()["uploads"]:
                _put(sent["files"][each["index"]], each)
        case "POST /api/documents/multipart/{document_id}/parts/sign":
            _put_part(str(case.path_parameters["document_id"]), response.json()["urls"])


def _put(asked: dict[str, Any], answer: dict[str, Any]) -> None:
    size = asked["size_bytes"] if asked.get("bound") else len(BYTES)
    if isinstance(size, int) and size <= MAX_BOUND_BYTES:
        _send(answer["upload_url"], BYTES.ljust(size, b".")[:size], answer["headers"])


def _put_part(document: str, urls: dict[str, str]) -> None:
    number, url = next(iter(urls.items()))
    etag = _send(url, BYTES, {}).headers["ETag"]
    _parts[document] = [{"PartNumber": int(number), "ETag": etag}]


def _send(url: str, data: bytes, headers: dict[str, str]) -> requests.Response:
    answer = requests.put(url, data=data, headers=headers, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer


def _call(case: Case[Any]) -> str:
    return f"{case.method.upper()} {case.operation.path}"


def _is_sound(case: Case[Any]) -> bool:
    """Whether the walk along the links made it, of data that fit: the other phases send no bytes."""
    return case.meta is not None and case.meta.phase.name.value == "stateful" and case.meta.generation.mode.is_positive


def _signatures(response: Response) -> list[str]:
    text = response.content.decode(errors="replace") + "".join(response.headers.get("location", []))
    return _SIGNATURE.findall(text)
