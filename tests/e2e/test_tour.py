"""The tour itself: on the real stack every citizen meets what the reviewed table says, and a broken rule is noticed."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from simulators.stand.requirements import REPOSITORY, missing
from simulators.stand.stand import CanNotStart, Stand, StandSettings
from tests.e2e.tour.breaks import BREAKS, PACK_BREAKS, copy_packs
from tests.e2e.tour.stories import STORIES
from tests.e2e.tour.table import load_table
from tests.e2e.tour.trial import HALVES, serve_regions, tour

pytestmark = pytest.mark.stack


@pytest.mark.timeout(1800)
def test_every_citizen_of_the_first_half_is_served_as_the_table_says(tmp_path: Path) -> None:
    serve_regions(tmp_path / "tour", HALVES[0])


def test_the_halves_are_the_whole() -> None:
    assert sorted(region for half in HALVES for region in half) == sorted({one.region for one in load_table().journeys})


@pytest.mark.timeout(400)
def test_a_broken_rule_ends_the_tour_with_an_error(tmp_path: Path) -> None:
    done = tour(tmp_path / "tour", "--only", "zhumadian-locked", "--break", "pin.tries")
    assert done.returncode == 1, done.stdout + done.stderr
    about, locked = json.loads((tmp_path / "tour" / "results.json").read_text(encoding="utf-8"))
    assert about["broken_rule"] == "pin.tries"
    # The pack said five: one digit on the last screen is all that differs.
    assert locked["outcome"]["final"] == ["社保密码已锁住", "0396-12333"]
    assert locked["outcome"]["outcome"] == "refused"


def test_without_root_it_says_so_and_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CanNotStart, match="root: pcscd gets mount and network namespaces of its own"):
        Stand(StandSettings(state=tmp_path / "stand")).start()
    assert not (tmp_path / "stand").exists()


def test_a_missing_program_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program, path: None if program == "Xvfb" else f"/usr/bin/{program}")
    with pytest.raises(CanNotStart, match="program Xvfb: apt-get install xvfb"):
        Stand(StandSettings(state=tmp_path / "stand")).start()
    assert not any("Xvfb" in line for line in missing(display=True))


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("not ours")
    with pytest.raises(CanNotStart, match="holds something else"):
        Stand(StandSettings(state=tmp_path)).start()
    assert precious.read_text() == "not ours"


def test_table_and_stories_name_the_same_journeys() -> None:
    names = [one.name for one in load_table().journeys]
    assert len(names) == len(set(names))
    assert sorted(names) == sorted(STORIES)


@pytest.mark.parametrize("rule", sorted(PACK_BREAKS))
def test_a_break_changes_one_line_of_a_copy(tmp_path: Path, rule: str) -> None:
    original = REPOSITORY / "config" / "regions"
    before = {path.name: path.read_text(encoding="utf-8").splitlines() for path in original.glob("*.toml")}
    broken = copy_packs(original, tmp_path / "packs", rule)
    changed = [
        (name, old, new)
        for name, lines in before.items()
        for old, new in zip(lines, (broken / name).read_text(encoding="utf-8").splitlines(), strict=True)
        if old != new
    ]
    assert [name for name, _, _ in changed] == [f"{PACK_BREAKS[rule][0]}.toml"]
    assert before == {path.name: path.read_text(encoding="utf-8").splitlines() for path in original.glob("*.toml")}


def test_the_makefile_offers_what_the_tour_takes() -> None:
    assert "pin.tries" in BREAKS
    done = subprocess.run(
        ["make", "--dry-run", "tour", "BREAK=hotline", "ONLY=beijing"],
        capture_output=True, text=True, timeout=60, cwd=REPOSITORY, check=True,
    )  # fmt: skip
    assert "tests.e2e.tour --break hotline --only beijing" in done.stdout
