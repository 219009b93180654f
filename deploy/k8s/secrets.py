"""The secrets that the manifests name, generated: `python -m deploy.k8s secrets | kubectl apply -f -`, once.

For trying things out, and as the list of what an operator's own store of secrets must give. Passwords are of characters
that need no escaping in a URL, which DATABASE_URL is made of.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping

import yaml

from deploy.local.credentials import DATABASE_ROLES, STORE_USERS, store_key

NAMESPACE = "docuvault"


def render() -> str:
    """The Secrets, as YAML; other ones at each call."""
    text: str = yaml.safe_dump_all(list(_all()), sort_keys=False)
    return text


def _all() -> Iterator[Mapping[str, object]]:
    for role in DATABASE_ROLES:
        yield _secret(
            f"postgres-{role}", {"username": role, "password": secrets.token_urlsafe(24)}, "kubernetes.io/basic-auth"
        )
    for user in ("root", *STORE_USERS):
        yield _secret(f"store-{user}", {"access-key": store_key(user), "secret-key": secrets.token_urlsafe(24)})
    yield _secret("jwt", {"secret": secrets.token_urlsafe(48)})
    yield _secret("classifier-keys", {"llm-key-secrets": urlsafe_b64encode(secrets.token_bytes(32)).decode()})


def _secret(name: str, values: Mapping[str, str], kind: str = "Opaque") -> Mapping[str, object]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "docuvault"}}
    return {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "stringData": dict(values)}
