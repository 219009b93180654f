"""The Secret by whose token Prometheus reads the store's metrics: `python -m deploy.k8s store-token`."""

from __future__ import annotations

import json
import time
from base64 import b64encode

import jwt
import pytest

from deploy.k8s import secrets
from deploy.k8s.kustomize import resources
from deploy.local.credentials import STORE_WATCHER
from deploy.local.errors import StackError
from deploy.local.setup_minio import policy

SECRET = "of-twenty-four-bytes-or-so-as-they-are"
DAY = 86400


def as_kubectl_writes(**values: str) -> str:
    return json.dumps(
        {"kind": "Secret", "data": {key: b64encode(value.encode()).decode() for key, value in values.items()}}
    )


def claims(token: str, secret: str) -> dict[str, object]:
    found: dict[str, object] = jwt.decode(token, secret, algorithms=["HS256"], options={"verify_iss": True})
    return found


def test_the_token_is_the_one_that_the_key_of_the_cluster_signs_and_lasts_for_months() -> None:
    key = {"access-key": "docuvault-audit", "secret-key": SECRET}
    (made,) = resources(secrets.render_store_token(as_kubectl_writes(**key)))
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("store-metrics", "docuvault")
    assert SECRET not in repr(made)
    found = claims(made["stringData"]["token"], SECRET)
    assert (found["iss"], found["sub"]) == ("prometheus", "docuvault-audit")
    assert float(str(found["exp"])) > time.time() + 300 * DAY


def test_what_is_generated_to_try_it_out_fits_together_and_is_not_of_root() -> None:
    made = {each["metadata"]["name"]: each["stringData"] for each in resources(secrets.render())}
    key = made[f"store-{STORE_WATCHER}"]
    assert claims(made["store-metrics"]["token"], key["secret-key"])["sub"] == key["access-key"]
    assert STORE_WATCHER != "root"  # whose tokens open the nodes' own API to each other's disks


def test_of_the_stores_users_one_may_see_its_metrics_and_it_neither_writes_nor_reads() -> None:
    assert "admin:Prometheus" in repr(policy(STORE_WATCHER))
    assert not any("admin:" in repr(policy(user)) for user in ("upload", "janitor", "classifier"))
    assert not {"s3:PutObject", "s3:GetObject", "s3:DeleteObject"} & set(repr(policy(STORE_WATCHER)).split("'"))


@pytest.mark.parametrize(
    "key", ["", "null", "[]", "{}", '{"data": 7}', '{"data": {"access-key": "!"}}', "apiVersion: v1"]
)
def test_anything_else_than_the_secret_is_refused_in_a_line(key: str) -> None:
    with pytest.raises(StackError, match="no Secret store-audit in JSON"):
        secrets.render_store_token(key)


def test_a_secret_without_the_secret_key_is_refused() -> None:
    with pytest.raises(StackError):
        secrets.render_store_token(as_kubectl_writes(**{"access-key": "docuvault-audit"}))
