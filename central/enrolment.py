"""Making a centre and letting terminals in: what an operator does by command line."""

import datetime
import ipaddress
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.x509.oid import NameOID
from sqlalchemy.orm import Session

from central.card_keys import KeyUse
from central.database import Database
from central.keys import CentreKeys, write_secret
from central.settings import Settings
from central.tables import Pad, Terminal, TerminalLedger
from kiosk.records.chain import GENESIS

_CERTIFICATE_DAYS: Final = 365
_PRIVATE: Final = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
_NO_RULES: Final = b"# Rules of temporary loss reports, one table a region: docs/central.md.\n"
_Private = ec.EllipticCurvePrivateKey | Ed25519PrivateKey | X25519PrivateKey


class EnrolmentRefused(Exception):
    """The request contradicts what is registered."""


class PadOfTerminal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A PIN pad and its master key; in the demo they travel in a file, in the field from the key-loading room."""

    serial: str
    master_key: bytes
    """16 bytes."""

    def __repr__(self) -> str:
        return f"<PadOfTerminal {self.serial}>"


class EnrolmentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a terminal asks to be registered with."""

    terminal: str
    region: str
    public_key: bytes
    """Ed25519, raw 32 bytes."""
    ledger_id: bytes
    """16 random bytes made with the ledger."""
    pad: PadOfTerminal | None = None


class PublicDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What a terminal must know of its centre."""

    key_id: str
    signing_key: bytes
    """Ed25519, raw 32 bytes."""
    opening_key: bytes
    """X25519, raw 32 bytes, for HPKE."""
    ca_certificate: str
    """Path of the CA's certificate on this machine."""


def create_centre(
    directory: Path,
    *,
    database: str | None,
    port: int,
    card_master_keys: Path | None,
    region_rules: Path | None = None,
    holidays: Path | None = None,
    payment: Path | None = None,
) -> Path:
    """Make keys, certificates and settings of a new centre in ``directory``, and return the settings' path.

    :param database: SQLAlchemy URL; a SQLite file in the directory without one.
    :param card_master_keys: taken over as they are; random ones without a file.
    :param region_rules: taken over as they are; none without a file.
    :param holidays: likewise.
    :param payment: the merchant's file, which stays where it is; nobody takes money without one.
    :raises FileExistsError: a centre is there already.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = directory / "centre.toml"
    if settings.exists():
        raise FileExistsError(settings)
    _write_certificates(directory)
    write_secret(directory / "signing.key", _pem(Ed25519PrivateKey.generate()))
    write_secret(directory / "opening.key", _pem(X25519PrivateKey.generate()))
    write_secret(directory / "storage.key", secrets.token_hex(32).encode())
    cards = card_master_keys.read_bytes() if card_master_keys else _random_card_keys()
    write_secret(directory / "card_master_keys.json", cards)
    write_secret(directory / "region_rules.toml", region_rules.read_bytes() if region_rules else _NO_RULES)
    if holidays is not None:
        write_secret(directory / "holidays.toml", holidays.read_bytes())
    url = database or f"sqlite:///{(directory / 'centre.db').resolve()}"
    lines = {
        "database": url,
        "ca_certificate": "ca.pem",
        "tls_certificate": "server.pem",
        "tls_key": "server.key",
        "signing_key": "signing.key",
        "opening_key": "opening.key",
        "card_master_keys": "card_master_keys.json",
        "storage_key": "storage.key",
        "region_rules": "region_rules.toml",
        **({"holidays": "holidays.toml"} if holidays is not None else {}),
        **({"payment": str(payment.resolve())} if payment is not None else {}),
        "host": "127.0.0.1",
        "port": port,
    }
    # A TOML basic string and a JSON string are written alike for everything that a URL or path can hold.
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    write_secret(settings, text.encode())
    return settings


def public_details(settings: Settings, keys: CentreKeys) -> PublicDetails:
    """What to give to a terminal."""
    return PublicDetails(
        key_id=keys.key_id,
        signing_key=keys.signing.public_key().public_bytes_raw(),
        opening_key=keys.opening.public_key().public_bytes_raw(),
        ca_certificate=str(settings.ca_certificate),
    )


def enrol(database: Database, keys: CentreKeys, request: EnrolmentRequest, clock: Callable[[], float]) -> None:
    """Register a terminal with its key, its ledger and its pad; the same request again changes nothing.

    :raises EnrolmentRefused: another key or region is registered for it, or the ledger or pad is another's.
    """
    with database.writing() as session:
        register(session, keys, request, int(clock() * 1000))


def register(session: Session, keys: CentreKeys, request: EnrolmentRequest, now_ms: int) -> None:
    """The same within a transaction of the caller's.

    :raises EnrolmentRefused: see :func:`enrol`.
    """
    if len(request.public_key) != 32 or len(request.ledger_id) != 16 or not request.terminal:
        raise EnrolmentRefused("a terminal has an id, a 32-byte key and a 16-byte ledger id")
    terminal = session.get(Terminal, request.terminal)
    if terminal is None:
        session.add(
            Terminal(id=request.terminal, public_key=request.public_key, region=request.region, enrolled_at=now_ms)
        )
        session.flush()
    elif (terminal.public_key, terminal.region) != (request.public_key, request.region):
        raise EnrolmentRefused(f"{request.terminal} is registered with another key or region")
    if session.get(TerminalLedger, (request.terminal, request.ledger_id)) is None:
        if terminal is not None:
            raise EnrolmentRefused(f"{request.terminal} has another ledger; a replaced disk needs `ledger-add`")
        session.add(_new_ledger(request.terminal, request.ledger_id, now_ms))
    if request.pad is not None:
        pad = session.get(Pad, request.pad.serial)
        if pad is not None and pad.terminal != request.terminal:
            raise EnrolmentRefused(f"pad {request.pad.serial} is another terminal's")
        if len(request.pad.master_key) != 16:
            raise EnrolmentRefused("a pad's master key has 16 bytes")
        wrapped = keys.storage.wrap(request.pad.master_key, f"master key {request.pad.serial}")
        session.merge(Pad(serial=request.pad.serial, terminal=request.terminal, wrapped_master_key=wrapped))


def add_ledger(database: Database, terminal: str, ledger_id: bytes, clock: Callable[[], float]) -> None:
    """Register a further ledger of an enrolled terminal, whose disk was replaced.

    :raises EnrolmentRefused: no such terminal.
    """
    with database.writing() as session:
        if session.get(Terminal, terminal) is None or len(ledger_id) != 16:
            raise EnrolmentRefused(f"{terminal} is not enrolled, or this is no ledger id")
        if session.get(TerminalLedger, (terminal, ledger_id)) is None:
            session.add(_new_ledger(terminal, ledger_id, int(clock() * 1000)))


def revoke(database: Database, terminal: str, clock: Callable[[], float]) -> None:
    """Strike a terminal off: its signature counts for nothing any more.

    :raises EnrolmentRefused: no such terminal.
    """
    with database.writing() as session:
        row = session.get(Terminal, terminal)
        if row is None:
            raise EnrolmentRefused(f"{terminal} is not enrolled")
        row.revoked_at = row.revoked_at or int(clock() * 1000)


def thaw(database: Database, terminal: str, ledger_id: bytes) -> None:
    """Let a frozen ledger go on where it stood, after staff have looked.

    :raises EnrolmentRefused: no such ledger.
    """
    with database.writing() as session:
        row = session.get(TerminalLedger, (terminal, ledger_id))
        if row is None:
            raise EnrolmentRefused(f"{terminal} has no such ledger")
        row.frozen_reason = None


def _new_ledger(terminal: str, ledger_id: bytes, now_ms: int) -> TerminalLedger:
    return TerminalLedger(
        terminal=terminal, ledger_id=ledger_id, registered_at=now_ms, head_sequence=0, head_hash=GENESIS
    )


def _random_card_keys() -> bytes:
    sets = {name: {use.name.lower(): secrets.token_hex(16) for use in KeyUse} for name in ("triple_des", "sm4")}
    return json.dumps(sets, indent=2).encode()


def _write_certificates(directory: Path) -> None:
    """A CA of this centre's own and a server certificate for this machine's loopback names."""
    now = datetime.datetime.now(tz=datetime.UTC)
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Social security card terminal demo CA")])

    def builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=_CERTIFICATE_DAYS))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        )

    ca = (
        builder(ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
    )
    server = (
        builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), server_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_secret(directory / "ca.key", _pem(ca_key))
    write_secret(directory / "server.key", _pem(server_key))
    (directory / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (directory / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: _Private) -> bytes:
    return key.private_bytes(*_PRIVATE)
