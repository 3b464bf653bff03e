"""A PIN changed on the whole stack is nowhere afterwards: not in files, memory or a core; nor is a citizen in a log.

One citizen is served and everything that could betray them is searched. A marker of the same shapes goes through the
same searches and must be found. It comes to the terminal by a reason in its region pack, kept in memory as Latin-1, so
byte for byte; to the uplink by its environment, which leaves out the forms with zero bytes; to the disk by a log line
and a database. The pack asks for twelve digits, since the three bytes of BCD that six leave turn up by chance.
"""

import json
import os
import re
import resource
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulators.card.card_file import load_card_file
from simulators.stand.requirements import REPOSITORY
from simulators.stand.stand import Stand, StandSettings
from tests.e2e.tour.citizen import Citizen
from tests.e2e.tour.observation import Observer
from tests.e2e.tour.table import load_table
from tests.memory_search import Finding, forms_of, search_file, search_process

CARD = "zhumadian-normal"
LENGTH = 12
PLANTED = "TEST_PLANTED_MARKER"
GCORE_LIMIT_S = 120
ALL_FORMS = {"ASCII", "BCD", "BCD padded with F", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"}
FORMS_WITHOUT_ZEROS = {"ASCII", "BCD", "BCD padded with F"}


@dataclass
class Evidence:
    """What was found where; by needle ``old``, ``new`` or ``marker`` and form."""

    stand: Stand
    needles: dict[str, bytes]
    while_held: list[Finding] = field(default_factory=list)
    while_held_swappable: list[Finding] = field(default_factory=list)
    right_after: list[Finding] = field(default_factory=list)
    terminal: list[Finding] = field(default_factory=list)
    uplink: list[Finding] = field(default_factory=list)
    files: list[Finding] = field(default_factory=list)
    cores: dict[str, list[Finding]] = field(default_factory=dict)
    core_limits: dict[str, tuple[int, int]] = field(default_factory=dict)
    chip_pin: str = ""
    new_pin: str = ""


def of(findings: list[Finding], *whose: str) -> list[Finding]:
    return [one for one in findings if one.form.split()[0] in whose]


def forms_found(findings: list[Finding], whose: str) -> set[str]:
    return {one.form.removeprefix(f"{whose} ") for one in of(findings, whose)}


def random_digits() -> str:
    # No zeros, so that the marker's BCD can travel in an environment variable.
    return "".join(secrets.choice("123456789") for _ in range(LENGTH))


def needles_of(digits: Mapping[str, str]) -> dict[str, bytes]:
    return {f"{whose} {form}": octets for whose, pin in digits.items() for form, octets in forms_of(pin).items()}


def pack_of_long_pins(regions: Path, marker: str) -> Path:
    """A copy of the packs in which Zhumadian's PINs have twelve digits, for a reason that nobody could guess."""
    shutil.copytree(REPOSITORY / "config" / "regions", regions)
    pack = regions / "zhumadian.toml"
    # JSON escapes a string of bytes taken for Latin-1 just as TOML does.
    reason = json.dumps(b"\n".join(forms_of(marker).values()).decode("latin-1"))
    rule = f'[pin.length]\nvalue = {LENGTH}\nbasis = "operator"\nreason = {reason}\n\n'
    text, count = re.subn(r"(?ms)^\[pin\.length\]\n.*?(?=^\[)", lambda _: rule, pack.read_text(encoding="utf-8"))
    assert count == 1
    assert text.count('value = "123456"') == 1
    text = text.replace('value = "123456"', f'value = "{"123456" * (LENGTH // 6)}"')
    pack.write_text(text, encoding="utf-8")
    return regions


def give_card_pin(path: Path, digits: str) -> None:
    card = json.loads(path.read_text(encoding="utf-8"))
    card["social_security"]["pin"]["digits"] = digits
    path.write_text(json.dumps(card), encoding="utf-8")


def files_written(stand: Stand) -> list[Path]:
    """Everything below the stand's directory but the citizens' own chips and what stands there as an input."""
    return [
        path
        for path in sorted(stand.state.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.relative_to(stand.state).parts[0] != "cards"
    ]


def search_files(stand: Stand, needles: Mapping[str, bytes]) -> list[Finding]:
    return [
        Finding(one.form, str(path.relative_to(stand.state)), one.address)
        for path in files_written(stand)
        for one in search_file(path, needles)
    ]


def search_open_files(pid: int, needles: Mapping[str, bytes]) -> list[Finding]:
    """Files that a process has open, deleted ones included."""
    found: list[Finding] = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        if descriptor.is_file():
            found += search_file(descriptor, needles)
    return found


def core_of(pid: int, needles: Mapping[str, bytes], directory: Path) -> list[Finding]:
    """Search a core that gdb writes of a running process; it is removed at once, being large."""
    directory.mkdir()
    try:
        subprocess.run(
            ["gcore", "-o", str(directory / "core"), str(pid)], check=True, timeout=GCORE_LIMIT_S, capture_output=True
        )
        (core,) = directory.iterdir()
        return search_file(core, needles)
    finally:
        shutil.rmtree(directory)


def core_limit(pid: int) -> tuple[int, int]:
    return resource.prlimit(pid, resource.RLIMIT_CORE)


def plant_in_files(stand: Stand, marker: str) -> None:
    octets = b"\n".join(forms_of(marker).values())
    with (stand.logs / f"{stand.place.id}-run.log").open("ab") as log:
        log.write(octets + b"\n")
    with sqlite3.connect(stand.place.state / "planted.db") as database:
        database.execute("CREATE TABLE planted (entry BLOB)")
        database.execute("INSERT INTO planted VALUES (?)", (octets,))
    database.close()


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    place = tmp_path_factory.mktemp("trace")
    old, new, marker = random_digits(), random_digits(), random_digits()
    planted = b"\n".join(forms_of(marker)[form] for form in sorted(FORMS_WITHOUT_ZEROS))
    needles = needles_of({"old": old, "new": new, "marker": marker})
    settings = StandSettings(state=place / "stand", regions=pack_of_long_pins(place / "regions", marker))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(PLANTED, os.fsdecode(planted))
        with Stand(settings) as stand:
            environment.delenv(PLANTED)
            give_card_pin(stand.cards[CARD].path, old)
            yield serve_and_search(stand, place, old, new, marker, needles)


def serve_and_search(stand: Stand, place: Path, old: str, new: str, marker: str, needles: dict[str, bytes]) -> Evidence:
    shots = place / "shots"
    shots.mkdir()
    citizen = Citizen(stand, load_table().words, shots, "pin-leaves-no-trace", ["record"])
    pids = {name: pid for name, pid, _, _ in stand.programs() if pid is not None}
    terminal, uplink = pids["kiosk run"], pids["kiosk uplink"]
    found = Evidence(stand, needles, new_pin=new)
    can_dump = shutil.which("gcore") is not None
    observer = Observer(stand)
    try:
        citizen.touches("start")
        citizen.sees("home")
        citizen.touches("change")
        citizen.sees("insert_card")
        citizen.inserts(CARD)
        citizen.sees("old_pin")
        citizen.types(old)
        citizen.sees("new_pin")
        citizen.types("11", enter=False)  # a change of mind: what was cleared is no part of the PIN
        stand.press("clear")
        citizen.types(new)
        citizen.sees("repeat_pin")

        found.while_held = search_process(terminal, needles)
        found.while_held_swappable = search_process(terminal, needles, swappable_only=True)
        if can_dump:
            found.cores["while held"] = core_of(terminal, needles, place / "core")

        citizen.types(new)
        citizen.takes_card()
        citizen.sees("changed")
        found.right_after = search_process(terminal, needles)
        chip = load_card_file(stand.cards[CARD].path).social_security
        found.chip_pin = chip.pin.digits if chip and chip.pin else ""
        citizen.touches("close")
        citizen.sees("home")
        # The new PIN once more, and the citizen's record on the screen.
        citizen.touches("query")
        citizen.sees("insert_card")
        citizen.inserts(CARD)
        citizen.sees("enter_pin")
        citizen.types(new)
        citizen.takes_card()
        citizen.sees("record")
        citizen.departs()
        assert observer.wait_until_delivered(observer.head())
    finally:
        observer.close()

    plant_in_files(stand, marker)
    found.terminal = search_process(terminal, needles)
    found.uplink = search_process(uplink, needles)
    found.files = [
        *search_files(stand, needles),
        *search_open_files(terminal, needles),
        *search_open_files(uplink, needles),
    ]
    if can_dump:
        found.cores["afterwards"] = core_of(terminal, needles, place / "core")
    found.core_limits = {"kiosk run": core_limit(terminal), "kiosk uplink": core_limit(uplink)}
    return found


def test_the_pin_really_was_changed(evidence: Evidence) -> None:
    assert evidence.chip_pin == evidence.new_pin


def test_a_pin_that_is_held_lies_in_locked_pages_only(evidence: Evidence) -> None:
    assert forms_found(evidence.while_held, "old") == {"ASCII"}
    assert forms_found(evidence.while_held, "new") == {"ASCII"}
    assert of(evidence.while_held_swappable, "old", "new") == []
    assert forms_found(evidence.while_held_swappable, "marker") == ALL_FORMS


def test_nothing_is_left_in_the_terminals_memory(evidence: Evidence) -> None:
    assert of(evidence.right_after, "old", "new") == []
    assert of(evidence.terminal, "old", "new") == []
    assert forms_found(evidence.terminal, "marker") == ALL_FORMS


def test_nothing_is_left_in_the_uplinks_memory(evidence: Evidence) -> None:
    assert of(evidence.uplink, "old", "new") == []
    assert forms_found(evidence.uplink, "marker") == FORMS_WITHOUT_ZEROS


@pytest.mark.parametrize("moment", ["while held", "afterwards"])
def test_nothing_is_in_a_core(evidence: Evidence, moment: str) -> None:
    assert shutil.which("gcore"), "gcore is missing: apt-get install gdb"
    assert of(evidence.cores[moment], "old", "new") == []
    assert forms_found(evidence.cores[moment], "marker") == ALL_FORMS


def test_nothing_is_in_a_file(evidence: Evidence) -> None:
    assert of(evidence.files, "old", "new") == []
    terminal = evidence.stand.place
    places: dict[str, set[str]] = {}
    for one in of(evidence.files, "marker"):
        places.setdefault(one.where, set()).add(one.form.removeprefix("marker "))
    assert places[f"logs/{terminal.id}-run.log"] == ALL_FORMS
    assert places[f"{terminal.id}/state/planted.db"] == ALL_FORMS


def test_the_files_searched_are_those_that_matter(evidence: Evidence) -> None:
    names = {str(path.relative_to(evidence.stand.state)) for path in files_written(evidence.stand)}
    terminal = evidence.stand.place.id
    assert {
        f"{terminal}/credentials/storage.key",
        f"{terminal}/state/receipts.db",
        f"{terminal}/state/ledger/ledger.db",
        f"logs/{terminal}-run.log",
        f"logs/{terminal}-uplink.log",
        "logs/centre.log",
        "centre/centre.toml",
    } <= names
    assert any(name.startswith("centre/") and name.endswith((".db", ".sqlite")) for name in names)


def test_terminal_and_uplink_write_no_core(evidence: Evidence) -> None:
    assert evidence.core_limits == {"kiosk run": (0, 0), "kiosk uplink": (0, 0)}


def test_no_citizen_is_in_a_log(evidence: Evidence) -> None:
    people = holders(evidence.stand.settings.seeds[0])
    logs = [path for path in files_written(evidence.stand) if path.suffix == ".log"]
    assert {"centre.log", "zmd-0001-run.log", "zmd-0001-uplink.log", "pcscd.log"} <= {log.name for log in logs}
    assert [one for log in logs for one in search_file(log, people)] == []

    (log,) = (log for log in logs if log.name == "centre.log")
    with log.open("a", encoding="utf-8") as file:
        file.write("planted: 张示例 411700198504121036\n")
    assert {one.form for one in search_file(log, people)} == {"zhumadian-normal name", "zhumadian-normal number"}


def holders(seed: Path) -> dict[str, bytes]:
    """Name and number of everyone the centre knows."""
    return {
        f"{one['about']} {what}": one[key].encode()
        for one in json.loads(seed.read_text(encoding="utf-8"))["holders"]
        for what, key in (("name", "name"), ("number", "social_security_number"))
    }
