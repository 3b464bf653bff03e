"""The reference central system as a program of the stand."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from kiosk.records.technician import Role
from simulators.stand.programs import Program, ProgramDied, run_to_end
from simulators.stand.requirements import REPOSITORY

_START_S: Final = 30.0
_MASTER_KEYS: Final = REPOSITORY / "config" / "demo" / "card_master_keys.json"


class DemoCentre:
    """One centre in one directory, on a loopback port that the system chose."""

    def __init__(
        self,
        directory: Path,
        seeds: Sequence[Path],
        region_rules: Path,
        holidays: Path,
        logs: Path,
        *,
        on_death: Callable[[Program, int], None] | None = None,
    ) -> None:
        self.directory = directory
        self._seeds, self._region_rules, self._holidays = seeds, region_rules, holidays
        self.payment: Path | None = None
        """The merchant's file; None: nobody takes money. The provider is told where the centre listens before."""
        self._log = logs / "centre-setup.log"
        self.port = _free_port()
        self.program = Program(
            "central serve", _central("serve", directory, "--port", self.port), logs / "centre.log",
            directory=REPOSITORY, on_death=on_death, environment={"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip

    @property
    def url(self) -> str:
        """The operators' page, reached without the network cable."""
        return f"https://127.0.0.1:{self.port}/"

    @property
    def ca(self) -> Path:
        """The certificate authority that terminals trust."""
        return self.directory / "ca.pem"

    @property
    def public_keys(self) -> Path:
        """What a terminal must know of the centre."""
        return self.directory / "public.json"

    def prepare(self) -> None:
        """Make its keys and database and plant its holders; what is there already stays.

        :raises ProgramDied: one of its commands failed.
        """
        if not (self.directory / "centre.toml").exists():
            self._run(
                "init", self.directory, "--card-master-keys", _MASTER_KEYS, "--region-rules", self._region_rules,
                "--holidays", self._holidays, *(("--payment", self.payment) if self.payment is not None else ()),
            )  # fmt: skip
        self._run("migrate", self.directory)
        for seed in self._seeds:
            self._run("seed", self.directory, seed)
        self.public_keys.write_text(self._run("public", self.directory), encoding="utf-8")

    def enrol(self, request: Path) -> None:
        """Register a terminal.

        :raises ProgramDied: the centre refused.
        """
        self._run("enrol", self.directory, request)

    def enlist(self, staff: str, role: Role, certificate: Path) -> str:
        """Enter a technician with their card; the ``otpauth`` address of their codes, which is shown once.

        :raises ProgramDied: the centre refused.
        """
        told = self._run(
            "technician", "add", self.directory, staff, "--role", role.value, "--certificate", certificate
        )  # fmt: skip
        return next(line for line in told.splitlines() if line.startswith("otpauth:"))

    def wait_until_served(self) -> None:
        """Wait until it takes connections.

        :raises ProgramDied: it ended, or did not within half a minute.
        """
        deadline = time.monotonic() + _START_S
        moment = threading.Event()
        while time.monotonic() < deadline:
            self.program.require_alive()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except ConnectionRefusedError:
                moment.wait(0.05)
            else:
                return
        raise ProgramDied(f"{self.program.name} does not listen; its log is {self.program.log}")

    def _run(self, command: str, *arguments: object) -> str:
        return run_to_end(f"central {command}", _central(command, *arguments), self._log)


def _central(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "central", *map(str, arguments)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
