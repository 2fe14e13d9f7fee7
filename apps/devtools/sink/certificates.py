"""A throwaway certificate authority, kept in a folder, and a server's certificate by it, made anew at each start."""

import os
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CA_FILE = "authority.pem"
KEY_FILE = "authority.key"
CA_LASTS = timedelta(days=3650)
LASTS = timedelta(days=397)  # clients refuse server certificates that are valid for longer
SKEW = timedelta(days=1)  # clocks differ
CA_USAGE = x509.KeyUsage(
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


@dataclass(frozen=True)
class Authority:
    """`file` holds its certificate, for those who are to trust it."""

    file: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def authority(folder: Path) -> Authority:
    """The folder's authority, made where there is none that can be read and still lasts; OSError as for any file."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        certificate = x509.load_pem_x509_certificate((folder / CA_FILE).read_bytes())
        key = serialization.load_pem_private_key((folder / KEY_FILE).read_bytes(), None)
    except (FileNotFoundError, ValueError):
        return _new_authority(folder)
    lasts = certificate.not_valid_after_utc > datetime.now(UTC) + LASTS
    if not (lasts and isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == certificate.public_key()):
        return _new_authority(folder)
    return Authority(folder / CA_FILE, certificate, key)


def server_context(by: Authority, *names: str) -> ssl.SSLContext:
    """What a server of these names or addresses shows; ECDSA on P-256, since its handshake costs a server least."""
    key = ec.generate_private_key(ec.SECP256R1())
    begun = _begun(_name("BetEdge webhook sink"), by.certificate.subject, key, by.key, lasts=LASTS)
    shown = begun.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    certificate = shown.sign(by.key, hashes.SHA256())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0  # nobody comes back for them, and each costs as much as a small answer
    with tempfile.NamedTemporaryFile() as file:  # a context takes its key from a file only
        file.write(_pem(certificate) + _key_pem(key))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def trust(folder: Path, *, beside: bytes = b"") -> Path:
    """The file to trust a sink of this folder by; `beside`: other certificates that it is to hold too, as PEM."""
    own = authority(folder).file
    if not beside:
        return own
    both = folder / "trusted.pem"
    _put(both, own.read_bytes() + beside)
    return both


def _new_authority(folder: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("BetEdge webhook sink, throwaway authority")
    begun = _begun(name, name, key, key, lasts=CA_LASTS)
    begun = begun.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = begun.add_extension(CA_USAGE, critical=True).sign(key, hashes.SHA256())
    _put(folder / KEY_FILE, _key_pem(key))
    _put(folder / CA_FILE, _pem(certificate))
    return Authority(folder / CA_FILE, certificate, key)


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    lasts: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _put(file: Path, content: bytes) -> None:
    """In place whole, and for its owner alone."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.replace(file)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
