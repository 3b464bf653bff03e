"""The making of a card, cut short and failing at every point: no card twice, none lost, no money kept."""

import itertools
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.custody.stock import obstacle
from kiosk.journeys.issuing import End
from kiosk.journeys.issuing_requests import Written
from kiosk.records.custody import Reason
from kiosk.records.issuance import AbandonedWhy, NewCardFate
from tests.journeys.workshop import CHIP, HOLDER, SIZES, SM4_CHIP, Fault, Workshop, issuer_of

STORY = [
    "RequestToken",
    "LookAtPrinter",
    "Book fed",
    "FeedBlank",
    "IdentifyBlank",
    "Book identified",
    "RegisterBlank",
    "Record personalising",
    "DrawBlankChallenge",
    "AuthenticateBlank",
    "Personalise",
    "Record personalised",
    "Record printing",
    "PrintFace",
    "Record printed",
    "ReadBack",
    "Record read_back",
    "Record holding_old_card",
    "HoldOldCard",
    "Record old_card_held",
    "Record switching",
    "SwitchCards",
    "Record switched",
    "RetainOldCard",
    "Record old_card_retained",
    "Book presented",
    "EjectCard",
    "AwaitTaken",
    "Book taken",
    "CommitIssuance",
    "Record committed",
]
"""Every step of an exchange in which nothing goes wrong."""
CUTS = (Fault.CUT_BEFORE, Fault.CUT_AFTER)
FAILURES = (Fault.FAILS_UNDONE, Fault.FAILS_DONE)


def came_to_rest(workshop: Workshop, *, somebody_waits: bool = True, restarts: int = 4) -> list[str]:
    """Serve, start again until it is settled, and tell what is wrong then."""
    workshop.serve()
    for _ in range(restarts):
        workshop.restart(somebody_waits=somebody_waits)
    workshop.time_runs_out()
    return workshop.wrongs()


def test_a_card_is_made_step_by_step() -> None:
    workshop = Workshop(exchange=True)
    issued = workshop.serve()
    assert workshop.asked == STORY
    assert issued is not None
    assert issued.end is End.TAKEN
    assert (workshop.printer.taken, workshop.old_card, workshop.centre.fate) == (
        ["0123456789abcdef0123456789abcdef"],
        "bin",
        NewCardFate.TAKEN,
    )
    assert workshop.wrongs() == []


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "lost"])
@pytest.mark.parametrize("takes", [True, False], ids=["takes-it", "leaves-it"])
@pytest.mark.parametrize("waits", [True, False], ids=["waits", "gone"])
def test_the_power_is_cut_at_every_point_and_at_every_point_of_what_follows(
    *, exchange: bool, takes: bool, waits: bool
) -> None:
    wrong: list[object] = []
    for first, cut in itertools.product(range(len(STORY) + 3), CUTS):
        once = Workshop(exchange=exchange, citizen_takes=takes, plan={first: cut})
        if found := came_to_rest(once, somebody_waits=waits):
            wrong.append((first, cut, once.asked[first:], found))
        begun_again = first + 1
        for second, again in itertools.product(range(begun_again, len(once.asked)), CUTS):
            twice = Workshop(exchange=exchange, citizen_takes=takes, plan={first: cut, second: again})
            if found := came_to_rest(twice, somebody_waits=waits):
                wrong.append((first, cut, second, again, twice.asked[first:], found))
    assert wrong == []


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "lost"])
@pytest.mark.parametrize("takes", [True, False], ids=["takes-it", "leaves-it"])
def test_everything_fails_once_and_then_the_power_is_cut(*, exchange: bool, takes: bool) -> None:
    wrong: list[object] = []
    for first, failure in itertools.product(range(len(STORY) + 3), FAILURES):
        once = Workshop(exchange=exchange, citizen_takes=takes, plan={first: failure})
        if found := came_to_rest(once):
            wrong.append((first, failure, once.asked[first:], found))
        for second, cut in itertools.product(range(first + 1, len(once.asked)), CUTS):
            twice = Workshop(exchange=exchange, citizen_takes=takes, plan={first: failure, second: cut})
            if found := came_to_rest(twice):
                wrong.append((first, failure, second, cut, twice.asked[first:], found))
    assert wrong == []


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "lost"])
@pytest.mark.parametrize("takes", [True, False], ids=["takes-it", "leaves-it"])
def test_the_centre_falls_silent_at_every_point(*, exchange: bool, takes: bool) -> None:
    for point in range(len(STORY) + 3):
        workshop = Workshop(exchange=exchange, citizen_takes=takes, centre_silent_from=point)
        assert came_to_rest(workshop) == [], (point, workshop.asked[point:])


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "lost"])
@pytest.mark.parametrize("takes", [True, False], ids=["takes-it", "leaves-it"])
def test_the_ledger_is_full_at_every_point(*, exchange: bool, takes: bool) -> None:
    for point in range(len(STORY) + 3):
        workshop = Workshop(exchange=exchange, citizen_takes=takes, ledger_fails_from=point)
        wrong = came_to_rest(workshop)
        if wrong:
            # Nobody could write down that the bin took it: an open case says so, and two people count.
            assert workshop.centre.fate is NewCardFate.RETAINED, (point, workshop.asked[point:])
            workshop.staff_come()
        assert workshop.wrongs() == [], (point, workshop.asked[point:])


def test_two_blanks_at_once_go_into_the_bin_together_wherever_the_power_is_cut() -> None:
    whole = Workshop(feeds_two=True)
    assert came_to_rest(whole) == []
    told = whole.asked[whole.asked.index("FeedBlank") :]
    assert told[:6] == [
        "FeedBlank",
        "LookAtPrinter",
        "Record rejecting",
        "Book two_fed",
        "DiscardCard",
        "Book rejected",
    ]
    assert (len(whole.printer.rejected), whole.printer.hopper, whole.centre.refunds) == (2, 3, 1)
    assert obstacle(whole.stock, SIZES) is Reason.TWO_FED
    for first, cut in itertools.product(range(len(whole.asked)), CUTS):
        once = Workshop(feeds_two=True, plan={first: cut})
        assert came_to_rest(once) == [], (first, cut, once.asked)
        for second, again in itertools.product(range(first + 1, len(once.asked)), CUTS):
            twice = Workshop(feeds_two=True, plan={first: cut, second: again})
            assert came_to_rest(twice) == [], (first, cut, second, again, twice.asked)


def test_a_full_ledger_moves_no_card_that_is_nobodys() -> None:
    workshop = Workshop(ledger_fails_from=STORY.index("Record printing"))
    assert workshop.serve() is None
    assert workshop.printer.inside
    assert (workshop.printer.rejected, workshop.printer.printed) == ([], 0)


def test_a_full_ledger_keeps_nobodys_valid_card_back() -> None:
    workshop = Workshop(exchange=True, ledger_fails_from=STORY.index("Record switched"))
    assert workshop.serve() is None
    assert workshop.printer.taken
    assert workshop.centre.fate is NewCardFate.TAKEN


def test_nothing_moves_while_the_centre_does_not_say_which_card_is_valid() -> None:
    switch = STORY.index("SwitchCards")
    workshop = Workshop(exchange=True, plan={switch: Fault.FAILS_DONE}, centre_silent_from=switch + 1)
    issued = workshop.serve()
    assert issued is not None
    assert issued.end is End.UNSETTLED
    assert (workshop.printer.inside != "", workshop.printer.at_exit, workshop.old_card) == (True, False, "held")
    assert not workshop.finished
    assert came_to_rest_after(workshop) == []


def test_the_centre_says_no_to_the_switch() -> None:
    workshop = Workshop(exchange=True)
    workshop.centre.refuses_switch = True
    issued = workshop.serve()
    assert issued is not None
    assert (issued.end, workshop.old_card, workshop.centre.refunds) == (End.ABANDONED, "slot", 1)
    assert workshop.printer.rejected
    assert workshop.wrongs() == []


def came_to_rest_after(workshop: Workshop) -> list[str]:
    """The same for one that has served already."""
    workshop.restart()
    workshop.time_runs_out()
    return workshop.wrongs()


OUTCOMES = {
    # where the power is cut, before it → which card is valid, where the blank is, refunds
    "RequestToken": ("old", "hopper", 1),
    "Book fed": ("old", "hopper", 1),
    "FeedBlank": ("old", "hopper", 1),
    "IdentifyBlank": ("old", "reject_bin", 1),
    "RegisterBlank": ("old", "reject_bin", 1),
    "Personalise": ("old", "reject_bin", 1),
    "PrintFace": ("old", "reject_bin", 1),
    "ReadBack": ("old", "reject_bin", 1),
    "HoldOldCard": ("old", "reject_bin", 1),
    "SwitchCards": ("old", "reject_bin", 1),
    "Record switched": ("new", "citizen", 0),
    "EjectCard": ("new", "citizen", 0),
    "AwaitTaken": ("new", "citizen", 0),
    "Book taken": ("new", "citizen", 0),
    "CommitIssuance": ("new", "citizen", 0),
    "Record committed": ("new", "citizen", 0),
}
"""Typed from docs/replacement.md: the table of cuts."""


@pytest.mark.parametrize("point", OUTCOMES)
def test_what_a_cut_comes_to(point: str) -> None:
    workshop = Workshop(exchange=True, plan={STORY.index(point): Fault.CUT_BEFORE})
    assert came_to_rest(workshop) == []
    printer = workshop.printer
    places = {"hopper": printer.hopper == 5, "reject_bin": bool(printer.rejected), "citizen": bool(printer.taken)}
    valid = "new" if workshop.centre.new_valid else "old"
    assert (valid, [name for name, there in places.items() if there], workshop.centre.refunds) == (
        OUTCOMES[point][0],
        [OUTCOMES[point][1]],
        OUTCOMES[point][2],
    )


LEFT_TO_STAFF = {
    "the old card is valid and kept",
    "the book's hopper",
    "the book's printer",
    "the book's reject bin",
    "the book's retained bin",
    "the book's citizens",
}


@given(
    plan=st.dictionaries(st.integers(0, 80), st.sampled_from(list(Fault)), max_size=8),
    exchange=st.booleans(),
    takes=st.booleans(),
    waits=st.booleans(),
)
def test_many_things_go_wrong_one_after_the_other(
    *, plan: dict[int, Fault], exchange: bool, takes: bool, waits: bool
) -> None:
    workshop = Workshop(exchange=exchange, citizen_takes=takes, plan=plan)
    wrong = came_to_rest(workshop, somebody_waits=waits, restarts=20)
    answers_lost = [fault for fault in plan.values() if fault in FAILURES]
    if set(wrong) <= LEFT_TO_STAFF and len(answers_lost) > 1:
        # A printer that loses an answer and then can't be asked either, a slot that does not move: people come.
        workshop.staff_come()
        wrong = workshop.wrongs()
    assert wrong == []


ISSUER = issuer_of(CHIP)
WRITTEN_WRONGLY = {
    "another blank": Written(replace(ISSUER, identification_code="0" * 32), HOLDER, CHIP.photo),
    "another number": Written(replace(ISSUER, card_number="D2143569X"), HOLDER, CHIP.photo),
    "another class": Written(replace(ISSUER, card_class="2"), HOLDER, CHIP.photo),
    "another norm": Written(replace(ISSUER, norm_version="3.00"), HOLDER, CHIP.photo),
    "another day": Written(replace(ISSUER, issued_on=date(2026, 11, 21)), HOLDER, CHIP.photo),
    "another term": Written(replace(ISSUER, expires_on=date(2036, 11, 21)), HOLDER, CHIP.photo),
    "another holder": Written(ISSUER, replace(HOLDER, name="王小红"), CHIP.photo),
    "another photo": Written(ISSUER, HOLDER, b"\xff\xd8 another"),
    "no photo": Written(ISSUER, HOLDER, None),
}


@pytest.mark.parametrize("written", WRITTEN_WRONGLY.values(), ids=WRITTEN_WRONGLY.keys())
def test_a_card_that_reads_back_otherwise_is_nobodys(written: Written) -> None:
    workshop = Workshop(exchange=True, reads_back=written)
    issued = workshop.serve()
    assert issued is not None
    assert (issued.end, issued.why) == (End.ABANDONED, AbandonedWhy.BLANK)
    assert "SwitchCards" not in workshop.asked
    assert workshop.wrongs() == []


def test_a_chip_of_norm_3_opens_to_the_centres_answer_and_its_holder_is_compared() -> None:
    workshop = Workshop(exchange=True, chip=SM4_CHIP)
    issued = workshop.serve()
    at = STORY.index("ReadBack")
    assert workshop.asked == [*STORY[:at], "DrawReadBackChallenge", "AuthenticateBlank", *STORY[at:]]
    assert issued is not None
    assert issued.end is End.TAKEN


def test_a_power_cut_while_a_chip_of_norm_3_is_read_back() -> None:
    at = STORY.index("ReadBack")
    for first, cut in itertools.product(range(at - 1, at + 4), (*CUTS, *FAILURES)):
        workshop = Workshop(exchange=True, chip=SM4_CHIP, plan={first: cut})
        assert came_to_rest(workshop) == [], (first, cut, workshop.asked)


def test_a_chip_that_stays_closed_is_nobodys() -> None:
    workshop = Workshop(chip=SM4_CHIP, reads_back=Written(issuer_of(SM4_CHIP), None))
    issued = workshop.serve()
    assert issued is not None
    assert (issued.end, issued.why) == (End.ABANDONED, AbandonedWhy.BLANK)
    assert workshop.wrongs() == []
