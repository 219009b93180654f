"""MinIO, built from its Go module: its last fixes exist as source only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploy.local.console import Steps
from deploy.local.provision_go import GoProgram, provision_go

MINIO = GoProgram(
    name="minio",
    title="MinIO",
    module="github.com/minio/minio",
    version="v0.0.0-20260212201848-7aac2a2c5b7c",
    module_hash="h1:/qdoYujxF5MBLDMVLeiYJ/7fBa1HikX39Dvzb9Ji8pA=",
)


def provision_minio(cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The path of the minio binary."""
    return provision_go(MINIO, cache, uv, steps)
