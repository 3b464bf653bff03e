"""The machine of the stand: this one, with mounts and a network of its own, and the doctor's Python already started."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from simulators.pcscd import in_network, mount_propagation
from tests.centre import REPOSITORY
from tests.e2e.technician.ground import DOCTOR_S, Examination, Ground, begun, ended


class Machine(Ground):
    """One machine, from the making to the end of the block."""

    def __init__(self, folder: Path, environment: Mapping[str, str], file: Path, state: Path) -> None:
        """
        :param folder: for what it mounts.
        :param environment: what a program of the terminal gets beside this process's: where pcscd is.
        :param file: ``kiosk.toml``, once it is there.
        :param state: the folder of the terminal's state, once it is there.
        """
        super().__init__(environment)
        self.folder, self._file, self._state = folder, file, state
        self._environment = environment
        apart = ["unshare", "--net", "--mount", f"--propagation={mount_propagation()}"]
        program = [sys.executable, "-m", "tests.e2e.technician.examiner"]
        self._examiner = begun([*apart, *program], environment)
        self._furnish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended(self._examiner)
        self._take_wall_away()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """See :meth:`Ground.inside`."""
        with in_network(f"/proc/{self._examiner.pid}/ns/net"):
            yield

    def run(self, *words: str) -> str:
        """See :meth:`Ground.run`."""
        return subprocess.run(self._on_it(*words), capture_output=True, text=True, check=True, timeout=60).stdout

    def doctor(self, *, anew: bool = False) -> Examination:
        """See :meth:`Ground.doctor`."""
        words = ["doctor", "--json", "--config", str(self._file)]
        began = time.monotonic()
        if anew:
            command = ["env", *(f"{name}={value}" for name, value in self._environment.items())]
            command += [sys.executable, "-m", "kiosk", *words]
            said = subprocess.run(
                self._on_it(*command), capture_output=True, text=True, check=False, timeout=DOCTOR_S
            ).stdout
        else:
            assert self._examiner.stdin is not None
            assert self._examiner.stdout is not None
            self._examiner.stdin.write(json.dumps(words) + "\n")
            self._examiner.stdin.flush()
            said = json.loads(self._examiner.stdout.readline())
        told = msgspec.json.decode(said, type=Examination)
        return msgspec.structs.replace(told, seconds=round(time.monotonic() - began, 2))

    @contextmanager
    def state_read_only(self) -> Iterator[None]:
        """See :meth:`Ground.state_read_only`."""
        with self.disk_over(self._state, 64):
            self.run("mount", "-o", "remount,ro", str(self._state))
            yield

    @contextmanager
    def state_with_room(self, mebibytes: int) -> Iterator[None]:
        """See :meth:`Ground.state_with_room`."""
        used = int(self.run("du", "-sm", str(self._state)).split()[0])
        with self.disk_over(self._state, used + mebibytes):
            yield

    @contextmanager
    def disk_over(self, folder: Path, mebibytes: int) -> Iterator[None]:
        """A disk of its own under a folder, with all that lies in it."""
        aside = self.folder / "aside"
        self.run("mkdir", "-p", str(aside))
        self.run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=755", "disk", str(aside))
        self.run("cp", "-a", f"{folder}/.", str(aside))
        self.run("mount", "--move", str(aside), str(folder))
        try:
            yield
        finally:
            self.run("umount", str(folder))

    def _furnish(self) -> None:
        self.name_centre(known=True)
        # No name server anywhere: what no file of the machine knows is asked of its own loopback, and refused at once.
        (self.folder / "resolv.conf").write_text("", encoding="ascii")
        self.run("mount", "-t", "sysfs", "sysfs", "/sys")
        for name in ("hosts", "resolv.conf"):
            self.run("mount", "--bind", str(self.folder / name), f"/etc/{name}")
        self._lay_cable()

    def _hosts(self, text: str) -> None:
        (self.folder / "hosts").write_text(text, encoding="ascii")

    def _ip(self, *words: str) -> None:
        self.run("ip", *words)

    def _on_it(self, *words: str) -> list[str]:
        return ["nsenter", f"--target={self._examiner.pid}", "--net", "--mount", f"--wd={REPOSITORY}", *words]
