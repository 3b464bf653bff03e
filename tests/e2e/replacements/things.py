"""What stands around a terminal of a campaign, each a process of its own that outlives every cut: printer, slot, till.

Whoever calls these methods is a hand: of the citizen, or of staff with a key.
"""

import json
import queue
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from simulators.card_printer import Tally, tally
from tests.centre import REPOSITORY

_ANSWER_S: Final = 120.0


class Refused(Exception):
    """It can't be done to that device now."""


class Device:
    """A simulated device that takes lines and answers each."""

    def __init__(
        self, module: str, *arguments: object, log: Path, on_event: Callable[[str], None] | None = None
    ) -> None:
        """:param on_event: told what the device says unasked."""
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._on_event = on_event or (lambda _: None)
        self._turn = threading.Lock()
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, arguments)],
                cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        threading.Thread(target=self._listen, name=module, daemon=True).start()

    def wait_until_ready(self) -> str:
        """What it says of itself once it is there."""
        said = self._answers.get(timeout=_ANSWER_S)
        if not said.startswith("ready"):
            raise RuntimeError(f"it said {said!r} instead of being ready")
        return said.removeprefix("ready").strip()

    def order(self, line: str) -> str:
        """Have a line obeyed; what there is to tell.

        :raises Refused: it can't be done now.
        """
        with self._turn:
            assert self._process.stdin is not None
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            word, _, told = self._answers.get(timeout=_ANSWER_S).partition(" ")
        if word != "done":
            raise Refused(line)
        return told

    def close(self) -> None:
        """Switch it off."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(_ANSWER_S)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout:
            for line in self._process.stdout:
                said = line.strip()
                if said.split(" ", 1)[0] in {"ready", "done", "refused"}:
                    self._answers.put(said)
                else:
                    self._on_event(said)


class Printer(Device):
    """The card printer with its hopper, its bins and its exit."""

    def __init__(self, folder: Path, network: str, first: int, log: Path, on_dark: Callable[[], None]) -> None:
        self.folder = folder
        arguments = ("--folder", folder, "--contacts", network, "--region", "9901", "--pin", "123456", "--first", first)
        super().__init__(
            "simulators.card_printer", *arguments, log=log,
            on_event=lambda event: on_dark() if event == "dark" else None,
        )  # fmt: skip
        self.port = int(self.wait_until_ready())

    @property
    def tally(self) -> Tally:
        """Where its cards are, by what has happened to them."""
        return tally(self.folder)


class Slot(Device):
    """The citizen's slot with its motor and its bin."""

    def __init__(self, folder: Path, network: str, log: Path) -> None:
        self.folder, self.link = folder, folder.with_name(folder.name + ".tty")
        super().__init__(
            "simulators.capture_unit", "--folder", folder, "--link", self.link, "--contacts", network, log=log
        )
        self.wait_until_ready()

    @property
    def state(self) -> Any:
        """Where its cards are."""
        file = self.folder / "slot.json"
        return json.loads(file.read_bytes()) if file.exists() else {"card": None, "where": "none", "retained": []}


class Provider:
    """Who takes the money."""

    def __init__(self, folder: Path, notify_url: str, log: Path) -> None:
        self.merchant = folder / "payment.toml"
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "simulators.payment", str(folder), "--notify-url", notify_url],
                cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        self._url = self._process.stdout.readline().split()[0]

    def pay(self, code_url: str) -> bool:
        """Scan the code and pay; False where that can't be any more."""
        try:
            self._asked("POST", f"/bench/pay?code_url={quote(code_url, safe='')}")
        except urllib.error.HTTPError:
            return False
        return True

    def orders(self) -> dict[str, dict[str, Any]]:
        """Its book, by order number."""
        return {order["number"]: order for order in json.loads(self._asked("GET", "/bench/orders"))}

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(_ANSWER_S)

    def _asked(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(self._url + path, method=method)
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:
            body: bytes = answer.read()
            return body
