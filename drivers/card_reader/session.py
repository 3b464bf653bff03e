"""One insertion of one social-security card: commands of docs/wire.md, status words turned into values and errors."""

import binascii
from dataclasses import dataclass
from enum import Enum
from typing import Final

from drivers.card_reader import fields
from drivers.ports.card_reader import (
    AuthenticationAlgorithm,
    CardKind,
    Challenge,
    Cryptogram,
    DamagedRecord,
    ExternalAuthenticationRefused,
    HolderData,
    HolderDataProtected,
    IssuerData,
    LoggedKind,
    LoggedTransaction,
    PinCheck,
    TransactionLog,
)
from drivers.ports.errors import ProtocolViolation
from drivers.ports.pin import Pin
from drivers.transport.apdu import ApduChannel, Command, Response

SOCIAL_SECURITY_ENVIRONMENT: Final = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
"""``sx1.sh.社会保障`` in GBK."""
PAYMENT_ENVIRONMENT: Final = b"1PAY.SYS.DDF01"
MEDICAL_DIRECTORY: Final = bytes.fromhex("D15600000503")
"""DF04."""
_LOG_FILE: Final = bytes.fromhex("EF08")
_LOG_RECORDS: Final = 10
_LOG_RECORD_SIZE: Final = 44
_ISSUER_FILE: Final = bytes.fromhex("EF05")
_HOLDER_FILE: Final = bytes.fromhex("EF06")
_PHOTO_FILE: Final = bytes.fromhex("EF08")
_PHOTO_SIZE: Final = 0x1000
_PHOTO_PART: Final = 0x80
_PICTURE_BEGINS: Final = b"\xff\xd8"
_INTERNAL_KEY: Final = 0x01
_EXTERNAL_KEY: Final = 0x02

_OK: Final = 0x9000
_SECURITY_STATUS: Final = 0x6982
_BLOCKED: Final = frozenset({0x6983, 0x6984})
_NO_RECORD: Final = frozenset({0x6A83, 0x6A82})
_NO_REFERENCE: Final = 0x6A88
_REFUSED: Final = frozenset({0x6300, 0x6982, 0x6983, 0x6984, 0x6985, 0x6988, 0x9302})
"""How cards say that a cryptogram is wrong or has no challenge."""


@dataclass(frozen=True, slots=True)
class _Record:
    """A record: its tag, its length in bytes, its name for errors."""

    tag: int
    size: int
    field: str


_IDENTIFICATION_CODE: Final = _Record(0x01, 16, "card identification code")
_CARD_CLASS: Final = _Record(0x02, 1, "card class")
_NORM_VERSION: Final = _Record(0x03, 4, "norm version")
_INITIALISING_BODY: Final = _Record(0x04, 12, "initialising body")
_ISSUE_DATE: Final = _Record(0x05, 4, "issue date")
_EXPIRY_DATE: Final = _Record(0x06, 4, "expiry date")
_CARD_NUMBER: Final = _Record(0x07, 9, "card number")
_SOCIAL_SECURITY_NUMBER: Final = _Record(0x08, 18, "social security number")
_NAME: Final = _Record(0x09, 30, "name")
_NAME_CONTINUED: Final = _Record(0x4E, 20, "name continued")
_SEX: Final = _Record(0x0A, 1, "sex")
_ETHNIC_GROUP: Final = _Record(0x0B, 1, "ethnic group")
_BIRTHPLACE: Final = _Record(0x0C, 3, "birthplace")
_BIRTH_DATE: Final = _Record(0x0D, 4, "birth date")


_LOGGED_KINDS: Final = {
    0x01: LoggedKind.OUTPATIENT,
    0x02: LoggedKind.INPATIENT,
    0x03: LoggedKind.PHARMACY,
    0x04: LoggedKind.REFUND,
}
"""Byte 7 of a record of the transaction log (docs/wire.md)."""


class _Absent(Exception):
    """The file has no such record."""


class _Closed(Exception):
    """The file may not be read yet."""


class NormVersion(Enum):
    """Tag 03."""

    V1 = "1.00"
    V2 = "2.00"
    V3 = "3.00"


class CardSession:
    """A card's social-security environment (:class:`~drivers.ports.card_reader.SocialSecurityCard`)."""

    def __init__(self, channel: ApduChannel, answer_to_reset: bytes, norm_version: NormVersion) -> None:
        self._channel = channel
        self._answer_to_reset = answer_to_reset
        self._norm_version = norm_version

    @property
    def algorithm(self) -> AuthenticationAlgorithm:
        """The algorithm of this card's keys: SM4 from norm 3.00 on."""
        if self._norm_version is NormVersion.V3:
            return AuthenticationAlgorithm.SM4
        return AuthenticationAlgorithm.TRIPLE_DES

    def read_issuer(self) -> IssuerData:
        """Read EF05."""
        try:
            _select_file(self._channel, _ISSUER_FILE, "issuer data")
        except _Closed:
            raise fields.unreadable("issuer data", "not free to read") from None
        return IssuerData(
            identification_code=self._issuer_record(_IDENTIFICATION_CODE).hex().upper(),
            card_class=fields.text(self._issuer_record(_CARD_CLASS), _CARD_CLASS.field, "[0-9A-Za-z]"),
            norm_version=_norm_version(self._issuer_record(_NORM_VERSION)).value,
            initialising_body=self._issuer_record(_INITIALISING_BODY).hex().upper(),
            issued_on=fields.date(self._issuer_record(_ISSUE_DATE), _ISSUE_DATE.field),
            expires_on=fields.date(self._issuer_record(_EXPIRY_DATE), _EXPIRY_DATE.field),
            card_number=fields.card_number(self._issuer_record(_CARD_NUMBER)),
            region_code=fields.region_code(self._answer_to_reset),
        )

    def read_holder(self) -> HolderData:
        """Read EF06.

        :raises HolderDataProtected: a 3.0 card before :meth:`authenticate_terminal`.
        """
        try:
            _select_file(self._channel, _HOLDER_FILE, "holder data")
            return HolderData(
                social_security_number=fields.text(
                    self._holder_record(_SOCIAL_SECURITY_NUMBER), _SOCIAL_SECURITY_NUMBER.field, "[0-9A-Z]{15,18}"
                ),
                name=fields.name(self._holder_record(_NAME), self._holder_record(_NAME_CONTINUED, optional=True)),
                sex=fields.text(self._holder_record(_SEX), _SEX.field, "[129]"),
                ethnic_group=fields.ethnic_group(self._holder_record(_ETHNIC_GROUP)),
                birthplace=fields.digits(self._holder_record(_BIRTHPLACE), _BIRTHPLACE.field),
                birth_date=fields.date(self._holder_record(_BIRTH_DATE), _BIRTH_DATE.field),
            )
        except _Closed:
            raise HolderDataProtected from None

    def read_transaction_log(self) -> TransactionLog | None:
        """Read EF08 of the medical application; None where the chip keeps no such log, or keeps it closed."""
        if not _select_directory(self._channel, MEDICAL_DIRECTORY):
            return None
        log = _read_log(self._channel)
        # Without this EF05 and EF06 would be the medical application's own.
        if not _select_directory(self._channel, SOCIAL_SECURITY_ENVIRONMENT):
            raise ProtocolViolation(fields.DEVICE, "the social-security environment is gone")
        return log

    def read_photo(self) -> bytes | None:
        """Read EF08, a JPEG of at most 4096 bytes; None where the chip has none.

        :raises HolderDataProtected: a 3.0 card before :meth:`authenticate_terminal`.
        """
        status = self._channel.transmit(_selection(_PHOTO_FILE)).status
        if status in _NO_RECORD:
            return None
        photo = b""
        while status == _OK and len(photo) < _PHOTO_SIZE:
            command = Command(0x00, 0xB0, len(photo) >> 8, len(photo) & 0xFF, expected=_PHOTO_PART)
            response = self._channel.transmit(command)
            if response.status == _OK and len(response.data) != _PHOTO_PART:
                raise fields.unreadable("photo", "another length")
            status = response.status
            photo += response.data
        if status == _SECURITY_STATUS:
            raise HolderDataProtected
        if status != _OK:
            raise fields.unreadable("photo", f"READ BINARY answered {status:04X}")
        if set(photo) <= {0x00} or set(photo) <= {0xFF}:
            return None
        if not photo.startswith(_PICTURE_BEGINS):
            raise fields.unreadable("photo", "no JPEG")
        return photo.rstrip(b"\0")

    def pin_tries_left(self) -> int | None:
        """Tries left, without spending one; 0 = locked, None = the chip holds no PIN or does not say."""
        status = self._channel.transmit(Command(0x00, 0x20, 0x00, 0x00)).status
        if status in (_OK, _NO_REFERENCE):
            return None
        return _tries(status, "asking for PIN tries")

    def verify_pin(self, pin: Pin) -> PinCheck:
        """Check the PIN on the chip; a wrong one spends a try."""
        status = self._channel.transmit_secret(bytes.fromhex("00200000"), pin.write_bcd)
        return _pin_check(status, "VERIFY")

    def change_pin(self, old: Pin, new: Pin) -> PinCheck:
        """Change the PIN on the chip; a wrong old PIN spends a try. Success resets the counter."""

        def write(target: memoryview) -> int:
            length = old.write_bcd(target)
            target[length] = 0xFF
            return length + 1 + new.write_bcd(target[length + 1 :])

        return _pin_check(self._channel.transmit_secret(bytes.fromhex("805E0100"), write), "CHANGE PIN")

    def answer_challenge(self, challenge: Challenge) -> Cryptogram:
        """INTERNAL AUTHENTICATE with key 01.

        :raises ProtocolViolation: the challenge has not the length of this card's blocks.
        """
        self._check_block(challenge.value)
        command = Command(0x00, 0x88, self.algorithm.value, _INTERNAL_KEY, challenge.value, len(challenge.value))
        response = _expect_ok(self._channel.transmit(command), "INTERNAL AUTHENTICATE")
        if len(response.data) != len(challenge.value):
            raise ProtocolViolation(fields.DEVICE, "INTERNAL AUTHENTICATE answered another length")
        return Cryptogram(response.data)

    def draw_challenge(self) -> Challenge:
        """GET CHALLENGE: 8 bytes for 3DES, 16 for SM4."""
        response = _expect_ok(
            self._channel.transmit(Command(0x00, 0x84, 0x00, 0x00, expected=self._block_size)), "GET CHALLENGE"
        )
        if len(response.data) != self._block_size:
            raise ProtocolViolation(fields.DEVICE, "GET CHALLENGE answered another length")
        return Challenge(response.data)

    def authenticate_terminal(self, cryptogram: Cryptogram) -> None:
        """EXTERNAL AUTHENTICATE with key 02, straight after :meth:`draw_challenge`.

        :raises ExternalAuthenticationRefused: the card did not accept it.
        :raises ProtocolViolation: the cryptogram has not the length of this card's blocks.
        """
        self._check_block(cryptogram.value)
        command = Command(0x00, 0x82, self.algorithm.value, _EXTERNAL_KEY, cryptogram.value)
        response = self._channel.transmit(command)
        if response.status in _REFUSED or response.status & 0xFFF0 == 0x63C0:
            raise ExternalAuthenticationRefused(f"the card answered {response.status:04X}")
        _expect_ok(response, "EXTERNAL AUTHENTICATE")

    @property
    def _block_size(self) -> int:
        return 16 if self.algorithm is AuthenticationAlgorithm.SM4 else 8

    def _check_block(self, value: bytes) -> None:
        if len(value) != self._block_size:
            raise ProtocolViolation(fields.DEVICE, f"{self.algorithm.name} works on {self._block_size} bytes")

    def _issuer_record(self, record: _Record) -> bytes:
        try:
            return _read_record(self._channel, record)
        except _Absent:
            raise fields.unreadable(record.field, "missing") from None
        except _Closed:
            raise fields.unreadable(record.field, "not free to read") from None

    def _holder_record(self, record: _Record, *, optional: bool = False) -> bytes:
        try:
            return _read_record(self._channel, record)
        except _Absent:
            if optional:
                return b""
            raise fields.unreadable(record.field, "missing") from None


def recognise(channel: ApduChannel, answer_to_reset: bytes) -> tuple[CardKind, CardSession | None]:
    """Tell what kind of card answers; the session comes with SOCIAL_SECURITY only and has its environment selected.

    :raises ProtocolViolation: a social-security card of a norm that this driver does not know.
    """
    if not _select_directory(channel, SOCIAL_SECURITY_ENVIRONMENT):
        has_payment = _select_directory(channel, PAYMENT_ENVIRONMENT)
        return (CardKind.BANK_ONLY if has_payment else CardKind.FOREIGN), None
    if channel.transmit(_selection(_ISSUER_FILE)).status != _OK:
        return CardKind.FOREIGN, None
    try:
        version = _read_record(channel, _NORM_VERSION)
    except _Absent:
        return CardKind.BLANK, None
    except _Closed:
        raise fields.unreadable(_NORM_VERSION.field, "not free to read") from None
    if set(version) <= {0x00} or set(version) <= {0xFF}:
        return CardKind.BLANK, None
    return CardKind.SOCIAL_SECURITY, CardSession(channel, answer_to_reset, _norm_version(version))


def _select_directory(channel: ApduChannel, name: bytes) -> bool:
    return channel.transmit(Command(0x00, 0xA4, 0x04, 0x00, name, 0)).status == _OK


def _selection(identifier: bytes) -> Command:
    return Command(0x00, 0xA4, 0x02, 0x00, identifier, 0)


def _select_file(channel: ApduChannel, identifier: bytes, field: str) -> None:
    status = channel.transmit(_selection(identifier)).status
    if status == _SECURITY_STATUS:
        raise _Closed
    if status != _OK:
        raise fields.unreadable(field, f"SELECT answered {status:04X}")


def _read_record(channel: ApduChannel, record: _Record) -> bytes:
    response = channel.transmit(Command(0x00, 0xB2, record.tag, 0x00, expected=record.size + 2))
    if response.status in _NO_RECORD:
        raise _Absent
    if response.status == _SECURITY_STATUS:
        raise _Closed
    if response.status != _OK:
        raise fields.unreadable(record.field, f"READ RECORD answered {response.status:04X}")
    if response.data[:2] != bytes((record.tag, record.size)) or len(response.data) != record.size + 2:
        raise fields.unreadable(record.field, "another record, or another length")
    return response.data[2:]


def _read_log(channel: ApduChannel) -> TransactionLog | None:
    if channel.transmit(_selection(_LOG_FILE)).status != _OK:
        return None
    found: list[LoggedTransaction | DamagedRecord] = []
    for number in range(1, _LOG_RECORDS + 1):
        response = channel.transmit(Command(0x00, 0xB2, number, 0x04, expected=_LOG_RECORD_SIZE))
        if response.status in _NO_RECORD:
            break
        if response.status == _SECURITY_STATUS:
            return None
        if response.status != _OK or len(response.data) != _LOG_RECORD_SIZE:
            found.append(DamagedRecord(number))
        elif not set(response.data) <= {0x00} and not set(response.data) <= {0xFF}:
            found.append(_logged(number, response.data))
    return tuple(found)


def _logged(number: int, record: bytes) -> LoggedTransaction | DamagedRecord:
    if binascii.crc_hqx(record[:-2], 0xFFFF) != int.from_bytes(record[-2:], "big"):
        return DamagedRecord(number)
    try:
        at = fields.moment(record[:7], "time of a transaction")
        place = fields.words(record[12:42], "place")
    except ProtocolViolation:
        return DamagedRecord(number)
    kind = _LOGGED_KINDS.get(record[7], LoggedKind.OTHER)
    return LoggedTransaction(number, at, kind, int.from_bytes(record[8:12], "big"), place)


def _norm_version(value: bytes) -> NormVersion:
    version = fields.text(value, _NORM_VERSION.field, "[0-9.]{4}")
    try:
        return NormVersion(version)
    except ValueError:
        raise fields.unreadable(_NORM_VERSION.field, f"{version} is not known here") from None


def _expect_ok(response: Response, command: str) -> Response:
    if response.status != _OK:
        raise ProtocolViolation(fields.DEVICE, f"{command} answered {response.status:04X}")
    return response


def _tries(status: int, command: str) -> int | None:
    if status & 0xFFF0 == 0x63C0:
        return status & 0x0F
    if status in _BLOCKED:
        return 0
    if status == 0x6300:
        return None
    raise ProtocolViolation(fields.DEVICE, f"{command} answered {status:04X}")


def _pin_check(status: int, command: str) -> PinCheck:
    if status == _OK:
        return PinCheck(accepted=True, tries_left=None)
    return PinCheck(accepted=False, tries_left=_tries(status, command))
