"""A printer that nobody here wrote: CUPS' ``ippeveprinter``, told by a file what its next job comes to."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

CARD: Final = "om_card_54x86mm"
_BUS: Final = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow eavesdrop="true"/>
<allow send_destination="*"/></policy>
</busconfig>"""
_ATTRIBUTES: Final = """
ATTR keyword media-supported {media}
ATTR keyword media-ready {media}
ATTR keyword media-default {media}
ATTR resolution printer-resolution-supported 300dpi
ATTR resolution printer-resolution-default 300dpi
ATTR resolution pwg-raster-document-resolution-supported 300dpi
ATTR keyword pwg-raster-document-type-supported sgray_8,srgb_8
ATTR keyword print-color-mode-supported auto,color
ATTR keyword print-scaling-supported auto,fill,none
ATTR keyword sides-supported one-sided
ATTR mimeMediaType document-format-supported {takes}
ATTR boolean color-supported true
{more}
"""
_COMMAND: Final = """#!/bin/sh
cd '{folder}'
echo begun >> begun
if [ -e amid ]; then . ./amid; fi
cp "$1" "card-$(ls | grep -c '^card-')"
env | grep '^IPP_' | sort > how
"""


class EverywherePrinter:
    """Cards drop into its folder as ``card-0``, ``card-1``; what a job does before its card drops is a shell script."""

    def __init__(
        self,
        folder: Path,
        *,
        media: str = CARD,
        takes: str = "image/pwg-raster,image/jpeg",
        more: str = "",
    ) -> None:
        """:param more: further lines of its attributes."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._spool = folder / "spool"
        self._spool.mkdir(exist_ok=True)
        (folder / "attributes").write_text(_ATTRIBUTES.format(media=media, takes=takes, more=more))
        command = folder / "command"
        command.write_text(_COMMAND.format(folder=folder))
        command.chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._bus: subprocess.Popen[bytes] | None = None
        self._printer: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where its queue is."""
        return f"ipp://localhost:{self.port}/ipp/print"

    @property
    def cards(self) -> list[bytes]:
        """What has been printed, the oldest first."""
        return [path.read_bytes() for path in sorted(self._folder.glob("card-*"))]

    @property
    def begun(self) -> int:
        """How many jobs were begun."""
        path = self._folder / "begun"
        return len(path.read_text().split()) if path.exists() else 0

    @property
    def how(self) -> dict[str, str]:
        """The newest job's attributes as the printer understood them."""
        return dict(line.split("=", 1) for line in (self._folder / "how").read_text().splitlines())

    def amid(self, script: str) -> None:
        """What jobs do from now on between their beginning and the card."""
        (self._folder / "amid").write_text(script)

    def leave(self, what: str) -> None:
        """Leave a note in its folder, for which a job may wait."""
        (self._folder / what).touch()

    def until(self, what: str) -> None:
        """Wait until a job has left this note in the folder."""
        deadline = time.monotonic() + 10.0
        while not (self._folder / what).exists():
            assert time.monotonic() < deadline, what
            time.sleep(0.02)

    def start(self) -> None:
        """Switch it on and wait until it answers."""
        if self._bus is None:
            # It wants a system bus to tell the network of itself, and serves without a daemon that listens there.
            where = self._folder / "bus"
            (self._folder / "bus.conf").write_text(_BUS.format(socket=where))
            self._bus = subprocess.Popen(
                ["dbus-daemon", f"--config-file={self._folder / 'bus.conf'}", "--nofork", "--nopidfile"],
                stderr=subprocess.DEVNULL,
            )
            self._await(where.exists)
        self._printer = subprocess.Popen(
            [
                shutil.which("ippeveprinter", path="/usr/sbin:/usr/bin") or "ippeveprinter",
                *("-r", "off", "-n", "localhost", "-p", str(self.port), "-d", str(self._spool)),
                *("-a", str(self._folder / "attributes"), "-c", str(self._folder / "command")),
                *("-vv", "cards"),
            ],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self._folder / 'bus'}"},
            stderr=(self._folder / "log").open("ab"),
            start_new_session=True,
        )
        self._await(self._answers)

    def kill(self) -> None:
        """Pull its plug; what its job was doing stops with it, and it forgets its jobs."""
        if self._printer is not None:
            os.killpg(self._printer.pid, signal.SIGKILL)
            self._printer.wait()
            self._printer = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        if self._bus is not None:
            self._bus.kill()
            self._bus.wait()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True

    def _await(self, come: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10.0
        while not come():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.02)
