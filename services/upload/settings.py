"""Settings of the upload service; README.md lists them with their defaults."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from services.chassis.settings import (
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    ServiceSettings,
    SigningSettings,
    StorageSettings,
)
from services.chassis.settings_types import LongSeconds, Seconds
from services.chassis.settings_urls import UrlSettings
from services.upload.live.settings import LiveSettings
from services.upload.oidc.settings import OidcSettings


class Settings(
    ServiceSettings,
    HttpSettings,
    SigningSettings,
    DatabaseSettings,
    KafkaSettings,
    StorageSettings,
    UrlSettings,
    LiveSettings,
    OidcSettings,
):
    """Everything the service is told from outside."""

    service_name: ClassVar[str] = "upload"
    http_port: int = Field(18100, ge=0, le=65535, description="port to listen on, 0 is any free one; default 18100")
    confirm_wait_seconds: Seconds = Field(
        10, description="how long a confirm waits for the ledger before it answers 202; seconds, default 10"
    )
    delete_wait_seconds: Seconds = Field(
        2, description="how long a delete waits to see the quota fall before it answers 204; seconds, default 2"
    )
    poll_interval_seconds: Seconds = Field(
        0.5, description="how often a waiter reads its row unasked, should a wake-up be lost; seconds, default 0.5"
    )
    multipart_url_minutes: int = Field(
        60, ge=1, le=24 * 60, description="life of a URL of a part, within its upload's; minutes, default 60"
    )
    listen_check_seconds: Seconds = Field(
        5, description="how often the listening connection is asked whether it still lives; seconds, default 5"
    )

    idempotency_key_seconds: LongSeconds = Field(
        86_400,
        description="how long a request under an Idempotency-Key is made only once; seconds, default 86400",
    )

    @model_validator(mode="after")
    def _stops_cleanly(self) -> Self:
        if self.shutdown_grace_seconds < self.confirm_wait_seconds:
            raise ValueError("SHUTDOWN_GRACE_SECONDS must not be below CONFIRM_WAIT_SECONDS")
        return self
