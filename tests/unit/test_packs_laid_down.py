"""Signed rules in their place: at every moment the former or the new ones count, whatever cuts the power."""

from pathlib import Path

import pytest

from kiosk.policy.pack import PackError
from kiosk.policy.signed_pack import load_signed_pack
from kiosk.records.signed_pack import LONGEST
from kiosk.technician.configuring import BEFORE
from kiosk.technician.packs import lay_down
from tests.kill_points import killed_before


def test_whoever_is_killed_at_any_line_leaves_the_former_rules_or_the_new_ones(tmp_path: Path) -> None:
    place, line, seen = tmp_path / "regions" / "zhumadian.pack", 1, set()
    lay_down(place, b"former")

    def work(begin: object) -> None:
        assert callable(begin)
        begin()
        lay_down(place, b"new")

    while killed_before(line, work, "kiosk/technician/packs.py"):
        seen.add(place.read_bytes())
        lay_down(place, b"former")
        line += 1
    assert seen == {b"former", b"new"}
    assert place.read_bytes() == b"new"
    assert place.with_name(place.name + BEFORE).read_bytes() == b"former"
    assert {file.name for file in place.parent.iterdir()} == {place.name, place.name + BEFORE}


def test_of_a_file_that_no_memory_holds_no_more_is_read_than_a_pack_has(tmp_path: Path) -> None:
    long = tmp_path / "zhumadian.pack"
    with long.open("wb") as file:
        file.truncate(1 << 36)
    with pytest.raises(PackError, match=f"too many bytes for a pack; at most {LONGEST}"):
        load_signed_pack(long, "zhumadian", {})
