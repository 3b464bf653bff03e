"""The keys that a terminal works with: its own, which never leave it, and the centre's public ones."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.configuration import Configuration, ConfigurationError
from kiosk.ledger.store import STORAGE_KEY_SIZE


class CentreKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The centre's public keys, as ``python -m central public`` prints them."""

    key_id: str
    signing_key: bytes
    """Ed25519, raw 32 bytes."""
    opening_key: bytes
    """X25519, raw 32 bytes."""

    def signing(self) -> Mapping[str, Ed25519PublicKey]:
        """The keys that answers and receipts are believed by."""
        return {self.key_id: Ed25519PublicKey.from_public_bytes(self.signing_key)}


def make_keys(configuration: Configuration) -> None:
    """Make the terminal's own keys, those that are not there yet.

    :raises OSError: the folder can't be written.
    """
    configuration.terminal.credentials.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not configuration.terminal_key_path.exists():
        _write_secret(
            configuration.terminal_key_path,
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    if not configuration.storage_key_path.exists():
        _write_secret(configuration.storage_key_path, os.urandom(STORAGE_KEY_SIZE))


def read_centre_keys(configuration: Configuration) -> CentreKeys:
    """The centre's public keys.

    :raises ConfigurationError: they are not there, or none.
    """
    try:
        return msgspec.json.decode(_read(configuration.centre.keys), type=CentreKeys)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"centre.keys: {configuration.centre.keys}: {error}") from error


def read_terminal_key(configuration: Configuration) -> Ed25519PrivateKey:
    """The key that the terminal signs with.

    :raises ConfigurationError: it is not there, or none.
    """
    wanted = ConfigurationError(f"{configuration.terminal_key_path}: wanted is an Ed25519 key")
    try:
        key = serialization.load_pem_private_key(_read(configuration.terminal_key_path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise wanted from error
    if not isinstance(key, Ed25519PrivateKey):
        raise wanted
    return key


def read_storage_key(configuration: Configuration) -> bytes:
    """The key that the ledger lies under.

    :raises ConfigurationError: it is not there, or has another length.
    """
    key = _read(configuration.storage_key_path)
    if len(key) != STORAGE_KEY_SIZE:
        raise ConfigurationError(f"{configuration.storage_key_path}: wanted are {STORAGE_KEY_SIZE} bytes")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read: {error.strerror}") from error


def _write_secret(path: Path, secret: bytes) -> None:
    """Whole or not at all, and never over another."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # of one that was cut short
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    path.hardlink_to(part)
    part.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
