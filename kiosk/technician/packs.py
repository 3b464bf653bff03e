"""The region's rules changed: only by a file that the centre has signed, and never back to an older one."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk import bootstrap
from kiosk.configuration import Configuration, ConfigurationError
from kiosk.credentials import read_centre_keys
from kiosk.policy.pack import PackError
from kiosk.policy.region import Region
from kiosk.policy.signed_pack import load_signed_pack
from kiosk.records.signed_pack import SUFFIX, SignedPack
from kiosk.records.upload import encode
from kiosk.technician.configuring import BEFORE

_DEEPEST: Final = 3
"""Folders below a mount point that are looked into."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A pack that counts from the terminal's next start on."""

    region: str
    signed_ms: int


class NotTaken(Exception):
    """Nothing was changed; the text says why, and names no secret."""


def take_pack(configuration: Configuration, file: Path) -> Taken:
    """Have a signed pack count from the next start on; the one before stays beside it.

    :raises NotTaken: it is not signed by the centre, is another region's, is not newer, its rules are wrong, or the
        handbook that is installed does not go with them.
    :raises ConfigurationError: the centre's keys are not there.
    :raises OSError: it can't be written, and nothing was.
    """
    keys = read_centre_keys(configuration).signing()
    region = configuration.terminal.region
    try:
        signed, pack = load_signed_pack(file, region, keys)
        present = present_pack(configuration)
    except PackError as error:
        raise NotTaken(str(error)) from error
    if present is not None and signed.signed_ms <= present.signed_ms:
        raise NotTaken(f"{file}: not newer than the present one")
    try:
        bootstrap.load_region_handbook(configuration, Region(pack))
    except ConfigurationError as error:
        raise NotTaken(f"{file}: the handbook that is installed does not go with it: {error}") from error
    lay_down(configuration.signed_pack_path, encode(signed))  # what was believed, not what lies there by now
    return Taken(region, signed.signed_ms)


def present_pack(configuration: Configuration) -> SignedPack | None:
    """The signed pack that counts; None while the installed one does.

    :raises PackError: it is damaged.
    """
    path = configuration.signed_pack_path
    if not path.exists():
        return None
    return load_signed_pack(path, configuration.terminal.region, read_centre_keys(configuration).signing())[0]


def packs_on(sticks: tuple[Path, ...]) -> tuple[Path, ...]:
    """Files on mounted sticks that may be signed packs."""
    found: list[Path] = []
    for mount in sticks:
        for depth in range(_DEEPEST + 1):
            found += [file for file in mount.glob("/".join(["*"] * depth + [f"*{SUFFIX}"])) if file.is_file()]
    return tuple(sorted(set(found)))


def lay_down(path: Path, data: bytes) -> None:
    """Put a file in the place of the one before, which stays beside it: at every moment one of the two counts.

    :raises OSError: it can't be written, and the one before counts.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh, before = path.with_name(f"{path.name}.fresh"), path.with_name(path.name + BEFORE)
    try:
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            before.unlink(missing_ok=True)
            before.hardlink_to(path)  # moved away, it would count no more, and older rules could be taken again
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        fresh.unlink(missing_ok=True)
