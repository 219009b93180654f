"""The setting of the keys under which users' API keys are stored."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from services.chassis.settings import Settings

_KEY_BYTES = 32


def _fernet_keys(secret: SecretStr) -> SecretStr:
    for number, key in enumerate(_parts(secret), 1):
        if not _is_key(key):
            raise ValueError(
                f"key {number} must be {_KEY_BYTES} bytes in URL-safe base64, as Fernet.generate_key() makes"
            )
    return secret


def _parts(secret: SecretStr) -> tuple[str, ...]:
    return tuple(part for each in secret.get_secret_value().split(",") if (part := each.strip()))


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key.encode(), b"-_", validate=True)) == _KEY_BYTES
    except (binascii.Error, UnicodeEncodeError):
        return False


class SecretSettings(Settings):
    """Where users' API keys are kept under lock."""

    llm_key_secrets: Annotated[SecretStr, AfterValidator(_fernet_keys)] = Field(
        SecretStr(""),
        description="Fernet keys, several with commas: the first encrypts users' API keys, all decrypt; to change it"
        " put the new one in front, and drop the old one once the job `rotation` has run; default none, and then no API"
        " key is taken",
    )

    @property
    def fernet_keys(self) -> tuple[str, ...]:
        """The keys, the first of which encrypts."""
        return _parts(self.llm_key_secrets)
