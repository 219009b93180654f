"""Settings of presigned URLs: how long a key may meet bytes, and what is looked after and remembered for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from docuvault_contracts import topics
from pydantic import Field, model_validator

from services.chassis.settings import Settings
from services.chassis.settings_types import LongSeconds, Seconds

REPLAYED_SECONDS = max(topic.retention_ms for topic in topics.PUBLISHED if topic is not topics.USERS) / 1000
"""How long a record about a key may come again: the longest retention of the topics that speak of keys."""


class UrlSettings(Settings):
    """How long a key may still meet bytes, and so when it is looked after and how long it is remembered."""

    upload_url_minutes: int = Field(
        15, ge=1, le=7 * 24 * 60, description="life of a presigned URL; minutes, default 15"
    )
    multipart_days: float = Field(
        1, gt=0, le=7, allow_inf_nan=False, description="how long an upload in parts may take; days, default 1"
    )
    sweep_every_seconds: Seconds = Field(
        1800, description="period in which undecided uploads are looked after; seconds, default 1800"
    )
    sweep_age_seconds: LongSeconds = Field(
        3600, description="age at which an undecided upload is looked up in the store; seconds, default 3600"
    )
    sweep_grace_seconds: Seconds = Field(
        900, description="how long after its URL's end bytes are waited for, and clocks forgiven; seconds, default 900"
    )
    expiry_every_seconds: Seconds = Field(
        3600, description="period in which what is past its retention is deleted; seconds, default 3600"
    )
    tombstone_retention_seconds: LongSeconds = Field(
        40 * 86_400, description="how long what became of a key is remembered; seconds, default 3456000 (40 days)"
    )

    @property
    def url_seconds(self) -> float:
        """How long after it was made a URL may still bring bytes; seconds, the grace included."""
        return self.upload_url_minutes * 60 + self.sweep_grace_seconds

    @property
    def multipart_life(self) -> timedelta:
        """How long after it was begun an upload in parts may be completed."""
        return timedelta(days=self.multipart_days)

    @model_validator(mode="after")
    def _sweeps_dead_urls(self) -> Self:
        if self.sweep_age_seconds < self.url_seconds:
            raise ValueError("SWEEP_AGE_SECONDS must not be below UPLOAD_URL_MINUTES * 60 + SWEEP_GRACE_SECONDS")
        return self

    @model_validator(mode="after")
    def _remembers_what_comes_again(self) -> Self:
        longest = max(self.url_seconds, self.multipart_life.total_seconds() + self.sweep_grace_seconds)
        if self.tombstone_retention_seconds < longest + REPLAYED_SECONDS:
            raise ValueError(
                "TOMBSTONE_RETENTION_SECONDS must not be below UPLOAD_URL_MINUTES * 60 + SWEEP_GRACE_SECONDS, or "
                f"MULTIPART_DAYS * 86400 + SWEEP_GRACE_SECONDS, + {REPLAYED_SECONDS:.0f}, what topics keep: a record "
                "that comes again would find no tombstone"
            )
        return self
