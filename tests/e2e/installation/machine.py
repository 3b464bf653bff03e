"""A bare Debian 12 in a folder that is really booted: its own systemd, its own processes, this process's network.

The network is a namespace of the trial's own (:func:`alone`), so that nothing in it reaches a registry, and nothing on
this machine meets its display or its reader.
"""

import contextlib
import fcntl
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
SUITE: Final = "bookworm"
HARNESS: Final = Path("/mnt/harness")
"""Where the machine sees the simulators, read-only."""
DISPLAYS: Final = Path("/tmp/.X11-unix")
BOOTS_S: Final = 120.0
LEAST: Final = ("systemd", "systemd-sysv", "dbus", "ca-certificates")
"""What is there before the installer: a machine that starts."""
_SIOCSIFFLAGS: Final = 0x8914  # <linux/sockios.h>
_IFF_UP: Final = 0x1


class NotBooted(Exception):
    """The machine does not come up; the text holds its last words."""


def alone() -> None:
    """Put this process, before it has threads, into a network and a set of mounts that nobody else is in."""
    libc_flags = 0x40000000 | 0x00020000  # CLONE_NEWNET, CLONE_NEWNS of <linux/sched.h>
    import ctypes  # noqa: PLC0415 - here alone

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(libc_flags) != 0:
        raise OSError(ctypes.get_errno(), "no namespaces for this process")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    # Displays are looked for by their files first: those of this machine are out of the way.
    DISPLAYS.mkdir(mode=0o1777, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", DISPLAYS], check=True)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def debootstrap(folder: Path, log: Path) -> None:
    """A bare Debian in ``folder``, from wherever this machine's own apt has its packages. Made once."""
    if (folder / "etc" / "os-release").exists() and not (folder / "debootstrap").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    mirror = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(CODENAME) $(CREATED_BY)"],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    sites = [line.split()[0] for line in mirror if line.split()[1:] == [SUITE, "Packages"]]
    if not sites:
        raise NotBooted(f"apt knows no {SUITE}")
    with log.open("wb") as output:
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={','.join(LEAST)}", SUITE, str(folder), sites[0]],
            check=True, stdout=output, stderr=output,
        )  # fmt: skip


class Machine:
    """One machine: switched on, off, and told what to do as root at its console."""

    def __init__(self, folder: Path, python: Path, log: Path) -> None:
        """
        :param folder: its root file system.
        :param python: the packages that simulators need.
        :param log: where its console goes.
        """
        self.folder, self._log = folder, log
        self._python = python
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader: int | None = None

    def switch_on(self) -> None:
        """Boot it and wait until its service manager has nothing more to start.

        :raises NotBooted: it does not get there.
        """
        console, terminal = pty.openpty()
        script = (
            "mount -t tmpfs tmpfs /run/systemd && exec systemd-nspawn --quiet --directory=$0 --boot --machine=$1"
            " --register=no --keep-unit --resolv-conf=off --console=interactive"
            # A container's processes may lock no memory; on a machine they may, and a PIN is kept in none else.
            " --system-call-filter=@memlock"
            f" --bind-ro=$2:{HARNESS}/repository --bind-ro=$3:{HARNESS}/packages"
        )
        self._nspawn = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, self.folder, "card-terminal-trial", ROOT, self._python],
            stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        threading.Thread(target=self._keep_console, args=(console,), daemon=True).start()
        ends = time.monotonic() + BOOTS_S
        while time.monotonic() < ends and self._nspawn.poll() is None:
            with contextlib.suppress(OSError, IndexError, ValueError):
                children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text("ascii")
                self._leader = int(children.split()[0])
                # "degraded" is a machine that is up, with a unit that failed: what failed is the trial's to judge.
                if self.run("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"}:
                    return
            time.sleep(0.5)
        raise NotBooted(self._log.read_text("utf-8", "replace")[-2000:])

    def switch_off(self) -> None:
        """Shut it down in order; harmless when it is off."""
        if self._nspawn is None:
            return
        if self._nspawn.poll() is None:
            self._nspawn.send_signal(signal.SIGTERM)  # nspawn hands it on as a request to shut down
            try:
                self._nspawn.wait(150)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        self._nspawn = self._leader = None

    def wait_until_off(self, longest_s: float) -> int:
        """Wait until it has ended by itself; nspawn's exit code, which tells a new start (133) from an end.

        :raises NotBooted: it goes on.
        """
        assert self._nspawn is not None
        try:
            code = self._nspawn.wait(longest_s)
        except subprocess.TimeoutExpired as error:
            raise NotBooted("it does not end") from error
        self._nspawn = self._leader = None
        return code

    def run(self, *command: str, timeout_s: float = 1800.0) -> "subprocess.CompletedProcess[str]":
        """Run something as root at its console, to its end."""
        return subprocess.run(
            self.command(*command), capture_output=True, text=True, timeout=timeout_s, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def command(self, *command: str) -> list[str]:
        """The same as a command of this machine's."""
        inside = ["nsenter", f"--target={self._leader}", *("-m", "-u", "-i", "-p", "-C"), "env", "-i"]
        return [
            *inside,
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "TERM=dumb",
            "SYSTEMD_PAGER=",
            "LC_ALL=C.UTF-8",
            *command,
        ]

    def simulator(self, module: str, *arguments: str) -> "subprocess.Popen[str]":
        """A device that hangs on this machine: its simulator, which makes its port there."""
        path = f"PYTHONPATH={HARNESS}/repository:{HARNESS}/packages"
        return subprocess.Popen(
            self.command(path, "PYTHONDONTWRITEBYTECODE=1", "/usr/bin/python3", "-m", module, *arguments),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def path(self, inside: str) -> Path:
        """A file of the machine's as it sees it now, mounts of its own included; it must be on."""
        return Path(f"/proc/{self._leader}/root") / inside.removeprefix("/")

    def put(self, inside: str, content: str | bytes) -> None:
        """Write a file there."""
        data = content.encode() if isinstance(content, str) else content
        target = self.path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def show(self, unit: str, what: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", what, unit).stdout.strip()

    def active(self, unit: str) -> bool:
        """Whether a unit runs, or has done what it is there for."""
        return self.show(unit, "ActiveState") == "active"

    def _keep_console(self, console: int) -> None:
        with self._log.open("ab") as log:
            while True:
                try:
                    heard = os.read(console, 4096)
                except OSError:  # switched off
                    break
                if not heard:
                    break
                log.write(heard)
                log.flush()
        os.close(console)


def site_packages() -> Path:
    """The packages of the interpreter that runs this."""
    return next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
