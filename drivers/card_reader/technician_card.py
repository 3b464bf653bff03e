"""A technician's card: a PIV application of one certificate, one PIN and one P-256 key (docs/wire.md)."""

from collections.abc import Iterator
from typing import Final

from drivers.card_reader.fields import DEVICE
from drivers.ports.card_reader import PinCheck
from drivers.ports.errors import ProtocolViolation
from drivers.ports.pin import Pin
from drivers.transport.apdu import ApduChannel, Command

APPLICATION: Final = bytes.fromhex("A000000308000010000100")
"""NIST SP 800-73-4 part 1, 2.2, with the version."""
_CERTIFICATE: Final = bytes.fromhex("5C035FC105")
"""X.509 certificate for PIV authentication, slot 9A."""
_KEY: Final = 0x9A
_ECC_P256: Final = 0x11
_DIGEST_SIZE: Final = 32
_PIN_SIZE: Final = 8
_OK: Final = 0x9000
_BLOCKED: Final = 0x6983
_CERTIFICATE_INFO: Final = 0x71
"""One byte, 0: not compressed."""


class TechnicianCardSession:
    """One insertion of one technician's card (:class:`~drivers.ports.technician_card.TechnicianCard`)."""

    def __init__(self, channel: ApduChannel) -> None:
        """Use :func:`find_technician_card`."""
        self._channel = channel

    def read_certificate(self) -> bytes:
        """GET DATA 5FC105."""
        response = self._channel.transmit(Command(0x00, 0xCB, 0x3F, 0xFF, _CERTIFICATE, 0))
        if response.status != _OK:
            raise ProtocolViolation(DEVICE, f"GET DATA answered {response.status:04X}")
        parts = dict(_objects(_inner(response.data, 0x53)))
        certificate = parts.get(0x70, b"")
        if not certificate or parts.get(_CERTIFICATE_INFO, b"\0") != b"\0":
            raise ProtocolViolation(DEVICE, "no certificate, or a compressed one")
        return certificate

    def verify_pin(self, pin: Pin) -> PinCheck:
        """VERIFY 80, eight bytes padded with FF."""
        if len(pin) > _PIN_SIZE:
            raise ProtocolViolation(DEVICE, "a technician's PIN has at most eight digits")
        header = bytes.fromhex("00200080")
        status = self._channel.transmit_secret(header, lambda target: pin.write_padded(target, _PIN_SIZE))
        if status == _OK:
            return PinCheck(accepted=True, tries_left=None)
        if status & 0xFFF0 == 0x63C0:
            return PinCheck(accepted=False, tries_left=status & 0x0F)
        if status == _BLOCKED:
            return PinCheck(accepted=False, tries_left=0)
        raise ProtocolViolation(DEVICE, f"VERIFY answered {status:04X}")

    def sign_digest(self, digest: bytes) -> bytes:
        """GENERAL AUTHENTICATE 11 9A."""
        if len(digest) != _DIGEST_SIZE:
            raise ProtocolViolation(DEVICE, "a digest has 32 bytes")
        wanted = b"\x82\x00" + b"\x81\x20" + digest
        command = Command(0x00, 0x87, _ECC_P256, _KEY, bytes([0x7C, len(wanted)]) + wanted, 0)
        response = self._channel.transmit(command)
        if response.status != _OK:
            raise ProtocolViolation(DEVICE, f"GENERAL AUTHENTICATE answered {response.status:04X}")
        signature = dict(_objects(_inner(response.data, 0x7C))).get(0x82, b"")
        if not signature:
            raise ProtocolViolation(DEVICE, "GENERAL AUTHENTICATE brought no signature")
        return signature


def find_technician_card(channel: ApduChannel) -> TechnicianCardSession | None:
    """The technician's application on the card in contact, selected; None where there is none."""
    response = channel.transmit(Command(0x00, 0xA4, 0x04, 0x00, APPLICATION, 0))
    return TechnicianCardSession(channel) if response.status == _OK else None


def _inner(data: bytes, tag: int) -> bytes:
    objects = list(_objects(data))
    if len(objects) != 1 or objects[0][0] != tag:
        raise ProtocolViolation(DEVICE, f"wanted is one object {tag:02X}")
    return objects[0][1]


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """BER-TLV with tags of one byte, as far as the profile uses it."""
    at = 0
    while at < len(data):
        tag, length, begin = data[at], data[at + 1] if at + 1 < len(data) else 0xFF, at + 2
        if length in (0x81, 0x82):
            size = length & 0x0F
            length, begin = int.from_bytes(data[begin : begin + size], "big"), begin + size
        elif length > 0x7F:
            raise ProtocolViolation(DEVICE, "a length that the profile does not have")
        if begin + length > len(data):
            raise ProtocolViolation(DEVICE, "an object is cut short")
        yield tag, data[begin : begin + length]
        at = begin + length
