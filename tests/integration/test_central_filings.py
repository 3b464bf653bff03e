"""What people file: once, for the right person, never twice open, and told to nobody else."""

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from stdnum.iso7064 import mod_11_2

from central.command_line import main
from central.filings import FilingDesk, FilingRefused, last_day
from central.query import transaction_row
from central.region_rules import load_region_rules
from central.settings import load_settings
from central.tables import Card, Filing, FilingPortrait, FilingProxy, Holder, ReplacementOrder
from kiosk.records.card import CardState
from kiosk.records.china_time import CHINA
from kiosk.records.filings import (
    Cancelling,
    CardApplication,
    ChangedDatum,
    DataChange,
    Filed,
    FileMatter,
    FilingState,
    FilingsTold,
    FilingVerdict,
    GetFilings,
    IdentifiedBy,
    IssuedPaper,
    LeavingReason,
    Matter,
    OffsiteCare,
    OffsiteGroup,
    Paper,
    Proxy,
    Relation,
)
from kiosk.records.portrait import (
    COMPARISON_TEXT,
    CONSENT_TEXT,
    ConsentBy,
    FiledComparison,
    FiledPortrait,
    Likeness,
    NoPortrait,
    TakenPortrait,
)
from kiosk.records.questions import ReportLoss
from kiosk.records.transaction import Outcome, Service, Stage
from kiosk.records.upload import Receipt
from kiosk.records.working_days import load_calendar
from tests.centre import HOLIDAYS, REGION_RULES, EnrolledTerminal, LedgerWriter, Refusal, RunningCentre, a_transaction

NOW = 1_800_000_000_000
"""2027-01-15 16:00 in China."""
HOUR = 3_600_000
Person = tuple[str, str]
# Of tests/regions/centre.json and config/demo/centre.json.
WITHOUT_CARD: Person = ("990100199806149038", "云申领")
NOT_INSURED: Person = ("990100200102039055", "云未保")
IN_PRODUCTION: Person = ("990100199209119076", "云在办")
READY: Person = ("990100197701309083", "云已好")
WAS_REFUSED: Person = ("990100195005059093", "云未批")
WITH_CARD: Person = ("990100198701059015", "云示例")
WITH_CARD_CODE = "990100D1560000050000000000009001"
BEIJING: Person = ("110000198807212015", "周模拟")
AWAY = OffsiteCare(group=OffsiteGroup.LONG_RESIDENT, place="310100")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest) -> RunningCentre:
    running: RunningCentre = request.getfixturevalue(
        "sqlite_centre" if request.param == "sqlite" else "postgres_centre"
    )
    running.reset(at_ms=NOW)
    return running


@pytest.fixture
def terminal(centre: RunningCentre) -> EnrolledTerminal:
    return centre.enrol("yl-0001", "yunling")


def a_matter(person: Person, matter: Matter, **other: Any) -> FileMatter:
    values: dict[str, Any] = {
        "transaction_id": os.urandom(16).hex(),
        "region": "yunling",
        "social_security_number": person[0],
        "name": person[1],
        "identified_by": IdentifiedBy.ID_CARD,
        "matter": matter,
    }
    return FileMatter(**(values | other))


def file(centre: RunningCentre, terminal: EnrolledTerminal, question: FileMatter) -> Filed:
    return centre.ask(terminal, "/v1/filings", question, Filed)


def query(centre: RunningCentre, terminal: EnrolledTerminal, person: Person, **other: Any) -> FilingsTold:
    values: dict[str, Any] = {
        "region": "yunling",
        "social_security_number": person[0],
        "name": person[1],
        "identified_by": IdentifiedBy.ID_CARD,
    }
    return centre.ask(terminal, "/v1/filings/query", GetFilings(**(values | other)), FilingsTold)


def declined(question: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        question()
    return caught.value.status, caught.value.problem.type


def desk(centre: RunningCentre) -> FilingDesk:
    """The office's side."""
    rules, calendar = load_region_rules(REGION_RULES), load_calendar(HOLIDAYS)
    return FilingDesk(centre.database, centre.keys, rules, calendar, centre.clock)


def put(centre: RunningCentre, **values: Any) -> None:
    with centre.database.writing() as session:
        card = session.get_one(Card, WITH_CARD_CODE)
        for name, value in values.items():
            setattr(card, name, value)


def stored(centre: RunningCentre, person: Person) -> list[str]:
    with centre.database.reading() as session:
        found = session.scalars(select(Filing).where(Filing.social_security_number == person[0]))
        return [one.matter_key for one in found]


def test_a_first_card_is_applied_for_once(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    question = a_matter(WITHOUT_CARD, CardApplication(phone="13800000000"))
    answer = file(centre, terminal, question)
    assert answer.verdict is FilingVerdict.FILED
    assert answer.filing is not None
    assert (answer.filing.number, answer.filing.state) == (question.transaction_id[:8].upper(), FilingState.RECEIVED)
    assert (answer.filing.filed_at_ms, answer.filing.valid_until) == (NOW, None)
    centre.clock.held_ms = NOW + HOUR
    assert file(centre, terminal, question) == answer, "the same question again"
    again = file(centre, terminal, a_matter(WITHOUT_CARD, CardApplication()))
    assert (again.verdict, again.filing) == (FilingVerdict.ALREADY_FILED, answer.filing)
    assert stored(centre, WITHOUT_CARD) == ["card_application"]
    kept = transaction_row(centre.database.engine, question.transaction_id)
    assert kept is not None
    assert (kept["service"], kept["effects"], kept["social_security_number"]) == (
        "card_application", 1, WITHOUT_CARD[0],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("person", "matter", "verdict"),
    [
        (WITHOUT_CARD, AWAY, FilingVerdict.FILED),
        (NOT_INSURED, AWAY, FilingVerdict.NOT_INSURED),
        (NOT_INSURED, CardApplication(), FilingVerdict.NOT_INSURED),
        (WITH_CARD, CardApplication(), FilingVerdict.HAS_CARD),
        (WITH_CARD, DataChange(data=(ChangedDatum.NAME, ChangedDatum.PHOTO)), FilingVerdict.FILED),
        (WITHOUT_CARD, DataChange(data=(ChangedDatum.NAME,)), FilingVerdict.NO_CARD),
        (WITH_CARD, Cancelling(reason=LeavingReason.DEATH), FilingVerdict.FILED),
        (WITHOUT_CARD, Cancelling(reason=LeavingReason.MOVED_AWAY), FilingVerdict.NO_CARD),
        (IN_PRODUCTION, CardApplication(), FilingVerdict.ALREADY_FILED),
        (READY, CardApplication(), FilingVerdict.ALREADY_FILED),
        (WAS_REFUSED, OffsiteCare(group=OffsiteGroup.REFERRED, place="110100"), FilingVerdict.FILED),
        (IN_PRODUCTION, Paper(kind=IssuedPaper.TEMPORARY_CARD), FilingVerdict.FILED),
        (WITHOUT_CARD, Paper(kind=IssuedPaper.TEMPORARY_CARD), FilingVerdict.NOTHING_TO_REST_ON),
        (WITH_CARD, Paper(kind=IssuedPaper.TEMPORARY_CARD), FilingVerdict.NOTHING_TO_REST_ON),
        (READY, Paper(kind=IssuedPaper.COLLECTION_SLIP), FilingVerdict.FILED),
        (IN_PRODUCTION, Paper(kind=IssuedPaper.COLLECTION_SLIP), FilingVerdict.NOTHING_TO_REST_ON),
        (WITH_CARD, Paper(kind=IssuedPaper.MEDICAL_SLIP), FilingVerdict.NOTHING_TO_REST_ON),
        (("990100199806149038", "云不是"), CardApplication(), FilingVerdict.UNKNOWN),
        (("990100199806149046", "云申领"), CardApplication(), FilingVerdict.UNKNOWN),
    ],
)
def test_each_verdict(
    centre: RunningCentre, terminal: EnrolledTerminal, person: Person, matter: Matter, verdict: FilingVerdict
) -> None:
    before = stored(centre, person)
    assert file(centre, terminal, a_matter(person, matter)).verdict is verdict
    assert len(stored(centre, person)) == len(before) + (verdict is FilingVerdict.FILED)


@pytest.mark.parametrize(
    ("state", "replaced_by", "verdict"),
    [
        (CardState.SEALED, None, FilingVerdict.HAS_CARD),
        (CardState.LOST, None, FilingVerdict.HAS_CARD),
        (CardState.TEMPORARILY_LOST, None, FilingVerdict.HAS_CARD),
        (CardState.CANCELLED, None, FilingVerdict.FILED),
    ],
)
def test_one_card_a_person(
    centre: RunningCentre,
    terminal: EnrolledTerminal,
    state: CardState,
    replaced_by: str | None,
    verdict: FilingVerdict,
) -> None:
    put(centre, state=state.value, replaced_by=replaced_by)
    assert file(centre, terminal, a_matter(WITH_CARD, CardApplication())).verdict is verdict


def test_a_temporary_card_holds_two_months_and_is_printed_again_not_issued_again(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    first = file(centre, terminal, a_matter(IN_PRODUCTION, Paper(kind=IssuedPaper.TEMPORARY_CARD)))
    assert first.filing is not None
    assert (first.filing.valid_until, first.filing.state) == ("2027-03-14", FilingState.DONE)
    second = file(centre, terminal, a_matter(IN_PRODUCTION, Paper(kind=IssuedPaper.TEMPORARY_CARD)))
    assert (second.verdict, second.filing) == (FilingVerdict.ALREADY_FILED, first.filing)
    centre.clock.held_ms = NOW + 90 * 24 * HOUR
    third = file(centre, terminal, a_matter(IN_PRODUCTION, Paper(kind=IssuedPaper.TEMPORARY_CARD)))
    assert third.verdict is FilingVerdict.FILED


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2027, 1, 15), 3, date(2027, 4, 14)),
        (date(2026, 12, 1), 3, date(2027, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
    ],
)
def test_whole_months_end_on_the_day_before_their_like(first: date, months: int, last: date) -> None:
    assert last_day(first, months) == last


@pytest.mark.parametrize("kind", [IssuedPaper.MEDICAL_SLIP, IssuedPaper.REPLACEMENT_CERTIFICATE])
def test_a_paper_of_a_replacement_wants_one_under_way(
    centre: RunningCentre, terminal: EnrolledTerminal, kind: IssuedPaper
) -> None:
    question = a_matter(WITH_CARD, Paper(kind=kind))
    assert file(centre, terminal, question).verdict is FilingVerdict.NOTHING_TO_REST_ON
    an_order(centre)
    assert file(centre, terminal, a_matter(WITH_CARD, Paper(kind=kind))).verdict is FilingVerdict.FILED


def test_a_notice_of_cancelling_wants_the_cancelling(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    notice = Paper(kind=IssuedPaper.CANCEL_NOTICE)
    assert file(centre, terminal, a_matter(WITH_CARD, notice)).verdict is FilingVerdict.NOTHING_TO_REST_ON
    file(centre, terminal, a_matter(WITH_CARD, Cancelling(reason=LeavingReason.MOVED_AWAY)))
    assert file(centre, terminal, a_matter(WITH_CARD, notice)).verdict is FilingVerdict.FILED


def an_order(centre: RunningCentre) -> str:
    order_id = os.urandom(16).hex()
    with centre.database.writing() as session:
        session.add(
            ReplacementOrder(order_id=order_id, identification_code=WITH_CARD_CODE, reason="damaged", accepted_at=NOW)
        )
    return order_id


def end_order(centre: RunningCentre, order_id: str) -> None:
    with centre.database.writing() as session:
        session.get_one(ReplacementOrder, order_id).ended_at = NOW


@pytest.mark.parametrize("kind", [IssuedPaper.MEDICAL_SLIP, IssuedPaper.REPLACEMENT_CERTIFICATE])
def test_a_paper_without_a_term_is_given_again_while_what_it_was_issued_for_stands(
    centre: RunningCentre, terminal: EnrolledTerminal, kind: IssuedPaper
) -> None:
    order = an_order(centre)
    first = file(centre, terminal, a_matter(WITH_CARD, Paper(kind=kind)))
    assert first.filing is not None
    assert (first.verdict, first.filing.valid_until) == (FilingVerdict.FILED, None)
    centre.clock.held_ms = NOW + 400 * 24 * HOUR
    other_terminal = centre.enrol("yl-0002", "yunling")
    again = file(centre, other_terminal, a_matter(WITH_CARD, Paper(kind=kind)))
    assert (again.verdict, again.filing) == (FilingVerdict.ALREADY_FILED, first.filing)
    assert stored(centre, WITH_CARD) == [kind.value]
    end_order(centre, order)
    assert file(centre, terminal, a_matter(WITH_CARD, Paper(kind=kind))).verdict is FilingVerdict.NOTHING_TO_REST_ON
    an_order(centre)
    anew = file(centre, terminal, a_matter(WITH_CARD, Paper(kind=kind)))
    assert anew.verdict is FilingVerdict.FILED, "another order wants another paper"
    assert anew.filing is not None
    assert anew.filing.number != first.filing.number


def test_a_collection_slip_is_given_again_until_the_card_is_collected(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    slip = Paper(kind=IssuedPaper.COLLECTION_SLIP)
    first = file(centre, terminal, a_matter(READY, slip))
    again = file(centre, terminal, a_matter(READY, slip))
    assert (first.verdict, again.verdict) == (FilingVerdict.FILED, FilingVerdict.ALREADY_FILED)
    assert again.filing == first.filing
    application = next(one for one in query(centre, terminal, READY).filings if isinstance(one.matter, CardApplication))
    desk(centre).decide(application.number, FilingState.DONE)
    assert file(centre, terminal, a_matter(READY, slip)).verdict is FilingVerdict.NOTHING_TO_REST_ON


def test_a_notice_of_cancelling_is_given_again_and_not_for_another_cancelling(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    notice = Paper(kind=IssuedPaper.CANCEL_NOTICE)
    for _ in range(2):
        given_up = file(centre, terminal, a_matter(WITH_CARD, Cancelling(reason=LeavingReason.MOVED_AWAY)))
        assert given_up.filing is not None
        first = file(centre, terminal, a_matter(WITH_CARD, notice))
        assert first.verdict is FilingVerdict.FILED
        assert file(centre, terminal, a_matter(WITH_CARD, notice)).filing == first.filing
        desk(centre).decide(given_up.filing.number, FilingState.WITHDRAWN)
    assert stored(centre, WITH_CARD).count("cancel_notice") == 2


@pytest.mark.parametrize(
    ("person", "kind"),
    [(WITH_CARD, IssuedPaper.MEDICAL_SLIP), (IN_PRODUCTION, IssuedPaper.TEMPORARY_CARD)],
    ids=["without a term", "with a term"],
)
def test_a_paper_that_was_withdrawn_is_issued_anew(
    centre: RunningCentre, terminal: EnrolledTerminal, person: Person, kind: IssuedPaper
) -> None:
    an_order(centre)
    first = file(centre, terminal, a_matter(person, Paper(kind=kind)))
    assert first.filing is not None
    with pytest.raises(FilingRefused, match="withdrawn"):
        desk(centre).decide(first.filing.number, FilingState.READY)
    desk(centre).decide(first.filing.number, FilingState.WITHDRAWN, note="印错了")
    newest = {one.number: one for one in query(centre, terminal, person).filings}[first.filing.number]
    assert (newest.state, newest.note) == (FilingState.WITHDRAWN, "印错了")
    with pytest.raises(FilingRefused):
        desk(centre).decide(first.filing.number, FilingState.WITHDRAWN)
    anew = file(centre, terminal, a_matter(person, Paper(kind=kind)))
    assert anew.verdict is FilingVerdict.FILED
    again = file(centre, terminal, a_matter(person, Paper(kind=kind)))
    assert (again.verdict, again.filing) == (FilingVerdict.ALREADY_FILED, anew.filing)


def test_a_temporary_card_ends_when_the_card_is_there(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    """Zhumadian §1.8: it is given back when the card comes, though its months are not over."""
    temporary = Paper(kind=IssuedPaper.TEMPORARY_CARD)
    first = file(centre, terminal, a_matter(IN_PRODUCTION, temporary))
    assert first.verdict is FilingVerdict.FILED
    (application,) = [one for one in query(centre, terminal, IN_PRODUCTION).filings if one.matter == CardApplication()]
    desk(centre).decide(application.number, FilingState.DONE)
    assert file(centre, terminal, a_matter(IN_PRODUCTION, temporary)).verdict is FilingVerdict.NOTHING_TO_REST_ON


def test_a_paper_older_than_what_it_rests_on_was_kept_holds_by_its_term(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    an_order(centre)
    for person, kind, verdict in (
        (IN_PRODUCTION, IssuedPaper.TEMPORARY_CARD, FilingVerdict.ALREADY_FILED),
        (WITH_CARD, IssuedPaper.MEDICAL_SLIP, FilingVerdict.FILED),
    ):
        question = a_matter(person, Paper(kind=kind))
        file(centre, terminal, question)
        with centre.database.writing() as session:
            session.get_one(Filing, question.transaction_id).rests_on = None
        assert file(centre, terminal, a_matter(person, Paper(kind=kind))).verdict is verdict


def test_two_terminals_at_once_issue_one_paper(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    an_order(centre)
    terminals = [terminal, *(centre.enrol(f"yl-000{number}", "yunling") for number in range(2, 6))]
    slip = Paper(kind=IssuedPaper.MEDICAL_SLIP)
    with ThreadPoolExecutor(len(terminals)) as pool:
        answers = list(pool.map(lambda one: file(centre, one, a_matter(WITH_CARD, slip)), terminals))
    assert sorted(one.verdict.value for one in answers) == ["already_filed"] * 4 + ["filed"]
    assert len({one.filing.number for one in answers if one.filing is not None}) == 1


def admitted(day: str) -> OffsiteCare:
    return OffsiteCare(group=OffsiteGroup.LONG_RESIDENT, place="310100", admitted_on=day)


@pytest.mark.parametrize(
    ("admitted_on", "first_late_day"),
    [
        # Yunling's four working days, counted by hand. Monday: Tuesday to Friday.
        ("2026-03-02", date(2026, 3, 7)),
        # Friday 13 and Saturday 14 February, which is worked; nine days off; Tuesday 24 and Wednesday 25.
        ("2026-02-12", date(2026, 2, 26)),
        # The national day's week is off: 8, 9, Saturday 10, which is worked, and Monday 12 October.
        ("2026-09-30", date(2026, 10, 13)),
    ],
)
def test_an_emergency_is_registered_within_the_term(
    centre: RunningCentre, terminal: EnrolledTerminal, admitted_on: str, first_late_day: date
) -> None:
    midnight = int(datetime.combine(first_late_day, time(), CHINA).timestamp() * 1000)
    centre.clock.held_ms = midnight
    late = file(centre, terminal, a_matter(WITHOUT_CARD, admitted(admitted_on)))
    assert (late, stored(centre, WITHOUT_CARD)) == (Filed(verdict=FilingVerdict.LATE), [])
    assert file(centre, terminal, a_matter(NOT_INSURED, admitted(admitted_on))).verdict is FilingVerdict.NOT_INSURED
    centre.clock.held_ms = midnight - 1
    question = a_matter(WITHOUT_CARD, admitted(admitted_on))
    in_time = file(centre, terminal, question)
    assert in_time.verdict is FilingVerdict.FILED
    centre.clock.held_ms = midnight
    assert file(centre, terminal, question) == in_time, "asked again after its answer was lost"


def test_nobody_is_late_by_a_guess(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    # 29 December 2026 may yet be made anything by the notice of 2027.
    assert file(centre, terminal, a_matter(WITHOUT_CARD, admitted("2026-12-24"))).verdict is FilingVerdict.FILED


@pytest.mark.parametrize("day", ["2027-01-16", "2026-02-30"])
def test_an_admission_is_on_a_day_that_has_been(centre: RunningCentre, terminal: EnrolledTerminal, day: str) -> None:
    assert declined(lambda: file(centre, terminal, a_matter(WITHOUT_CARD, admitted(day)))) == (400, "malformed")
    assert stored(centre, WITHOUT_CARD) == []


def test_a_centre_takes_its_holidays_over_and_does_without_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, bare = tmp_path / "made", tmp_path / "bare"
    assert main(["init", str(made), "--holidays", str(HOLIDAYS)]) == 0
    assert main(["init", str(bare)]) == 0
    assert load_calendar(load_settings(made / "centre.toml").holidays).notices == load_calendar(HOLIDAYS).notices
    assert load_calendar(load_settings(bare / "centre.toml").holidays).notices == {}
    (made / "holidays.toml").write_text("[[years]]\nyear = 2026")
    assert main(["migrate", str(made)]) == 0
    assert main(["serve", str(made)]) == 1
    assert "holidays.toml" in capsys.readouterr().err


def test_a_region_that_opens_nothing_files_nothing(centre: RunningCentre) -> None:
    terminal = centre.enrol("bj-0001", "beijing")
    question = a_matter(BEIJING, AWAY, region="beijing")
    assert file(centre, terminal, question).verdict is FilingVerdict.NOT_OPEN
    assert stored(centre, BEIJING) == []


def test_only_who_has_shown_a_card_files_and_asks(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    typed = a_matter(WITHOUT_CARD, AWAY, identified_by=IdentifiedBy.TYPED)
    assert declined(lambda: file(centre, terminal, typed)) == (400, "malformed")
    assert declined(lambda: query(centre, terminal, READY, identified_by=IdentifiedBy.TYPED)) == (400, "malformed")
    assert stored(centre, WITHOUT_CARD) == []


def test_a_transaction_id_is_one_matter_of_one_person(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    question = a_matter(WITHOUT_CARD, AWAY)
    file(centre, terminal, question)
    for other in (
        a_matter(WITH_CARD, AWAY, transaction_id=question.transaction_id),
        a_matter(WITHOUT_CARD, CardApplication(), transaction_id=question.transaction_id),
        a_matter(WITHOUT_CARD, AWAY, transaction_id="x"),
        a_matter(WITHOUT_CARD, AWAY, region="beijing"),
    ):
        assert declined(functools.partial(file, centre, terminal, other)) == (400, "malformed")
    another = centre.enrol("yl-0002", "yunling")
    assert declined(lambda: file(centre, another, question)) == (400, "malformed")
    loss = ReportLoss(
        transaction_id=os.urandom(16).hex(),
        region="yunling",
        social_security_number=WITH_CARD[0],
        name=WITH_CARD[1],
        identified_by=IdentifiedBy.ID_CARD,
    )
    centre.post(terminal, "/v1/loss-reports", loss)
    reused = a_matter(WITH_CARD, AWAY, transaction_id=loss.transaction_id)
    assert declined(lambda: file(centre, terminal, reused)) == (400, "malformed")


def test_two_terminals_at_once_file_one(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    terminals = [terminal, *(centre.enrol(f"yl-000{n}", "yunling") for n in range(2, 6))]
    with ThreadPoolExecutor(len(terminals)) as pool:
        answers = list(pool.map(lambda one: file(centre, one, a_matter(WITHOUT_CARD, CardApplication())), terminals))
    assert sorted(one.verdict.value for one in answers) == ["already_filed"] * 4 + ["filed"]
    assert stored(centre, WITHOUT_CARD) == ["card_application"]


def test_progress_is_told_to_its_person_only_newest_first(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    told = query(centre, terminal, READY)
    assert [(one.number, one.state, one.place) for one in told.filings] == [
        ("B2C3D4E5", FilingState.READY, "云岭社保大厅 3 号窗口")
    ]
    assert [one.note for one in query(centre, terminal, WAS_REFUSED).filings] == ["没有转诊单"]
    assert query(centre, terminal, (READY[0], "云不是")) == FilingsTold(known=False)
    assert query(centre, terminal, WITHOUT_CARD) == FilingsTold(known=True)
    file(centre, terminal, a_matter(READY, AWAY))
    assert [one.state for one in query(centre, terminal, READY).filings] == [FilingState.RECEIVED, FilingState.READY]
    assert repr(told.filings[0]) == "<FilingTold card_application ready>"


def test_an_answer_holds_the_newest_twenty(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    number = 25
    for n in range(number):
        centre.clock.held_ms = NOW + n * HOUR
        file(centre, terminal, a_matter(WITHOUT_CARD, AWAY))
        with centre.database.writing() as session:
            for one in session.scalars(select(Filing).where(Filing.social_security_number == WITHOUT_CARD[0])):
                one.state = FilingState.DONE.value
    told = query(centre, terminal, WITHOUT_CARD).filings
    assert [one.filed_at_ms for one in told] == [NOW + n * HOUR for n in range(number - 1, number - 21, -1)]


def test_two_filings_never_have_one_number(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    """By chance, or by somebody who has a terminal's key and has read the number on a slip."""
    questions = [
        a_matter(person, AWAY, transaction_id=start + "0" * (32 - len(start)))
        for person, start in ((WITHOUT_CARD, "5e4d3c2b"), (WITH_CARD, "5e4d3c2bf"), (READY, "5e4d3c2bf0001"))
    ]
    numbers = [filed.number for one in questions if (filed := file(centre, terminal, one).filing) is not None]
    assert numbers == ["5E4D3C2B", "5E4D3C2BF000", "5E4D3C2BF0001000"]
    for number in numbers:
        desk(centre).decide(number, FilingState.DONE)


def test_an_office_decides_once(
    centre: RunningCentre, terminal: EnrolledTerminal, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = str(centre.directory)
    words = ["--place", "云岭社保大厅 1 号窗口"]
    assert main(["filing", directory, "A1B2C3D4", "ready", *words]) == 0
    (one,) = query(centre, terminal, IN_PRODUCTION).filings
    assert (one.state, one.place) == (FilingState.READY, "云岭社保大厅 1 号窗口")
    assert main(["filing", directory, "A1B2C3D4", "refused", "--note", "照片不清楚"]) == 0
    assert [one.note for one in query(centre, terminal, IN_PRODUCTION).filings] == ["照片不清楚"]
    assert main(["filing", directory, "A1B2C3D4", "ready"]) == 1
    assert "0 filings with the number A1B2C3D4 stand open" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--place", "--note"])
@pytest.mark.parametrize("words", ["照" * 61, "照片\n不清楚", "照片\x1b[2J"])
def test_an_office_writes_what_one_screen_holds(
    centre: RunningCentre, terminal: EnrolledTerminal, capsys: pytest.CaptureFixture[str], option: str, words: str
) -> None:
    assert main(["filing", str(centre.directory), "A1B2C3D4", "ready", option, words]) == 1
    assert "60 characters" in capsys.readouterr().err
    (one,) = query(centre, terminal, IN_PRODUCTION).filings
    assert (one.state, one.place, one.note) == (FilingState.IN_PRODUCTION, "", "")
    assert main(["filing", str(centre.directory), "A1B2C3D4", "ready", option, "照" * 60]) == 0


def test_an_entry_that_says_filed_must_have_been_filed(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    question = a_matter(WITHOUT_CARD, AWAY)
    file(centre, terminal, question)
    ledger = LedgerWriter(terminal, centre)

    def verdict(transaction_id: str, number: str) -> tuple[str, str]:
        entry = a_transaction(
            card=("", "", number), service=Service.OFFSITE_CARE, stage=Stage.FINISHED, outcome=Outcome.DONE,
            transaction_id=transaction_id, region="yunling", done_online=True,
        )  # fmt: skip
        batch = ledger.batch([ledger.append(entry)])
        (one,) = centre.ask(terminal, "/v1/entries", batch, Receipt).judgements
        return one.verdict.value, one.reason

    assert verdict(question.transaction_id, WITHOUT_CARD[0]) == ("applied", "")
    assert verdict(os.urandom(16).hex(), WITHOUT_CARD[0]) == ("refused", "not_done_online")
    other = a_matter(WITH_CARD, AWAY)
    file(centre, terminal, other)
    assert verdict(other.transaction_id, WITHOUT_CARD[0]) == ("refused", "not_done_online")


# Of the same invented area as tests/regions/centre.json: born in 1965, 2009 and 2012.
PROXY = Proxy(number="990100196505059035", name="云代办", relation=Relation.SENT, to_show=("mandate",))
GUARDIAN = msgspec.structs.replace(PROXY, relation=Relation.GUARDIAN, to_show=("household_register",))


def age_is(centre: RunningCentre, person: Person, years: int, *, short_of_it: bool = False) -> Person:
    """Somebody insured who has this age today, or has it tomorrow."""
    day = date(2027 - years, 1, 16 if short_of_it else 15)
    number = f"990100{day:%Y%m%d}903"
    number += mod_11_2.calc_check_digit(number)
    with centre.database.writing() as session:
        session.add(
            Holder(social_security_number=number, name=person[1], sex="1", birth_date=day.isoformat(), person_state="1")
        )
    return number, person[1]


def acted(centre: RunningCentre) -> list[tuple[str, str, str, str]]:
    with centre.database.reading() as session:
        return [(one.number, one.name, one.relation, one.to_show) for one in session.scalars(select(FilingProxy))]


def test_who_acted_is_kept_and_the_holder_is_told_that_somebody_did(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    question = a_matter(WITHOUT_CARD, CardApplication(), proxy=PROXY)
    answer = file(centre, terminal, question)
    assert answer.verdict is FilingVerdict.FILED
    assert answer.filing is not None
    assert (answer.filing.by_proxy, answer.filing.to_show) == (True, ("mandate",))
    assert acted(centre) == [(PROXY.number, PROXY.name, "sent", "mandate")]
    assert file(centre, terminal, question) == answer, "the same question again"
    assert query(centre, terminal, WITHOUT_CARD).filings == (answer.filing,)
    again = file(centre, terminal, a_matter(WITHOUT_CARD, CardApplication()))
    assert (again.verdict, again.filing) == (FilingVerdict.ALREADY_FILED, answer.filing)
    (own,) = query(centre, terminal, READY).filings
    assert (own.by_proxy, own.to_show) == (False, ())


def test_another_proxy_is_another_filing(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    question = a_matter(WITHOUT_CARD, CardApplication(), proxy=PROXY)
    file(centre, terminal, question)
    for proxy in (None, GUARDIAN, msgspec.structs.replace(PROXY, name="云别人")):
        other = a_matter(WITHOUT_CARD, CardApplication(), transaction_id=question.transaction_id, proxy=proxy)
        assert declined(functools.partial(file, centre, terminal, other)) == (400, "malformed")
    assert len(acted(centre)) == 1


@pytest.mark.parametrize(
    "matter",
    [DataChange(data=(ChangedDatum.NAME,)), AWAY, Paper(kind=IssuedPaper.MEDICAL_SLIP)],
    ids=["in_person", "not_spoken_of", "paper"],
)
def test_where_the_rules_let_nobody_be_sent_a_proxy_files_nothing(
    centre: RunningCentre, terminal: EnrolledTerminal, matter: Matter
) -> None:
    answer = file(centre, terminal, a_matter(WITH_CARD, matter, proxy=PROXY))
    assert answer == Filed(verdict=FilingVerdict.NOT_BY_PROXY)
    assert (stored(centre, WITH_CARD), acted(centre)) == ([], [])


def test_a_region_that_opens_nothing_takes_nothing_from_a_proxy(centre: RunningCentre) -> None:
    terminal = centre.enrol("bj-0001", "beijing")
    question = a_matter(BEIJING, CardApplication(), region="beijing", proxy=PROXY)
    assert file(centre, terminal, question).verdict is FilingVerdict.NOT_OPEN
    assert acted(centre) == []


def test_whoever_may_not_act_learns_nothing_of_what_stands_open(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    minor = msgspec.structs.replace(PROXY, number="990100201506019039")
    answer = file(centre, terminal, a_matter(IN_PRODUCTION, CardApplication(), proxy=minor))
    assert answer == Filed(verdict=FilingVerdict.PROXY_MINOR)


@pytest.mark.parametrize(("number", "adult"), [("990100200901159037", True), ("990100200901169032", False)])
def test_a_proxy_has_had_their_eighteenth_birthday(
    centre: RunningCentre, terminal: EnrolledTerminal, number: str, adult: bool
) -> None:
    proxy = msgspec.structs.replace(PROXY, number=number)
    answer = file(centre, terminal, a_matter(WITHOUT_CARD, CardApplication(), proxy=proxy))
    assert answer.verdict is (FilingVerdict.FILED if adult else FilingVerdict.PROXY_MINOR)


@pytest.mark.parametrize(
    ("years", "short_of_it", "alone", "sent", "guardian"),
    [
        # Yunling wants the guardian below sixteen for a card, the law below fourteen for anything.
        (14, True, "needs_guardian", "needs_guardian", "filed"),
        (14, False, "needs_guardian", "needs_guardian", "filed"),
        (16, True, "needs_guardian", "needs_guardian", "filed"),
        (16, False, "filed", "filed", "filed"),
        (18, True, "filed", "filed", "filed"),
        (18, False, "filed", "filed", "holder_adult"),
    ],
)
def test_who_acts_for_whom_is_counted_in_years_by_the_centres_clock(
    centre: RunningCentre,
    terminal: EnrolledTerminal,
    years: int,
    short_of_it: bool,
    alone: str,
    sent: str,
    guardian: str,
) -> None:
    for proxy, verdict in ((None, alone), (PROXY, sent), (GUARDIAN, guardian)):
        centre.reset(at_ms=NOW)
        asking = centre.enrol("yl-0001", "yunling")
        person = age_is(centre, WITHOUT_CARD, years, short_of_it=short_of_it)
        assert file(centre, asking, a_matter(person, CardApplication(), proxy=proxy)).verdict.value == verdict


@pytest.mark.parametrize(("short_of_it", "verdict"), [(True, "needs_guardian"), (False, "no_card")])
def test_below_fourteen_the_guardian_acts_in_everything(
    centre: RunningCentre, terminal: EnrolledTerminal, short_of_it: bool, verdict: str
) -> None:
    person = age_is(centre, WITHOUT_CARD, 14, short_of_it=short_of_it)
    matter = Cancelling(reason=LeavingReason.MOVED_AWAY)
    assert file(centre, terminal, a_matter(person, matter, proxy=PROXY)).verdict.value == verdict
    assert file(centre, terminal, a_matter(person, matter)).verdict.value == verdict
    assert file(centre, terminal, a_matter(person, matter, proxy=GUARDIAN)).verdict is FilingVerdict.NO_CARD


@pytest.mark.parametrize(
    ("birth_date", "alone", "guardian"),
    [
        ("2013-01-16", "needs_guardian", "filed"),
        ("2009-01-15", "filed", "holder_adult"),
        ("2009-01-16", "filed", "filed"),
        ("", "filed", "filed"),
    ],
)
def test_where_the_number_holds_no_birth_date_the_register_does(
    centre: RunningCentre, terminal: EnrolledTerminal, birth_date: str, alone: str, guardian: str
) -> None:
    """A foreigner's number of 2017 has its year without the century."""
    number, name = person = ("XXA990113011601", "EXAMPLE, CHILD")
    for proxy, verdict in ((None, alone), (GUARDIAN, guardian)):
        centre.reset(at_ms=NOW)
        asking = centre.enrol("yl-0001", "yunling")
        with centre.database.writing() as session:
            session.add(
                Holder(social_security_number=number, name=name, sex="1", birth_date=birth_date, person_state="1")
            )
        assert file(centre, asking, a_matter(person, CardApplication(), proxy=proxy)).verdict.value == verdict


def test_a_proxy_is_somebody_else_and_both_id_cards_were_read(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    own = msgspec.structs.replace(PROXY, number=WITHOUT_CARD[0])
    for wrong in (
        a_matter(WITHOUT_CARD, CardApplication(), proxy=own),
        a_matter(WITHOUT_CARD, CardApplication(), proxy=PROXY, identified_by=IdentifiedBy.CARD),
        a_matter(WITHOUT_CARD, CardApplication(), proxy=msgspec.structs.replace(PROXY, to_show=("a paper",))),
    ):
        assert declined(functools.partial(file, centre, terminal, wrong)) == (400, "malformed")
    assert (stored(centre, WITHOUT_CARD), acted(centre)) == ([], [])


JPEG = b"\xff\xd8" + bytes(range(1, 251)) * 82 + b"\xff\xd9"
"""20 504 bytes that begin and end as a JPEG does; nobody's face."""


def with_portrait(centre: RunningCentre, person: Person, jpeg: bytes = JPEG, **other: Any) -> FileMatter:
    question = a_matter(person, other.pop("matter", CardApplication()), **other)
    sealed = TakenPortrait(jpeg).sealed(other.pop("sealed_for", question.transaction_id), centre.opening_key)
    return msgspec.structs.replace(question, portrait=filed_portrait(sealed))


def filed_portrait(sealed: bytes, by: ConsentBy = ConsentBy.HOLDER) -> FiledPortrait:
    return FiledPortrait(sealed=sealed, consent_by=by, consent_text=CONSENT_TEXT)


def hanging(centre: RunningCentre, question: FileMatter) -> FilingPortrait | None:
    with centre.database.reading() as session:
        return session.get(FilingPortrait, question.transaction_id)


def test_a_portrait_lies_sealed_with_its_application(
    centre: RunningCentre, terminal: EnrolledTerminal, tmp_path: Path
) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    told = file(centre, terminal, question)
    assert told.verdict is FilingVerdict.FILED
    assert file(centre, terminal, question) == told, "the same question again"
    kept = hanging(centre, question)
    assert kept is not None
    assert (kept.consent_by, kept.consent_text) == ("holder", CONSENT_TEXT)
    assert JPEG[100:200] not in kept.sealed, "a stolen database shows no face"
    assert told.filing is not None
    assert desk(centre).portrait(told.filing.number) == JPEG
    assert desk(centre).likeness(told.filing.number) is None
    settings, out = centre.directory / "central.json", tmp_path / "face.jpg"
    assert main(["portrait", str(settings.parent), told.filing.number, str(out)]) == 0
    assert out.read_bytes() == JPEG
    assert out.stat().st_mode & 0o77 == 0, "for its reader alone"
    assert main(["portrait", str(settings.parent), told.filing.number, str(out)]) == 1, "nothing is overwritten"


def test_how_it_looked_beside_the_id_card_is_the_offices_to_read_and_goes_with_it(
    centre: RunningCentre, terminal: EnrolledTerminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = with_portrait(centre, WITHOUT_CARD)
    assert plain.portrait is not None
    compared = FiledComparison(likeness=Likeness.NOT_THE_SAME, consent_text=COMPARISON_TEXT)
    question = msgspec.structs.replace(plain, portrait=msgspec.structs.replace(plain.portrait, comparison=compared))
    told = file(centre, terminal, question)
    assert told.verdict is FilingVerdict.FILED, "whatever it says, nobody is turned away"
    assert told.filing is not None
    assert file(centre, terminal, question) == told, "the same question again"
    assert declined(lambda: file(centre, terminal, plain)) == (400, "malformed")
    kept = hanging(centre, question)
    assert kept is not None
    assert (kept.likeness, kept.comparison_text) == ("not_the_same", COMPARISON_TEXT)
    assert desk(centre).likeness(told.filing.number) is Likeness.NOT_THE_SAME
    assert main(["portrait", str(centre.directory), told.filing.number, str(tmp_path / "face.jpg")]) == 0
    assert "does not look like the ID card's photo; a hint" in capsys.readouterr().out
    desk(centre).decide(told.filing.number, FilingState.DONE)
    assert hanging(centre, question) is None


def test_whether_a_portrait_hangs_there_is_told_and_nothing_of_it(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    told = file(centre, terminal, question).filing
    again = file(centre, terminal, a_matter(WITHOUT_CARD, CardApplication())).filing
    assert told is not None
    assert again is not None
    newest = query(centre, terminal, WITHOUT_CARD).filings[0]
    assert (told.has_portrait, again.has_portrait, newest.has_portrait) == (True, True, True)
    desk(centre).decide(told.number, FilingState.DONE)
    assert not query(centre, terminal, WITHOUT_CARD).filings[0].has_portrait


def test_why_there_is_no_portrait_is_the_offices_to_know_until_the_application_ends(
    centre: RunningCentre, terminal: EnrolledTerminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    matter = CardApplication(phone="13800000000", no_portrait=NoPortrait.RELIGIOUS_HEAD_COVER)
    question = a_matter(WITHOUT_CARD, matter)
    told = file(centre, terminal, question).filing
    assert told is not None
    assert told.matter == CardApplication(phone="13800000000"), "no terminal is told"
    assert query(centre, terminal, WITHOUT_CARD).filings[0].matter == told.matter
    with pytest.raises(FilingRefused, match="it came without one: religious_head_cover"):
        desk(centre).portrait(told.number)
    assert main(["portrait", str(centre.directory), told.number, str(tmp_path / "face.jpg")]) == 1
    assert "religious_head_cover" in capsys.readouterr().err
    other = msgspec.structs.replace(question, matter=CardApplication(phone="13800000000"))
    assert declined(lambda: file(centre, terminal, other)) == (400, "malformed"), "another answer, another question"
    desk(centre).decide(told.number, FilingState.REFUSED)
    with centre.database.reading() as session:
        kept = session.get(Filing, question.transaction_id)
        assert kept is not None
        assert "religious" not in kept.matter
    assert file(centre, terminal, question).verdict is FilingVerdict.FILED, "an answer that comes late is the same"


def test_another_portrait_under_the_same_id_is_another_question(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    file(centre, terminal, question)
    other = filed_portrait(TakenPortrait(JPEG).sealed(question.transaction_id, centre.opening_key))
    for changed in (other, None):
        another = msgspec.structs.replace(question, portrait=changed)
        assert declined(lambda: file(centre, terminal, another)) == (400, "malformed")  # noqa: B023 - called at once


@pytest.mark.parametrize("state", [FilingState.DONE, FilingState.REFUSED, FilingState.WITHDRAWN])
def test_a_portrait_goes_when_its_application_has_ended(
    centre: RunningCentre, terminal: EnrolledTerminal, state: FilingState
) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    told = file(centre, terminal, question)
    assert told.filing is not None
    desk(centre).decide(told.filing.number, FilingState.IN_PRODUCTION)
    assert hanging(centre, question) is not None
    desk(centre).decide(told.filing.number, state)
    assert hanging(centre, question) is None
    with pytest.raises(FilingRefused):
        desk(centre).portrait(told.filing.number)
    assert file(centre, terminal, question).verdict is FilingVerdict.FILED, "an answer that comes late is the same"


def test_no_portrait_that_does_not_open_or_that_nobody_agreed_to(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    good = with_portrait(centre, WITHOUT_CARD)
    assert good.portrait is not None
    other_id, sealed = os.urandom(16).hex(), good.portrait.sealed
    sent = Proxy(number=WITH_CARD[0], name=WITH_CARD[1], relation=Relation.SENT)
    wrong = {
        "another transaction's": msgspec.structs.replace(good, transaction_id=other_id),
        "damaged": msgspec.structs.replace(good, portrait=filed_portrait(sealed[:-1] + bytes([sealed[-1] ^ 1]))),
        "no JPEG": with_portrait(centre, WITHOUT_CARD, bytes(20_000)),
        "it breaks off": with_portrait(centre, WITHOUT_CARD, JPEG[:-2]),
        "too small": with_portrait(centre, WITHOUT_CARD, JPEG[:19_000] + JPEG[-2:]),
        "too large": with_portrait(centre, WITHOUT_CARD, JPEG[:2] + bytes(60_000) + JPEG[-2:]),
        "no guardian": msgspec.structs.replace(good, portrait=filed_portrait(sealed, ConsentBy.GUARDIAN)),
        "the holder is not there": msgspec.structs.replace(good, proxy=sent),
        "there is one and there is none": with_portrait(
            centre, WITHOUT_CARD, matter=CardApplication(no_portrait=NoPortrait.DECLINED)
        ),
        "no application": with_portrait(centre, WITHOUT_CARD, matter=Cancelling(reason=LeavingReason.MOVED_AWAY)),
    }
    for what, question in wrong.items():
        assert declined(lambda: file(centre, terminal, question)) == (400, "malformed"), what  # noqa: B023
    assert stored(centre, WITHOUT_CARD) == []
