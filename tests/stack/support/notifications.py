"""MinIO's own records about an object, as it writes them to storage.events; to say them when and as often as wanted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from tests.stack.support.bucket import Seen

_WITHIN_ITS_MS = 123_456
"""The store tells an object's time in ms, its notification in ns: some time inside that ms."""


def created(bucket: str, seen: Seen) -> bytes:
    """The record of the PUT that made the object."""
    ns = seen.modified_ns + _WITHIN_ITS_MS
    item = {
        "key": quote_plus(seen.key),
        "size": seen.size_bytes,
        "eTag": seen.etag,
        "contentType": "application/octet-stream",
        "userMetadata": {"content-type": "application/octet-stream"},
        "sequencer": f"{ns:X}",
    }
    return _message("s3:ObjectCreated:Put", bucket, seen.key, item, ns)


def removed(bucket: str, key: str, at_ns: int) -> bytes:
    """The record of a removal at `at_ns`: it has no size and no etag."""
    return _message("s3:ObjectRemoved:Delete", bucket, key, {"key": quote_plus(key), "sequencer": f"{at_ns:X}"}, at_ns)


def _message(event: str, bucket: str, key: str, item: dict[str, Any], ns: int) -> bytes:
    time = datetime.fromtimestamp(ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    record = {
        "eventVersion": "2.0",
        "eventSource": "minio:s3",
        "awsRegion": "us-east-1",
        "eventTime": time,
        "eventName": event,
        "userIdentity": {"principalId": "docuvault-upload"},
        "requestParameters": {"principalId": "docuvault-upload", "region": "us-east-1", "sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "18A0D5E0B2C3F4A5"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "Config",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "docuvault-upload"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": item,
        },
        "source": {"host": "127.0.0.1", "port": "", "userAgent": "curl/8.5.0"},
    }
    return json.dumps({"EventName": event, "Key": f"{bucket}/{key}", "Records": [record]}).encode()
