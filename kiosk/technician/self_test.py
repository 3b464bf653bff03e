"""``kiosk selftest``: each device's harmless test, the ledger, files and keys. The terminal does it daily by itself.

While the terminal runs its devices are left to it: what they answered its own watch is what its sheet tells.
"""

from collections.abc import Mapping
from typing import Final

from kiosk.configuration import Configuration
from kiosk.technician.doctor import CHECKS, look_at
from kiosk.technician.findings import Finding, State
from kiosk.technician.subject import Subject

_GROUND: Final = frozenset({"configuration", "region", "files", "keys", "state", "disk", "ledger", "receipts"})
_DEVICES: Final = frozenset(
    {
        "card_daemon",
        "card_reader",
        "pin_pad",
        "id_reader",
        "receipt_printer",
        "camera",
        "card_printer",
        "capture_unit",
        "stock",
    }
)
SELF_TEST: Final = _GROUND | _DEVICES
"""The doctor's checks that make up the test. Network and centre are none of the terminal's own."""


def without_devices(configuration: Configuration, environment: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
    """What a running terminal looks at beside its own devices: how many things, and the words of what was not well."""
    subject = Subject(configuration.terminal.state, environment, running=True, maybe_configuration=configuration)
    findings: list[Finding] = []
    for check in CHECKS:
        if check.word in _GROUND - {"configuration"}:
            findings.append(look_at(check, subject, findings))
    tried = [one for one in findings if one.state not in {State.NOT_TRIED, State.ABSENT}]
    return len(tried), tuple(one.cause.value for one in tried if one.cause is not None)
