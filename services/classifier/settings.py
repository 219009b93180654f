"""Settings of the classifier; README.md lists them with their defaults."""

from __future__ import annotations

import os
from typing import ClassVar, Self

from pydantic import Field, model_validator

from services.chassis.settings import (
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    ServiceSettings,
    StorageSettings,
    TokenSettings,
)
from services.chassis.settings_types import Seconds
from services.chassis.settings_urls import UrlSettings
from services.classifier.filing import Mode, Wishes
from services.classifier.modes.scoring import THRESHOLD
from services.classifier.runners import Pace
from services.classifier.settings_llm import LlmSettings
from services.classifier.settings_sandbox import SandboxSettings
from services.classifier.settings_secrets import SecretSettings

MIB = 1024 * 1024


class Settings(
    ServiceSettings,
    HttpSettings,
    TokenSettings,
    DatabaseSettings,
    KafkaSettings,
    StorageSettings,
    UrlSettings,
    SandboxSettings,
    SecretSettings,
    LlmSettings,
):
    """Everything the service is told from outside."""

    service_name: ClassVar[str] = "classifier"
    http_port: int = Field(18160, ge=0, le=65535, description="port to listen on, 0 is any free one; default 18160")
    database_pool_size: int = Field(16, ge=1, le=100, description="most connections of one replica, default 16")
    kafka_max_batch: int = Field(
        200, ge=1, le=10_000, description="most records handled at once, which bounds the memory; default 200"
    )
    kafka_fetch_bytes: int = Field(
        512 * 1024,
        ge=64 * 1024,
        le=256 * 1024 * 1024,
        description="most bytes of one answer of a broker, which bounds the memory; default 524288",
    )
    classifier_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="documents worked on at once, each read by a process; 0: one more than there are cores, 9 at most",
    )
    classifier_most_of_user: int = Field(
        0,
        ge=0,
        le=64,
        description="most documents of one user worked on at once; 0: one fewer than CLASSIFIER_WORKERS, 1 at least",
    )
    classifier_read_bytes: int = Field(
        16 * MIB, ge=1024, le=1024 * MIB, description="bytes read of a document, from its beginning; default 16777216"
    )
    classifier_fetch_seconds: Seconds = Field(
        60, description="longest fetch of a document's bytes; seconds, default 60"
    )
    classifier_threshold: float = Field(
        THRESHOLD,
        ge=0,
        le=1,
        description="least score at which a document is filed, for users who set none; 0 to 1, default 0.45",
    )
    classifier_most_topics: int = Field(
        3, ge=1, le=20, description="most topics of a document, for users who set none; default 3"
    )
    classifier_lease_seconds: Seconds = Field(
        30,
        description="how long a document waits whose replica died over it; seconds, at least 3, default 30",
        ge=3,
    )
    classifier_stop_seconds: Seconds = Field(
        8, description="how long documents at work may take to finish at a stop; seconds, default 8"
    )
    classifier_correction_wait_seconds: Seconds = Field(
        2, description="how long filing by hand waits for a document it has not heard of yet; seconds, default 2"
    )

    @model_validator(mode="after")
    def _keeps_leases_at_a_stop(self) -> Self:
        if self.classifier_stop_seconds >= self.classifier_lease_seconds / 2:
            raise ValueError("CLASSIFIER_STOP_SECONDS must be below half of CLASSIFIER_LEASE_SECONDS")
        return self

    @property
    def workers(self) -> int:
        """How many documents are worked on at once: by default one user's keep all cores busy, and one is spare."""
        return self.classifier_workers or min(8, os.cpu_count() or 1) + 1

    @property
    def models(self) -> int:
        """Processes of the model: as many as keep the cores busy, some 45 MB each beside the weights they share."""
        return max(1, self.workers - 1)

    @property
    def most_of_user(self) -> int:
        """How many of one user's, so that there is always a worker for somebody else where there are two."""
        return self.classifier_most_of_user or max(1, self.workers - 1)

    @property
    def wishes(self) -> Wishes:
        """The settings of users who have none."""
        return Wishes(Mode.EMBEDDING, self.classifier_threshold, self.classifier_most_topics)

    @property
    def pace(self) -> Pace:
        """How the line is worked through."""
        return Pace(self.workers, self.classifier_lease_seconds, self.classifier_stop_seconds)
