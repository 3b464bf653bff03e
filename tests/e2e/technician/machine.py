"""The machine under a terminal, as far as a fault can reach it: mounts and a network of its own, and a cable.

Two network namespaces: the terminal's and the wall's, which the cable joins. What listens in the wall leads to the
centre of the test, which knows nothing of it.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from kiosk.technician.causes import Cause
from kiosk.technician.findings import State
from simulators.pcscd import in_network, mount_propagation
from tests.centre import REPOSITORY

CENTRE_NAME: Final = "centre.terminal.test"
CENTRE_PORT: Final = 8443
_WALL: Final = "10.77.0.1"
_TERMINAL: Final = "10.77.0.2"
_DEVICE: Final = "eth0"
_DOCTOR_S: Final = 60.0
_CARRIER_S: Final = 10.0


class Words(msgspec.Struct, frozen=True):
    """A sentence in the technician's two languages."""

    zh: str
    en: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of ``kiosk doctor --json``."""

    check: str
    state: State
    found: str
    cause: Cause | None
    code: str
    means: Words | None
    advice: Words | None


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, and how long they took."""

    outcome: str
    findings: list[Told]
    seconds: float = 0.0


class Machine:
    """One machine, from the making to the end of the block."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """
        :param folder: for what it mounts.
        :param environment: what a program of the terminal gets beside this process's: where pcscd is.
        """
        self.folder = folder
        self._environment = {**os.environ, **environment}
        self._wall = _begun(["unshare", "--net", "sh", "-c", "echo ready; exec cat"], self._environment)
        program = [sys.executable, "-m", "tests.e2e.technician.examiner"]
        apart = ["unshare", "--net", "--mount", f"--propagation={mount_propagation()}"]
        self._examiner = _begun([*apart, *program], self._environment)
        self._furnish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self._examiner, self._wall):
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=20)
            assert process.stdout is not None
            process.stdout.close()

    @property
    def wall(self) -> str:
        """The network on the other side of the cable, as a path."""
        return f"/proc/{self._wall.pid}/ns/net"

    @property
    def address(self) -> tuple[str, int]:
        """Where the terminal's centre is, as the wall has it."""
        return _WALL, CENTRE_PORT

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What is opened meanwhile belongs to the machine's own network: devices that are on its loopback."""
        with in_network(f"/proc/{self._examiner.pid}/ns/net"):
            yield

    def run(self, *words: str) -> str:
        """Run a command on the machine; what it printed.

        :raises subprocess.CalledProcessError: it failed.
        """
        return subprocess.run(self._on_it(*words), capture_output=True, text=True, check=True, timeout=60).stdout

    def doctor(self, file: Path, *, anew: bool = False) -> Examination:
        """What ``kiosk doctor --json`` says here.

        :param anew: by a Python of its own, as somebody who types it has it.
        """
        words = ["doctor", "--json", "--config", str(file)]
        began = time.monotonic()
        if anew:
            command = self._on_it(sys.executable, "-m", "kiosk", *words)
            said = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_DOCTOR_S, env=self._environment
            ).stdout
        else:
            assert self._examiner.stdin is not None
            assert self._examiner.stdout is not None
            self._examiner.stdin.write(json.dumps(words) + "\n")
            self._examiner.stdin.flush()
            said = json.loads(self._examiner.stdout.readline())
        told = msgspec.json.decode(said, type=Examination)
        return msgspec.structs.replace(told, seconds=round(time.monotonic() - began, 2))

    # What can be done to it.

    def pull_cable(self) -> None:
        """Pull the network cable out of the wall."""
        self._cable("down")

    def plug_cable(self) -> None:
        """Plug it in again."""
        self._cable("up")

    def lose_address(self) -> None:
        """Nobody has given it an address (any more)."""
        self.run("ip", "address", "flush", "dev", _DEVICE)

    def get_address(self) -> None:
        """Somebody gives it one, and the way out."""
        self.run("ip", "address", "replace", f"{_TERMINAL}/24", "dev", _DEVICE)
        self.run("ip", "route", "replace", "default", "via", _WALL)

    def name_centre(self, *, known: bool) -> None:
        """Let the centre's name lead to it, or nowhere."""
        line = f"{_WALL} {CENTRE_NAME}\n" if known else ""
        (self.folder / "hosts").write_text(f"127.0.0.1 localhost\n{line}", encoding="ascii")

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
        self.run("ip", "link", "set", "lo", "up")
        self.run(
            "ip", "link", "add", _DEVICE, "type", "veth", "peer", "name", "wall", "netns", str(self._wall.pid)
        )  # fmt: skip
        subprocess.run(
            ["nsenter", f"--net={self.wall}", "ip", "address", "add", f"{_WALL}/24", "dev", "wall"], check=True
        )
        self.run("ip", "link", "set", _DEVICE, "up")
        self.plug_cable()
        self.get_address()

    def _cable(self, way: str) -> None:
        """The kernel tells of a carrier that came or went when it finds the time, within a second."""
        subprocess.run(["nsenter", f"--net={self.wall}", "ip", "link", "set", "wall", way], check=True)
        ends, moment = time.monotonic() + _CARRIER_S, threading.Event()
        while (self.run("cat", f"/sys/class/net/{_DEVICE}/operstate").strip() == "up") != (way == "up"):
            if time.monotonic() > ends:
                raise TimeoutError(f"the cable is not {way}")
            moment.wait(0.02)

    def _on_it(self, *words: str) -> list[str]:
        return ["nsenter", f"--target={self._examiner.pid}", "--net", "--mount", f"--wd={REPOSITORY}", *words]


def _begun(command: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"no machine: {' '.join(command)} ended")
    return process
