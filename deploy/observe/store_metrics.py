"""What the store says of itself: its own metrics, of which those about its notifications are kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import jwt

from deploy.local.credentials import STORE_WATCHER
from deploy.local.info import StackInfo

PATH = "/minio/v2/metrics/node"
"""Each node of a store tells of its own queue; of a cluster each is asked."""
KEPT = "minio_notify_.*"
"""The others are some hundreds of series."""
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
    """Of a stack."""
    key = info.store_keys[STORE_WATCHER]
    return StoreMetrics(info.minio_endpoint, token_of(key.access_key, key.secret_key))


def token_of(access_key: str, secret_key: str) -> str:
    """As `mc admin prometheus generate` makes it: signed by a user's key, which the store has and needs not be told."""
    claims = {"iss": "prometheus", "sub": access_key, "exp": int(time.time()) + TOKEN_DAYS * 86400}
    return jwt.encode(claims, secret_key, algorithm="HS256")
