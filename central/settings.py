"""What the centre is told at its start: one TOML file, everything in it required or with a safe default."""

import ipaddress
from pathlib import Path
from typing import Any

import msgspec


class SettingsRefused(Exception):
    """The settings file is missing, malformed, or asks for something unsafe without saying so."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of one centre. Paths are relative to the file they stand in."""

    database: str
    """An SQLAlchemy URL: ``sqlite:///…`` or ``postgresql+psycopg://…``."""
    ca_certificate: Path
    """What terminals are told to trust; the centre itself does not read it."""
    tls_certificate: Path
    tls_key: Path
    signing_key: Path
    """Ed25519, PEM: signs answers and receipts."""
    opening_key: Path
    """X25519, PEM: opens the epoch keys that terminals seal for the centre (HPKE)."""
    card_master_keys: Path
    """JSON of :class:`central.card_keys.CardMasterKeys`."""
    storage_key: Path
    """32 bytes as hex: keeps PIN hashes and pad keys useless to whoever has the database alone."""
    region_rules: Path | None = None
    """TOML of :class:`central.region_rules.RegionRule` by region; without it no region has a term or lets lift."""
    holidays: Path | None = None
    """TOML of :mod:`kiosk.records.working_days`; without it no term in working days ends."""
    payment: Path | None = None
    """TOML of :class:`central.wechat_pay.Merchant`; without it no card that costs something is made at a terminal."""
    key_id: str = "centre-1"
    host: str = "127.0.0.1"
    port: int = 8443
    listen_beyond_loopback: bool = False
    pin_tries: int = 6
    """Tries of a PIN that the centre holds. No handbook states it: the operator's figure."""
    reservation_s: int = 900
    """How long a new card stays reserved from one step of its making to the next; the operator's figure."""
    fee_s: int = 300
    """How long somebody has to pay; the operator's figure."""
    token_s: int = 120
    """How long a terminal has to feed a blank; the operator's figure."""

    def __post_init__(self) -> None:
        if not self.listen_beyond_loopback and not is_loopback(self.host):
            raise ValueError(f"host {self.host} lies beyond loopback; listen_beyond_loopback = true would allow it")
        if not 1 <= self.pin_tries <= 15:
            raise ValueError("pin_tries lies between 1 and 15")
        if not 10 <= min(self.fee_s, self.token_s) <= max(self.fee_s, self.token_s) <= self.reservation_s <= 86_400:
            raise ValueError("fee_s and token_s lie between 10 and reservation_s, and that within a day")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load_settings(path: Path) -> Settings:
    """Read a settings file.

    :raises SettingsRefused: see there; the text names the field.
    """

    def decode_path(kind: type, value: Any) -> Any:
        if kind is Path and isinstance(value, str):
            return (path.parent / value).resolve()
        raise TypeError("a path in quotes is wanted")

    try:
        return msgspec.toml.decode(path.read_bytes(), type=Settings, dec_hook=decode_path)
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise SettingsRefused(f"{path}: {error}") from error
