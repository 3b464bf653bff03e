"""IPP as bytes: what a request is made of and what an answer holds (RFC 8010, RFC 8011; docs/wire-card-printer.md)."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from drivers.ports.errors import ProtocolViolation

DEVICE: Final = "card_printer"
_VERSION: Final = b"\x02\x00"
_GROUPS_END: Final = 0x10
"""Tags below it begin a group of attributes, tags from it on a value (RFC 8010, 3.5)."""


class Operation(IntEnum):
    """What is asked of a queue (RFC 8011, 4)."""

    PRINT_JOB = 0x0002
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class Group(IntEnum):
    """Whose attributes follow."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05


class Tag(IntEnum):
    """What kind a value is of."""

    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    RESOLUTION = 0x32
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MEDIA_TYPE = 0x49


_TEXTS: Final = frozenset(
    {Tag.TEXT, Tag.NAME, Tag.KEYWORD, Tag.URI, Tag.SCHEME, Tag.CHARSET, Tag.LANGUAGE, Tag.MEDIA_TYPE}
)

Value = int | str | bytes | None
"""Numbers, truths (as 0 and 1) and enumerations; texts; whatever else, as it came. None: there is none, as of the
time at which a job was begun that never was."""

Told = Mapping[str, Sequence[Value]]
"""Attributes by their names."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a request."""

    tag: Tag
    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    """Below 0x100: done (RFC 8011, appendix B)."""
    request_id: int
    groups: tuple[tuple[int, Told], ...]
    """Each group's tag and its attributes; members of collections are left out."""

    def of(self, group: Group) -> list[Told]:
        """The groups of this kind, one a job."""
        return [attributes for tag, attributes in self.groups if tag == group]


def request(operation: Operation, request_id: int, about: Sequence[Attribute], job: Sequence[Attribute] = ()) -> bytes:
    """A request; a document follows it where there is one.

    :param about: the operation's own attributes, behind charset and language.
    :param job: how the job is to be printed.
    """
    first = (
        Attribute(Tag.CHARSET, "attributes-charset", ("utf-8",)),
        Attribute(Tag.LANGUAGE, "attributes-natural-language", ("en",)),
    )
    octets = _VERSION + struct.pack(">HI", operation, request_id) + bytes([Group.OPERATION])
    octets += b"".join(_attribute(one) for one in (*first, *about))
    if job:
        octets += bytes([Group.JOB]) + b"".join(_attribute(one) for one in job)
    return octets + bytes([Group.END])


def _attribute(attribute: Attribute) -> bytes:
    octets, name = b"", attribute.name.encode("ascii")
    for value in attribute.values:
        match value:
            case int():
                written = struct.pack(">B", value) if attribute.tag is Tag.BOOLEAN else struct.pack(">i", value)
            case str():
                written = value.encode()
            case bytes():
                written = value
            case None:
                written = b""
        octets += struct.pack(">BH", attribute.tag, len(name)) + name + struct.pack(">H", len(written)) + written
        name = b""  # each further value is nameless
    return octets


def resolution(dots_per_inch: int) -> bytes:
    """A value for :attr:`Tag.RESOLUTION`: the same in both directions."""
    return struct.pack(">iib", dots_per_inch, dots_per_inch, 3)


class _Octets:
    """What is left of an answer. Lengths are unsigned and within it, so reading always comes to an end."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self._at = octets, 0

    def take(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        if len(taken) != count:
            raise ProtocolViolation(DEVICE, "an answer that breaks off")
        self._at += count
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def counted(self) -> bytes:
        return self.take(self.number(2))


def answer_of(octets: bytes) -> Answer:
    """What an answer says.

    :raises ProtocolViolation: it is none.
    """
    left = _Octets(octets)
    if left.number(1) not in (1, 2):
        raise ProtocolViolation(DEVICE, "an answer that is none")
    left.take(1)
    status, request_id = left.number(2), left.number(4)
    groups: list[tuple[int, dict[str, list[Value]]]] = []
    values: list[Value] = []
    named, depth = False, 0
    while (tag := left.number(1)) != Group.END:
        if tag < _GROUPS_END:
            groups.append((tag, {}))
            named, depth = False, 0
            continue
        name, value = left.counted().decode("ascii", "replace"), left.counted()
        if not groups or not (name or named):
            raise ProtocolViolation(DEVICE, "an answer whose values belong to nothing")
        if name and depth == 0:
            named, values = True, []
            groups[-1][1].setdefault(name, values)  # said twice: the first counts
        if depth == 0 and tag != Tag.BEGIN_COLLECTION:
            values.append(_value(tag, value))
        depth = max(0, depth + (tag == Tag.BEGIN_COLLECTION) - (tag == Tag.END_COLLECTION))
    return Answer(status, request_id, tuple(groups))


def _value(tag: int, octets: bytes) -> Value:
    match tag:
        case Tag.NO_VALUE:
            return None
        case Tag.INTEGER | Tag.ENUM | Tag.BOOLEAN:
            if len(octets) != (1 if tag == Tag.BOOLEAN else 4):
                raise ProtocolViolation(DEVICE, "an answer with a number of the wrong length")
            return int.from_bytes(octets, "big", signed=True)
        case Tag.TEXT_WITH_LANGUAGE | Tag.NAME_WITH_LANGUAGE:
            both = _Octets(octets)
            both.counted()
            return both.counted().decode("utf-8", "replace")
        case _ if tag in _TEXTS:
            return octets.decode("utf-8", "replace")
        case _:
            return octets
