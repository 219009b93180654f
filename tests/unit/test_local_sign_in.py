"""A stack whose people sign in by a provider: what its services are told, and what is refused."""

from __future__ import annotations

import stat
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.local.credentials import ensure_credentials
from deploy.local.layout import Layout
from deploy.local.running import recall, recall_running, remember
from deploy.local.server_services import HAVE_CLIENTS, service_environment
from deploy.local.settings import SERVICES, StackSettings
from services.upload.settings import Settings

ISSUER = "https://id.example/realms/office"
PROVIDED: dict[str, Any] = {"oidc_issuer": ISSUER, "oidc_client_id": "docuvault", "oidc_client_secret": "hush"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*StackSettings.model_fields, *Settings.model_fields):
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_a_provider_tokens_are_the_stacks_own(layout: Layout) -> None:
    credentials = ensure_credentials(layout)
    for service in SERVICES:
        told = service_environment(StackSettings(), credentials, service)
        assert ("JWT_SECRET" in told) == (service in HAVE_CLIENTS)
        assert not [name for name in told if name.startswith("OIDC_") or name == "JWT_JWKS_URL"]


def test_with_one_its_keys_verify_and_upload_alone_knows_the_secret(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = ensure_credentials(layout)
    settings = StackSettings(**PROVIDED, jwt_subject="derived")
    told = {service: service_environment(settings, credentials, service) for service in SERVICES}
    for service in SERVICES:
        assert ("JWT_JWKS_URL" in told[service]) == (service in HAVE_CLIENTS)
        assert credentials.jwt_secret not in told[service].values()
        assert ("hush" in told[service].values()) == (service == "upload")
    for name, value in told["upload"].items():
        monkeypatch.setenv(name, value)
    upload = Settings()
    assert (upload.oidc_issuer, upload.jwt_issuer, upload.jwt_audience) == (ISSUER, ISSUER, "docuvault")
    assert (upload.oidc_registers_users, upload.jwt_subject) == (True, "derived")


@pytest.mark.parametrize(
    "changes",
    [
        {"oidc_issuer": ISSUER},
        {"oidc_client_id": "docuvault"},
        {"oidc_client_secret": "hush"},
        {"jwt_subject": "derived"},
        {**PROVIDED, "jwt_subject": "email"},
    ],
    ids=str,
)
def test_half_a_provider_is_refused_and_its_secret_not_shown(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        StackSettings(**changes)
    assert "hush" not in str(caught.value)


def test_other_commands_find_the_provider_again_and_nobody_else_its_secret(layout: Layout) -> None:
    settings = StackSettings(**PROVIDED)
    assert "hush" not in repr(settings)
    remember(layout, settings)
    found = recall(layout, StackSettings())
    assert found.sign_in_environment == settings.sign_in_environment
    assert stat.S_IMODE(layout.running.stat().st_mode) == 0o600


def test_a_running_stack_may_be_told_another_secret(layout: Layout) -> None:
    remember(layout, StackSettings(**PROVIDED))
    told = recall_running(layout, StackSettings(**{**PROVIDED, "oidc_client_secret": "new"}))
    assert told.sign_in_environment["OIDC_CLIENT_SECRET"] == "new"
