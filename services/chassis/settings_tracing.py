"""Settings of traces. Those named OTEL_ have the meaning that OpenTelemetry gives them; times of theirs are in ms."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.settings_types import EMPTY_IS_NONE, HttpUrl

Milliseconds = Annotated[int, Field(gt=0, le=600_000)]


class TracingSettings(BaseSettings):
    """Where spans go, and of how many traces. Off unless there is an endpoint."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True)

    otel_exporter_otlp_endpoint: Annotated[HttpUrl | None, EMPTY_IS_NONE] = Field(
        None,
        description="URL of a collector that takes OTLP over HTTP, without /v1/traces; default none: no traces",
    )
    otel_exporter_otlp_headers: SecretStr = Field(
        SecretStr(""), description="headers for the collector, name=value with commas between; default none"
    )
    otel_exporter_otlp_timeout: Milliseconds = Field(
        10_000, description="longest export with its retries; ms, default 10000"
    )
    otel_traces_sampler_arg: float = Field(
        0.01, ge=0, le=1, allow_inf_nan=False, description="share of traces that is sampled, 0 to 1; default 0.01"
    )
    otel_bsp_max_queue_size: int = Field(
        4096, ge=512, le=1_000_000, description="most spans that wait for the collector, others drop; default 4096"
    )
    otel_bsp_schedule_delay: Milliseconds = Field(2000, description="longest wait of a span to leave; ms, default 2000")
    traces_trust_clients: bool = Field(
        False, description="whether a client's own sampled flag decides, not the share; default false"
    )
    traces_of_clients_per_second: float = Field(
        10,
        ge=0,
        le=1_000_000,
        description="most traces a second and process that are sampled by an id the client chose; default 10",
    )

    @field_validator("otel_exporter_otlp_headers")
    @classmethod
    def _pairs(cls, headers: SecretStr) -> SecretStr:
        headers_of(headers)
        return headers


def headers_of(headers: SecretStr) -> dict[str, str]:
    """The headers by name. Raises ValueError, without their values."""
    pairs = [part.partition("=") for part in headers.get_secret_value().split(",") if part.strip()]
    if not all(name.strip() and between for name, between, _ in pairs):
        raise ValueError("must be name=value, with commas between several")
    return {name.strip(): value.strip() for name, _, value in pairs}
