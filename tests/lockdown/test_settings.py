"""What the installer lays down against ways out: each setting is there, and nothing takes it back."""

import configparser
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNITS = FOLDER / "system"
OURS = ("card-terminal", "card-terminal-uplink", "card-terminal-check", "card-terminal-display")
MOUNTERS = {"autofs", "gvfs", "pmount", "udevil", "udiskie", "udisks2", "usbmount", "devmon"}


def listed(name: str) -> set[str]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def ini(path: Path) -> configparser.ConfigParser:
    """A file of systemd's; a key that stands twice is a mistake here."""
    parsed = configparser.ConfigParser(interpolation=None)  # its keys are without capitals, asked for or read
    parsed.read_string(path.read_text("utf-8"))
    return parsed


def unit(name: str) -> list[str]:
    """A unit's lines; its keys may stand more than once."""
    return (UNITS / f"{name}.service").read_text("utf-8").splitlines()


def xorg_sections(kind: str) -> list[dict[str, str]]:
    """Options and matches of each section of a kind, in the order in which the server reads them."""
    text = "".join(path.read_text("utf-8") for path in sorted((FOLDER / "xorg.conf.d").iterdir()))
    found = re.findall(rf'^Section "{kind}"\n(.*?)^EndSection', text, re.MULTILINE | re.DOTALL)
    return [
        {
            **dict(re.findall(r'Option "(\w+)" "(\w+)"', body)),
            **dict(re.findall(r'^ +(Match\w+) "(.+)"', body, re.MULTILINE)),
        }
        for body in found
    ]


def test_the_server_can_not_be_left_or_ended() -> None:
    (flags,) = xorg_sections("ServerFlags")
    assert flags["DontVTSwitch"] == flags["DontZap"] == flags["DontZoom"] == "on"
    (started,) = (line for line in unit("card-terminal-display") if line.startswith("ExecStart="))
    words = started.split()
    assert {"vt1", "-keeptty", "-noreset", "-auth"} <= set(words)
    assert words[words.index("-nolisten") + 1] == "tcp"


def test_the_server_hears_a_touch_screen_and_nothing_else() -> None:
    everything, touch = xorg_sections("InputClass")
    assert everything == {"MatchDevicePath": "/dev/input/event*", "Ignore": "on"}
    assert (touch["MatchIsTouchscreen"], touch["Ignore"]) == ("on", "off")
    rules = listed("rules.d/70-card-terminal.rules")
    assert 'SUBSYSTEM=="input", ENV{ID_INPUT_TOUCHSCREEN}!="1", ENV{LIBINPUT_IGNORE_DEVICE}="1"' in rules


def test_no_terminal_waits_for_a_sign_in() -> None:
    login = ini(FOLDER / "logind.conf.d" / "card-terminal.conf")["Login"]
    assert (login["NAutoVTs"], login["ReserveVT"]) == ("0", "0")
    wanted = {"getty.target", "getty@.service", "autovt@.service", "serial-getty@.service", "console-getty.service"}
    assert wanted | {"ctrl-alt-del.target", "debug-shell.service"} <= listed("masked-units.txt")


def test_a_stick_is_let_alone() -> None:
    rules = listed("rules.d/70-card-terminal.rules")
    assert 'SUBSYSTEM=="block", ENV{ID_BUS}=="usb", ENV{UDISKS_IGNORE}="1", ENV{SYSTEMD_READY}="0"' in rules
    assert listed("debian-packages.txt") & MOUNTERS == set()


def test_no_core_and_no_way_to_look_in() -> None:
    kernel = dict(re.split(r" = ", line) for line in listed("sysctl.d/60-card-terminal.conf"))
    assert kernel["kernel.core_pattern"] == "|/bin/false"
    assert kernel["fs.suid_dumpable"] == "0"
    assert kernel["kernel.yama.ptrace_scope"] == "3"
    assert kernel["kernel.sysrq"] == "0"
    kept = ini(FOLDER / "coredump.conf.d" / "card-terminal.conf")["Coredump"]
    assert (kept["Storage"], kept["ProcessSizeMax"]) == ("none", "0")
    assert "systemd-coredump.socket" in listed("masked-units.txt")
    assert "LimitCORE=0" in (UNITS / "pcscd.service.d" / "card-terminal.conf").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", OURS)
def test_each_unit_says_so_itself(name: str) -> None:
    lines = unit(name)
    assert "LimitCORE=0" in lines
    assert "Slice=cardterminal.slice" in lines
    if name != "card-terminal-display":
        assert {"UMask=0077", "StateDirectoryMode=0700"} <= set(lines), "others could read what it writes"


def test_nothing_of_it_is_swapped() -> None:
    assert ini(UNITS / "cardterminal.slice")["Slice"]["MemorySwapMax"] == "0"
    assert "MemorySwapMax=0" in (UNITS / "pcscd.service.d" / "card-terminal.conf").read_text("utf-8").splitlines()
    assert "swap.target" in listed("masked-units.txt")


def test_the_reader_is_the_terminals() -> None:
    socket = ini(UNITS / "pcscd.socket.d" / "card-terminal.conf")["Socket"]
    assert (socket["SocketGroup"], socket["SocketMode"]) == ("card-terminal", "0660")
