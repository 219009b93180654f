"""The stack's own authority: what its servers show is good for their names, and only with its certificate."""

from __future__ import annotations

import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography import x509

from deploy.local import authority as made_by
from deploy.local.authority import Authority, Issued
from deploy.local.errors import StackError


def _shaken(server: Issued, trusted: Path, name: str) -> None:
    """A TLS handshake between a server with a certificate and a client that trusts an authority, in memory."""
    of_client, of_server = (
        ssl.create_default_context(cafile=trusted),
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
    )
    of_server.load_cert_chain(server.certificate, server.key)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    both = [
        of_client.wrap_bio(to_client, to_server, server_hostname=name),
        of_server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(8):
        for side in list(both):
            try:
                side.do_handshake()
                both.remove(side)
            except ssl.SSLWantReadError:
                continue
    assert not both


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_who_trusts_the_authority_knows_the_server_by_its_names(tmp_path: Path, name: str) -> None:
    own = Authority(tmp_path / "authority")
    _shaken(own.issue("kafka"), own.certificate, name)


def test_another_name_is_not_the_server(tmp_path: Path) -> None:
    own = Authority(tmp_path / "authority")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        _shaken(own.issue("kafka"), own.certificate, "kafka.example.org")


def test_a_server_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    own, other = Authority(tmp_path / "authority"), Authority(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        _shaken(other.issue("kafka"), own.certificate, "localhost")


def test_a_servers_certificate_signs_no_other(tmp_path: Path) -> None:
    own = Authority(tmp_path / "authority")
    kafka = own.issue("kafka")
    other = Authority(tmp_path / "other")
    (tmp_path / "other" / "ca.crt").write_text(kafka.certificate.read_text())
    (tmp_path / "other" / "ca.key").write_text(kafka.key.read_text())
    forged = other.issue("kafka")
    forged.certificate.write_text(forged.certificate.read_text() + kafka.certificate.read_text())  # the whole chain
    with pytest.raises(ssl.SSLCertVerificationError):
        _shaken(forged, own.certificate, "localhost")


def test_what_is_good_stays_and_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    first = Authority(tmp_path / "authority").issue("kafka")
    before = first.certificate.read_bytes(), (tmp_path / "authority" / "ca.crt").read_bytes()
    again = Authority(tmp_path / "authority")
    assert (again.issue("kafka").certificate.read_bytes(), again.certificate.read_bytes()) == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "authority").iterdir()} == {0o600}


@pytest.mark.parametrize("file", ["kafka.key", "kafka.crt", "ca.key", "ca.crt"])
def test_what_was_cut_short_is_made_anew(tmp_path: Path, file: str) -> None:
    Authority(tmp_path / "authority").issue("kafka")
    (tmp_path / "authority" / file).unlink()
    own = Authority(tmp_path / "authority")
    _shaken(own.issue("kafka"), own.certificate, "localhost")


def test_a_key_of_another_writing_is_not_shown_with_the_certificate(tmp_path: Path) -> None:
    own = Authority(tmp_path / "authority")
    kafka, postgres = own.issue("kafka"), own.issue("postgres")
    kafka.key.write_text(postgres.key.read_text())
    _shaken(own.issue("kafka"), own.certificate, "localhost")


def test_a_certificate_is_made_anew_while_there_is_time_and_for_other_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Authority(tmp_path / "authority")
    with monkeypatch.context() as patched:
        patched.setattr(made_by, "SERVER_DAYS", 0)
        old = own.issue("kafka").certificate.read_bytes()
    fresh = own.issue("kafka").certificate.read_bytes()
    assert fresh != old
    elsewhere = own.issue("kafka", ("kafka.example.org",))
    _shaken(elsewhere, own.certificate, "kafka.example.org")


def test_what_is_no_certificate_is_told_in_a_line(tmp_path: Path) -> None:
    own = Authority(tmp_path / "authority")
    own.issue("kafka").certificate.write_text("nonsense")
    with pytest.raises(StackError, match=r"kafka.crt cannot be read: "):
        own.issue("kafka")


def test_servers_that_are_prepared_side_by_side_have_one_authority(tmp_path: Path) -> None:
    begin = Barrier(8)

    def prepare(number: int) -> Issued:
        begin.wait(10)
        return Authority(tmp_path / "authority").issue(f"server-{number}")

    with ThreadPoolExecutor(8) as pool:
        issued = list(pool.map(prepare, range(8)))
    own = x509.load_pem_x509_certificate(Authority(tmp_path / "authority").certificate.read_bytes())
    for each in issued:
        x509.load_pem_x509_certificate(each.certificate.read_bytes()).verify_directly_issued_by(own)
