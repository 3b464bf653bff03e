"""Making a blank chip somebody's card: the commands of docs/wire.md, written once and in one order."""

import datetime
from typing import Final

from drivers.card_reader import gb18030
from drivers.card_reader.session import PAYMENT_ENVIRONMENT, SOCIAL_SECURITY_ENVIRONMENT
from drivers.ports.card_encoder import (
    PHOTO_MOST,
    Blank,
    ChipData,
    NameDoesNotFit,
    PersonalisationRefused,
)
from drivers.ports.card_reader import AuthenticationAlgorithm, Challenge, Cryptogram
from drivers.ports.errors import ProtocolViolation
from drivers.transport.apdu import ApduChannel, Command

DEVICE: Final = "card_encoder"
"""The port's noun, for errors."""
NAME_SIZE: Final = 30
CONTINUATION_SIZE: Final = 20

_INTERNAL_KEY: Final = 0x01
_PERSONALISATION_KEY: Final = 0x03
_ISSUER_FILE: Final = bytes.fromhex("EF05")
_HOLDER_FILE: Final = bytes.fromhex("EF06")
_PHOTO_FILE: Final = bytes.fromhex("EF08")
_PHOTO_PART: Final = 0x80
_PICTURE_BEGINS: Final = b"\xff\xd8"
_ACCOUNT_RECORD_SIZE: Final = 14
_ACCOUNT_HEAD: Final = bytes.fromhex("700C5A0A")
"""A record template with an application account number of ten bytes (EMV tags 70 and 5A)."""
_OK: Final = 0x9000
_SECURITY_STATUS: Final = 0x6982
_OTHER_ALGORITHM: Final = 0x6A86
_REFUSED: Final = frozenset({0x6300, 0x6982, 0x6983, 0x6984, 0x6985, 0x6988, 0x6A88, 0x9302})
"""How chips say that a cryptogram is wrong, has no challenge, or that the key is gone."""
_FIRST_SM4_NORM: Final = "3.00"

_Record = tuple[int, bytes]


class BlankSession:
    """A blank chip's social-security environment, selected anew by each method that needs it."""

    def __init__(self, channel: ApduChannel) -> None:
        self._channel = channel
        self._blank: Blank | None = None

    def identify(self) -> Blank:
        """Which blank it is, and which algorithm its keys have.

        :raises ProtocolViolation: no blank, or none that was initialised.
        """
        bank_account = self._bank_account()
        self._select()
        code = self._channel.transmit(Command(0x00, 0xB2, 0x01, 0x00, expected=18))
        if code.status != _OK or code.data[:2] != b"\x01\x10" or len(code.data) != 18:
            raise ProtocolViolation(DEVICE, f"no identification code on this chip: {code.status:04X}")
        self._blank = Blank(code.data[2:].hex().upper(), self._algorithm(), bank_account)
        return self._blank

    def draw_challenge(self) -> Challenge:
        """GET CHALLENGE of the blank's block size."""
        blank = self._identified()
        size = _block_size(blank.algorithm)
        response = self._channel.transmit(Command(0x00, 0x84, 0x00, 0x00, expected=size))
        if response.status != _OK or len(response.data) != size:
            raise ProtocolViolation(DEVICE, f"GET CHALLENGE answered {response.status:04X}")
        return Challenge(response.data)

    def personalise(self, cryptogram: Cryptogram, data: ChipData) -> None:
        """EXTERNAL AUTHENTICATE with key 03, then EF06, EF08 and EF05, the norm version last of all."""
        blank = self._identified()
        if (data.norm_version >= _FIRST_SM4_NORM) != (blank.algorithm is AuthenticationAlgorithm.SM4):
            raise ValueError("the norm version is one of another algorithm")
        if not data.photo.startswith(_PICTURE_BEGINS) or len(data.photo) > PHOTO_MOST:
            raise ValueError("the photo is no JPEG of at most 4096 bytes")
        if len(cryptogram.value) != _block_size(blank.algorithm):
            raise ProtocolViolation(DEVICE, f"{blank.algorithm.name} works on {_block_size(blank.algorithm)} bytes")
        holder, issuer = _holder_records(data), _issuer_records(data)
        self._prove(blank, cryptogram)
        self._write_records(_HOLDER_FILE, holder)
        self._write_photo(data.photo)
        self._write_records(_ISSUER_FILE, issuer)

    def _bank_account(self) -> str:
        """What the slip says of the bank's side; a card without one, or that tells it otherwise, has none."""
        if self._channel.transmit(Command(0x00, 0xA4, 0x04, 0x00, PAYMENT_ENVIRONMENT, 0)).status != _OK:
            return ""
        record = self._channel.transmit(Command(0x00, 0xB2, 0x01, 0x0C, expected=_ACCOUNT_RECORD_SIZE))
        if record.status != _OK or len(record.data) != _ACCOUNT_RECORD_SIZE or record.data[:4] != _ACCOUNT_HEAD:
            return ""
        digits = record.data[4:].hex().rstrip("f")
        return f"****{digits[-4:]}" if digits.isdecimal() and len(digits) >= 12 else ""

    def _identified(self) -> Blank:
        if self._blank is None:
            raise ProtocolViolation(DEVICE, "the blank was not identified")
        return self._blank

    def _select(self) -> None:
        command = Command(0x00, 0xA4, 0x04, 0x00, SOCIAL_SECURITY_ENVIRONMENT, 0)
        if self._channel.transmit(command).status != _OK:
            raise ProtocolViolation(DEVICE, "no social-security environment on this chip")
        self._select_file(_ISSUER_FILE)

    def _select_file(self, identifier: bytes) -> None:
        status = self._channel.transmit(Command(0x00, 0xA4, 0x02, 0x00, identifier, 0)).status
        if status != _OK:
            raise ProtocolViolation(DEVICE, f"SELECT {identifier.hex().upper()} answered {status:04X}")

    def _algorithm(self) -> AuthenticationAlgorithm:
        # The norm version that would tell is not there yet. INTERNAL AUTHENTICATE names a wrong algorithm, and spends
        # no try of any key, as a wrong EXTERNAL AUTHENTICATE may.
        sm4 = AuthenticationAlgorithm.SM4
        probe = Command(0x00, 0x88, sm4.value, _INTERNAL_KEY, bytes(_block_size(sm4)), _block_size(sm4))
        status = self._channel.transmit(probe).status
        if status == _OK:
            return sm4
        if status == _OTHER_ALGORITHM:
            return AuthenticationAlgorithm.TRIPLE_DES
        raise ProtocolViolation(DEVICE, f"INTERNAL AUTHENTICATE answered {status:04X}")

    def _prove(self, blank: Blank, cryptogram: Cryptogram) -> None:
        command = Command(0x00, 0x82, blank.algorithm.value, _PERSONALISATION_KEY, cryptogram.value)
        status = self._channel.transmit(command).status
        if status in _REFUSED or status & 0xFFF0 == 0x63C0:
            raise PersonalisationRefused(f"the chip answered {status:04X}")
        if status != _OK:
            raise ProtocolViolation(DEVICE, f"EXTERNAL AUTHENTICATE answered {status:04X}")

    def _write_records(self, file: bytes, records: tuple[_Record, ...]) -> None:
        self._select_file(file)
        for tag, value in records:
            record = bytes((tag, len(value))) + value
            self._expect_written(Command(0x00, 0xDC, tag, 0x00, record), f"record {tag:02X}")

    def _write_photo(self, photo: bytes) -> None:
        self._select_file(_PHOTO_FILE)
        padded = photo.ljust(PHOTO_MOST, b"\0")
        for offset in range(0, PHOTO_MOST, _PHOTO_PART):
            part = padded[offset : offset + _PHOTO_PART]
            self._expect_written(Command(0x00, 0xD6, offset >> 8, offset & 0xFF, part), "photo")

    def _expect_written(self, command: Command, what: str) -> None:
        status = self._channel.transmit(command).status
        if status == _SECURITY_STATUS:
            raise PersonalisationRefused(f"{what}: the chip answered {status:04X}")
        if status != _OK:
            raise ProtocolViolation(DEVICE, f"{what}: UPDATE answered {status:04X}")


def name_fields(name: str) -> tuple[bytes, bytes]:
    """A name as tags 09 and 4E, cut between characters only, zero padded to 30 and 20 bytes.

    :raises NameDoesNotFit: it needs more than both have.
    """
    first = continued = b""
    for character in name:
        code = gb18030.encode(character)
        # Nothing goes back before the cut, or the name would be read in another order.
        if not continued and len(first) + len(code) <= NAME_SIZE:
            first += code
        else:
            continued += code
    if len(continued) > CONTINUATION_SIZE:
        raise NameDoesNotFit
    return first.ljust(NAME_SIZE, b"\0"), continued.ljust(CONTINUATION_SIZE, b"\0")


def _issuer_records(data: ChipData) -> tuple[_Record, ...]:
    return (
        (0x02, data.card_class.encode("ascii")),
        (0x05, _date(data.issued_on)),
        (0x06, _date(data.expires_on)),
        (0x07, data.card_number.encode("ascii")),
        (0x03, data.norm_version.encode("ascii")),  # last: by it the chip becomes somebody's
    )


def _holder_records(data: ChipData) -> tuple[_Record, ...]:
    holder = data.holder
    name, continued = name_fields(holder.name)
    return (
        (0x08, holder.social_security_number.encode("ascii").ljust(18, b"\0")),
        (0x09, name),
        (0x4E, continued),
        (0x0A, holder.sex.encode("ascii")),
        (0x0B, bytes.fromhex(holder.ethnic_group)),
        (0x0C, bytes.fromhex(holder.birthplace)),
        (0x0D, _date(holder.birth_date)),
    )


def _date(value: datetime.date) -> bytes:
    return bytes.fromhex(value.strftime("%Y%m%d"))


def _block_size(algorithm: AuthenticationAlgorithm) -> int:
    return 16 if algorithm is AuthenticationAlgorithm.SM4 else 8
