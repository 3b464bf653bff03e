"""``python -m tests.e2e.chaos --kills N --seed S``: kill -9 terminal and uplink at random moments, then count.

A real writer process, a real uplink process and a real central process; only the last one is left alone. What the
writer printed is what was acknowledged, what the centre's database holds is what was stored.
"""

import argparse
import base64
import contextlib
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, text

from central.tables import Entry, TransactionRow
from kiosk.ledger import Ledger
from kiosk.uplink import Idle, UplinkSettings, opened
from tests.centre import REPOSITORY, EnrolledTerminal, RunningCentre
from tests.e2e.chaos_writer import STORAGE_KEY

RESULTS: Final = REPOSITORY / "build" / "chaos" / "results.json"
TERMINAL: Final = "chaos-1"
_PROGRESS_S: Final = 60.0
"""How long a writer may take for its next acknowledgements before the run is given up."""
_MOST_BETWEEN_KILLS: Final = 400
"""Acknowledgements between two kills, at most; about a second of the writer's work, longer than an uplink starts."""


@dataclass
class _Acknowledged:
    """Hashes by sequence as the writers printed them."""

    hashes: dict[int, str] = field(default_factory=dict)
    contradictions: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def read(self, writer: "subprocess.Popen[bytes]") -> None:
        """Take what one writer prints until it is dead and its pipe is empty."""
        assert writer.stdout is not None
        for line in writer.stdout:
            if not line.endswith(b"\n"):
                break
            sequence, digest = line.split()
            with self.changed:
                known = self.hashes.setdefault(int(sequence), digest.decode())
                self.contradictions += known != digest.decode()
                self.changed.notify_all()

    def await_more(self, count: int) -> None:
        with self.changed:
            wanted = len(self.hashes) + count
            if not self.changed.wait_for(lambda: len(self.hashes) >= wanted, _PROGRESS_S):
                raise TimeoutError("the writer makes no progress")


@dataclass
class _Stand:
    """Files and processes of one run."""

    folder: Path
    centre: RunningCentre
    terminal: EnrolledTerminal
    url: str
    acknowledged: _Acknowledged = field(default_factory=_Acknowledged)
    readers: list[threading.Thread] = field(default_factory=list)

    def start_writer(self) -> "subprocess.Popen[bytes]":
        key = self.centre.opening_key.public_bytes_raw().hex()
        arguments = ["tests.e2e.chaos_writer", str(self.folder / "ledger"), TERMINAL, key]
        writer = subprocess.Popen([sys.executable, "-m", *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE)
        reader = threading.Thread(target=self.acknowledged.read, args=(writer,))
        reader.start()
        self.readers.append(reader)
        return writer

    def start_uplink(self) -> "subprocess.Popen[bytes]":
        public = self.centre.public
        centre_key = self.centre.signing_key.public_bytes_raw()
        arguments = {
            "--ledger": self.folder / "ledger",
            "--receipts": self.folder / "receipts",
            "--centre": self.url,
            "--ca": public.ca_certificate,
            "--terminal": TERMINAL,
            "--key": self.folder / "terminal.pem",
            "--centre-key": f"{public.key_id}={_base64(centre_key)}",
        }
        flat = [str(part) for pair in arguments.items() for part in pair]
        return subprocess.Popen(
            [sys.executable, "-m", "kiosk.uplink", *flat],
            cwd=REPOSITORY,
            stderr=(self.folder / "uplink.log").open("ab"),
        )

    def drain(self) -> None:
        """Bring up what is left, in this process."""
        settings = UplinkSettings(
            ledger=self.folder / "ledger",
            receipts=self.folder / "receipts",
            clock_offset=self.folder / "clock_offset",
            centre=self.url,
            ca=self.centre.ca_file,
            terminal=TERMINAL,
            key=self.terminal.key,
            centre_keys={self.centre.keys.key_id: self.centre.signing_key},
        )
        with opened(settings) as uplink:
            for _ in range(10_000):
                if isinstance(uplink.step(), Idle):
                    return
        raise TimeoutError("the uplink does not come to rest")

    def count(self, kills: int) -> dict[str, int]:
        """Compare what was acknowledged with what is stored."""
        with self.centre.database.reading() as session:
            rows = session.execute(
                select(Entry.sequence, Entry.hash, Entry.previous_hash)
                .where(Entry.terminal == TERMINAL)
                .order_by(text("entries.rowid"))
            ).all()
            twice = session.scalar(select(func.coalesce(func.sum(TransactionRow.effects), 0)))
            once = session.scalar(select(func.count()).where(TransactionRow.effects > 0))
        assert twice is not None
        assert once is not None
        stored = {sequence: digest.hex() for sequence, digest, _ in rows}
        lost = sum(stored.get(sequence) != digest for sequence, digest in self.acknowledged.hashes.items())
        before = [(0, bytes(32)), *((sequence, digest) for sequence, digest, _ in rows)]
        out_of_order = sum(
            (sequence, previous) != (last + 1, last_digest)
            for (sequence, _, previous), (last, last_digest) in zip(rows, before, strict=False)
        )
        return {
            "kills": kills,
            "acknowledged": len(self.acknowledged.hashes),
            "stored": len(rows),
            "lost": lost + self.acknowledged.contradictions,
            "double": int(twice) - int(once) + len(rows) - len(stored),
            "out_of_order": out_of_order,
        }


def run(kills: int, seed: int) -> dict[str, int]:
    """Kill ``kills`` times, bring everything up, and count; ``lost``, ``double`` and ``out_of_order`` must be 0."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="chaos-") as name, _stand(Path(name)) as stand:
        writer, uplink = stand.start_writer(), stand.start_uplink()
        try:
            done = 0
            while done < kills:
                stand.acknowledged.await_more(chance.randint(1, _MOST_BETWEEN_KILLS))
                victim = chance.choice(["uplink", "writer", "both"]) if kills - done > 1 else "uplink"
                if victim in {"uplink", "both"}:
                    _kill(uplink)
                    uplink = stand.start_uplink()
                    done += 1
                if victim in {"writer", "both"}:
                    _kill(writer)
                    writer = stand.start_writer()
                    done += 1
            stand.acknowledged.await_more(1)
        finally:
            _kill(writer)
            _kill(uplink)
            for reader in stand.readers:
                reader.join()
        stand.drain()
        return stand.count(done)


@contextlib.contextmanager
def _stand(folder: Path) -> Iterator[_Stand]:
    centre = RunningCentre(folder)
    ledger = Ledger.create(folder / "ledger", TERMINAL, STORAGE_KEY, centre.opening_key)
    ledger.close()
    key = Ed25519PrivateKey.generate()
    terminal = EnrolledTerminal(TERMINAL, "zhumadian", key, ledger.ledger_id, "P-1", bytes(16))
    centre.register(terminal)
    (folder / "terminal.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "central", "serve", str(centre.directory), "--port", str(port)],
        cwd=REPOSITORY, stderr=(folder / "centre.log").open("ab"),
    )  # fmt: skip
    try:
        yield _Stand(folder, centre, terminal, f"https://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()
        centre.database.close()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def main() -> int:
    """Run, write ``build/chaos/results.json``, and end non-zero when anything was lost, double or out of order."""
    parser = argparse.ArgumentParser(prog="tests.e2e.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    result = run(given.kills, given.seed)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"seed": given.seed, **result}, indent=2) + "\n")
    print(json.dumps(result))
    return 1 if result["lost"] or result["double"] or result["out_of_order"] else 0


if __name__ == "__main__":
    sys.exit(main())
