"""``/usr/bin/kiosk`` in a machine of its own mounts: as whom, where and with which keys a command is carried out."""

import subprocess
from pathlib import Path

import pytest

WRAPPER = Path(__file__).parents[2] / "deploy" / "systemd" / "kiosk"
TELLS = '#!/bin/sh\necho "$0 $(id -un) $*"\n'
INSIDE = """
set -eu
for part in etc usr; do
    mkdir -p "$1/$part.upper" "$1/$part.work"
    mount -t overlay overlay -o "lowerdir=/$part,upperdir=$1/$part.upper,workdir=$1/$part.work" "/$part"
done
mount -t tmpfs none /opt
mount -t tmpfs none /run
cp -r "$1/given/." /
getent passwd card-terminal >/dev/null || echo 'card-terminal:x:990:990::/:/bin/sh' >>/etc/passwd
cd "$2"
shift 2
exec "$@"
"""
UNIT = (
    "/usr/bin/systemd-run root --quiet --collect --wait --pty --pipe --working-directory={}"
    " -p User=card-terminal -p SupplementaryGroups=systemd-journal -p UMask=0077"
)
KEYS = (
    " -p LoadCredentialEncrypted=storage.key:card-terminal.storage.key"
    " -p LoadCredentialEncrypted=terminal.key:card-terminal.terminal.key"
)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    for place in ("opt/card-terminal/bin/kiosk", "usr/bin/systemd-run", "usr/lib/card-terminal/provision"):
        give(tmp_path, place, TELLS)
    give(tmp_path, "usr/bin/kiosk", WRAPPER.read_text("utf-8"))
    give(tmp_path, "run/systemd/system/there", "")
    for key in ("terminal.key", "storage.key"):
        give(tmp_path, f"etc/credstore.encrypted/card-terminal.{key}", "sealed")
    return tmp_path


def give(machine: Path, place: str, text: str) -> None:
    file = machine / "given" / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


def told(machine: Path, *words: str, here: str = "/") -> str:
    command = ["unshare", "--mount", "sh", "-c", INSIDE, "sh", str(machine), here, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


def test_roots_command_is_the_terminals_own_with_its_keys(machine: Path) -> None:
    unit = UNIT.format("/") + KEYS
    assert told(machine, "kiosk", "doctor", "--json") == f"{unit} /opt/card-terminal/bin/kiosk doctor --json"
    taken = told(machine, "kiosk", "region", "take", "new rules.pack", here="/usr/share")
    assert taken == (UNIT + KEYS).format("/usr/share") + " /opt/card-terminal/bin/kiosk region take new rules.pack"


def test_a_folder_that_is_roots_alone_keeps_no_command_from_its_work(machine: Path) -> None:
    assert told(machine, "kiosk", "queue", "show", here="/root").startswith(UNIT.format("/") + KEYS)


def test_before_it_is_set_up_there_are_no_keys_to_hand_over(machine: Path) -> None:
    for key in ("terminal.key", "storage.key"):
        (machine / f"given/etc/credstore.encrypted/card-terminal.{key}").unlink()
    assert told(machine, "kiosk", "devices") == UNIT.format("/") + " /opt/card-terminal/bin/kiosk devices"


@pytest.mark.parametrize("words", [("config", "set", "a.b", "c"), ("photo", "check"), ("doctor", "--help"), ()])
def test_what_needs_no_terminal_is_done_as_whoever_asks(machine: Path, words: tuple[str, ...]) -> None:
    assert told(machine, "kiosk", *words) == " ".join(("/opt/card-terminal/bin/kiosk", "root", *words)).rstrip() + (
        "" if words else " "
    )


def test_setting_up_is_left_to_who_knows_how_keys_are_bound(machine: Path) -> None:
    said = told(machine, "kiosk", "provision", "--language", "en")
    assert said == "/usr/lib/card-terminal/provision root --language en"


def test_another_user_and_a_machine_that_is_not_booted_have_the_plain_command(machine: Path) -> None:
    said = told(machine, "runuser", "-u", "card-terminal", "--", "kiosk", "doctor")
    assert said == "/opt/card-terminal/bin/kiosk card-terminal doctor"
    (machine / "given/run/systemd/system/there").unlink()
    (machine / "given/run/systemd/system").rmdir()
    assert told(machine, "kiosk", "doctor") == "/opt/card-terminal/bin/kiosk root doctor"
