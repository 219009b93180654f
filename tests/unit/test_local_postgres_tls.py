"""What a secure stack writes for PostgreSQL, and by which URLs its clients go there."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from deploy.local.credentials import ensure_credentials
from deploy.local.info import info_of
from deploy.local.layout import Layout
from deploy.local.postgres_conf import Configurer, who_may_come
from deploy.local.postgres_nodes import Roles, conninfo, data_folder, databases_of, trusting, url_for
from deploy.local.server_services import service_environment
from deploy.local.settings import SERVICES, StackSettings


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = Layout(tmp_path / "it's here")
    found.prepare()
    return found


def settings(layout: Layout, *, secure: bool = True, standby: bool = False) -> StackSettings:
    return StackSettings(state_dir=layout.state, secure=secure, standby=standby)


def written(layout: Layout, asked: StackSettings) -> dict[str, str]:
    """What is in the folders of all servers, by server and file."""
    configurer = Configurer(layout, asked, ensure_credentials(layout), ())
    found: dict[str, str] = {}
    for node in databases_of(asked):
        folder = data_folder(layout, node.number)
        folder.mkdir(parents=True, exist_ok=True)
        configurer.write(node, Roles())
        found |= {f"{node.name} {name}": (folder / name).read_text() for name in ("postgresql.conf", "pg_hba.conf")}
    return found


def said(configuration: str, name: str) -> str:
    """A setting, unquoted as PostgreSQL does."""
    match = re.search(rf"^{name} = '(.*)'$", configuration, re.MULTILINE)
    return match[1].replace("''", "'") if match else ""


def test_nobody_comes_without_tls_where_it_is_secure() -> None:
    lines = [line.split() for line in who_may_come(secure=True).splitlines() if not line.startswith("#")]
    assert {(how, last) for how, *_, last in lines} == {("hostssl", "scram-sha-256")}
    assert {database for _, database, *_ in lines} == {"all", "replication"}
    assert "hostssl" not in who_may_come(secure=False)


def test_each_server_has_a_certificate_of_its_own_whose_key_is_its_owners(layout: Layout) -> None:
    found = written(layout, settings(layout, standby=True))
    files = [said(found[f"{name} postgresql.conf"], "ssl_key_file") for name in ("postgres", "postgres-2")]
    assert len(set(files)) == 2
    assert all(stat.S_IMODE(Path(file).stat().st_mode) == 0o600 for file in files)
    assert all(Path(said(text, "ssl_cert_file")).exists() for name, text in found.items() if "hba" not in name)


def test_what_was_written_for_tls_is_gone_when_it_is_plain_again(layout: Layout) -> None:
    before = written(layout, settings(layout, secure=False))
    written(layout, settings(layout))
    assert written(layout, settings(layout, secure=False)) == before
    assert "ssl" not in "".join(before.values())


def test_a_standby_checks_the_primary_it_follows(layout: Layout) -> None:
    found = written(layout, settings(layout, standby=True))
    primary = said(found["postgres-2 postgresql.conf"], "primary_conninfo")
    assert "sslmode=verify-full" in primary
    authority = str(layout.authority / "ca.crt").replace("'", r"\'")
    assert f"sslrootcert='{authority}'" in primary
    plain = written(layout, settings(layout, secure=False, standby=True))
    assert "ssl" not in said(plain["postgres-2 postgresql.conf"], "primary_conninfo")


@pytest.mark.parametrize("standby", [False, True])
def test_all_clients_check_the_server(layout: Layout, *, standby: bool) -> None:
    asked, credentials = settings(layout, standby=standby), ensure_credentials(layout)
    urls = [service_environment(asked, credentials, name)["DATABASE_URL"] for name in SERVICES]
    urls += info_of(asked, credentials).databases.values()
    for url in urls:
        assert "sslmode=verify-full&sslrootcert=/" in url
        assert "it%27s%20here/authority/ca.crt" in url
        assert ("target_session_attrs=primary" in url) == standby
    assert "ssl" not in url_for(settings(layout, secure=False, standby=standby), "quota", "quota", "secret")


def test_a_url_goes_on_as_it_began() -> None:
    assert trusting(None, "postgresql://h/d") == "postgresql://h/d"
    assert trusting(Path("/ca"), "postgresql://h/d?a=b") == "postgresql://h/d?a=b&sslmode=verify-full&sslrootcert=/ca"


def test_words_for_libpq_are_quoted_where_they_must_be() -> None:
    (node,) = databases_of(StackSettings())
    found = conninfo(node, None, passfile="/a b/it's\\", application_name="postgres-2")
    assert found == r"host=127.0.0.1 port=15432 user=postgres passfile='/a b/it\'s\\' application_name=postgres-2"
