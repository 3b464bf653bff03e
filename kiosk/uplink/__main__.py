"""``python -m kiosk.uplink``: run the uplink until SIGTERM or SIGINT."""

import argparse
import base64
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.ledger import LedgerError
from kiosk.service_manager import ServiceManager
from kiosk.uplink.alone import AlreadyRunning
from kiosk.uplink.receipts import ReceiptsUnusable
from kiosk.uplink.settings import ANSWER_WITHIN_S, UplinkSettings, opened
from kiosk.uplink.telegraph import start_telegraph
from kiosk.uplink.uplink import BackOff, Halted, Idle, Resumed, Sent, Step

_log = logging.getLogger("kiosk.uplink")
RUNS_ALREADY = 3
"""Exit code for a second uplink or terminal; systemd is told not to restart on it."""
_DISK = 1
"""Exit code when ledger or receipts can't be read or written; systemd starts the uplink anew."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Read plain arguments and run; see :func:`run`."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    return run(_settings(arguments))


def run(settings: UplinkSettings) -> int:
    """Run until told to stop; exit code 0, 3 when another uplink runs, 1 when ledger or receipts fail."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    manager = ServiceManager.of(os.environ)

    def alive(step: Step) -> None:
        manager.standing(_standing(step))
        manager.alive()

    try:
        with opened(settings) as uplink:
            _log.info("uplink of %s runs", settings.terminal)
            start_telegraph(settings, stop)
            manager.ready()
            uplink.run(stop, alive)
            manager.stopping()
    except AlreadyRunning as error:
        print(error, file=sys.stderr)
        return RUNS_ALREADY
    except (LedgerError, ReceiptsUnusable, sqlite3.Error, OSError) as error:
        _log.error("uplink of %s ends: %s", settings.terminal, error)
        return _DISK
    finally:
        manager.close()
    return 0


def _standing(step: Step) -> str:
    match step:
        case Idle() | Sent() | Resumed():
            return "the line carries"
        case BackOff(reason=reason):
            return f"waits for the line: {reason}"
        case Halted(reason=reason):
            return f"halted, somebody must act: {reason}"
        case never:
            assert_never(never)


def _settings(arguments: Sequence[str] | None) -> UplinkSettings:
    parser = argparse.ArgumentParser(prog="kiosk.uplink", description="Brings a terminal's ledger to the centre.")
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--receipts", type=Path, required=True)
    parser.add_argument("--clock-offset", type=Path, help="file shared with the terminal; default: beside the receipts")
    parser.add_argument("--centre", required=True, metavar="URL")
    parser.add_argument("--ca", type=Path, required=True, help="PEM of the only CA that is trusted")
    parser.add_argument("--terminal", required=True, metavar="ID")
    parser.add_argument("--key", type=Path, required=True, help="PEM of the terminal's Ed25519 key")
    parser.add_argument(
        "--centre-key", action="append", required=True, metavar="ID=BASE64", type=_centre_key,
        help="the centre's Ed25519 public key, 32 bytes; may be given again for the next key",
    )  # fmt: skip
    parser.add_argument("--health", type=Path, help="the terminal's health sheet, to tell the centre of it")
    parser.add_argument("--answer-within", type=float, default=ANSWER_WITHIN_S, metavar="SECONDS")
    given = parser.parse_args(arguments)
    key = serialization.load_pem_private_key(given.key.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        parser.error("--key is no Ed25519 key")
    return UplinkSettings(
        ledger=given.ledger,
        receipts=given.receipts,
        clock_offset=given.clock_offset or given.receipts.with_name("clock_offset"),
        centre=given.centre,
        ca=given.ca,
        terminal=given.terminal,
        key=key,
        centre_keys=dict(given.centre_key),
        answer_within_s=given.answer_within,
        health=given.health,
    )


def _centre_key(text: str) -> tuple[str, Ed25519PublicKey]:
    key_id, _, encoded = text.partition("=")
    return key_id, Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded, validate=True))


if __name__ == "__main__":
    sys.exit(main())
