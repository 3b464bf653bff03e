"""The payment provider as a program of the stand, and the telephone that pays."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from simulators.bench.server import NotPossible
from simulators.stand.programs import Program, ProgramDied, python_module
from simulators.stand.requirements import REPOSITORY

_START_S: Final = 30.0
_ANSWER_S: Final = 10.0


class PayingAtHand:
    """A provider of its own process, whose books outlive the terminal's and the centre's power.

    :param notify_url: where the centre takes notifications.
    :param trust: the CA of the centre, once it is there.
    """

    def __init__(
        self,
        directory: Path,
        notify_url: str,
        trust: Path,
        logs: Path,
        *,
        on_death: Callable[[Program, int], None] | None = None,
    ) -> None:
        self.merchant = directory / "payment.toml"
        """What the centre is given."""
        self._listens = directory / "listens"
        arguments = (directory, "--notify-url", notify_url, "--trust", trust)
        self.program = Program(
            "payment provider", python_module("simulators.payment", *arguments), logs / "payment.log",
            directory=REPOSITORY, on_death=on_death,
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it listens.

        :raises ProgramDied: it ended, or did not within half a minute.
        """
        self._listens.unlink(missing_ok=True)
        self.program.start()
        deadline, moment = time.monotonic() + _START_S, threading.Event()
        while time.monotonic() < deadline:
            self.program.require_alive()
            if self._listens.exists():
                return
            moment.wait(0.05)
        raise ProgramDied(f"{self.program.name} does not listen; its log is {self.program.log}")

    def orders(self) -> list[dict[str, Any]]:
        """The provider's books: what was ordered, paid, given back."""
        told: list[dict[str, Any]] = json.loads(self._ask("GET", "/bench/orders"))
        return told

    def pay(self) -> int:
        """Somebody scans the code that was shown last and pays; how much, in fen.

        :raises NotPossible: there is none that can be paid.
        """
        for order in reversed(self.orders()):
            if order["state"] == "NOTPAY":
                try:
                    self._ask("POST", f"/bench/pay?code_url={quote(order['code_url'], safe='')}")
                except urllib.error.HTTPError as refused:
                    raise NotPossible("the time to pay is over") from refused
                return int(order["amount_fen"])
        raise NotPossible("nothing is to be paid")

    def _ask(self, method: str, path: str) -> bytes:
        url = self._listens.read_text(encoding="ascii") + path
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=_ANSWER_S) as answer:  # noqa: S310 - our own
            body: bytes = answer.read()
            return body
