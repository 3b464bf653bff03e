"""deploy/systemd: well-formed by systemd's own word, hardened as far as docs/systemd.md says, and true to the code."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kiosk.__main__ import DEFAULT_WORK, USAGE, main
from kiosk.central_client.connection import CONNECT_TIMEOUT_S
from kiosk.power_switch import Power
from kiosk.runtime import lanes
from kiosk.runtime.conductor import CLOSING_S
from kiosk.uplink.__main__ import RUNS_ALREADY
from kiosk.uplink.settings import ANSWER_WITHIN_S
from kiosk.uplink.uplink import SIGN_OF_LIFE_S

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "systemd"
UNITS = FOLDER / "system"
PAGE = (ROOT / "docs" / "systemd.md").read_text("utf-8")
OURS = ("card-terminal", "card-terminal-uplink", "card-terminal-check", "card-terminal-first-run")
"""Whose score may be 2.0 at most."""
TAKE_OVER = "card-terminal-take-over"
"""Root's, which becomes the terminal's user to read what that user left; its score too may be 2.0 at most."""
SWITCHES = {Power.OFF: "poweroff", Power.ANEW: "reboot"}
"""What systemd does once it has taken a sign away."""
DISPLAY = "card-terminal-display"
SEALED = "/etc/credstore.encrypted/card-terminal.terminal.key"
DEBIANS_UNITS = Path("/usr/lib/systemd/system")
PROGRAM = re.compile(r"^Exec\w+=(/\S+)", re.MULTILINE)


def settings(unit: str) -> list[tuple[str, str]]:
    file = UNITS / (unit if "." in unit else f"{unit}.service")
    lines = file.read_text("utf-8").splitlines()
    return [(key, value) for key, equals, value in (line.partition("=") for line in lines) if equals and key[0] != "#"]


def values(unit: str, key: str) -> list[str]:
    return [value for name, value in settings(unit) if name == key]


def value(unit: str, key: str) -> str:
    (only,) = values(unit, key)
    return only


def listed(name: str) -> list[list[str]]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root with Debian's units, ours, and something in the place of each program that ours start."""
    units = tmp_path / "usr" / "lib" / "systemd" / "system"
    shutil.copytree(DEBIANS_UNITS, units, symlinks=True)
    shutil.copytree(UNITS, units, dirs_exist_ok=True)
    for unit in UNITS.rglob("*.*"):
        for program in PROGRAM.findall(unit.read_text("utf-8")) if unit.is_file() else ():
            path = tmp_path / program.removeprefix("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#!/bin/sh\n")
            path.chmod(0o755)
    return tmp_path


def verified(machine: Path) -> tuple[int, str]:
    names = [path.name for path in UNITS.iterdir() if path.is_file()]
    told = subprocess.run(
        ["systemd-analyze", "verify", f"--root={machine}", *names, "pcscd.service", "pcscd.socket"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.returncode, told.stderr


def test_systemd_finds_nothing_wrong(machine: Path) -> None:
    assert verified(machine) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("ProtectClock=", "ProtectClok="), ("=card-terminal-check", "=card-terminal-chek"), ("bin/kiosk", "bin/kiosc")],
)
def test_what_is_wrong_would_be_found(machine: Path, right: str, wrong: str) -> None:
    unit = machine / "usr" / "lib" / "systemd" / "system" / "card-terminal.service"
    unit.write_text(unit.read_text("utf-8").replace(right, wrong), "utf-8")
    assert verified(machine)[1] != ""


def score(unit: str) -> float:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / f"{unit}.service")],
        capture_output=True, text=True, check=True, env={**os.environ, "SYSTEMD_COLORS": "0"},
    )  # fmt: skip
    found = re.search(rf"exposure level for {unit}\.service: ([0-9.]+)", told.stdout)
    assert found
    return float(found[1])


@pytest.mark.parametrize("unit", [*OURS, TAKE_OVER, *(f"card-terminal-{power.value}" for power in SWITCHES), DISPLAY])
def test_its_score_is_what_the_page_says(unit: str) -> None:
    row = re.search(rf"^\| `{unit}\.service` \|.*\| ([0-9.]+) \|$", PAGE, re.MULTILINE)
    assert row
    assert score(unit) == float(row[1])
    assert unit == DISPLAY or score(unit) <= 2.0


@pytest.mark.parametrize("unit", OURS)
def test_nobody_is_root_nobody_gains_and_nobody_leaves_a_core(unit: str) -> None:
    assert (value(unit, "User"), value(unit, "CapabilityBoundingSet")) == ("card-terminal", "")
    assert value(unit, "NoNewPrivileges") == "yes"
    assert value(unit, "ProtectSystem") == "strict"
    assert not values(unit, "ReadWritePaths"), "only its own state"
    assert value(unit, "LimitCORE") == "0"
    assert value(unit, "DevicePolicy") == "closed"
    assert "u card-terminal " in (FOLDER / "sysusers.d" / "card-terminal.conf").read_text("utf-8")


@pytest.mark.parametrize("power", SWITCHES)
def test_a_sign_ends_the_machine_once_its_own_user_has_taken_it_away_and_reads_nothing(power: Power) -> None:
    unit = f"card-terminal-{power.value}"
    folder = f"/run/{value('card-terminal', 'RuntimeDirectory')}"
    assert value("card-terminal", "RuntimeDirectoryMode") == "0700", "nobody else lays down a sign"
    watched = (UNITS / f"{unit}.path").read_text("utf-8")
    assert re.findall(r"^(?:Path\w+|Directory\w+|Unit)=.*", watched, re.MULTILINE) == [
        f"PathExists={folder}/{power.value}"
    ]
    assert values(unit, "ExecStart") == [f"/usr/bin/rm --interactive=never -- {folder}/{power.value}"]
    assert value(unit, "SuccessAction") == SWITCHES[power]
    assert values(unit, "FailureAction") == [], "a folder in the sign's place ends nothing"
    assert (value(unit, "User"), value(unit, "CapabilityBoundingSet")) == ("card-terminal", "")
    assert (value(unit, "PrivateNetwork"), value(unit, "PrivateDevices")) == ("yes", "yes")
    assert values(unit, "ReadWritePaths") == [folder]
    assert values(unit, "LoadCredentialEncrypted") == []
    target = (UNITS / "card-terminal.target").read_text("utf-8")
    assert f"{unit}.path" in target


def test_nobody_is_asked_for_rights() -> None:
    wanted = {name for line in listed("debian-packages.txt") for name in line}
    assert not wanted & {"polkitd", "policykit-1", "pkexec", "sudo"}, "the sign wants none"


def test_the_uplink_has_the_network_no_device_and_not_the_key_that_opens_entries() -> None:
    unit = "card-terminal-uplink"
    assert value(unit, "PrivateDevices") == "yes"
    assert values(unit, "DeviceAllow") == []
    assert values(unit, "LoadCredentialEncrypted") == ["terminal.key:card-terminal.terminal.key"]
    assert values(unit, "PrivateNetwork") == []


def test_the_check_has_neither_network_nor_devices() -> None:
    unit = "card-terminal-check"
    assert (value(unit, "PrivateNetwork"), value(unit, "PrivateDevices")) == ("yes", "yes")
    assert value(unit, "RestrictAddressFamilies") == "AF_UNIX"
    assert values(unit, "DeviceAllow") == []
    assert value("card-terminal", "Requires") == "card-terminal-check.service"


def test_the_terminal_may_open_its_own_devices_and_no_others() -> None:
    allowed = {words.partition(" ")[0] for words in values("card-terminal", "DeviceAllow")}
    names = {name for name in allowed if name.startswith("/dev/")}
    assert allowed - names == {"char-ttyUSB", "char-ttyACM", "char-video4linux", "char-drm", "char-alsa"}
    rules = (FOLDER / "rules.d" / "71-card-terminal-devices.rules").read_text("utf-8")
    linked = {f"/dev/{name}" for name in re.findall(r'SYMLINK\+="([^"]+)"', rules)}
    assert names == linked - {"/dev/card-terminal/camera"}, "the camera is opened by its class"


def test_a_terminal_without_keys_runs_the_first_run_and_nothing_else_of_it() -> None:
    for unit in ("card-terminal", "card-terminal-uplink", "card-terminal-check"):
        assert value(unit, "ConditionPathExists") == SEALED
    for unit in ("card-terminal-first-run", TAKE_OVER, f"{TAKE_OVER}.path"):
        assert value(unit, "ConditionPathExists") == f"!{SEALED}"
    wanted = " ".join(values("card-terminal.target", "Wants")).split()
    assert {"card-terminal.service", "card-terminal-first-run.service", f"{TAKE_OVER}.path"} <= set(wanted)


def test_the_first_run_may_what_the_terminal_may_and_is_handed_no_key() -> None:
    """But for what only a terminal that serves has: keys, a check before it, its last end, its place in memory."""
    first, terminal = set(settings("card-terminal-first-run")), set(settings("card-terminal"))
    names = {"Description", "ConditionPathExists", "After", "ExecStart", "TimeoutStopSec"}
    assert {key for key, _ in first - terminal} == names
    lacking = {"LoadCredentialEncrypted", "Requires", "ExecStartPre", "ExecStopPost", "OOMScoreAdjust"}
    assert {key for key, _ in terminal - first} == names | lacking


def test_root_takes_over_without_the_right_to_read_what_is_others() -> None:
    assert value(TAKE_OVER, "CapabilityBoundingSet").split() == ["CAP_SETUID", "CAP_SETGID"]
    assert (value(TAKE_OVER, "NoNewPrivileges"), value(TAKE_OVER, "PrivateNetwork")) == ("yes", "yes")
    assert (value(TAKE_OVER, "ProtectSystem"), value(TAKE_OVER, "LimitCORE")) == ("strict", "0")
    assert value(TAKE_OVER, "Conflicts") == "card-terminal-first-run.service", "nobody changes what is being read"
    assert (value(TAKE_OVER, "OnSuccess"), value(TAKE_OVER, "OnFailure")) == (
        "card-terminal.target", "card-terminal-first-run.service",
    )  # fmt: skip
    assert value(f"{TAKE_OVER}.path", "OnFailure") == "card-terminal-first-run.service", (
        "nobody stands before a curtain"
    )
    script = (FOLDER / "take-over").read_text("utf-8")
    (work,) = re.findall(r"^work=(\S+)$", script, re.MULTILINE)
    assert value(f"{TAKE_OVER}.path", "PathExists") == f"{work}/done"
    assert str(DEFAULT_WORK) == work


def test_no_device_is_named_before_a_technician_has_looked() -> None:
    rules = (FOLDER / "rules.d" / "71-card-terminal-devices.rules").read_text("utf-8").splitlines()
    assert all(line.startswith("#") or not line for line in rules)


def test_their_commands_are_commands(capsys: pytest.CaptureFixture[str]) -> None:
    for unit, command in zip(OURS, ("run", "uplink", "check", "first-run"), strict=True):
        assert value(unit, "ExecStart") == f"/opt/card-terminal/bin/kiosk {command}"
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
    assert "usage: kiosk check" in capsys.readouterr().out


def test_times_leave_room_for_what_the_code_allows_itself() -> None:
    assert float(value("card-terminal", "TimeoutStopSec")) > CLOSING_S + 7 * 5 + 30, "a citizen reads; lanes end"
    sign = max(SIGN_OF_LIFE_S, ANSWER_WITHIN_S + CONNECT_TIMEOUT_S)
    assert float(value("card-terminal-uplink", "WatchdogSec")) > 2 * sign
    assert float(value("card-terminal-uplink", "TimeoutStopSec")) > ANSWER_WITHIN_S + CONNECT_TIMEOUT_S
    for unit in OURS[:2]:
        assert value(unit, "Type") == "notify"
        assert value(unit, "Restart") == "always"
        assert value(unit, "StartLimitIntervalSec") == "0", "a terminal never gives up"
        assert value(unit, "RestartPreventExitStatus") == f"{RUNS_ALREADY} {USAGE}"
        assert f"| {value(unit, 'WatchdogSec')} s |" in PAGE


def test_the_page_knows_how_long_each_lane_may_take() -> None:
    limits = {
        "card": lanes.CARD_S, "pad": lanes.PAD_S, "ID reader": lanes.ID_READER_S, "centre": lanes.CENTRE_S,
        "ledger": lanes.LEDGER_S, "printer": lanes.PRINTER_S, "camera": lanes.CAMERA_S,
        "a technician's desk": lanes.DESK_S,
    }  # fmt: skip
    assert ", ".join(f"{name} {limit:.0f} s" for name, limit in limits.items()) in PAGE


def test_where_the_display_can_not_be_opened_nothing_is_drawn_into_memory() -> None:
    assert "SDL_VIDEODRIVER=x11" in value("card-terminal", "Environment").split()


def test_every_file_has_its_place_and_every_place_its_file() -> None:
    notes = {"places.txt", "masked-units.txt", "debian-packages.txt"}
    made = {"../manual/man1", "../manual/completions"}
    assert {place[0] for place in listed("places.txt")} == {path.name for path in FOLDER.iterdir()} - notes | made
    assert {place[1] for place in listed("places.txt") if not place[1].startswith(("/etc/", "/usr/lib/"))} == {
        "/usr/bin/kiosk", "/usr/share/man/man1", "/usr/share/bash-completion/completions",
    }  # fmt: skip


def test_what_is_masked_is_there_to_be_masked() -> None:
    # systemd-coredump is a package of its own, which a terminal need not have.
    names = {line[0] for line in listed("masked-units.txt")} - {"systemd-coredump.socket"}
    assert {name for name in names if not (DEBIANS_UNITS / name).exists()} == set()


def test_the_display_s_key_is_for_its_folder_s_group_and_nobody_else(tmp_path: Path) -> None:
    made = set()
    for _ in range(2):
        subprocess.run(
            [FOLDER / "display-authority"], check=True, env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)}
        )
        key = tmp_path / "authority"
        assert key.stat().st_mode & 0o777 == 0o640, "xauth makes it its owner's alone"
        told = subprocess.run(["xauth", "-f", key, "nlist"], capture_output=True, text=True, check=True).stdout
        assert re.fullmatch(r"ffff 0000\s+0001 30 0012 4d49542d4d414749432d434f4f4b49452d31 0010 [0-9a-f]{32}\n", told)
        made.add(told)
    assert len(made) == 2, "each start has its own"


def test_the_curtain_fits_both_sheets_and_is_what_the_display_paints() -> None:
    from PIL import Image  # noqa: PLC0415 - not wanted by the others

    painted = value(DISPLAY, "ExecStartPost")
    assert painted.endswith(" /opt/card-terminal/assets/curtain.png")
    with Image.open(ROOT / "assets" / "curtain.png") as curtain:
        assert curtain.width <= 1080
        assert curtain.height <= 1080
        ground = curtain.convert("RGB").getpixel((0, 0))
    assert ground == tuple(bytes.fromhex(re.findall(r'-solid "#([0-9a-f]{6})"', painted)[0])), "no edge is seen"
