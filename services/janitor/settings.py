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
)
from services.chassis.settings_types import LongSeconds
from services.chassis.settings_urls import UrlSettings
from services.chassis.storage import MOST_KEYS
from services.janitor.decide import Patience
from services.janitor.reconcile_progress import Manner


class Settings(ServiceSettings, HttpSettings, DatabaseSettings, KafkaSettings, StorageSettings, UrlSettings):
    """All of the janitor's settings, each from the environment variable of its name."""

    service_name: ClassVar[str] = "janitor"
    http_port: int = Field(18140, ge=0, le=65535, description="port to listen on, 0 is any free one; default 18140")
    kafka_max_batch: int = Field(
        200, ge=1, le=10_000, description="most records handled at once, which bounds the memory; default 200"
    )
    kafka_fetch_bytes: int = Field(
        512 * 1024,
        ge=64 * 1024,
        le=256 * 1024 * 1024,
        description="most bytes of one answer of a broker, which bounds the memory; default 524288",
    )
    removals_at_once: int = Field(
        100, ge=1, le=MOST_KEYS, description="most objects deleted in one request of the store, default 100"
    )
    looks_at_once: int = Field(
        16, ge=1, le=256, description="most lookups of a sweep or a walk under way in the store, default 16"
    )

    reconcile_every_seconds: LongSeconds = Field(
        3600, description="period in which the bucket is walked; seconds, default 3600"
    )
    reconcile_pages_per_second: float = Field(
        4, gt=0, le=1e9, allow_inf_nan=False, description="pages of 1,000 objects a walk takes a second, default 4"
    )

    reconcile_asks_every: int = Field(
        720,
        ge=0,
        description="of objects that are as they should be a walk asks about one in so many; 0: none; default 720",
    )
    reconcile_most_missing: int = Field(
        100, ge=0, description="where a walk misses more objects that are paid for it says so of none; default 100"
    )

    @property
    def manner(self) -> Manner:
        """How the bucket is walked."""
        return Manner(
            grace_seconds=self.sweep_grace_seconds,
            pages_per_second=self.reconcile_pages_per_second,
            looks_at_once=self.looks_at_once,
            asks_every=self.reconcile_asks_every,
            turn_seconds=self.reconcile_every_seconds,
            most_missing=self.reconcile_most_missing,
        )

    @property
    def patience(self) -> Patience:
        """How long an upload is waited for."""
        return Patience(
            age=timedelta(seconds=self.sweep_age_seconds),
            grace=timedelta(seconds=self.sweep_grace_seconds),
            every=timedelta(seconds=self.sweep_every_seconds),
        )
