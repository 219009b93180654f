"""docuvault-testing, where the stack cannot be had: one line that says why, and nothing left lying about."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from docuvault_testing import Docuvault, DocuvaultError
from docuvault_testing.files import free_ports

SAYS = """\
#!/bin/sh
case "$*" in
"version "*) {version} ;;
"compose version"*) {compose} ;;
"image inspect"*) {image} ;;
"run "*) {run} ;;
*" up "*) {up} ;;
esac
"""
WELL = {"version": "echo 28", "compose": "echo 2", "image": "echo sha256", "run": "echo '{}'", "up": "true"}
PAGES = "for line in 1 2 3 4 5 6; do echo; echo noise $line >&2; done; echo '{why}' >&2; exit 1"
TAKEN = "Bind for 127.0.0.1:21000 failed: port is already allocated"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only program there is, which says what a test writes into it; folders of the stack are made beside it."""
    monkeypatch.setenv("PATH", f"{tmp_path}")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / "docker"


def write(docker: Path, **answers: str) -> None:
    docker.write_text(SAYS.format(**{**WELL, **answers}))
    docker.chmod(0o755)


def refused(images: str = "docuvault", tag: str = "latest") -> str:
    with pytest.raises(DocuvaultError) as raised, Docuvault(images, tag):
        pass
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.usefixtures("docker")
def test_without_a_client_it_says_so() -> None:
    assert refused() == "there is no `docker` on this machine"


def test_without_an_engine_it_names_the_variable_that_names_one(docker: Path) -> None:
    write(docker, version=PAGES.format(why="Cannot connect to the Docker daemon"))
    assert "DOCKER_HOST" in refused()


def test_without_compose_it_says_what_to_install(docker: Path) -> None:
    write(docker, compose=PAGES.format(why="docker: 'compose' is not a docker command."))
    assert "Compose 2" in refused()


def test_without_images_it_says_what_builds_them(docker: Path) -> None:
    write(docker, image=PAGES.format(why="Error: No such image"))
    assert "docuvault/setup:nightly: `make images`" in refused(tag="nightly")


def test_a_secure_stack_needs_one_more_and_says_so_at_once(docker: Path) -> None:
    write(docker, image='case "$5" in */setup:*) echo sha256 ;; *) exit 1 ;; esac')
    with (
        pytest.raises(DocuvaultError, match=r"docuvault/postgres-tls:latest: `make images ARGS=--secure`"),
        Docuvault(guests={"reports": {"reads": ["quota"]}}),
    ):
        pass


def test_guests_are_told_to_what_makes_secrets_and_to_what_makes_accounts(docker: Path) -> None:
    told = 'echo "$*" > "${0%/*}/told"; echo \'{"secrets.json": "{\\"kafka_guests\\": {\\"reports\\": \\"hush\\"}}"}\''
    write(docker, run=told)
    with Docuvault(guests={"reports": {"reads": {"quota"}, "groups": ["reports"]}}) as own:
        account = own.account("reports")
        with pytest.raises(DocuvaultError, match="'others' is no guest of this stack"):
            own.account("others")
        variables = (account.authority.parents[1] / "variables.env").read_text()
    may = '{"reports": {"reads": ["quota"], "groups": ["reports"]}}'
    assert (account.user, account.password, account.authority.name) == ("reports", "hush", "ca.crt")
    assert (
        f"--env SECURE=1 --env KAFKA_GUESTS={may} docuvault/setup:latest secrets"
        in (docker.parent / "told").read_text()
    )
    assert f"KAFKA_GUESTS={may}\n" in variables


def test_a_plain_stack_has_no_guests(docker: Path) -> None:
    write(docker)
    with Docuvault() as own, pytest.raises(DocuvaultError, match="'reports' is no guest"):
        own.account("reports")


def test_an_image_of_a_registry_is_had_by_running_it(docker: Path) -> None:
    write(docker, image="exit 1", run=PAGES.format(why="denied: requested access to the resource is denied"))
    assert "access to the resource is denied" in refused(images="registry.example/docuvault")


def test_a_port_that_is_taken_meanwhile_is_one_line_and_no_log(docker: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(docker, up=PAGES.format(why=TAKEN))
    with caplog.at_level(logging.DEBUG):
        assert refused().endswith(TAKEN)
    assert caplog.records == []
    assert [path.name for path in docker.parent.iterdir()] == ["docker"], "the folder with the secrets is gone"


def test_ports_are_none_that_the_system_gives_to_whoever_calls_somebody() -> None:
    """The gateway's is taken a quarter of a minute after it was chosen; the test's own connections go on meanwhile."""
    ports = free_ports()
    assert len(set(ports.values())) == len(ports)
    assert all(1024 < port < 32768 for port in ports.values())
