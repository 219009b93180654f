"""What the first processes of Kafka's and PostgreSQL's images write, and what setup's image is made of."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.containers.compose import FILES, SECURE
from deploy.images.catalogue import IMAGES, copy_code
from deploy.images.entry import kafka, postgres
from deploy.images.servers import OWN_KEY, copy_programs, write_kafka


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (folder := tmp_path / "app").mkdir()
    write_kafka(folder)
    return folder


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    (folder := tmp_path / "secrets").mkdir()
    for name in ("operators", "brokers"):
        (folder / f"{name}_kafka_password").write_text(f"secret-of-{name}")
    return folder


def test_a_secure_kafka_is_told_its_passwords_and_nobody_else_is(
    app: Path, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_SECURE", "true")
    monkeypatch.setenv("KAFKA_OPERATORS_ENDPOINT", "127.0.0.1:29092")
    for _ in range(2):  # as a container is that is started again
        path = kafka.properties(app, secrets, tmp_path / "server.properties")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = path.read_text()
    assert not re.search(r"@\w+@", said)
    assert 'user_operators="secret-of-operators"' in said
    assert "advertised.listeners=SECURE://kafka:9092,OPERATORS://127.0.0.1:29092" in said


def test_a_plain_kafka_needs_no_secret(app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_SECURE", raising=False)
    said = kafka.properties(app, tmp_path / "none", tmp_path / "server.properties").read_text()
    assert not re.search(r"@\w+@", said)
    assert "SASL" not in said


def test_postgresqls_key_becomes_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, own = tmp_path / "given", tmp_path / "own"
    given.write_text("a key")
    given.chmod(0o444)
    monkeypatch.setattr(postgres, "KEY", given)
    monkeypatch.setattr(postgres, "OWN_KEY", own)
    for _ in range(2):
        postgres.take_key()
    assert (own.read_text(), stat.S_IMODE(own.stat().st_mode)) == ("a key", 0o600)


def test_the_key_is_where_the_configuration_looks_for_it() -> None:
    assert str(postgres.OWN_KEY) == OWN_KEY


def test_of_postgresql_an_image_has_what_a_server_needs(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    for name in ("bin/postgres", "bin/initdb", "bin/pg_isready", "bin/psql", "lib/pgcrypto.so", "lib/plpython3.so",
                 "lib/libpq.so.5", "share/postgres.bki", "share/doc/README"):  # fmt: skip
        (whole / name).parent.mkdir(parents=True, exist_ok=True)
        (whole / name).touch()
    copy_programs(whole, tmp_path / "postgres")
    found = {str(path.relative_to(tmp_path / "postgres")) for path in (tmp_path / "postgres").rglob("*.*")}
    assert found == {"lib/pgcrypto.so", "lib/libpq.so.5", "share/postgres.bki"}
    assert {path.name for path in (tmp_path / "postgres" / "bin").iterdir()} == {"postgres", "initdb", "pg_isready"}


@pytest.mark.parametrize("secure", ["", "1"])
def test_setups_image_has_all_code_that_it_runs(tmp_path: Path, secure: str) -> None:
    """It runs what the checkout's own files would hide: alone, from the folder that the image is made of."""
    copy_code(IMAGES["setup"].code, tmp_path)
    environment = {"PATH": os.defpath, "PYTHONPATH": str(tmp_path / "app"), "SECURE": secure}
    command = [sys.executable, "-P", "-m", "deploy.containers.setup", "secrets"]
    says = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert (says.returncode, says.stderr) == (0, "")
    files = (FILES[0], SECURE) if secure else FILES[:1]
    wanted = [
        line.split(":")[0].strip() for file in files for line in file.read_text().split("\nsecrets:\n")[1].split("\n")
    ]
    assert set(json.loads(says.stdout)) == {name for name in wanted if name}
    imported = subprocess.run(
        [sys.executable, "-P", "-c", "import deploy.local.setup_accounts, deploy.containers.setup"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (imported.returncode, imported.stderr) == (0, "")
