"""What no JSON Schema says: how to make a generated request one that a client could mean, and why others are refused.

Pure; `call` is a method and a path of the OpenAPI, such as `POST /api/documents/upload-url`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from docuvault_contracts.events import INT64_MAX
from docuvault_contracts.http import UPLOAD_NOT_FOUND

from tests.stack.support.schema_known import Known

NOBODY = "http://127.0.0.2:1024/v1"
"""A model that is nowhere, in a network that the stack of the test allows: nobody's elsewhere is asked."""
_NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}
_BEYOND = (
    r"value_error: Value error, character \d+ is a (control character|lone surrogate|line break) .*",
    r"value_error: Value error, the last path component names no file",
    r"value_error: Value error, nothing but blanks",
    r"value_error: Value error, must be visible ASCII characters",
    r"value_error: Value error, a bound URL needs size_bytes",
    r"value_error: Value error, names one of them twice",
    r"value_error: Value error, the numbers of the parts must ascend, each once",
    r"value_error: Value error, (GET|DELETE) wants an uploadId",
    r"value_error: Value error, (POST|PUT) without an uploadId wants a filename",
    r"value_error: Value error, a partNumber goes with PUT and an uploadId, and neither without the other",
    r"value_error: Value error, must be an http:// or https:// URL",
    r"value_error: Value error, must not hold a user or a password",
    r"value_error: Value error, is a base: neither a query nor a fragment belongs to it",
    r"value_error: Value error, (Invalid IPv6 URL|Port .*|netloc .*|.* does not appear to be .*)",  # urlsplit's
    r"int_type: Input should be a valid integer",  # of JSON Schema 1.0 is one, and of a client it is a slip
    r"bad_url: .*",
    r"missing: the mode llm wants a model to ask",
    r"bad_cursor: .*",
    r"bad_topic: .*",
    r"idempotency_key_(reused|expired): .*",
    r"no_topic: .*",
    r"(no_safe|other_host): .*",
    r"bad_name: .*",
    r"(InvalidPart|InvalidPartOrder|EntityTooSmall): .*",
)
"""Rules between fields, about characters, and about what there is. Each is a 422 that says so."""


def why_refused(body: Any) -> str | None:
    """The known reason for which a 422 refuses what its schema allows; None where there is none."""
    detail = body["detail"]
    if isinstance(detail, str):
        return detail if detail == UPLOAD_NOT_FOUND else None
    said = (f"{each['type']}: {each['msg']}" for each in detail)
    return next((each for each in said if any(re.fullmatch(rule, each) for rule in _BEYOND)), None)


def sound(call: str, body: Any, document: str, known: Known) -> Any:
    """The body as a client could mean it, about this document where it is about one."""
    if not isinstance(body, dict):
        return body
    written = {name: _written(value) for name, value in body.items()}
    match call:
        case "POST /api/documents/upload-url" | "POST /api/documents/multipart":
            written = _file(written)
        case "POST /api/documents/upload-urls":
            written["files"] = [_file(each) for each in written["files"]]
        case "POST /api/documents/sign-request":
            written = _request_to_sign(written, known)
        case "POST /api/documents/multipart/{document_id}/complete" if document in known.parts:
            written["parts"] = known.parts[document]
        case "PUT /api/documents/{id}/topics":
            written["topic_ids"] = known.topics[-2:]
    return harmless(call, written)


def harmless(call: str, body: Any, *, is_own_account: bool = False) -> Any:
    """The body without what would lead elsewhere: to somebody's model, or to no room for all calls that follow."""
    if not isinstance(body, dict):
        return body
    llm = body.get("llm")
    if call == "PUT /api/auth/me/classification" and isinstance(llm, dict) and "://" in str(llm.get("url")):
        return {**body, "llm": {**llm, "url": NOBODY}}
    if call == "PUT /api/admin/quotas/{user_id}" and is_own_account and isinstance(body.get("limit_bytes"), int):
        return {**body, "limit_bytes": INT64_MAX}
    return body


def _written(value: Any) -> Any:
    """Texts as people write them, and whole numbers as whole numbers: of JSON Schema 1.0 is one, too."""
    if isinstance(value, str):
        return "".join(_characters(value)).strip() or "x" * bool(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_written(each) for each in value]
    return {name: _written(each) for name, each in value.items()} if isinstance(value, dict) else value


def _characters(text: str) -> Iterator[str]:
    return (each for each in text if unicodedata.category(each) not in _NO_TEXT)


def _file(asked: dict[str, Any]) -> dict[str, Any]:
    name = str(asked["filename"]).replace("\\", "/").rsplit("/", 1)[-1].strip()
    bound = {"bound": False} if asked.get("size_bytes") is None and "bound" in asked else {}
    return {**asked, "filename": name if name not in {"", ".", ".."} else "report.pdf", **bound}


def _request_to_sign(asked: dict[str, Any], known: Known) -> dict[str, Any]:
    """One about an upload that there is, or one that begins an upload."""
    upload_id = known.upload_ids.get(asked["key"])
    of_part = {"partNumber": 1} if upload_id and asked["method"] == "PUT" else {}
    named = {name: value for name, value in asked.items() if name not in {"uploadId", "partNumber"}} | of_part
    if upload_id:
        return {**named, "filename": None, "uploadId": upload_id}
    method = "POST" if asked["method"] in {"GET", "POST"} else "PUT"
    return _file({**named, "method": method, "filename": asked.get("filename") or "report.pdf"})
