"""What a terminal was like when its technician had set it up, signed with its own key; names no citizen."""

import hashlib
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.records.canonical import canonical
from kiosk.records.china_time import Moment
from kiosk.records.upload import decode

MAX_REPORT_BYTES: Final = 256 * 1024
"""Real ones have ten thousand."""
_PURPOSE: Final = b"ssct-readiness-1"
"""Before the report's bytes: so that no signature of another kind holds for a report."""


class CheckTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One check of the doctor."""

    check: str
    state: str
    """``well``, ``warning``, ``fault``, ``not_tried``, ``absent``."""
    found: str
    cause: str = ""
    """With a warning or a fault, its word in docs/doctor.md."""


class DeviceTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One device that was found."""

    kind: str
    name: str
    """As ``kiosk.toml`` names it."""
    told: str
    """What it says of itself, its serial number where it has one."""


class ReadinessReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One terminal at the end of its setting up."""

    terminal: str
    region: str
    place: str
    version: str
    made_at_ms: Moment
    passed: bool
    """No check found a fault, and none that matters was left untried."""
    checks: tuple[CheckTold, ...]
    devices: tuple[DeviceTold, ...]


class HandInReadiness(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/readiness. The report byte by byte as it was signed: it proves something apart from the connection."""

    report: Annotated[bytes, msgspec.Meta(max_length=MAX_REPORT_BYTES)]
    """JSON of a :class:`ReadinessReport`."""
    signature: bytes
    """Ed25519 of the terminal."""

    @classmethod
    def signed(cls, report: ReadinessReport, key: Ed25519PrivateKey) -> "HandInReadiness":
        """The report with the signature of its terminal."""
        told = canonical(report)
        return cls(report=told, signature=key.sign(_PURPOSE + told))

    def genuine(self, key: Ed25519PublicKey) -> ReadinessReport | None:
        """What it says; None where the terminal of ``key`` has not signed it.

        :raises Malformed: it is signed, and no report.
        """
        try:
            key.verify(self.signature, _PURPOSE + self.report)
        except InvalidSignature:
            return None
        return decode(self.report, ReadinessReport)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the report."""
        return hashlib.sha256(self.report).digest()

    @property
    def fingerprint(self) -> str:
        """By which people compare paper and centre: 16 bytes of the signature's SHA-256, in groups of four signs."""
        told = hashlib.sha256(self.signature).hexdigest()[:32].upper()
        return " ".join(told[start : start + 4] for start in range(0, len(told), 4))


class ReadinessKept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre has it. The same report again gets the same answer."""

    received_at_ms: Moment
