"""The settings of a campaign's stack: everything gives up soon and is looked at soon, so that healing is quick, too."""

from __future__ import annotations

import os
from collections.abc import Mapping

from deploy.local.credentials import load_credentials
from deploy.local.server_services import CHECKOUT, service_environment, service_port
from deploy.local.stack import Stack
from deploy.local.supervisor import MARKER
from services.upload.settings import Settings

SHARE = 0.2
"""Of the services' default time-outs."""
SHORTENED = (
    *("database_connect_timeout_seconds", "database_statement_timeout_seconds"),
    *("database_idle_transaction_timeout_seconds", "listen_check_seconds"),
    *("kafka_request_timeout_seconds", "kafka_publish_timeout_seconds", "kafka_session_timeout_seconds"),
    *("kafka_stop_timeout_seconds", "minio_connect_timeout_seconds", "minio_timeout_seconds"),
    *("request_timeout_seconds", "ready_timeout_seconds", "confirm_wait_seconds", "delete_wait_seconds"),
)
URL_MINUTES = 1
"""The shortest there is, and with it the age at which the sweep looks: a second here is a minute in production."""
GRACE_SECONDS = 3.0
AGE_SECONDS = URL_MINUTES * 60 + GRACE_SECONDS
EVERY_SECONDS = 3.0
WALK_SECONDS = 10.0
"""Between two walks through the bucket: it is small."""


def campaign_environment(triggers: str) -> dict[str, str]:
    """What every service of the stack is told beside what deploy/local tells it."""
    short = {name.upper(): str(float(Settings.model_fields[name].default) * SHARE) for name in SHORTENED}
    return {
        **short,
        "KAFKA_MAX_BATCH": "50",
        "KAFKA_STUCK_AFTER_SECONDS": "30",
        "UPLOAD_URL_MINUTES": str(URL_MINUTES),
        "SWEEP_GRACE_SECONDS": str(GRACE_SECONDS),
        "SWEEP_AGE_SECONDS": str(AGE_SECONDS),
        "SWEEP_EVERY_SECONDS": str(EVERY_SECONDS),
        "RECONCILE_EVERY_SECONDS": str(WALK_SECONDS),
        "CLASSIFIER_LEASE_SECONDS": "4",
        "CLASSIFIER_STOP_SECONDS": "1",
        "CLASSIFIER_WORKERS": "2",
        "CLASSIFIER_FETCH_SECONDS": "12",
        "SANDBOX_WALL_SECONDS": "6",
        "FAILPOINTS_DIR": triggers,
    }


def environment_of(stack: Stack, name: str) -> Mapping[str, str]:
    """The environment that deploy/local gives a replica, as "janitor-1"."""
    service, _, number = name.rpartition("-")
    return {
        "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}",
        "PATH": os.defpath,
        "REPLICA": number,
        "HTTP_PORT": str(service_port(stack.settings, service, int(number))),
        "HTTP_HOST": "127.0.0.1",
        MARKER: stack.layout.stack_id,
        **service_environment(stack.settings, load_credentials(stack.layout), service),
        **stack.settings.service_env,
    }
