"""Settings of the ledger; see the models they are composed of for the rest."""

from __future__ import annotations

from typing import Annotated, ClassVar

from docuvault_contracts.events import INT64_MAX
from docuvault_contracts.http import DEFAULT_LIMIT_BYTES
from pydantic import Field

from services.chassis.settings import (
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    ServiceSettings,
    TokenSettings,
)
from services.chassis.settings_types import LongSeconds, Seconds
from services.chassis.settings_urls import UrlSettings

JOURNAL_SECONDS = 30 * 86_400
"""The database keeps a line of the journal for as long, whatever is set (migrations/0005_expiry.sql)."""


class Settings(ServiceSettings, HttpSettings, TokenSettings, DatabaseSettings, KafkaSettings, UrlSettings):
    """All of the ledger's settings, each from the environment variable of its name."""

    service_name: ClassVar[str] = "quota"
    http_port: int = Field(18120, ge=0, le=65535, description="port to listen on, 0 is any free one; default 18120")
    kafka_max_batch: int = Field(
        2000,
        ge=1,
        le=10_000,
        description="most records decided in one transaction; more cost less each, but lock longer; default 2000",
    )
    minio_bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = Field(
        "documents", description="bucket whose notifications count, default documents"
    )
    default_limit_bytes: int = Field(
        DEFAULT_LIMIT_BYTES,
        ge=0,
        le=INT64_MAX,
        description="limit of an account whose registration names none; bytes, default 104857600",
    )
    drift_repair: bool = Field(
        False, description="whether the job drift repairs totals, or only tells of them; default false"
    )
    drift_every_seconds: Seconds = Field(
        3600, description="period in which totals are compared with their rows; seconds, default 3600"
    )
    journal_retention_seconds: Annotated[LongSeconds, Field(ge=JOURNAL_SECONDS)] = Field(
        366 * 86_400,
        description="how long a line of the journal of repairs is kept; seconds, default 31622400",
    )
