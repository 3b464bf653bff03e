"""What tests of a technician's way in share: a roster as the centre makes it, and a terminal's keeper of it."""

from collections.abc import Sequence
from pathlib import Path

import pyotp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.records.roster import Roster, Technician, secret_purpose
from kiosk.records.sealing import seal_to_terminal
from kiosk.records.technician import Role
from kiosk.records.upload import encode
from kiosk.technician.roster import RosterKeeper
from simulators.card.technician_chip import TECHNICIANS, load_technician_card

TERMINAL = "zmd-0001"
STORAGE_KEY = bytes(range(32))
TERMINAL_KEY = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
NOW_MS = 1_796_000_000_000
"""A moment that a one-time code's step begins near to: any would do."""
YEAR_MS = 365 * 86_400_000
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SECRETS = {"T1001": SECRET, "T1002": SECRET[::-1].replace("1", "A"), "T1004": SECRET.replace("3", "4")}


def code(staff: str, now_ms: int, *, steps: int = 0) -> str:
    """What somebody's authenticator shows, so many steps of 30 s later."""
    return pyotp.TOTP(SECRETS[staff]).generate_otp(now_ms // 30_000 + steps)


def card_key(name: str) -> bytes:
    """The public key of a card that comes with the simulator, by its certificate."""
    certificate = x509.load_der_x509_certificate(load_technician_card(TECHNICIANS / f"{name}.json").certificate)
    return certificate.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def technician(
    staff: str = "T1001", role: Role = Role.FULL, *, card: str = "", valid_until_ms: int = NOW_MS + YEAR_MS,
    revoked: bool = False, terminal: str = TERMINAL,
) -> Technician:  # fmt: skip
    """Somebody as a roster has them."""
    sealed = b""
    if not revoked:
        purpose = secret_purpose(terminal, staff)
        sealed = seal_to_terminal(SECRETS[staff].encode(), purpose, TERMINAL_KEY.public_key())
    return Technician(
        staff=staff, role=role, valid_until_ms=valid_until_ms, revoked=revoked, sealed_secret=sealed,
        card_key=card_key(card) if card else b"",
    )  # fmt: skip


def a_roster(
    number: int = 1, technicians: Sequence[Technician] = (), *, terminal: str = TERMINAL,
    key: Ed25519PrivateKey = CENTRE_KEY,
) -> Roster:  # fmt: skip
    """A signed roster."""
    return Roster(
        terminal=terminal, number=number, made_at_ms=NOW_MS, technicians=tuple(technicians), key_id="centre-1"
    ).signed(key)  # fmt: skip


def keeper(folder: Path, roster: Roster | None = None) -> RosterKeeper:
    """The terminal's keeper over a folder, with this roster taken in."""
    made = RosterKeeper(
        kept=folder / "roster", arrived=folder / "roster-arrived", terminal=TERMINAL, storage_key=STORAGE_KEY,
        terminal_key=TERMINAL_KEY, centre_keys={"centre-1": CENTRE_KEY.public_key()},
    )  # fmt: skip
    if roster is not None:
        made.take(encode(roster))
    return made
