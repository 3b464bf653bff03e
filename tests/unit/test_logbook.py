"""What a technician is told of logs and ledgers that are long: nothing half, and not without end."""

from pathlib import Path

from kiosk.technician.bookkeeping import NAMED, listed
from kiosk.technician.logbook import last_lines
from kiosk.technician.programs import NO_SUCH, Ran

NUMBER = "411702199001011234"


def test_a_number_that_is_cut_by_the_end_of_what_is_read_is_not_shown(tmp_path: Path) -> None:
    log = tmp_path / "other.log"
    rest = "after it\n"
    for cut in range(1, len(NUMBER)):
        text = f"somebody {NUMBER} " + "x" * (256 * 1024 - len(rest) - 2 - cut) + f"\n{rest}"
        log.write_text(text, encoding="utf-8")
        assert last_lines(10, lambda _: Ran(NO_SUCH, ""), [log]) == ("after it",)


def test_of_many_damaged_entries_the_first_are_named() -> None:
    assert listed([3, 7]) == "3, 7"
    assert listed(range(1, NAMED + 1)).endswith("19, 20")
    assert listed(range(1, 100_001)) == f"{listed(range(1, NAMED + 1))} and 99980 more"
