"""A real API server with its etcd, for as long as a check takes; without kubelet and controllers nothing ever runs."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local.errors import StackError
from deploy.local.waiting import wait_until

START_SECONDS = 120.0
STOP_SECONDS = 20.0


@contextmanager
def api_server(binaries: Path, folder: Path) -> Iterator[Path]:
    """Inside, one listens on a free port of this machine: gives the kubeconfig of its administrator."""
    store, peers, port = _free_ports(3)
    with ExitStack() as started:
        started.enter_context(_running(_etcd(binaries, folder, store, peers), folder / "etcd.log"))
        server = started.enter_context(_running(_server(binaries, folder, store, port), folder / "apiserver.log"))
        config = _kubeconfig(folder, port)
        wait_until(
            lambda: server.poll() is not None or _is_ready(config),
            START_SECONDS,
            lambda: f"the API server is not ready: see {folder}/apiserver.log",
        )
        if server.poll() is not None:
            raise StackError(f"the API server ended: {(folder / 'apiserver.log').read_text()[-500:]}")
        yield config


def _free_ports(number: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def _running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:  # noqa: S603 - ours
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _etcd(binaries: Path, folder: Path, port: int, peers: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
    return [
        *(str(binaries / "etcd"), "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync"),
        *("--listen-client-urls", client, "--advertise-client-urls", client),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"),
    ]


def _server(binaries: Path, folder: Path, store: int, port: int) -> list[str]:
    """Pod Security is among the admission plugins that are on by themselves."""
    key = folder / "service-accounts.pem"
    key.write_bytes(_private_key())
    (folder / "tokens.csv").write_text('check,admin,admin,"system:masters"\n')
    return [
        *(str(binaries / "kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{store}", f"--secure-port={port}"),
        *("--bind-address=127.0.0.1", f"--cert-dir={folder / 'certificates'}", "--authorization-mode=RBAC"),
        *(f"--token-auth-file={folder / 'tokens.csv'}", "--service-cluster-ip-range=10.96.0.0/16"),
        *("--service-account-issuer=https://check.invalid", f"--service-account-key-file={key}"),
        f"--service-account-signing-key-file={key}",
    ]


def _private_key() -> bytes:
    return rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _kubeconfig(folder: Path, port: int) -> Path:
    path = folder / "kubeconfig"
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "check",
        "clusters": [{"name": "check", "cluster": cluster}],
        "users": [{"name": "check", "user": {"token": "check"}}],
        "contexts": [{"name": "check", "context": {"cluster": "check", "user": "check"}}],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def _is_ready(config: Path) -> bool:
    command = ["kubectl", "--kubeconfig", str(config), "get", "--raw", "/readyz"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - kubectl
