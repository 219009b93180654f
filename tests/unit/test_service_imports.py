"""What a service loads at its start stays in its memory for good: what it has no use for is not loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

UNUSED = ("cryptography", "jwt")
"""9 MB of each process, for tokens by published keys only."""
LOADED = """
import sys
import services.{service}.__main__
from services.chassis.auth import TokenVerifier
from services.chassis.settings import TokenSettings
TokenVerifier(TokenSettings({settings}))
print(*sys.modules)
"""


def loaded(service: str, settings: str) -> set[str]:
    """The modules in the process of a service that verifies tokens by `settings`."""
    code = LOADED.format(service=service, settings=settings)
    says = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return set(says.stdout.split())


@pytest.mark.parametrize("service", ["upload", "quota", "janitor"])
def test_with_a_shared_secret_no_service_loads_cryptography(service: str) -> None:
    assert not loaded(service, 'jwt_secret="s" * 32') & {*UNUSED}


def test_with_published_keys_it_is_loaded_before_the_first_token_comes() -> None:
    assert loaded("upload", 'jwt_jwks_url="https://issuer/keys"') >= {*UNUSED}


def test_the_janitor_as_a_service_does_not_load_its_command_line() -> None:
    assert "services.janitor.command" not in loaded("janitor", 'jwt_secret="s" * 32')
