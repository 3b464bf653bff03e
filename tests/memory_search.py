"""Search a process's memory, or a file such as a core or a log, for a PIN in every form it may have left.

The needle should have twelve digits: three bytes of BCD, all a six-digit PIN leaves, turn up anywhere by chance.
The same user must own the process; one that is hardened (kiosk.bootstrap) only root may search.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_CHUNK: Final = 1 << 16
_NOT_MEMORY: Final = ("[vvar", "[vsyscall]", "[vdso]")  # the kernel's own pages


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a needle lies. The needle itself is not shown."""

    form: str
    where: str
    address: int


@dataclass(frozen=True, slots=True)
class _Mapping:
    start: int
    end: int
    name: str
    locked: bool


def forms_of(digits: str) -> dict[str, bytes]:
    """The bytes that digits leave behind, by the form's name.

    BCD is packed two digits a byte, an odd last one with F; padded means filled with FF to eight bytes.
    """
    packed = bytes.fromhex(digits + "F" * (len(digits) % 2))
    return {
        "ASCII": digits.encode("ascii"),
        "BCD": packed,
        "BCD padded with F": packed + b"\xff" * (8 - len(packed)),
        "UTF-16LE": digits.encode("utf-16-le"),
        "UTF-16BE": digits.encode("utf-16-be"),
        "UTF-32LE": digits.encode("utf-32-le"),
        "UTF-32BE": digits.encode("utf-32-be"),
    }


def search_process(pid: int, needles: Mapping[str, bytes], *, swappable_only: bool = False) -> list[Finding]:
    """Every occurrence in the readable memory of a process; it should stand still meanwhile.

    :param needles: bytes by name, as :func:`forms_of` makes them.
    :param swappable_only: leave out pages that are locked into memory, where a living PIN is allowed to lie.
    :raises PermissionError: the process is not ours.
    :raises ValueError: a needle is empty or all zeros, or no memory could be read at all.
    """
    findings: list[Finding] = []
    read = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for mapping in _mappings(pid):
            if swappable_only and mapping.locked:
                continue
            try:
                for address, piece in _pieces(memory, mapping.start, mapping.end, needles):
                    read += len(piece)
                    findings += _occurrences(piece, address, mapping.name, needles)
            except OSError:
                continue  # a device's mapping, or one that went away: not memory that could hold anything
    if not read:
        raise ValueError("no memory was read")
    return _once_each(findings)


def search_file(path: Path, needles: Mapping[str, bytes]) -> list[Finding]:
    """Every occurrence in a file, such as a core, a log or a ledger."""
    findings: list[Finding] = []
    with path.open("rb", buffering=0) as file:
        for address, piece in _pieces(file, 0, path.stat().st_size, needles):
            findings += _occurrences(piece, address, path.name, needles)
    return _once_each(findings)


def _mappings(pid: int) -> Iterator[_Mapping]:
    """Readable mappings of /proc/PID/smaps (proc(5))."""
    pending: tuple[int, int, str] | None = None
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if words[0] == "VmFlags:":
            if pending is not None:
                yield _Mapping(*pending, locked="lo" in words)
            pending = None
        elif not words[0].endswith(":"):
            start, end = (int(part, 16) for part in words[0].split("-"))
            name = words[5] if len(words) > 5 else "anonymous"
            readable = words[1].startswith("r") and not name.startswith(_NOT_MEMORY)
            pending = (start, end, name) if readable else None


def _pieces(source: BinaryIO, start: int, end: int, needles: Mapping[str, bytes]) -> Iterator[tuple[int, bytes]]:
    """Chunks that overlap, so that what lies across a border is found."""
    if not needles or not all(any(needle) for needle in needles.values()):
        raise ValueError("an empty needle is everywhere, and one of zeros nearly so")
    overlap = max(len(needle) for needle in needles.values()) - 1
    at = start
    while at < end:
        source.seek(at)
        piece = source.read(min(_CHUNK, end - at))
        if not piece:
            return
        yield at, piece
        at += len(piece) if len(piece) <= overlap or at + len(piece) >= end else len(piece) - overlap


def _occurrences(piece: bytes, address: int, where: str, needles: Mapping[str, bytes]) -> Iterator[Finding]:
    if piece == bytes(len(piece)):  # a core is mostly zeros, where bytes.find is slow for a needle that ends with one
        return
    for form, needle in needles.items():
        at = piece.find(needle)
        while at >= 0:
            yield Finding(form, where, address + at)
            at = piece.find(needle, at + 1)


def _once_each(findings: list[Finding]) -> list[Finding]:
    return sorted(set(findings), key=lambda finding: (finding.address, finding.form))
