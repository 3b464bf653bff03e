"""A PC/SC daemon of our own beside the host's: private socket, private pid file, private network.

pcscd keeps ``/run/pcscd/pcscd.pid`` and ``.comm`` at fixed paths, refuses to start while another one's lie there, and
removes them when it ends. The virtual reader's driver listens on every interface. So each daemon lives in a mount
namespace with an empty ``/run/pcscd`` and in a network namespace that has nothing but a loopback device: any number run
side by side, the host's own is never touched, and nobody outside reaches the reader's port.
"""

import ctypes
import fcntl
import os
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

VPCD_PORT: Final = 35963
"""The virtual reader's port inside the private network (docs/wire.md)."""
CONTACT_STATION_PORT: Final = VPCD_PORT + 1
"""Its second slot's: the contact station of the card printer."""
READER_NAME: Final = "Terminal Card Slot"
"""Our reader's friendly name; pcscd appends its numbers: ``Terminal Card Slot 00 00``."""

_VPCD_LIBRARY: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
"""The same directory on every Debian architecture."""
_PROGRAMS: Final = {
    "pcscd": "pcscd",
    "systemd-socket-activate": "systemd",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
_CLONE_NEWNET: Final = 0x40000000  # <linux/sched.h>
_SIOCSIFFLAGS: Final = 0x8914  # <linux/sockios.h>
_IFF_UP: Final = 0x1
_STOP_LIMIT_S: Final = 5.0

_OUR_DAEMON: Final = "our-daemon"
# Our end of the pipe closes when this process dies, even by SIGKILL; then the daemon goes too.
_HOLD: Final = f"""
mount -t tmpfs tmpfs /run/pcscd && echo ready || exit 1
cat >/dev/null
test -f /run/pcscd/{_OUR_DAEMON} && kill -KILL "$(cat /run/pcscd/{_OUR_DAEMON})"
umount --lazy /run/pcscd
"""

# Runs once the reader answers; a process of its own, since libpcsclite fixes its socket's path at first use.
_ASK_FOR_READERS: Final = """
import sys, time
from smartcard import scard
deadline = time.monotonic() + float(sys.argv[1])
while True:
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if result == scard.SCARD_S_SUCCESS:
        result, readers = scard.SCardListReaders(context, [])
        if result == scard.SCARD_S_SUCCESS and sys.argv[2] in readers:
            sys.exit(0)
    if time.monotonic() > deadline:
        sys.exit(scard.SCardGetErrorMessage(result))
    time.sleep(0.01)
"""


class PcscdUnavailable(RuntimeError):
    """The daemon, its virtual reader or the right to start it is missing; the text says what to install or do."""


class PrivatePcscd:
    """One pcscd with one virtual reader, for the processes that get :attr:`environment`.

    Use as a context manager, or :meth:`start` and :meth:`stop`. Stops only what it started; when this process dies,
    however it dies, the daemon follows.
    """

    def __init__(self, directory: Path) -> None:
        """:param directory: where the socket, the reader file and the log go; private to this daemon."""
        self._directory = directory
        self._holder: subprocess.Popen[bytes] | None = None
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def reader_name(self) -> str:
        """The reader as pcscd names it."""
        return f"{READER_NAME} 00 00"

    @property
    def contact_station_name(self) -> str:
        """The card printer's contact station as pcscd names it."""
        return f"{READER_NAME} 00 01"

    @property
    def socket_path(self) -> Path:
        """Where clients find the daemon."""
        return self._directory / "pcscd.comm"

    @property
    def environment(self) -> dict[str, str]:
        """What a client process needs in its environment, before its first PC/SC call."""
        return {"PCSCLITE_CSOCK_NAME": str(self.socket_path)}

    @property
    def network(self) -> str:
        """The private network, as a path for :class:`~simulators.card.slot.CardSlot` and ``nsenter --net=``.

        It stays the same while the daemon is killed and restarted.
        """
        if self._holder is None:
            raise PcscdUnavailable("the private network exists only between start and stop")
        return f"/proc/{self._holder.pid}/ns/net"

    @property
    def pid(self) -> int | None:
        """The daemon's process while it was not stopped or killed."""
        return None if self._daemon is None else self._daemon.pid

    @property
    def log_path(self) -> Path:
        """What the daemon wrote."""
        return self._directory / "pcscd.log"

    def start(self, limit_s: float = 20.0) -> None:
        """Start the daemon and return once the reader answers a client.

        :raises PcscdUnavailable: something is missing, or the reader did not answer within ``limit_s``.
        """
        self._check()
        if self._holder is None:
            self._hold_namespaces(limit_s)
        self._directory.mkdir(parents=True, exist_ok=True)
        reader_file = self._directory / "reader.conf"
        reader_file.write_text(
            f'FRIENDLYNAME "{READER_NAME}"\n'
            f"DEVICENAME   /dev/null:{VPCD_PORT:#06x}\n"
            f"LIBPATH      {_VPCD_LIBRARY}\n"
            f"CHANNELID    {VPCD_PORT:#06x}\n"
        )
        self.socket_path.unlink(missing_ok=True)
        for left_behind in self._run_directory.iterdir():
            left_behind.unlink()  # a killed daemon leaves its pid file, and the next one stops at it
        with self.log_path.open("ab") as log:
            self._daemon = subprocess.Popen(
                self._inside(
                    "systemd-socket-activate", "-l", str(self.socket_path),
                    "pcscd", "--foreground", "--config", str(reader_file),
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )  # fmt: skip
        (self._run_directory / _OUR_DAEMON).write_text(str(self._daemon.pid))
        asked = subprocess.run(
            [sys.executable, "-c", _ASK_FOR_READERS, str(limit_s), self.reader_name],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=limit_s + 10,
            check=False,
        )
        if asked.returncode != 0:
            self.stop()
            raise PcscdUnavailable(f"pcscd started but its reader did not answer: {asked.stderr.strip()}")

    def stop(self) -> None:
        """End the daemon and its namespaces. Harmless when it is not running."""
        self._end(signal.SIGTERM)
        if self._holder is not None:
            if self._holder.stdin is not None:
                self._holder.stdin.close()
            if self._holder.stdout is not None:
                self._holder.stdout.close()
            self._holder.wait(_STOP_LIMIT_S)
            self._holder = None
        self.socket_path.unlink(missing_ok=True)

    def kill(self) -> None:
        """Kill the daemon at once, as a crash does; its socket and pid file stay behind."""
        self._end(signal.SIGKILL)

    def restart(self, limit_s: float = 20.0) -> None:
        """Kill the daemon if it still runs and start it again in the same place."""
        self.kill()
        self.start(limit_s)

    def freeze(self) -> None:
        """Stop the daemon's clock: it is there, takes connections and answers nothing."""
        self._signal(signal.SIGSTOP)
        if self._daemon is not None:
            os.waitid(os.P_PID, self._daemon.pid, os.WSTOPPED)  # a signal is only on its way when kill returns

    def thaw(self) -> None:
        """Let a frozen daemon go on."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _check(self) -> None:
        for program, package in _PROGRAMS.items():
            if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
                raise PcscdUnavailable(f"{program} is missing: apt-get install {package}")
        if not _VPCD_LIBRARY.exists():
            raise PcscdUnavailable(f"{_VPCD_LIBRARY} is missing: apt-get install vsmartcard-vpcd")
        if os.geteuid() != 0:
            raise PcscdUnavailable("a private pcscd needs root, for its mount and network namespaces")

    def _hold_namespaces(self, limit_s: float) -> None:
        """A process that does nothing but keep the namespaces, until our end of its pipe closes."""
        Path("/run/pcscd").mkdir(parents=True, exist_ok=True)
        holder = subprocess.Popen(
            [
                "unshare", "--mount", "--net", "--propagation", mount_propagation(),
                "sh", "-c", _HOLD,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        assert holder.stdout is not None  # noqa: S101  # PIPE was asked for
        assert holder.stderr is not None  # noqa: S101  # PIPE was asked for
        with selectors.DefaultSelector() as selector:
            selector.register(holder.stdout, selectors.EVENT_READ)
            answered = bool(selector.select(limit_s))
        if not answered or holder.stdout.readline() != b"ready\n":
            holder.kill()
            raise PcscdUnavailable(f"no namespaces for a private pcscd: {holder.stderr.read().decode().strip()}")
        holder.stderr.close()
        self._holder = holder
        with socket_in_network(self.network) as any_socket:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))

    def _inside(self, *command: str) -> list[str]:
        assert self._holder is not None  # noqa: S101  # start() made it
        # --root: entering a mount namespace would else leave a chroot that we may be in
        return ["nsenter", "--target", str(self._holder.pid), "--mount", "--net", "--root", *command]

    @property
    def _run_directory(self) -> Path:
        """The daemon's own ``/run/pcscd``, seen from outside its namespace."""
        assert self._holder is not None  # noqa: S101  # start() made it
        return Path(f"/proc/{self._holder.pid}/root/run/pcscd")

    def _signal(self, number: signal.Signals) -> None:
        if self._daemon is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._daemon.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._daemon is None:
            return
        self._signal(number)
        self._signal(signal.SIGCONT)
        try:
            self._daemon.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)  # a card that never answers keeps pcscd from ending
            self._daemon.wait(_STOP_LIMIT_S)
        self._daemon = None
        (self._run_directory / _OUR_DAEMON).unlink(missing_ok=True)


def mount_propagation() -> str:
    """``private``, so that no mount of ours is seen outside, wherever the kernel can do that.

    In a chroot whose root is a plain directory there is no root mount to make private, and unshare stops at it.
    """
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return "private" if any(line.split()[4] == "/" for line in mounts) else "unchanged"


@contextmanager
def in_network(network: str | None) -> Iterator[None]:
    """Let this thread be in another network namespace: what it opens meanwhile belongs there for good.

    :param network: a path such as ``/proc/PID/ns/net``; None is this process's own.
    :raises OSError: no such namespace (any more), or no right to enter it.
    """
    if network is None:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        other = os.open(network, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.setns(other, _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"can't enter {network}")
        finally:
            os.close(other)
        try:
            yield
        finally:
            if libc.setns(own, _CLONE_NEWNET) != 0:
                # This thread would go on in a network without the world.
                raise OSError(ctypes.get_errno(), "can't return from the private network")
    finally:
        os.close(own)


def socket_in_network(network: str | None) -> socket.socket:
    """A TCP socket of another network namespace, for this process to use.

    :raises OSError: see :func:`in_network`.
    """
    with in_network(network):
        return socket.socket()


def pcscd_version() -> str:
    """The installed daemon's version, as it prints it."""
    answer = subprocess.run(["pcscd", "--version"], capture_output=True, text=True, timeout=10, check=True)
    return answer.stdout.splitlines()[0].strip()


if __name__ == "__main__":
    # For trying things by hand: prints what a client needs, runs until Ctrl-C.
    with PrivatePcscd(Path(sys.argv[1])) as daemon:
        print(f"PCSCLITE_CSOCK_NAME={daemon.socket_path}  network={daemon.network}", flush=True)
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
