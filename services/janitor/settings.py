"""Settings of the janitor; see the models they are composed of for the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from services.chassis.settings import (
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    ServiceSettings,
    StorageSettings,
    UrlSettings,
)
from services.chassis.storage import MOST_KEYS
from services.janitor.decide import Patience


class Settings(ServiceSettings, HttpSettings, DatabaseSettings, KafkaSettings, StorageSettings, UrlSettings):
    """All of the janitor's settings, each from the environment variable of its name."""

    service_name: ClassVar[str] = "janitor"
    http_port: int = Field(18140, ge=0, le=65535, description="port to listen on, 0 is any free one; default 18140")
    removals_at_once: int = Field(
        500, ge=1, le=MOST_KEYS, description="most objects deleted in one request of the store, default 500"
    )
    looks_at_once: int = Field(
        16, ge=1, le=256, description="most lookups of a sweep under way in the store, default 16"
    )

    @property
    def patience(self) -> Patience:
        """How long an upload is waited for."""
        return Patience(
            age=timedelta(seconds=self.sweep_age_seconds),
            grace=timedelta(seconds=self.sweep_grace_seconds),
            every=timedelta(seconds=self.sweep_every_seconds),
        )
