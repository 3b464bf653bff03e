"""What is under a terminal, as far as a fault can reach it: a machine, a network of its own, and a cable in the wall.

Two network namespaces: the terminal's and the wall's, which the cable joins. What listens in the wall leads to the
centre of the test, which knows nothing of it.
"""

import os
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final

import msgspec

from kiosk.technician.causes import Cause
from kiosk.technician.findings import State
from tests.centre import REPOSITORY

CENTRE_NAME: Final = "centre.terminal.test"
CENTRE_PORT: Final = 8443
DOCTOR_S: Final = 60.0
"""More than any examination takes."""
_WALL: Final = "10.77.0.1"
_TERMINAL: Final = "10.77.0.2"
_DEVICE: Final = "eth0"
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


class Ground(ABC):
    """One machine, and what can be done to it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """:param environment: of the programs beside it."""
        self._wall = begun(["unshare", "--net", "sh", "-c", "echo ready; exec cat"], environment)

    @property
    def wall(self) -> str:
        """The network on the other side of the cable, as a path."""
        return f"/proc/{self._wall.pid}/ns/net"

    @property
    def address(self) -> tuple[str, int]:
        """Where the terminal's centre is, as the wall has it."""
        return _WALL, CENTRE_PORT

    @abstractmethod
    def run(self, *words: str) -> str:
        """Run a command on the machine; what it printed.

        :raises subprocess.CalledProcessError: it failed.
        """

    @abstractmethod
    def doctor(self, *, anew: bool = False) -> Examination:
        """What ``kiosk doctor --json`` says here.

        :param anew: by a Python of its own, as somebody who types it has it.
        """

    @abstractmethod
    def inside(self) -> AbstractContextManager[None]:
        """What is opened meanwhile belongs to the machine's own network: devices that are on its loopback."""

    @abstractmethod
    def state_read_only(self) -> AbstractContextManager[None]:
        """The terminal's state lies on a disk that nobody can write to any more."""

    @abstractmethod
    def state_with_room(self, mebibytes: int) -> AbstractContextManager[None]:
        """So much is free on the disk of the terminal's state, or a little less."""

    @abstractmethod
    def _hosts(self, text: str) -> None:
        """Write the machine's file of names."""

    @abstractmethod
    def _ip(self, *words: str) -> None:
        """Change the network that the machine is in."""

    def pull_cable(self) -> None:
        """Pull the network cable out of the wall."""
        self._cable("down")

    def plug_cable(self) -> None:
        """Plug it in again; that nobody answered meanwhile is forgotten."""
        self._cable("up")
        self._ip("neighbour", "flush", "dev", _DEVICE)

    def lose_address(self) -> None:
        """Nobody has given it an address (any more)."""
        self._ip("address", "flush", "dev", _DEVICE)

    def get_address(self) -> None:
        """Somebody gives it one, and the way out."""
        self._ip("address", "replace", f"{_TERMINAL}/24", "dev", _DEVICE)
        self._ip("route", "replace", "default", "via", _WALL)

    def name_centre(self, *, known: bool) -> None:
        """Let the centre's name lead to it, or nowhere."""
        line = f"{_WALL} {CENTRE_NAME}\n" if known else ""
        self._hosts(f"127.0.0.1 localhost\n{line}")

    def _lay_cable(self) -> None:
        self._ip("link", "set", "lo", "up")
        self._ip("link", "add", _DEVICE, "type", "veth", "peer", "name", "wall", "netns", str(self._wall.pid))
        self._at_wall("address", "add", f"{_WALL}/24", "dev", "wall")
        self._ip("link", "set", _DEVICE, "up")
        self.plug_cable()
        self.get_address()

    def _at_wall(self, *words: str) -> None:
        subprocess.run(["nsenter", f"--net={self.wall}", "ip", *words], check=True)

    def _cable(self, way: str) -> None:
        """The kernel tells of a carrier that came or went when it finds the time, within a second."""
        self._at_wall("link", "set", "wall", way)
        ends, moment = time.monotonic() + _CARRIER_S, threading.Event()
        while (self.run("cat", f"/sys/class/net/{_DEVICE}/operstate").strip() == "up") != (way == "up"):
            if time.monotonic() > ends:
                raise TimeoutError(f"the cable is not {way}")
            moment.wait(0.02)

    def _take_wall_away(self) -> None:
        ended(self._wall)


def begun(command: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """A process that has said that it is ready, and ends with its input.

    :raises RuntimeError: it ended instead.
    """
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"no machine: {' '.join(command)} ended")
    return process


def ended(process: "subprocess.Popen[str]") -> None:
    """Let such a process go."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.wait(timeout=20)
    process.stdout.close()
