"""A disk whose power can be cut: ext4 in a file behind a loop device.

What a program has written lies in the file system's memory until it is synced; only then does it reach the device, and
so the file behind it. A copy of that file, taken while every writer stands still, is what a power cut would have left.
Mounting the copy replays ext4's journal, as the next start would.
"""

import contextlib
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SIZE_MIB: Final = 64
_ATTEMPTS: Final = 20
_MOUNT: Final = ("mount", "-o", "loop,commit=600")
"""ext4 writes its journal by itself every 5 s; put off, so that a cut takes all that nobody asked to be synced."""


class NeverAtRest(Exception):
    """Somebody went on writing to the disk that was to be copied."""


def blank_disk(folder: Path, size_mib: int = SIZE_MIB) -> Path:
    """An empty file system in ``folder``; the file has holes and takes little room."""
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(size_mib << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    return image


@contextlib.contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    """The file system of ``image`` under ``place``."""
    place.mkdir(exist_ok=True)
    subprocess.run([*_MOUNT, str(image), str(place)], check=True, capture_output=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def copy_at_rest(image: Path, copy: Path) -> None:
    """Copy what has reached the device, as it was at one moment. The caller keeps every writer still.

    :raises NeverAtRest: the device was written to during each attempt.
    """
    for _ in range(_ATTEMPTS):
        before = image.stat().st_mtime_ns
        subprocess.run(["cp", "--sparse=always", str(image), str(copy)], check=True)
        if image.stat().st_mtime_ns == before:
            return
    raise NeverAtRest(str(image))


class Disk:
    """One disk, mounted at the same place after every cut."""

    def __init__(self, folder: Path, size_mib: int = SIZE_MIB) -> None:
        self.place = folder / "state"
        self._folder = folder
        self._image = blank_disk(folder, size_mib)
        self._cuts = 0
        self._mount = contextlib.ExitStack()
        self._mount.enter_context(mounted(self._image, self.place))

    def keep_copy(self) -> None:
        """Take the copy that a cut goes back to; every writer stands still."""
        self._cuts += 1
        copy_at_rest(self._image, self._copy)

    def lose_power(self) -> None:
        """Go back to the copy; nobody has a file open any more."""
        self._mount.close()
        self._image.unlink()
        self._image = self._copy
        self._mount.enter_context(mounted(self._image, self.place))

    def close(self) -> None:
        """Unmount."""
        self._mount.close()

    @property
    def _copy(self) -> Path:
        return self._folder / f"disk-{self._cuts}.img"


@functools.cache
def why_no_disk() -> str:
    """Why there can be no such disk on this machine (containers mostly forbid mounts); empty when there can."""
    missing = [program for program in ("mkfs.ext4", "mount", "umount") if shutil.which(program) is None]
    if missing:
        return f"no {' and no '.join(missing)} here"
    with tempfile.TemporaryDirectory(prefix="loop-") as name:
        try:
            with mounted(blank_disk(Path(name), 8), Path(name) / "place"):
                return ""
        except subprocess.CalledProcessError as error:
            said = (error.stderr or b"").decode(errors="replace").strip()
            return f"loop mounts are not allowed here: {said or error}"
