"""The documents are held against the code: fault codes both ways, named tests exist."""

import re
from pathlib import Path

from drivers.ports.errors import (
    Busy,
    DeviceError,
    MediaRemoved,
    NotConnected,
    PictureDark,
    PictureFrozen,
    ProtocolViolation,
    TimedOut,
)
from kiosk.journeys.faults import fault_code
from kiosk.journeys.requests import LedgerFailed
from kiosk.runtime.health import Health

ROOT = Path(__file__).parents[2]
FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
UX_RULES = ROOT / "docs" / "ux-rules.md"
LOCKDOWN = ROOT / "docs" / "lockdown.md"
CODE = re.compile(r"\b[A-Z]-\d\d\b")


def rows() -> set[str]:
    return set(re.findall(r"^\| ([A-Z]-\d\d) \|", FAULTS, re.MULTILINE))


def codes_shown() -> set[str]:
    written = {
        code
        for path in (*(ROOT / "kiosk" / "journeys").rglob("*.py"), *(ROOT / "kiosk" / "runtime").glob("*.py"))
        for code in re.findall(r'"([A-Z]-\d\d)"', path.read_text(encoding="utf-8"))
    }
    kinds = (NotConnected, TimedOut, ProtocolViolation, Busy, MediaRemoved, DeviceError)
    made = {fault_code(kind(device, "x")) for kind in kinds for device in ("card_reader", "pin_pad", "id_reader")}
    # A picture that is waited for is no fault, and nothing leaves a camera.
    cameras = (NotConnected, ProtocolViolation, Busy, PictureDark, PictureFrozen, DeviceError)
    made |= {fault_code(kind("camera", "x")) for kind in cameras}
    return written | made | {fault_code(LedgerFailed())}


def test_every_code_has_its_row_and_every_row_its_code() -> None:
    # No medium is in a PIN pad. An identity card that left is laid down again, and its reader's silence is D-01.
    shown = codes_shown() - {"P-05", "D-02", "D-05"}
    assert shown == rows()


def test_every_named_test_exists() -> None:
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    for document in (FAULTS, UX_RULES.read_text(encoding="utf-8"), LOCKDOWN.read_text(encoding="utf-8")):
        named = set(re.findall(r"`(?:[\w/.]+::)?(test_\w+)`", document))
        assert named, "the document names no test"
        assert named <= defined, named - defined


def test_health_knows_each_reason() -> None:
    health = Health()
    assert health.view("12333") is None
    for what in ("ledger", "identity", "closed"):
        health.broken(what)
        view = health.view("12333")
        assert view is not None
        assert view.hotline == "12333"
        assert CODE.fullmatch(view.code)
        health.whole(what)
    assert health.view("12333") is None
