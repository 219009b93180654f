"""What the calls of schemathesis are made into, and what its checks of ours hold the answers to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from docuvault_contracts.http import UPLOAD_NOT_FOUND, Request, UploadUrlRequest
from docuvault_contracts.http_multipart import SignRequest
from docuvault_contracts.http_topics import TopicRequest

from tests.stack.support.schema_known import Known
from tests.stack.support.schema_sound import NOBODY, harmless, sound, why_refused


def refusal(kind: str, reason: str) -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "x"], "msg": reason, "type": kind}]}


@pytest.mark.parametrize(
    ("call", "body", "model"),
    [
        (
            "POST /api/documents/upload-url",
            {"filename": "a\0/..", "content_type": "", "bound": True, "size_bytes": None},
            UploadUrlRequest,
        ),
        (
            "POST /api/documents/upload-url",
            {"filename": "\x85", "content_type": "a/b", "size_bytes": 1.0},
            UploadUrlRequest,
        ),
        ("POST /api/documents/sign-request", {"method": "GET", "key": "k"}, SignRequest),
        ("POST /api/documents/sign-request", {"method": "DELETE", "key": "k", "partNumber": 3}, SignRequest),
        ("POST /api/topics", {"name": " \n", "keywords": ["\0"]}, TopicRequest),
    ],
)
def test_a_request_made_sound_is_one_that_the_models_take(call: str, body: Any, model: type[Request]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        model.model_validate_json(json.dumps(body))
    model.model_validate_json(json.dumps(sound(call, body, "", Known())))


def test_what_is_known_of_an_upload_is_what_its_requests_say() -> None:
    known = Known()
    known.learn("POST /api/documents/multipart", "", {"document_id": "d", "key": "k", "upload_id": "u"})
    known.parts["d"] = [{"PartNumber": 1, "ETag": "e"}]
    call = "POST /api/documents/multipart/{document_id}/complete"
    assert sound(call, {"parts": []}, "d", known) == {"parts": known.parts["d"]}
    assert sound(call, {"parts": []}, "other", known) == {"parts": []}
    part = sound("POST /api/documents/sign-request", {"method": "PUT", "key": "k"}, "", known)
    assert (part["uploadId"], part["partNumber"]) == ("u", 1)


def test_no_call_leads_to_somebodys_model_or_leaves_the_caller_no_room() -> None:
    asked = {"mode": "llm", "llm": {"url": "https://example.org/v1", "model": "m"}}
    assert harmless("PUT /api/auth/me/classification", asked)["llm"]["url"] == NOBODY
    limit = {"limit_bytes": 0}
    assert harmless("PUT /api/admin/quotas/{user_id}", limit) == limit
    assert harmless("PUT /api/admin/quotas/{user_id}", limit, is_own_account=True)["limit_bytes"] > 0


def test_a_refusal_is_known_by_its_rule_and_any_other_is_a_gap_in_the_description() -> None:
    assert why_refused({"detail": UPLOAD_NOT_FOUND})
    assert why_refused(refusal("value_error", "Value error, a bound URL needs size_bytes"))
    assert why_refused({"detail": "No"}) is None
    assert why_refused(refusal("string_too_long", "String should have at most 10 characters")) is None
    assert why_refused(refusal("value_error", "Value error, of a rule that is new")) is None


def test_what_was_made_must_be_found_until_it_is_deleted() -> None:
    known = Known()
    known.learn("POST /api/documents/multipart", "", {"document_id": "d", "key": "k", "upload_id": "u"})
    known.learn("POST /api/documents/upload-urls", "", {"uploads": [{"document_id": "e"}]})
    known.learn("POST /api/topics", "", {"id": "t"})
    upload, document = "GET /api/documents/multipart/{document_id}/parts", "GET /api/documents/{id}"
    assert known.must_find(upload, "d")
    assert known.must_find(document, "d")
    assert known.must_find(document, "e")
    assert not known.must_find(upload, "e")
    assert not known.must_find("PUT /api/documents/{id}/topics", "e")
    assert known.must_find("GET /api/topics/{id}", "t")
    known.learn("DELETE /api/documents/{id}", "d", None)
    known.learn("DELETE /api/topics/{id}", "t", None)
    assert not known.must_find(upload, "d")
    assert not known.must_find(document, "d")
    assert not known.must_find("GET /api/topics/{id}", "t")
