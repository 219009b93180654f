"""What the store says of itself: its own metrics, of which those about its notifications are kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import jwt

from deploy.local.info import StackInfo

PATH = "/minio/v2/metrics/cluster"
KEPT = "minio_notify_.*"
"""The others are some hundreds of series, a bucket's names among them."""
TOKEN_DAYS = 365


@dataclass(frozen=True, slots=True)
class StoreMetrics:
    """Where they are, `host:port`, and the token that opens them, and nothing else of the store."""

    target: str
    token: str = field(repr=False)

    def scraped(self) -> dict[str, Any]:
        """A job of Prometheus' configuration."""
        return {
            "job_name": "store",
            "metrics_path": PATH,
            "authorization": {"type": "Bearer", "credentials": self.token},
            "static_configs": [{"targets": [self.target]}],
            "metric_relabel_configs": [{"source_labels": ["__name__"], "regex": KEPT, "action": "keep"}],
        }


def store_metrics_of(info: StackInfo) -> StoreMetrics:
    """As `mc admin prometheus generate` makes it: signed by a user's key, which the store has and needs not be told."""
    root = info.store_keys["root"]
    claims = {"iss": "prometheus", "sub": root.access_key, "exp": int(time.time()) + TOKEN_DAYS * 86400}
    return StoreMetrics(info.minio_endpoint, jwt.encode(claims, root.secret_key, algorithm="HS256"))
