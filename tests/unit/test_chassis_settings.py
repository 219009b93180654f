"""Settings: read once, frozen, and wrong ones end in one line without a secret in it."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import ClassVar

import pytest
from docuvault_contracts import topics
from pydantic import ValidationError

from deploy.local.authority import Authority
from services.chassis.kafka_access import access
from services.chassis.settings import (
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    ServiceSettings,
    Settings,
    SettingsError,
    StorageSettings,
    TokenSettings,
    load,
)
from services.chassis.settings_urls import UrlSettings


class Everything(
    ServiceSettings, HttpSettings, TokenSettings, DatabaseSettings, StorageSettings, KafkaSettings, UrlSettings
):
    service_name: ClassVar[str] = "example"
    http_port: int = 18120


GOOD = {
    "DATABASE_URL": "postgresql://quota:hush-hush@127.0.0.1:15432/docuvault",
    "MINIO_ACCESS_KEY": "quota",
    "MINIO_SECRET_KEY": "hush-hush",
    "JWT_SECRET": "hush-hush" * 4,
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*Everything.model_fields, "http_port", "secrets_dir"):
        monkeypatch.delenv(name.upper(), raising=False)


def set_all(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    for name, value in {**GOOD, **changes}.items():
        monkeypatch.setenv(name, value)


def test_each_variable_is_named_like_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, REPLICA="2", MINIO_SECURE="true", HTTP_PORT="1234")
    settings = load(Everything)
    assert (settings.replica, settings.minio_secure, settings.http_port) == ("2", True, 1234)
    assert settings.service_name == "example"


def test_what_is_missing_or_wrong_is_one_line_that_names_every_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, HTTP_PORT="eighty", MINIO_ENDPOINT="http://minio:9000")
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(SettingsError) as caught:
        load(Everything)
    line = str(caught.value)
    assert "\n" not in line
    assert all(name in line for name in ("HTTP_PORT", "MINIO_ENDPOINT", "DATABASE_URL: Field required"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://quota:hush-hush@host/docuvault"),
        ("DATABASE_URL", "postgresql://quota:hush-hush@[::1/docuvault"),
        ("DATABASE_URL", "postgresql://quota:hush-hush@host"),
        ("DATABASE_URL", "postgresql://quota:hush-hush@host/docuvault?sslmode=verify-full&sslrootcert=/nowhere/ca.crt"),
        ("JWT_SECRET", "hush-hush"),
        ("MINIO_BUCKET", "hush-hush/../other"),
        ("LOG_LEVEL", "hush-hush"),
    ],
)
def test_an_error_never_shows_the_value_it_is_about(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    set_all(monkeypatch, **{name: value})
    with pytest.raises(SettingsError, match=name) as caught:
        load(Everything)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch)
    assert "hush" not in repr(load(Everything))


def test_settings_do_not_change_after_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch)
    settings = load(Everything)
    with pytest.raises(ValidationError, match="frozen"):
        settings.replica = "2"  # type: ignore[misc]


def test_an_empty_public_endpoint_is_the_internal_one(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, MINIO_ENDPOINT="minio:9000", MINIO_PUBLIC_ENDPOINT="")
    assert load(Everything).public_endpoint == "minio:9000"


def test_the_public_endpoint_is_localhost_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, MINIO_ENDPOINT="minio:9000")
    assert load(Everything).public_endpoint == "localhost:9000"


@pytest.mark.parametrize("text", ["minio", "minio:", "minio:0", "minio:65536", "a b:1", "minio:9000/path", "", "x@y:1"])
def test_an_endpoint_is_a_host_and_a_port_and_no_more(text: str) -> None:
    with pytest.raises(ValidationError, match="host:port"):
        StorageSettings(minio_endpoint=text, minio_access_key="a", minio_secret_key="b")


def test_brokers_may_be_several() -> None:
    assert KafkaSettings(kafka_bootstrap_servers="a:1, [::1]:2").kafka_bootstrap_servers == "a:1,[::1]:2"


def test_kafka_is_reached_plainly_unless_told_otherwise() -> None:
    assert access(KafkaSettings()) == {"bootstrap_servers": "localhost:9092", "security_protocol": "PLAINTEXT"}


def test_an_account_of_kafkas_is_told_to_its_clients_and_the_broker_is_checked(tmp_path: Path) -> None:
    trusted = Authority(tmp_path / "authority").certificate
    told = access(
        KafkaSettings(
            kafka_security_protocol="SASL_SSL",
            kafka_ssl_cafile=trusted,
            kafka_sasl_username="quota",
            kafka_sasl_password="hush",
        )
    )
    context = told.pop("ssl_context")
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert [each["subject"] for each in context.get_ca_certs()] == [
        ((("commonName", "docuvault, the stack's own authority"),),)
    ]
    assert told == {
        "bootstrap_servers": "localhost:9092",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "quota",
        "sasl_plain_password": "hush",
    }


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"kafka_security_protocol": "SASL_SSL"}, "set KAFKA_SASL_USERNAME"),
        ({"kafka_security_protocol": "SASL_SSL", "kafka_sasl_username": "quota"}, "set KAFKA_SASL_USERNAME"),
        ({"kafka_sasl_username": "quota", "kafka_sasl_password": "hush"}, "go with KAFKA_SECURITY_PROTOCOL"),
        ({"kafka_security_protocol": "SSL", "kafka_sasl_password": "hush"}, "go with KAFKA_SECURITY_PROTOCOL"),
        ({"kafka_security_protocol": "TLS"}, "Input should be"),
        ({"kafka_ssl_cafile": "/nowhere/ca.crt"}, "does not point to a file"),
    ],
)
def test_half_an_account_of_kafkas_is_refused_without_its_secret(given: dict[str, str], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as refused:
        KafkaSettings.model_validate(given)
    assert "hush" not in str(refused.value)


def test_tokens_need_exactly_one_kind_of_key() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        TokenSettings()
    with pytest.raises(ValidationError, match="exactly one"):
        TokenSettings(jwt_secret="s" * 32, jwt_jwks_url="https://issuer/keys")
    assert TokenSettings(jwt_secret="", jwt_jwks_url="https://issuer/keys").jwt_secret is None


def test_a_secret_is_as_long_as_its_hash_in_bytes() -> None:
    assert TokenSettings(jwt_secret="é" * 16).jwt_secret is not None
    with pytest.raises(ValidationError, match="32 bytes"):
        TokenSettings(jwt_secret="s" * 31)


def test_times_are_finite_and_positive() -> None:
    for bad in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValidationError):
            HttpSettings(http_port=1, request_timeout_seconds=bad)


def test_a_sweep_that_would_take_a_living_url_for_dead_is_refused() -> None:
    UrlSettings(upload_url_minutes=45, sweep_age_seconds=3600, sweep_grace_seconds=900)
    with pytest.raises(ValidationError, match="SWEEP_AGE_SECONDS must not be below"):
        UrlSettings(upload_url_minutes=45, sweep_age_seconds=3599, sweep_grace_seconds=900)
    with pytest.raises(ValidationError, match="SWEEP_AGE_SECONDS must not be below"):
        UrlSettings(upload_url_minutes=46)


def test_a_tombstone_that_a_replayed_record_would_not_find_is_refused() -> None:
    least = 86_400 + 900 + 7 * 86_400  # an upload in parts may take a day
    UrlSettings(tombstone_retention_seconds=least)
    with pytest.raises(ValidationError, match="TOMBSTONE_RETENTION_SECONDS must not be below"):
        UrlSettings(tombstone_retention_seconds=least - 1)
    with pytest.raises(ValidationError, match="TOMBSTONE_RETENTION_SECONDS must not be below"):
        UrlSettings(tombstone_retention_seconds=least, multipart_days=1.1)
    letters = topics.dead_letter_topic("any").retention_ms / 1000
    assert UrlSettings().tombstone_retention_seconds >= least + letters, "nor one that a dead letter put back would not"


def test_a_refusal_of_ages_is_one_line_that_names_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, UPLOAD_URL_MINUTES="60")
    with pytest.raises(SettingsError, match=r"SWEEP_AGE_SECONDS .* UPLOAD_URL_MINUTES .* SWEEP_GRACE_SECONDS$"):
        load(Everything)


@pytest.mark.parametrize(
    "model",
    [ServiceSettings, HttpSettings, TokenSettings, DatabaseSettings, StorageSettings, KafkaSettings, UrlSettings],
)
def test_every_field_says_what_it_is_and_what_it_is_without_being_set(model: type[Settings]) -> None:
    for name, field in model.model_fields.items():
        text = field.description or ""
        assert "required" in text if field.is_required() else "default" in text, name
        assert "seconds" in text if name.endswith("_seconds") else True, name


def test_secrets_come_from_files_where_a_folder_of_them_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_all(monkeypatch)
    for name in ("DATABASE_URL", "JWT_SECRET"):
        monkeypatch.delenv(name)
        (tmp_path / name.lower()).write_text(GOOD[name] + "\n")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    settings = load(Everything)
    assert settings.database_url.get_secret_value() == GOOD["DATABASE_URL"]
    assert settings.jwt_secret is not None
    assert settings.jwt_secret.get_secret_value() == GOOD["JWT_SECRET"]


def test_a_variable_goes_before_a_file_and_an_empty_file_is_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_all(monkeypatch, JWT_JWKS_URL="https://issuer.example/keys")
    monkeypatch.delenv("JWT_SECRET")
    (tmp_path / "database_url").write_text("postgresql://other:other@127.0.0.1:1/other")
    (tmp_path / "jwt_secret").write_text("")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    settings = load(Everything)
    assert settings.database_url.get_secret_value() == GOOD["DATABASE_URL"]
    assert settings.jwt_secret is None


def test_a_folder_that_is_not_there_and_a_secret_that_is_none_are_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_all(monkeypatch, SECRETS_DIR=str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"^SECRETS_DIR: .*not.*director[^\n]*$"):
        load(Everything)
    monkeypatch.delenv("DATABASE_URL")
    (tmp_path / "database_url").write_text("hush-hush")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    with pytest.raises(SettingsError, match=r"^DATABASE_URL: [^\n]*$") as told:
        load(Everything)
    assert "hush" not in str(told.value)
