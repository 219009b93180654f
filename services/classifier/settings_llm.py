"""The settings of mode `llm`: where users' endpoints may be, and how they are asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from services.chassis.settings import Settings
from services.chassis.settings_types import Seconds
from services.classifier.modes.llm_manner import LlmManner
from services.classifier.networks import Allowance, parse_networks


def _networks(text: str) -> str:
    parse_networks(text)
    return text


class LlmSettings(Settings):
    """Bounds of time, length and patience, and of what may be reached."""

    llm_allowed_networks: Annotated[str, AfterValidator(_networks)] = Field(
        "", description="private networks that users' endpoints may be in, CIDRs with commas; default none"
    )
    llm_timeout_seconds: Seconds = Field(60, description="longest request of a language model; seconds, default 60")
    llm_connect_seconds: Seconds = Field(5, description="longest attempt to connect to one; seconds, default 5")
    llm_answer_bytes: int = Field(262_144, ge=1024, description="longest answer that is read; bytes, default 262144")
    llm_answer_tokens: int = Field(
        2000, ge=100, le=100_000, description="most tokens a model may write, its reasoning included; default 2000"
    )
    llm_text_characters: int = Field(
        12_000, ge=500, le=1_000_000, description="characters of a document that are sent, default 12000"
    )
    llm_topics_characters: int = Field(
        20_000, ge=0, le=1_000_000, description="characters of all topics' descriptions that are sent, default 20000"
    )
    llm_patience_seconds: Seconds = Field(
        3, description="longest wait for a second attempt before the document waits in line; seconds, default 3"
    )
    llm_retry_after_cap_seconds: Seconds = Field(
        300, description="longest wait that an endpoint may ask for; seconds, default 300"
    )
    llm_failures_to_open: int = Field(
        5, ge=1, description="failures in a row after which a user's endpoint is left alone, default 5"
    )
    llm_open_seconds: Seconds = Field(30, description="how long it is left alone; seconds, default 30")

    @property
    def allowance(self) -> Allowance:
        """Where users' endpoints may be."""
        return Allowance(parse_networks(self.llm_allowed_networks))

    @property
    def manner(self) -> LlmManner:
        """How they are asked."""
        return LlmManner(
            timeout_seconds=self.llm_timeout_seconds,
            connect_seconds=self.llm_connect_seconds,
            answer_bytes=self.llm_answer_bytes,
            answer_tokens=self.llm_answer_tokens,
            text_characters=self.llm_text_characters,
            topics_characters=self.llm_topics_characters,
            patience_seconds=self.llm_patience_seconds,
            retry_after_cap_seconds=self.llm_retry_after_cap_seconds,
            failures_to_open=self.llm_failures_to_open,
            open_seconds=self.llm_open_seconds,
        )
