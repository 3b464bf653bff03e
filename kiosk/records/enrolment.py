"""How a new terminal is let in by a code that the centre gave out once: what is typed, carried and asked."""

import re
import secrets
from typing import Final

import msgspec
from stdnum.iso7064 import mod_37_36

from kiosk.records.china_time import Moment

ALPHABET: Final = "34679ACDEFHJKMNPRTVWXY"
"""Signs that nobody takes for each other: there is no 0 O Q, 1 I L, 2 Z, 5 S, 8 B, G or U. Their number and one is a
prime, so that the check sign (ISO 7064, hybrid) tells every wrong sign, and nearly all that have changed places."""
CODE_LENGTH: Final = 20
"""Nineteen drawn signs, 84 bits, and the check sign."""
TERMINAL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
"""What a terminal's number may look like: it stands in file names, on screens and in signatures."""
_GROUP: Final = 5
_SEPARATORS: Final = re.compile(r"[\s\-—–－]+")


class CodeMistyped(Exception):
    """What was typed can be no code; the text says which sign, or how many there are, and never the code."""


class AskEnrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/enrolment. A terminal that nobody knows yet, signed with the key that it asks to be known by."""

    code: str
    """As :func:`code_of` returns it."""
    terminal: str
    region: str
    public_key: bytes
    """Ed25519, raw 32 bytes; its other half never leaves the terminal."""
    ledger_id: bytes
    """16 random bytes made with the ledger."""

    def __repr__(self) -> str:
        return f"<AskEnrolment {self.terminal}>"


class Enrolled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The terminal is known from now on. The same request again gets the same answer."""

    terminal: str
    region: str
    enrolled_at_ms: Moment


class EnrolmentPackage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that a new terminal must be told, as it travels on a stick or in a QR code. Its code is good once."""

    url: str
    ca_certificate: str
    """PEM of the one authority that is trusted."""
    key_id: str
    signing_key: bytes
    """Ed25519, raw 32 bytes."""
    opening_key: bytes
    """X25519, raw 32 bytes."""
    terminal: str
    region: str
    code: str

    def __repr__(self) -> str:
        return f"<EnrolmentPackage {self.terminal}>"


def drawn_code() -> str:
    """A new code of :data:`CODE_LENGTH` signs."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return drawn + mod_37_36.calc_check_digit(drawn, ALPHABET)


def grouped(code: str) -> str:
    """A code as it is read out and printed: four groups of five."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def code_of(typed: str) -> str:
    """The code that somebody typed, its groups and small letters put right.

    :raises CodeMistyped: it can be none, which is told here so that no try is spent at the centre.
    """
    code = _SEPARATORS.sub("", typed).upper()
    for place, sign in enumerate(code, 1):
        if sign not in ALPHABET:
            raise CodeMistyped(f"sign {place} is {sign!r}; no code has that, allowed are {ALPHABET}")
    if len(code) != CODE_LENGTH:
        raise CodeMistyped(f"{len(code)} signs; a code has {CODE_LENGTH}")
    if not mod_37_36.is_valid(code, ALPHABET):
        raise CodeMistyped("a sign is wrong, or two have changed places")
    return code
