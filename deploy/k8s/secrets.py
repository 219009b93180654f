"""The secrets that the manifests name, generated: `python -m deploy.k8s secrets | kubectl apply -f -`, once.

For trying things out, and as the list of what an operator's own store of secrets must give. Passwords are of characters
that need no escaping in a URL, which DATABASE_URL is made of.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping

import yaml

from deploy.local.credentials import DATABASE_ROLES, STORE_USERS, STORE_WATCHER, store_key
from deploy.local.errors import StackError
from deploy.observe.store_metrics import token_of

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
    keys = {user: (store_key(user), secrets.token_urlsafe(24)) for user in ("root", *STORE_USERS)}
    for user, (access_key, secret_key) in keys.items():
        yield _secret(f"store-{user}", {"access-key": access_key, "secret-key": secret_key})
    yield _store_token(*keys[STORE_WATCHER])
    yield _secret("jwt", {"secret": secrets.token_urlsafe(48)})
    yield _secret("classifier-keys", {"llm-key-secrets": urlsafe_b64encode(secrets.token_bytes(32)).decode()})


def render_store_token(key: str) -> str:
    """The Secret by whose token Prometheus reads the store's metrics, as YAML.

    `key` is the Secret of the key that signs it, as `kubectl get secret store-audit -o json` writes it. Raises
    StackError for anything else.
    """
    try:
        data = json.loads(key)["data"]
        pair = [b64decode(data[name], validate=True).decode() for name in ("access-key", "secret-key")]
    except (ValueError, KeyError, TypeError):
        raise StackError(f"no Secret store-{STORE_WATCHER} in JSON, with access-key and secret-key, came in") from None
    text: str = yaml.safe_dump(_store_token(*pair), sort_keys=False)
    return text


def _store_token(access_key: str, secret_key: str) -> Mapping[str, object]:
    return _secret("store-metrics", {"token": token_of(access_key, secret_key)})


def _secret(name: str, values: Mapping[str, str], kind: str = "Opaque") -> Mapping[str, object]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "docuvault"}}
    return {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "stringData": dict(values)}
