"""What is provisioned is complete or not there, whoever is interrupted or runs beside."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from deploy.local import provision_kafka
from deploy.local.artefacts import MARKER, artefact, remove_tree
from deploy.local.bootstrap import BootstrapError, cache_folder, environment
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.kafka_java import archive_of, kafka_java
from deploy.local.ports import is_free, reserve_block
from deploy.local.provision_go import go_version
from deploy.local.provision_kafka import LOCK, Jar, read_lock
from deploy.local.provision_kafka_archive import provision_kafka_archive


def test_an_artefact_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(_: Path, filled: Path, note: Note) -> None:
        note("working")
        made.append(filled)
        (filled / "thing").write_text("whole")

    for _ in range(2):
        folder = artefact(tmp_path, "thing", "A thing", make, Steps())
    assert (folder / "thing").read_text() == "whole"
    assert len(made) == 1
    assert not (tmp_path / "thing.making").exists()


def test_an_interrupted_artefact_is_not_taken_for_whole_and_goes_on_from_its_scratch(tmp_path: Path) -> None:
    def interrupted(scratch: Path, filled: Path, _: Note) -> None:
        (scratch / "downloaded").write_text("half the way")
        (filled / "thing").write_text("ha")
        raise KeyboardInterrupt

    def resumed(scratch: Path, filled: Path, _: Note) -> None:
        assert list(filled.iterdir()) == []
        (filled / "thing").write_text((scratch / "downloaded").read_text())

    with pytest.raises(KeyboardInterrupt):
        artefact(tmp_path, "thing", "A thing", interrupted, Steps())
    assert not (tmp_path / "thing").exists()
    assert (artefact(tmp_path, "thing", "A thing", resumed, Steps()) / "thing").read_text() == "half the way"


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    made: list[int] = []

    def make(_: Path, filled: Path, __: Note) -> None:
        time.sleep(0.3)
        made.append(1)
        (filled / "thing").touch()

    both = [threading.Thread(target=artefact, args=(tmp_path, "thing", "A thing", make, Steps())) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert made == [1]
    assert (tmp_path / "thing" / MARKER).exists()


def test_a_read_only_tree_such_as_gos_module_cache_is_removed(tmp_path: Path) -> None:
    inner = tmp_path / "cache" / "module"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    inner.chmod(0o500)
    remove_tree(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_every_jar_of_the_lock_has_a_hash_of_its_own() -> None:
    jars = read_lock(LOCK.read_text())
    assert len({jar.sha256 for jar in jars}) == len(jars) > 40
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert {jar.version for jar in jars if jar.name in {"kafka_2.13", "kafka-clients"}} == {"4.3.1"}


def test_a_jar_with_another_hash_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tampered(jar: Jar, repository: Path) -> Path:
        path = repository / f"{jar.name}.jar"
        path.write_bytes(b"tampered")
        return path

    monkeypatch.setattr(provision_kafka, "_resolve", tampered)
    jar = Jar("group", "name", "1", hashlib.sha256(b"genuine").hexdigest())
    with pytest.raises(StackError, match=r"name\.jar has the SHA-256 .* it was not installed"):
        provision_kafka._checked(jar, tmp_path)  # noqa: SLF001 - the check itself
    assert list(tmp_path.iterdir()) == []


def test_a_jar_that_was_cut_short_is_downloaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "name.jar").write_bytes(b"genu")

    def download_unless_there(_: Jar, repository: Path) -> Path:
        path = repository / "name.jar"
        if not path.exists():
            path.write_bytes(b"genuine")
        return path

    monkeypatch.setattr(provision_kafka, "_resolve", download_unless_there)
    jar = Jar("group", "name", "1", hashlib.sha256(b"genuine").hexdigest())
    assert provision_kafka._checked(jar, tmp_path).read_bytes() == b"genuine"  # noqa: SLF001 - the check itself


@pytest.mark.parametrize(
    ("says", "version"), [("go1.26.8\n", (1, 26, 8)), ("go1.27", (1, 27)), ("", ()), ("devel +abc", ())]
)
def test_gos_word_for_its_version_is_understood(says: str, version: tuple[int, ...]) -> None:
    assert go_version(says) == version


def test_an_environment_whose_making_failed_is_made_again(tmp_path: Path) -> None:
    def fails(python: Path) -> None:
        python.parent.mkdir(parents=True)
        python.touch()
        raise BootstrapError("no network")

    def works(python: Path) -> None:
        assert not python.exists()
        python.parent.mkdir(parents=True)
        python.write_text("whole")

    folder = tmp_path / "venv" / "stack-1"
    with pytest.raises(BootstrapError):
        environment(folder, fails)
    assert environment(folder, works).read_text() == "whole"
    assert environment(folder, fails).read_text() == "whole"


def test_a_machine_whose_jvm_makes_no_archive_of_kafkas_classes_starts_it_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    java, modules, jars = tmp_path / "jre/bin/java", tmp_path / "jre/lib/modules", tmp_path / "cache/kafka-1"
    for path in (java, modules, jars / "kafka.jar"):
        path.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho no room >&2; exit 1\n")
    java.chmod(0o755)
    modules.touch()
    for _ in range(2):
        provision_kafka_archive(java, jars, Steps())
    assert capsys.readouterr().err.count("Kafka starts without") == 1, "it is tried once"
    assert not archive_of(java, jars).exists()
    assert not any("AOT" in word for word in kafka_java(java, jars))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"DOCUVAULT_CACHE": "{here}/own", "XDG_CACHE_HOME": "{here}/xdg"}, "own"),
        ({"XDG_CACHE_HOME": "{here}/xdg"}, "xdg/docuvault"),
        ({}, ".cache/docuvault"),
    ],
)
def test_the_cache_is_where_its_variables_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DOCUVAULT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(here=tmp_path))
    assert cache_folder() == tmp_path / expected


def test_bootstrap_answers_a_wrong_call_in_one_line(tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "deploy" / "local" / "bootstrap.py"
    variables = {**os.environ, "DOCUVAULT_CACHE": str(tmp_path)}
    says = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(script), "nonsense"], env=variables, capture_output=True, text=True, check=False
    )
    assert (says.returncode, says.stdout, says.stderr) == (
        1,
        "",
        "bootstrap: usage: bootstrap.py stack|runtime|classifier|images|dev|bench|docs\n",
    )


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_two_stacks_of_tests_never_share_a_block_of_ports() -> None:
    first, one = reserve_block()
    second, other = reserve_block()
    try:
        assert first != second
    finally:
        one.release()
        other.release()
