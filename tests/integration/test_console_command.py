"""``/usr/bin/kiosk`` in a machine of its own mounts: who runs the application, and whether it is handed the keys."""

from pathlib import Path

import pytest

from tests.integration.test_provision_script import KIOSK, SYSTEMD, SYSTEMD_RUN, Machine

KEYS = " ".join(
    f"-p LoadCredentialEncrypted={key}:card-terminal.{key}" for key in ("terminal.key", "storage.key")
)  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    # In the place that its machine runs.
    made.give("usr/lib/card-terminal/provision", (SYSTEMD / "kiosk").read_text("utf-8"), mode=0o755)
    made.give("opt/card-terminal/bin/kiosk", KIOSK, mode=0o755)
    made.give("usr/bin/systemd-run", SYSTEMD_RUN, mode=0o755)
    made.give("var/lib/card-terminal/told", "")
    return made


@pytest.mark.parametrize(
    ("words", "user"),
    [
        (("doctor", "--json"), "root"),
        (("support-bundle", "--output", "/media/stick"), "root"),
        (("stock",), "card-terminal"),
        (("ledger", "check"), "card-terminal"),
    ],
)
def test_sealed_keys_are_handed_to_what_root_asks(machine: Machine, words: tuple[str, ...], user: str) -> None:
    for key in ("terminal.key", "storage.key"):
        machine.give(f"etc/credstore.encrypted/card-terminal.{key}", "sealed")
    told = machine.provision(*words)
    assert told.returncode == 0, told.stderr
    how = f"systemd-run --quiet --pipe --wait --collect --same-dir -p User={user} {KEYS}"
    assert machine.told() == [f"{how} /opt/card-terminal/bin/kiosk {' '.join(words)}"]


@pytest.mark.parametrize(("words", "sealed"), [(("config", "set", "a", "b"), True), (("doctor",), False)])
def test_what_needs_no_keys_or_has_none_is_run_as_it_is(machine: Machine, words: tuple[str, ...], sealed: bool) -> None:
    if sealed:
        for key in ("terminal.key", "storage.key"):
            machine.give(f"etc/credstore.encrypted/card-terminal.{key}", "sealed")
    told = machine.provision(*words)
    assert told.returncode == 0, told.stderr
    assert machine.told() == [f"root {' '.join(words)}"]
