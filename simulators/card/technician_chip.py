"""A technician's card as a chip: a PIV application of one certificate, one PIN and one P-256 key (docs/wire.md).

``python -m simulators.card.technician_chip DIRECTORY`` writes the cards that lie in ``simulators/cards/technicians``.
Staff numbers, keys and PINs are made up, and good for nothing else.
"""

import datetime
import hashlib
import hmac
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID

from simulators.card.application import (
    BAD_DATA,
    BAD_P1_P2,
    CONDITIONS,
    LOCKED,
    NO_CLASS,
    NO_FILE,
    NO_INSTRUCTION,
    NO_REFERENCE,
    OK,
    SECURITY_STATUS,
    WRONG_LENGTH,
)
from simulators.card.card_file import DECK, CardPin

TECHNICIANS: Final = DECK / "technicians"
"""The technicians' cards that come with the simulator."""
APPLICATION: Final = bytes.fromhex("A000000308000010000100")
_CERTIFICATE: Final = bytes.fromhex("5C035FC105")
_P256, _SLOT_9A, _PIN = 0x11, 0x9A, 0x80
_PIN_SIZE: Final = 8
_AGREEMENT: Final = bytes.fromhex("82008120")
"""In the dynamic authentication template: a signature is wanted, of 32 bytes."""


class TechnicianCardFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One technician's card."""

    about: str
    """What the card is for, in a sentence."""
    certificate: bytes
    """X.509, DER."""
    key: Annotated[str, msgspec.Meta(pattern="^[0-9A-F]{64}$")]
    """The private key's scalar, P-256."""
    pin: CardPin

    def __repr__(self) -> str:
        return "<TechnicianCardFile>"


class _Refusal(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


class TechnicianChip:
    """One card, from its file (:class:`~simulators.card.slot.Chip`)."""

    def __init__(self, card: TechnicianCardFile, *, keep: Callable[[TechnicianCardFile], None] | None = None) -> None:
        """:param keep: told the card whenever its counter changed, before the answer goes out."""
        self._card = card
        self._keep = keep
        self._key = ec.derive_private_key(int(card.key, 16), ec.SECP256R1())
        self.reset()

    @property
    def card(self) -> TechnicianCardFile:
        """The card as it is now."""
        return self._card

    @property
    def atr(self) -> bytes:
        """Answer to reset: T=0, seven historical bytes that say nothing."""
        return bytes.fromhex("3B670000") + b"TECHNIC"

    def reset(self) -> None:
        """Power on or warm reset: nothing selected, nothing proved."""
        self._is_selected = self._is_verified = False
        self._waiting = b""

    def power_off(self) -> None:
        """The contacts lost power."""
        self.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command."""
        try:
            return self._perform(apdu)
        except _Refusal as refusal:
            return refusal.status.to_bytes(2, "big")

    def _perform(self, apdu: bytes) -> bytes:
        if len(apdu) < 5:
            raise _Refusal(WRONG_LENGTH)
        cla, ins, p1, p2, p3 = apdu[:5]
        data = apdu[5:]
        if cla != 0x00:
            raise _Refusal(NO_CLASS)
        if ins == 0xC0:
            return self._get_response(p3)
        self._waiting = b""
        if data and len(data) != p3:
            raise _Refusal(WRONG_LENGTH)
        match ins:
            case 0xA4:
                return self._select(data)
            case 0xCB | 0x20 | 0x87 if not self._is_selected:
                raise _Refusal(NO_FILE)
            case 0xCB:
                return self._get_data(p1, p2, data)
            case 0x20:
                return self._verify(p1, p2, data)
            case 0x87:
                return self._general_authenticate(p1, p2, data)
            case _:
                raise _Refusal(NO_INSTRUCTION)

    def _select(self, name: bytes) -> bytes:
        # By its name as far as the caller gives it, the version left out at will (SP 800-73-4 part 2, 3.1.1).
        if len(name) < 9 or not APPLICATION.startswith(name):
            raise _Refusal(NO_FILE)
        self.reset()
        self._is_selected = True
        return self._offer(_object(0x61, _object(0x4F, APPLICATION[5:])))

    def _get_data(self, p1: int, p2: int, data: bytes) -> bytes:
        if (p1, p2) != (0x3F, 0xFF):
            raise _Refusal(BAD_P1_P2)
        if data != _CERTIFICATE:
            raise _Refusal(NO_FILE)
        held = _object(0x70, self._card.certificate) + _object(0x71, b"\0") + _object(0xFE, b"")
        return self._offer(_object(0x53, held))

    def _verify(self, p1: int, p2: int, data: bytes) -> bytes:
        if (p1, p2) != (0x00, _PIN):
            raise _Refusal(NO_REFERENCE)
        pin = self._card.pin
        if pin.tries_left == 0:
            raise _Refusal(LOCKED)
        if not data:
            raise _Refusal(OK if self._is_verified else 0x63C0 | pin.tries_left)
        if len(data) != _PIN_SIZE:
            raise _Refusal(BAD_DATA)
        right = hmac.compare_digest(data, pin.digits.encode().ljust(_PIN_SIZE, b"\xff"))
        self._is_verified = right
        self._store(pin.tries_allowed if right else pin.tries_left - 1)
        if not right:
            raise _Refusal(0x63C0 | self._card.pin.tries_left)
        return OK.to_bytes(2, "big")

    def _store(self, tries_left: int) -> None:
        self._card = msgspec.structs.replace(
            self._card, pin=msgspec.structs.replace(self._card.pin, tries_left=tries_left)
        )
        if self._keep is not None:
            self._keep(self._card)

    def _general_authenticate(self, p1: int, p2: int, data: bytes) -> bytes:
        if (p1, p2) != (_P256, _SLOT_9A):
            raise _Refusal(BAD_P1_P2)
        if not self._is_verified:
            raise _Refusal(SECURITY_STATUS)
        if data[:2] != b"\x7c\x24" or data[2:6] != _AGREEMENT or len(data) != 38:
            raise _Refusal(BAD_DATA)
        signature = self._key.sign(data[6:], ec.ECDSA(Prehashed(hashes.SHA256())))
        return self._offer(_object(0x7C, _object(0x82, signature)))

    def _get_response(self, p3: int) -> bytes:
        if not self._waiting:
            raise _Refusal(CONDITIONS)
        size = p3 or 256
        if size > len(self._waiting):
            raise _Refusal(0x6C00 | len(self._waiting))
        answer, self._waiting = self._waiting[:size], self._waiting[size:]
        return answer + (0x6100 | min(len(self._waiting), 0xFF) if self._waiting else OK).to_bytes(2, "big")

    def _offer(self, answer: bytes) -> bytes:
        self._waiting = answer
        return (0x6100 | min(len(answer), 0xFF)).to_bytes(2, "big")


def load_technician_card(path: Path) -> TechnicianCardFile:
    """Read a card.

    :raises msgspec.ValidationError: not such a file.
    """
    return msgspec.json.decode(path.read_bytes(), type=TechnicianCardFile)


def save_technician_card(path: Path, card: TechnicianCardFile) -> None:
    """Write a card, at once or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(_formatted(card))
    fresh.replace(path)


def _formatted(card: TechnicianCardFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"


def technicians_deck() -> dict[str, TechnicianCardFile]:
    """The technicians' cards by name; certificates differ from run to run, keys do not."""
    full = _issue("T1001", "135790", "A technician who may do everything. PIN 135790.")
    return {
        "t1001": full,
        "t1002": _issue("T1002", "246813", "A technician; which role is the centre's to say. PIN 246813."),
        "t1003-blocked": _issue("T1003", "112358", "A technician whose PIN is blocked.", tries_left=0),
        "clone-of-t1001": msgspec.structs.replace(
            full,
            about="A copy of t1001: certificate and PIN are right, the key is not. PIN 135790.",
            key=_scalar("whoever copied T1001"),
        ),
    }


def _issue(staff: str, pin: str, about: str, tries_left: int = 3) -> TechnicianCardFile:
    key = ec.derive_private_key(int(_scalar(staff), 16), ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, staff)])
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin.replace(year=2046))
        .sign(key, hashes.SHA256())
    )
    return TechnicianCardFile(
        about=about,
        certificate=certificate.public_bytes(serialization.Encoding.DER),
        key=_scalar(staff),
        pin=CardPin(digits=pin, tries_left=tries_left, tries_allowed=3),
    )


def _scalar(of: str) -> str:
    return hashlib.sha256(b"test key of a technician's card " + of.encode()).hexdigest().upper()


def _object(tag: int, value: bytes) -> bytes:
    size = len(value)
    length = bytes([size]) if size < 0x80 else b"\x81" + bytes([size]) if size < 0x100 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + value


if __name__ == "__main__":
    for card_name, card_file in technicians_deck().items():
        (Path(sys.argv[1]) / f"{card_name}.json").write_bytes(_formatted(card_file))
