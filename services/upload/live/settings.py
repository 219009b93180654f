"""Settings of the live stream; the service's README.md lists them with their defaults."""

from __future__ import annotations

from pydantic import Field

from services.chassis.settings import Settings
from services.chassis.settings_types import Seconds


class LiveSettings(Settings):
    """How much of what goes on is kept, for whom, and for how long."""

    live_heartbeat_seconds: Seconds = Field(
        15, description="longest silence of a stream, less than any proxy's patience; seconds, default 15"
    )
    live_streams: int = Field(2000, ge=1, description="most streams of one replica, default 2000")
    live_streams_per_user: int = Field(20, ge=1, description="most streams of a user on one replica, default 20")
    live_window_seconds: Seconds = Field(
        300, description="how long a client may have been away to go on without a reset; seconds, default 300"
    )
    live_window_changes: int = Field(
        10_000, ge=1, description="most changes kept of a partition, 40 bytes each; default 10000"
    )
    live_queue: int = Field(
        1000, ge=1, le=100_000, description="most changed documents that wait for one client, default 1000"
    )
    live_write_seconds: Seconds = Field(
        10, description="how long a client may not read before its stream is closed; seconds, default 10"
    )
    live_lag_seconds: Seconds = Field(
        2,
        description="how long this replica may take to read as far as the one a client comes from; seconds, default 2",
    )
