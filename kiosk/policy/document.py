"""Reads a TOML document of a known form and tells everything that is wrong with it, with the file and the line."""

import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from kiosk.policy.form import Fault, Hook, faults_of
from kiosk.policy.positions import Positions, Where

T = TypeVar("T")


class DocumentError(Exception):
    """A document does not have the form wanted. Each line names the file, the line, the place and what is allowed."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults: Final = faults


def load_document(
    path: Path,
    form: type[T],
    further: Callable[[dict[str, Any]], Iterable[Fault]],
    error: type[DocumentError],
    *,
    dec_hook: Hook | None = None,
) -> T:
    """Read and check one document.

    :param further: faults that the form itself can't see; works on a document whose form is wrong elsewhere.
    :param dec_hook: makes the paths, where the form has any.
    :raises DocumentError: of the kind ``error``, with everything that is wrong: not TOML, an unknown or missing key, a
        wrong type, what the form says of itself, and what ``further`` finds.
    """
    return read_document(content_of(path, error), path, form, further, error, dec_hook=dec_hook)


def content_of(path: Path, error: type[DocumentError], *, most: int = -1) -> bytes:
    """A document's bytes.

    :param most: no more of them than this; all without it.
    :raises DocumentError: of the kind ``error``, where they can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as failure:
        raise error(f"{path}: can't be read: {failure.strerror}") from failure


def read_document(
    content: bytes,
    path: Path,
    form: type[T],
    further: Callable[[dict[str, Any]], Iterable[Fault]],
    error: type[DocumentError],
    *,
    dec_hook: Hook | None = None,
) -> T:
    """Check a document whose bytes are at hand; see :func:`load_document`.

    :param path: the file that faults are told of.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as failure:
        raise error(f"{path}: not UTF-8: {failure.reason} at byte {failure.start}") from failure
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as failure:
        found = re.search(r"at line (\d+)", str(failure))
        line = int(found[1]) if found else text.count("\n") + 1
        raise error(f"{path}:{line}: not TOML: {failure}") from failure
    faults = [*faults_of(raw, msgspec.inspect.type_info(form), dec_hook=dec_hook), *further(raw)]
    if faults:
        positions = Positions(text)
        lines = sorted(((positions.line(fault.where), fault) for fault in faults), key=lambda found: found[0])
        raise error(*(f"{path}:{line}: {_dotted(fault.where)}: {fault.what}" for line, fault in lines))
    return msgspec.convert(raw, form, dec_hook=dec_hook)


def _dotted(where: Where) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
