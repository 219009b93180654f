from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from services.classifier.secrets import CannotSeal, KeySafe
from services.classifier.settings_secrets import SecretSettings

USER, OTHER = UUID(int=1), UUID(int=2)
SECRET = "sk-the-secret-itself"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_is_sealed_opens_again_for_its_user_alone() -> None:
    safe = KeySafe([OLD])
    token = safe.seal(USER, SECRET)
    assert SECRET.encode() not in token
    assert safe.open(USER, token) == SECRET
    assert safe.open(OTHER, token) is None


def test_the_first_key_seals_and_all_open() -> None:
    before, during, after = KeySafe([OLD]), KeySafe([NEW, OLD]), KeySafe([NEW])
    token = before.seal(USER, SECRET)
    assert during.open(USER, token) == SECRET
    assert after.open(USER, during.seal(USER, SECRET)) == SECRET
    assert after.open(USER, token) is None


def test_a_token_of_an_older_key_is_made_anew_and_one_of_the_first_is_not() -> None:
    token = KeySafe([OLD]).seal(USER, SECRET)
    renewed = KeySafe([NEW, OLD]).renew(USER, token)
    assert renewed is not None
    assert KeySafe([NEW]).open(USER, renewed) == SECRET
    assert KeySafe([NEW, OLD]).renew(USER, renewed) is None
    assert KeySafe([NEW]).renew(USER, token) is None


def test_a_token_that_nobody_can_read_is_told_of_once_and_never_shown() -> None:
    token, safe = KeySafe([OLD]).seal(USER, SECRET), KeySafe([NEW])
    with capture_logs() as logs:
        assert [safe.open(USER, token) for _ in range(3)] == [None] * 3
    assert [(line["event"], line["user_id"]) for line in logs] == [("classifier.stored_secret_unreadable", str(USER))]
    assert token.decode() not in json.dumps(logs)


@pytest.mark.parametrize("token", [b"", b"x", b"\xff\x00", b"gAAAAA" + b"A" * 100])
def test_garbage_opens_as_nothing(token: bytes) -> None:
    assert KeySafe([OLD]).open(uuid4(), token) is None


def test_without_a_key_nothing_is_sealed_and_nothing_opens() -> None:
    safe = KeySafe([])
    assert not safe.can_seal
    with pytest.raises(CannotSeal):
        safe.seal(USER, SECRET)
    assert safe.open(USER, KeySafe([OLD]).seal(USER, SECRET)) is None


def test_the_keys_are_read_from_one_setting_with_commas() -> None:
    settings = SecretSettings(llm_key_secrets=SecretStr(f" {NEW} ,{OLD}, "))
    assert settings.fernet_keys == (NEW, OLD)
    assert NEW not in repr(settings)
    assert SecretSettings().fernet_keys == ()


@pytest.mark.parametrize("keys", ["short", f"{NEW},short", NEW[:-1], NEW + "A", "ü" * 44, "!" * 44])
def test_a_key_that_is_none_is_refused_by_its_place_and_never_shown(keys: str) -> None:
    with pytest.raises(ValidationError, match=f"key {keys.count(',') + 1} must be") as caught:
        SecretSettings(llm_key_secrets=SecretStr(keys))
    assert keys not in str(caught.value)
