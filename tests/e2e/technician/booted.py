"""The machine of the tour: an installed terminal in a root that was really booted, in this process's own network."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from tests.e2e.installation.machine import Machine
from tests.e2e.technician.ground import DOCTOR_S, Examination, Ground

STATE: Final = Path("/var/lib/card-terminal")
_ROOM: Final = 2048
"""MiB of the state's disk, while all is well."""


class BootedMachine(Ground):
    """Ground over a :class:`~tests.e2e.installation.machine.Machine` that is on; see ``installation.machine.alone``."""

    def __init__(self, machine: Machine, disk: Path) -> None:
        """
        :param machine: switched on.
        :param disk: where the disk of its state is mounted, as this process sees it.
        """
        super().__init__({})
        self.machine, self._disk = machine, disk
        self._lay_cable()
        self.name_centre(known=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._take_wall_away()

    def run(self, *words: str) -> str:
        """See :meth:`Ground.run`."""
        told = self.machine.run(*words, timeout_s=DOCTOR_S)
        told.check_returncode()
        return told.stdout

    def doctor(self, *, anew: bool = False) -> Examination:
        """See :meth:`Ground.doctor`; always anew here, as a technician types it."""
        began = time.monotonic()
        said = self.machine.run("kiosk", "doctor", "--json", timeout_s=DOCTOR_S)
        told = msgspec.json.decode(said.stdout, type=Examination)
        return msgspec.structs.replace(told, seconds=round(time.monotonic() - began, 2))

    def inside(self) -> AbstractContextManager[None]:
        """See :meth:`Ground.inside`: this process is there already."""
        return nullcontext()

    def state_read_only(self) -> AbstractContextManager[None]:
        """See :meth:`Ground.state_read_only`; a disk with files open on it becomes read-only by failing, not by order.

        :raises NotImplementedError: always.
        """
        raise NotImplementedError

    def _hosts(self, text: str) -> None:
        self.machine.put("/etc/hosts", text)

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True)

    @contextmanager
    def state_with_room(self, mebibytes: int) -> Iterator[None]:
        """See :meth:`Ground.state_with_room`: its disk is made smaller, whoever has files open on it."""
        used = int(self.run("du", "-sm", str(STATE)).split()[0])
        self._resize(used + mebibytes)
        try:
            yield
        finally:
            self._resize(_ROOM)

    def _resize(self, mebibytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={mebibytes}m", self._disk], check=True)


@contextmanager
def lay_state_disk(folder: Path) -> Iterator[None]:
    """A disk of its own for the terminal's state, before its machine is switched on."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_ROOM}m,mode=755", "state", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
