"""The stack's own certificate authority: what its servers show with TLS, and what their clients trust.

Of EC keys on P-256. The authority is good for ten years, a server's certificate for 825 days; whichever has less than a
third of its time left is made anew at `up`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from filelock import FileLock

from deploy.local.errors import StackError, one_line
from deploy.local.layout import write_private

AUTHORITY_DAYS = 3650
SERVER_DAYS = 825
HOSTS = ("localhost", "127.0.0.1", "::1")
"""Who a server of the stack is to its clients."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, each a PEM file that its owner alone reads."""

    certificate: Path
    key: Path


class Authority:
    """The authority in a folder, made where there is none."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._own = self._issued("ca")
        with self._alone():
            if _fresh(self._own, self._own) is None:
                self._make_authority()

    @property
    def certificate(self) -> Path:
        """The PEM file that clients trust."""
        return self._own.certificate

    def issue(self, name: str, hosts: Sequence[str] = HOSTS) -> Issued:
        """The certificate of the server `name`, for these names and addresses: the one there is while it is good.

        Raises StackError where the authority's own key cannot be read.
        """
        issued = self._issued(name)
        with self._alone():
            found = _fresh(issued, self._own)
            if found is None or _hosts_of(found) != frozenset(hosts):
                self._sign(issued, name, hosts)
        return issued

    def _alone(self) -> FileLock:
        """Servers are prepared side by side: of two authorities in one folder each would trust half of them."""
        return FileLock(self._folder / "lock", mode=0o600)

    def _issued(self, name: str) -> Issued:
        return Issued(self._folder / f"{name}.crt", self._folder / f"{name}.key")

    def _make_authority(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _named("docuvault, the stack's own authority")
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = (
            _certificate(name, name, key.public_key(), AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(self._own, made, key)

    def _sign(self, issued: Issued, name: str, hosts: Sequence[str]) -> None:
        signer, own = _key(self._own), _read(self._own)
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            _certificate(_named(name), own.subject, key.public_key(), SERVER_DAYS)
            .add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        _write(issued, made, key)


def _fresh(issued: Issued, authority: Issued) -> x509.Certificate | None:
    """The certificate, where it is of this authority, goes with its key and has a third of its time left."""
    if not (issued.certificate.exists() and issued.key.exists()):
        return None
    found = _read(issued)
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    try:
        found.verify_directly_issued_by(_read(authority))
    except (InvalidSignature, ValueError):
        return None
    is_whole = found.public_key() == _key(issued).public_key()
    return found if is_whole and datetime.now(UTC) < ends - (ends - begins) / 3 else None


def _hosts_of(certificate: x509.Certificate) -> frozenset[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return frozenset(str(name.value) for name in names)


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _read(issued: Issued) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(issued.certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise StackError(f"{issued.certificate} cannot be read: {one_line(error)}") from error


def _key(issued: Issued) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(issued.key.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise StackError(f"{issued.key} cannot be read: {one_line(error)}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StackError(f"{issued.key} is none of this stack's keys: it makes those of elliptic curves")
    return key


def _write(issued: Issued, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """One after the other: where that is cut short they do not go together, and are made anew."""
    kind = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    write_private(issued.key, secret.decode())
    write_private(issued.certificate, certificate.public_bytes(serialization.Encoding.PEM).decode())
