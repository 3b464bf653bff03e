"""The chip: bytes in, bytes out, as docs/wire.md has them; no I/O but the wish to be kept."""

import binascii
import datetime
import hmac
import os
from collections.abc import Callable
from typing import Final

import msgspec

from simulators.card.card_file import Blank, CardFile, CardPin, LogRecord, SocialSecurity
from simulators.card.ciphers import encrypt
from simulators.card.issuing import RECORD_SIZES, Unfit, issued
from simulators.card.name_fields import encode_name

SSSE: Final = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
"""sx1.sh.社会保障 in GBK."""
PAYMENT: Final = b"1PAY.SYS.DDF01"
_SUBDIRECTORY_AID: Final = bytes.fromhex("D156000005")
_MEDICAL: Final = _SUBDIRECTORY_AID + b"\x03"
_PLACE_SIZE: Final = 30
_EF05: Final = 0xEF05
_EF06: Final = 0xEF06
_EF08: Final = 0xEF08
_SM4: Final = 3
_INTERNAL_KEY: Final = 0x01
_EXTERNAL_KEY: Final = 0x02
_PERSONALISATION_KEY: Final = 0x03
_NORM_VERSION: Final = 0x03
PHOTO_SIZE: Final = 0x1000
_ACCOUNT_FILE: Final = 0x0C
"""P2: short file 1, by number."""

OK: Final = 0x9000
TERMINAL_NOT_BELIEVED: Final = 0x6300
WRONG_LENGTH: Final = 0x6700
SECURITY_STATUS: Final = 0x6982
LOCKED: Final = 0x6983
CONDITIONS: Final = 0x6985
NO_FILE_SELECTED: Final = 0x6986
BAD_SECURE_MESSAGING: Final = 0x6988
BAD_DATA: Final = 0x6A80
NO_FILE: Final = 0x6A82
NO_RECORD: Final = 0x6A83
BAD_P1_P2: Final = 0x6A86
BEYOND_THE_END: Final = 0x6B00
NO_REFERENCE: Final = 0x6A88
NO_INSTRUCTION: Final = 0x6D00
NO_CLASS: Final = 0x6E00


class _Refusal(Exception):
    """The command ends with a status word and does nothing."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


class CardApplication:
    """One card, from its file. Feed it APDUs; :meth:`reset` and :meth:`power_off` forget what was proved."""

    def __init__(
        self,
        card: CardFile,
        *,
        keep: Callable[[CardFile], None] | None = None,
        draw: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """
        :param keep: told the card whenever its PIN or counter changed, before the answer goes out: a counter that
            falls only after the answer could be won back by pulling the card.
        :param draw: random bytes for challenges.
        """
        self._card = card
        self._keep = keep
        self._draw = draw
        self._instructions: dict[tuple[int, int], Callable[[int, int, int, bytes], bytes]] = {
            (0x00, 0xA4): self._select,
            (0x00, 0xB2): self._read_record,
            (0x00, 0xC0): self._get_response,
            (0x00, 0x20): self._verify,
            (0x80, 0x5E): self._change_pin,
            (0x00, 0x84): self._get_challenge,
            (0x00, 0x88): self._internal_authenticate,
            (0x00, 0x82): self._external_authenticate,
            (0x00, 0xB0): self._read_binary,
            (0x00, 0xD6): self._update_binary,
            (0x00, 0xDC): self._update_record,
            # Blocking and unblocking want the issuer's secure messaging, which no terminal has.
            (0x84, 0x1E): _bad_secure_messaging,
            (0x84, 0x24): _bad_secure_messaging,
        }
        self.reset()

    @property
    def card(self) -> CardFile:
        """The card as it is now."""
        return self._card

    @property
    def atr(self) -> bytes:
        """Answer to reset: T=0, thirteen historical bytes, 8 and 9 the region, 10 to 13 the serial."""
        return bytes.fromhex("3B6D0000" + "00815444008660" + self._card.region + self._card.serial)

    def reset(self) -> None:
        """Power on or warm reset: nothing selected, nothing proved."""
        self._directory: bytes | None = None
        self._file: int | None = None
        self._terminal_believed = False
        self._personaliser_believed = False
        self._challenge: bytes | None = None
        self._waiting = b""

    def power_off(self) -> None:
        """The contacts lost power."""
        self.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command, header of five bytes (or four, P3 then counts as 0) and data."""
        try:
            return self._perform(apdu)
        except _Refusal as refusal:
            return _status(refusal.status)

    def _perform(self, apdu: bytes) -> bytes:
        if len(apdu) < 4:
            raise _Refusal(WRONG_LENGTH)
        cla, ins, p1, p2 = apdu[:4]
        p3 = apdu[4] if len(apdu) > 4 else 0
        if ins != 0xC0:
            self._waiting = b""
        challenge, self._challenge = self._challenge, None  # good for the very next command only
        if cla not in (0x00, 0x80, 0x84):
            raise _Refusal(NO_CLASS)
        instruction = self._instructions.get((cla, ins))
        if instruction is None:
            known = any(known_ins == ins for _, known_ins in self._instructions)
            raise _Refusal(NO_CLASS if known else NO_INSTRUCTION)
        if ins == 0x82:
            self._challenge = challenge
        return instruction(p1, p2, p3, apdu[5:])

    @property
    def _environment(self) -> SocialSecurity:
        environment = self._card.social_security
        if environment is None:
            raise LookupError("no social-security environment")  # nothing of it can be selected
        return environment

    def _in_environment(self) -> bool:
        return self._directory is not None and self._directory != PAYMENT

    def _select(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        if (p1, p2) not in ((0x04, 0x00), (0x02, 0x00)):
            raise _Refusal(BAD_P1_P2)
        if p3 == 0 or len(data) != p3:
            raise _Refusal(WRONG_LENGTH)
        return self._select_file(data) if p1 == 0x02 else self._select_directory(data)

    def _select_directory(self, name: bytes) -> bytes:
        known = []
        if self._card.bank_side:
            known.append(PAYMENT)
        if self._card.social_security is not None:
            known += [SSSE, *(_SUBDIRECTORY_AID + bytes([number]) for number in range(4))]
        if name not in known:
            raise _Refusal(NO_FILE)
        self._directory, self._file = name, None
        self._terminal_believed = self._personaliser_believed = False
        proprietary = bytes.fromhex("A503880101")
        inner = bytes([0x84, len(name)]) + name + proprietary
        return self._offer(bytes([0x6F, len(inner)]) + inner)

    def _select_file(self, identifier: bytes) -> bytes:
        if len(identifier) != 2:
            raise _Refusal(WRONG_LENGTH)
        number = int.from_bytes(identifier, "big")
        if number not in self._files():
            raise _Refusal(NO_FILE)
        self._file = number
        return _status(OK)

    def _files(self) -> tuple[int, ...]:
        """What can be selected where we are."""
        if self._directory == SSSE:
            has_photo = self._environment.photo is not None or self._environment.blank is not None
            return (_EF05, _EF06, _EF08) if has_photo else (_EF05, _EF06)
        return (_EF08,) if self._directory == _MEDICAL and self._environment.log is not None else ()

    @property
    def _in_log(self) -> bool:
        return self._directory == _MEDICAL and self._file == _EF08

    @property
    def _in_photo(self) -> bool:
        return self._directory == SSSE and self._file == _EF08

    def _read_record(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        if self._directory == PAYMENT and p2 == _ACCOUNT_FILE and not data:
            return self._read_account(p1, p3)
        if p2 not in (0x00, 0x04):
            raise _Refusal(BAD_P1_P2)
        if data:
            raise _Refusal(WRONG_LENGTH)
        if self._file is None:
            raise _Refusal(NO_FILE_SELECTED)
        if self._in_photo or (p2 == 0x04) != self._in_log:  # by number in the cyclic file, by tag elsewhere
            raise _Refusal(BAD_P1_P2)
        if self._in_log:
            return self._read_log(p1, p3)
        if self._file == _EF06 and self._holder_closed():
            raise _Refusal(SECURITY_STATUS)
        value = self._records().get(p1)
        if value is None:
            raise _Refusal(NO_RECORD)
        if p3 != len(value) + 2:
            raise _Refusal(0x6C00 | len(value) + 2)
        return bytes([p1, len(value)]) + value + _status(OK)

    def _read_account(self, number: int, p3: int) -> bytes:
        bank = self._card.bank
        if bank is None or number != 1:
            raise _Refusal(NO_RECORD)
        value = bytes.fromhex("700C5A0A" + "623100000000000" + bank.account_ends + "F")
        if p3 != len(value):
            raise _Refusal(0x6C00 | len(value))
        return value + _status(OK)

    def _read_log(self, number: int, p3: int) -> bytes:
        log = self._environment.log or []
        if not 1 <= number <= len(log):
            raise _Refusal(NO_RECORD)
        value = _log_record(log[number - 1])
        if p3 != len(value):
            raise _Refusal(0x6C00 | len(value))
        return value + _status(OK)

    def _holder_closed(self) -> bool:
        issuer = self._environment.issuer
        if self._environment.blank is not None:
            return not self._personaliser_believed  # it may hold the half of somebody
        return issuer is not None and issuer.norm_version == "3.00" and not self._terminal_believed

    def _records(self) -> dict[int, bytes]:
        issuer, holder, blank = self._environment.issuer, self._environment.holder, self._environment.blank
        if blank is not None:
            return self._blank_records(blank)
        if self._file == _EF05 and issuer is not None:
            return {
                0x01: bytes.fromhex(issuer.identification_code),
                0x02: issuer.card_class.encode("ascii"),
                0x03: issuer.norm_version.encode("ascii"),
                0x04: bytes.fromhex(issuer.initialising_body),
                0x05: _date(issuer.issued_on),
                0x06: _date(issuer.expires_on),
                0x07: issuer.card_number.encode("ascii"),
            }
        if self._file == _EF06 and holder is not None:
            name, continued = encode_name(holder.name)
            return {
                0x08: holder.social_security_number.encode("ascii"),
                0x09: name,
                0x4E: continued,
                0x0A: holder.sex.encode("ascii"),
                0x0B: bytes.fromhex(holder.ethnic_group),
                0x0C: bytes.fromhex(holder.birthplace),
                0x0D: _date(holder.birth_date),
            }
        return {}

    def _blank_records(self, blank: Blank) -> dict[int, bytes]:
        given = {"EF05:01": blank.identification_code, "EF05:04": blank.initialising_body}
        prefix = f"{self._file:04X}:"
        return {
            int(place.removeprefix(prefix), 16): bytes.fromhex(value)
            for place, value in (given | blank.written).items()
            if place.startswith(prefix)
        }

    def _read_binary(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        if data:
            raise _Refusal(WRONG_LENGTH)
        if not self._in_photo:
            raise _Refusal(NO_FILE_SELECTED)
        if self._holder_closed():
            raise _Refusal(SECURITY_STATUS)
        blank = self._environment.blank
        photo = ((self._environment.photo or b"") if blank is None else blank.photo).ljust(PHOTO_SIZE, b"\0")
        offset = p1 << 8 | p2
        if offset >= PHOTO_SIZE:
            raise _Refusal(BEYOND_THE_END)
        left = PHOTO_SIZE - offset
        if p3 == 0 or p3 > left:
            raise _Refusal(0x6C00 | min(left, 0xFF))
        return photo[offset : offset + p3] + _status(OK)

    def _update_record(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        blank = self._writable(p3, data)
        if p2 != 0 or self._file not in (_EF05, _EF06):
            raise _Refusal(BAD_P1_P2)
        place = f"{self._file:04X}:{p1:02X}"
        if place not in RECORD_SIZES:
            raise _Refusal(NO_RECORD)
        if data[:2] != bytes((p1, len(data) - 2)) or len(data) - 2 != RECORD_SIZES[place]:
            raise _Refusal(BAD_DATA)
        written = msgspec.structs.replace(blank, written=blank.written | {place: data[2:].hex().upper()})
        if (self._file, p1) != (_EF05, _NORM_VERSION):
            self._store_environment(msgspec.structs.replace(self._environment, blank=written))
            return _status(OK)
        try:
            environment = issued(self._environment, written)
        except Unfit as unfit:
            raise _Refusal(CONDITIONS if unfit.incomplete else BAD_DATA) from None
        self._store_environment(environment)
        self._personaliser_believed = False
        return _status(OK)

    def _update_binary(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        blank = self._writable(p3, data)
        if not self._in_photo:
            raise _Refusal(NO_FILE_SELECTED)
        offset = p1 << 8 | p2
        if offset + len(data) > PHOTO_SIZE:
            raise _Refusal(BEYOND_THE_END)
        photo = blank.photo.ljust(offset, b"\0")
        photo = photo[:offset] + data + photo[offset + len(data) :]
        blank = msgspec.structs.replace(blank, photo=photo)
        self._store_environment(msgspec.structs.replace(self._environment, blank=blank))
        return _status(OK)

    def _writable(self, p3: int, data: bytes) -> Blank:
        """The blank that may be written now; nothing else ever may by a terminal."""
        blank = self._environment.blank if self._in_environment() else None
        if blank is None or not self._personaliser_believed:
            raise _Refusal(SECURITY_STATUS)
        if p3 == 0 or len(data) != p3:
            raise _Refusal(WRONG_LENGTH)
        if self._file is None:
            raise _Refusal(NO_FILE_SELECTED)
        return blank

    def _get_response(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        if (p1, p2) != (0, 0):
            raise _Refusal(BAD_P1_P2)
        if data:
            raise _Refusal(WRONG_LENGTH)
        if not self._waiting:
            raise _Refusal(CONDITIONS)
        if p3 == 0 or p3 > len(self._waiting):
            raise _Refusal(0x6C00 | len(self._waiting))
        answer, self._waiting = self._waiting[:p3], self._waiting[p3:]
        return answer + _status(0x6100 | len(self._waiting) if self._waiting else OK)

    def _offer(self, answer: bytes) -> bytes:
        """T=0 can't send data and get data in one command: say how much waits (ISO/IEC 7816-3, case 4)."""
        self._waiting = answer
        return _status(0x6100 | len(answer))

    def _verify(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        if (p1, p2) != (0, 0):
            raise _Refusal(BAD_P1_P2)
        if len(data) != p3 or not (p3 == 0 or 2 <= p3 <= 6):
            raise _Refusal(WRONG_LENGTH)
        if not self._in_environment():
            raise _Refusal(CONDITIONS)
        pin = self._environment.pin
        if pin is None:
            raise _Refusal(NO_REFERENCE)
        if pin.tries_left == 0:
            raise _Refusal(LOCKED)
        if p3 == 0:
            raise _Refusal(0x63C0 | pin.tries_left)
        self._spend_try(pin, data)
        return _status(OK)

    def _spend_try(self, pin: CardPin, typed: bytes) -> None:
        if not hmac.compare_digest(typed, _bcd(pin.digits)):
            self._store(msgspec.structs.replace(pin, tries_left=pin.tries_left - 1))
            raise _Refusal(0x63C0 | pin.tries_left - 1)
        self._store(msgspec.structs.replace(pin, tries_left=pin.tries_allowed))

    def _change_pin(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        if (p1, p2) != (0x01, 0x00):
            raise _Refusal(BAD_P1_P2)
        if p3 == 0 or len(data) != p3:
            raise _Refusal(WRONG_LENGTH)
        if not self._in_environment():
            raise _Refusal(CONDITIONS)
        pin = self._environment.pin
        if pin is None:
            raise _Refusal(NO_REFERENCE)
        if pin.tries_left == 0:
            raise _Refusal(LOCKED)
        old, separator, new = data.partition(b"\xff")
        digits = new.hex().upper().removesuffix("F")
        if not separator or not digits.isdecimal() or not 4 <= len(digits) <= 12:
            raise _Refusal(BAD_DATA)
        self._spend_try(pin, old)
        self._store(msgspec.structs.replace(pin, digits=digits, tries_left=pin.tries_allowed))
        return _status(OK)

    def _store(self, pin: CardPin) -> None:
        if pin == self._environment.pin:
            return
        self._store_environment(msgspec.structs.replace(self._environment, pin=pin))

    def _store_environment(self, environment: SocialSecurity) -> None:
        self._card = msgspec.structs.replace(self._card, social_security=environment)
        if self._keep is not None:
            self._keep(self._card)

    def _get_challenge(self, p1: int, p2: int, p3: int, data: bytes) -> bytes:
        if (p1, p2) != (0, 0):
            raise _Refusal(BAD_P1_P2)
        if data or p3 not in (8, 16):
            raise _Refusal(WRONG_LENGTH)
        self._challenge = self._draw(p3)
        return self._challenge + _status(OK)

    def _internal_authenticate(self, algorithm: int, key: int, p3: int, data: bytes) -> bytes:
        if not self._in_environment():
            raise _Refusal(CONDITIONS)
        keys = self._environment.keys
        if keys is None or key != _INTERNAL_KEY:
            raise _Refusal(NO_REFERENCE)
        if algorithm != keys.algorithm:
            raise _Refusal(BAD_P1_P2)
        if len(data) != p3 or p3 != _block_size(algorithm):
            raise _Refusal(WRONG_LENGTH)
        return self._offer(encrypt(algorithm, bytes.fromhex(keys.internal), data))

    def _external_authenticate(self, algorithm: int, key: int, p3: int, data: bytes) -> bytes:
        challenge, self._challenge = self._challenge, None
        if not self._in_environment():
            raise _Refusal(CONDITIONS)
        keys = self._environment.keys
        secret = {} if keys is None else {_EXTERNAL_KEY: keys.external, _PERSONALISATION_KEY: keys.personalisation}
        proof = secret.get(key)
        if keys is None or proof is None:
            raise _Refusal(NO_REFERENCE)
        if algorithm != keys.algorithm:
            raise _Refusal(BAD_P1_P2)
        if len(data) != p3 or p3 != _block_size(algorithm):
            raise _Refusal(WRONG_LENGTH)
        if challenge is None or len(challenge) != p3:
            raise _Refusal(CONDITIONS)
        if not hmac.compare_digest(data, encrypt(algorithm, bytes.fromhex(proof), challenge)):
            raise _Refusal(TERMINAL_NOT_BELIEVED)
        if key == _PERSONALISATION_KEY:
            self._personaliser_believed = True
        else:
            self._terminal_believed = True
        return _status(OK)


def _bad_secure_messaging(_p1: int, _p2: int, _p3: int, _data: bytes) -> bytes:
    raise _Refusal(BAD_SECURE_MESSAGING)


def _block_size(algorithm: int) -> int:
    return 16 if algorithm == _SM4 else 8


def _status(word: int) -> bytes:
    return word.to_bytes(2, "big")


def _date(value: datetime.date) -> bytes:
    return bytes.fromhex(value.strftime("%Y%m%d"))


def _log_record(record: LogRecord) -> bytes:
    place = record.place.encode("gb18030")
    if len(place) > _PLACE_SIZE:
        raise ValueError("the place does not fit its 30 bytes")
    value = bytes.fromhex(record.at) + bytes([record.kind]) + record.amount_fen.to_bytes(4, "big")
    value += place.ljust(_PLACE_SIZE, b"\0")
    value += binascii.crc_hqx(value, 0xFFFF).to_bytes(2, "big")
    return value[:11] + bytes([value[11] ^ 0x01]) + value[12:] if record.damaged else value


def _bcd(digits: str) -> bytes:
    return bytes.fromhex(digits + "F" * (len(digits) % 2))
