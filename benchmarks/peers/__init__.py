"""What a team would write instead: one synchronous service, where confirm itself looks at the store and charges."""

from __future__ import annotations

from urllib.parse import urlsplit

from benchmarks.site import Site
from deploy.local.server_minio import BUCKET

MODULE = "benchmarks.peers"
ENGINE = "postgresql+asyncpg"


def environment(site: Site, workers: int = 1) -> dict[str, str]:
    """The peer's settings on a site: the floors' database, the upload service's key to the store, our tokens."""
    info = site.info
    return {
        "DATABASE_URL": urlsplit(site.floors_url)._replace(scheme=ENGINE).geturl(),
        "WORKERS": str(workers),
        "JWT_SECRET": info.jwt_secret,
        "JWT_ISSUER": info.jwt_issuer,
        "JWT_AUDIENCE": info.jwt_audience,
        "MINIO_ENDPOINT": info.minio_endpoint,
        "MINIO_BUCKET": BUCKET,
        "MINIO_REGION": info.minio_region,
        "MINIO_ACCESS_KEY": info.store_keys["upload"].access_key,
        "MINIO_SECRET_KEY": info.store_keys["upload"].secret_key,
    }
