"""Everything that somebody far away needs to help, in one archive, without a citizen's data.

What goes in holds none by design; whatever looks like some is taken out all the same, since logs come from programs
that are not ours as well.
"""

import io
import json
import os
import platform
import re
import subprocess
import tarfile
import time
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from kiosk.configuration import ConfigurationError
from kiosk.technician.configuring import settings
from kiosk.technician.doctor import examine

UNITS: Final = (
    "card-terminal.service",
    "card-terminal-uplink.service",
    "card-terminal-check.service",
    "card-terminal-display.service",
    "pcscd.service",
)
LOG_LINES: Final = 20_000
LOG_BYTES: Final = 16 * 1024 * 1024
"""At the end of a further log: weeks of it, and no log fills memory."""
OUT: Final = "[taken out]"
_PERSONAL: Final = (
    # GB 11643: 18 characters, in one piece or as they are read out; the older 15 digits
    re.compile(r"(?<![0-9])[1-9][0-9]{5}[ -]?(?:18|19|20)[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{3}[0-9Xx](?![0-9])"),
    re.compile(r"(?<![0-9])[1-9][0-9]{14}(?![0-9])"),
    # mobile numbers, with the country's or without
    re.compile(r"(?<![0-9])(?:(?:\+|00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])"),
    # bank cards, ISO/IEC 7812, in one piece or in fours
    re.compile(r"(?<![0-9])[0-9]{16,19}(?![0-9])"),
    re.compile(r"(?<![0-9])[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?(?![0-9])"),
    re.compile(r"(?<![0-9A-Za-z])[A-Z][0-9]{8}(?![0-9A-Za-z])"),  # card numbers, AAZ500
    re.compile(r"(?<![0-9A-Fa-f])[0-9A-F]{32}(?![0-9A-Fa-f])"),  # identification codes, AAZ501
)
_CHINESE: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af·•]{2,}")
"""Names among it. Where somebody's number stood in a line, before it or after, nobody tells them from other words."""
_SIGN_IN: Final = re.compile(r"(?<=://)[^/\s@\"']+(?=@)")
_WIDE: Final = {0xFF10 + digit: 0x30 + digit for digit in range(10)} | {0xFF38: ord("X"), 0xFF58: ord("x")}
"""Digits as wide as characters are numbers as well."""


def scrubbed(text: str) -> str:
    """The text without what looks like a citizen's number, card or telephone, nor what is Chinese beside it; and
    without who signs in at an address, such as a camera's, and by which password.
    """
    return "\n".join(_without(_SIGN_IN.sub(OUT, line)) for line in text.translate(_WIDE).split("\n"))


def _without(line: str) -> str:
    found = line
    for pattern in _PERSONAL:
        found = pattern.sub(OUT, found)
    return line if found == line else _CHINESE.sub(OUT, found)


def write_bundle(target: Path, file: Path, environment: Mapping[str, str], logs: Iterable[Path] = ()) -> None:
    """Write the archive, a ``.tar.gz``; its files are text.

    :param file: ``kiosk.toml``.
    :param logs: further log files.
    :raises OSError: it can't be written, or a log can't be read.
    """
    findings = examine(file, environment)
    parts = {
        "doctor.json": json.dumps([one.as_json() for one in findings], ensure_ascii=False, indent=2),
        "configuration.txt": _configuration(file),
        "versions.json": json.dumps(_versions(), indent=2),
        "journal.txt": _journal(),
        **{f"logs/{number}-{log.name}": last_of(log, LOG_BYTES) for number, log in enumerate(logs, 1)},
    }
    now = int(time.time())
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as written, tarfile.open(fileobj=written, mode="w:gz") as archive:
            for name, text in parts.items():
                data = scrubbed(text).encode()
                entry = tarfile.TarInfo(f"support/{scrubbed(name)}")
                entry.size, entry.mtime, entry.mode = len(data), now, 0o600
                archive.addfile(entry, io.BytesIO(data))
    except OSError as error:
        target.unlink()  # half an archive helps nobody, and would keep a whole one from its place
        raise OSError(error.errno, error.strerror, str(target)) from error


def last_of(log: Path, most: int) -> str:
    """The end of a log file, of whole lines; all of it where it is shorter.

    :raises OSError: it can't be read.
    """
    with log.open("rb") as file:
        begin = max(0, os.fstat(file.fileno()).st_size - most)
        file.seek(begin)
        text = file.read(most).decode("utf-8", "replace")
    # A line that is cut in two may begin in the middle of somebody's number, which then looks like none.
    return text.partition("\n")[2] if begin else text


def _configuration(file: Path) -> str:
    try:
        return "".join(f"{one.key} = {one.value}{'  # default' if one.is_default else ''}\n" for one in settings(file))
    except ConfigurationError as error:
        return str(error)


def _versions() -> dict[str, object]:
    packages = {one.metadata["Name"]: one.version for one in metadata.distributions()}
    return {
        "machine": platform.machine(),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "python": platform.python_version(),
        "packages": dict(sorted(packages.items())),
    }


def _journal() -> str:
    wanted = [f"--unit={unit}" for unit in UNITS]
    try:
        told = subprocess.run(  # noqa: S603 - systemd's own, with fixed words
            ["journalctl", "--no-pager", "--output=short-iso", f"--lines={LOG_LINES}", *wanted],  # noqa: S607
            capture_output=True, text=True, errors="replace", timeout=60, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return "no systemd here\n"
    except subprocess.TimeoutExpired:
        return "the journal did not answer within a minute\n"
    return told.stdout or told.stderr
