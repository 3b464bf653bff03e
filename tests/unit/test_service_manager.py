"""What systemd hears, on a real socket: readiness, standing, and signs of life that only real work gives."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.service_manager import ServiceManager

SOON_S = 0.3
"""Long enough for a datagram that is on its way; ten times the limit after which a watchdog of these tests bites."""


class Systemd:
    """The socket that a service speaks to."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def heard(self) -> list[str]:
        """What has been said since."""
        self._socket.setblocking(False)
        told = []
        while True:
            try:
                told.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return told

    def hears(self, words: str, within_s: float) -> bool:
        """Whether this is said by then; what is said before it is used up."""
        ends = time.monotonic() + within_s
        while (left := ends - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                if self._socket.recv(4096).decode() == words:
                    return True
            except TimeoutError:
                break
        return False

    def hears_nothing(self) -> bool:
        """Whether nobody says anything for a while."""
        self._socket.settimeout(SOON_S)
        try:
            self._socket.recv(4096)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    manager = Systemd(tmp_path / "notify")
    yield manager
    manager.close()


def test_it_is_told_what_it_understands(systemd: Systemd) -> None:
    manager = ServiceManager(systemd.address, watchdog_s=20.0)
    manager.ready()
    manager.standing("waits for somebody")
    manager.standing("waits for somebody")
    manager.alive()
    manager.standing("out of service, P-01")
    manager.stopping()
    assert systemd.heard() == [
        "READY=1",
        "STATUS=waits for somebody",
        "WATCHDOG=1",
        "STATUS=out of service, P-01",
        "STOPPING=1",
    ]


def test_a_sign_of_life_goes_out_four_times_in_the_limit(systemd: Systemd) -> None:
    times = [0.0, 0.05, 4.9, 5.0, 5.1, 9.9, 10.0]
    manager = ServiceManager(systemd.address, watchdog_s=20.0, clock=iter(times).__next__)
    for _ in times:
        manager.alive()
    assert systemd.heard() == ["WATCHDOG=1"] * 3


def test_nobody_says_that_all_is_well_but_who_does_the_work(systemd: Systemd) -> None:
    """A thread of its own, or a timer, would: beside a loop that hangs."""
    manager = ServiceManager(systemd.address, watchdog_s=SOON_S / 10)
    manager.ready()
    manager.alive()
    assert systemd.heard() == ["READY=1", "WATCHDOG=1"]
    assert systemd.hears_nothing()


def test_nobody_watches_nobody_is_told(systemd: Systemd) -> None:
    manager = ServiceManager.of({"NOTIFY_SOCKET": systemd.address})
    manager.alive()
    assert systemd.heard() == []
    stranger = ServiceManager.of(
        {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid() + 1)}
    )
    stranger.alive()
    assert systemd.heard() == [], "the watchdog is another process's"


def test_a_name_without_a_file(tmp_path: Path) -> None:
    """As systemd in a container has it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        name = f"card-terminal-{os.getpid()}"
        listener.bind(f"\0{name}")
        environment = {
            "NOTIFY_SOCKET": f"@{name}",
            "WATCHDOG_USEC": "20000000",
            "WATCHDOG_PID": str(os.getpid()),
        }
        ServiceManager.of(environment).alive()
        listener.settimeout(SOON_S)
        assert listener.recv(100) == b"WATCHDOG=1"


def test_without_a_service_manager_all_of_it_does_nothing(
    tmp_path: Path, systemd: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    alone = ServiceManager.of({})
    alone.ready()
    alone.alive()
    alone.stopping()
    alone.close()
    assert caplog.messages == []
    deaf = ServiceManager(str(tmp_path / "nobody"), watchdog_s=20.0)
    deaf.ready()
    deaf.standing("waits for somebody")
    assert caplog.messages == ["the service manager does not hear: No such file or directory"]
    deaf.close()
    deaf.ready()
