"""The verdict on a campaign of replacements: each wrong is seen, and what is right is called so."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from central.tables import BlankStock, Fee, Issuance
from kiosk.records.custody import Balance
from kiosk.records.issuance import IssuanceStage, ReplacementReason
from simulators.card.card_file import CardFile, CardHolder, save_card_file
from simulators.card.personalise import personalise
from simulators.card_printer import tally
from simulators.card_printer.body import Folder, Where
from tests.blanks import blank
from tests.centre import REPOSITORY
from tests.e2e.replacements.breaks import BREAKS
from tests.e2e.replacements.lane import Fate, Struck
from tests.e2e.replacements.plan import Blow, Fault, Replacement, replacements
from tests.e2e.replacements.verdict import Blanks, Book, Verdict, judge

NEW = 0x7101
CUT = Struck(blow=Blow.BEFORE, during="wait_until_taken", takes_power=True)


@dataclass
class Case:
    """One exchange that came out well, for a test to spoil."""

    folder: Path
    planned: Replacement
    fate: Fate = field(init=False)
    stage: IssuanceStage = IssuanceStage.COMMITTED
    why: str = "taken"
    valid: list[str] = field(default_factory=list)
    paid_fen: int = 2000
    refunded_fen: int = 0
    old_cards_kept: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=lambda: ["fed", "printed", "taken"])
    balance: Balance = field(default_factory=lambda: Balance(handed_over=2, hopper=1, citizen=1))
    unsettled: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        new = self.new_card()
        self.fate = Fate(planned=self.planned, lane=0, taken=[new.serial], old_card="bin", paid=True, fed=1)
        self.valid = [code_of(new)]
        self.old_cards_kept = [f"{self.planned.person.order:08X}"]

    def new_card(self) -> CardFile:
        person = self.planned.person
        holder = CardHolder(
            social_security_number=person.number, name=person.name, sex="1", ethnic_group="01", birthplace="990100",
            birth_date=person.birth_date,
        )  # fmt: skip
        return personalise(
            about="New.", region="4117", number=NEW, card_number="N99000018", holder=holder, norm_version="3.00",
            pin=None, bank_side=True,
        )  # fmt: skip

    def abandoned(self) -> None:
        """No card was made; the old one went back, and the money."""
        self.stage, self.why, self.refunded_fen = IssuanceStage.ABANDONED, "device", self.paid_fen
        self.valid, self.old_cards_kept = [self.planned.person.identification_code], []
        self.fate.taken, self.fate.old_card, self.fate.struck = [], "person", [CUT]
        self.events, self.balance = ["fed", "rejected"], Balance(handed_over=2, hopper=1, reject_bin=1)

    def judged(self) -> Verdict:
        printer = Folder(self.folder)
        printer.load([blank(NEW), blank(NEW + 1)])
        new = self.new_card()
        for what in self.events:
            where = {"fed": Where.CONTACT, "printed": Where.CONTACT}.get(what, Where.NONE)
            printer.record(what, [new.serial], where)
        if "printed" in self.events:
            save_card_file(self.folder / "cards" / f"{new.serial}.json", new)
        printer.close()
        job, number = self.planned.job, self.planned.person.number
        row = Issuance(transaction_id=job, stage=self.stage.value, why=self.why, blank=code_of(new))
        stock = BlankStock(**msgspec.structs.asdict(self.balance), flagged=0)
        lane = Blanks("yl-0000", b"l", self.folder, tally(self.folder), frozenset(self.old_cards_kept))
        orders = {job: {"paid_fen": self.paid_fen, "refunded_fen": self.refunded_fen}}
        book = Book({job: row}, {job: Fee(state="paid")}, {number: self.valid}, {b"l": stock}, orders)
        return judge([self.fate], [lane], book, self.unsettled)


def code_of(card: CardFile) -> str:
    assert card.social_security is not None
    assert card.social_security.issuer is not None
    return card.social_security.issuer.identification_code


@pytest.fixture
def case(tmp_path: Path) -> Case:
    planned = next(one for one in replacements(1, 20) if one.reason is ReplacementReason.DAMAGED)
    return Case(tmp_path / "printer", msgspec.structs.replace(planned, fault=Fault.NONE, cuts=()))


def test_a_card_in_the_hand_and_the_old_one_in_the_bin_is_right(case: Case) -> None:
    verdict = case.judged()
    assert verdict.sound, verdict
    assert (verdict.issued, verdict.abandoned, verdict.open_cases) == (1, 0, [])


def test_nothing_made_the_old_card_back_and_the_money_is_right(case: Case) -> None:
    case.abandoned()
    verdict = case.judged()
    assert verdict.sound, verdict
    assert (verdict.issued, verdict.abandoned, verdict.refunded) == (0, 1, 1)


def test_a_card_that_nobody_took_is_an_open_case_that_is_explained(case: Case) -> None:
    _left_lying(case)
    case.fate.planned = msgspec.structs.replace(case.planned, fault=Fault.NOT_TAKEN)
    verdict = case.judged()
    assert verdict.sound, verdict
    assert [open_case.explained_by for open_case in verdict.open_cases] == [["not_taken"]]


@pytest.mark.parametrize(("fault", "held", "sound"), [
    (Fault.OLD_CARD_PULLED, True, True), (Fault.OLD_CARD_PULLED, False, False), (Fault.NONE, True, False),
])  # fmt: skip
def test_only_a_key_brings_a_dead_card_out_and_only_once_it_is_held(
    case: Case, fault: Fault, held: bool, sound: bool
) -> None:
    _keeps_the_old_card(case)
    case.fate.planned = msgspec.structs.replace(case.planned, fault=fault)
    case.fate.pulled_while_held = held
    verdict = case.judged()
    assert verdict.sound == sound, verdict
    assert (len(verdict.dead_cards_out), len(verdict.doubles)) == ((1, 0) if sound else (0, 1))


def _left_lying(case: Case) -> None:
    case.stage, case.why, case.fate.taken = IssuanceStage.OPEN_CASE, "retained", []
    case.events, case.balance = ["fed", "printed", "retained"], Balance(handed_over=2, hopper=1, retained_bin=1)


def _two_valid(case: Case) -> None:
    case.valid.append(case.planned.person.identification_code)


def _none_valid(case: Case) -> None:
    case.valid.clear()


def _printed_twice(case: Case) -> None:
    case.events = ["fed", "printed", "printed", "taken"]


def _fed_twice(case: Case) -> None:
    case.fate.fed = 2


def _keeps_the_old_card(case: Case) -> None:
    case.old_cards_kept, case.fate.old_card = [], "person"


def _another_took_it(case: Case) -> None:
    case.fate.taken = []


def _in_the_reject_bin(case: Case) -> None:
    case.events, case.balance = ["fed", "printed", "rejected"], Balance(handed_over=2, hopper=1, reject_bin=1)
    case.fate.taken = []


def _old_card_swallowed(case: Case) -> None:
    case.abandoned()
    case.old_cards_kept = [f"{case.planned.person.order:08X}"]


def _dead_new_card(case: Case) -> None:
    case.abandoned()
    case.events, case.balance = ["fed", "printed", "taken"], Balance(handed_over=2, hopper=1, citizen=1)
    case.fate.taken = [case.new_card().serial]


def _not_refunded(case: Case) -> None:
    case.abandoned()
    case.refunded_fen = 0


def _refunded_and_has_it(case: Case) -> None:
    case.refunded_fen = 2000


def _balance_off(case: Case) -> None:
    case.balance = Balance(handed_over=2, hopper=2)


def _case_out_of_nothing(case: Case) -> None:
    _left_lying(case)


def _abandoned_out_of_nothing(case: Case) -> None:
    case.abandoned()
    case.fate.struck = []


def _counted_otherwise(case: Case) -> None:
    case.fate.differences, case.fate.struck = {"hopper": -1}, [CUT]


def _never_settled(case: Case) -> None:
    case.unsettled = {case.planned.job: "switched"}


def _crashed(case: Case) -> None:
    case.fate.crashes = ["1"]


def _held_back(case: Case) -> None:
    case.abandoned()
    case.fate.old_card, case.fate.given_back_by_staff = "staff", True


@pytest.mark.parametrize(
    ("spoil", "seen"),
    [
        (_two_valid, "doubles"),
        (_printed_twice, "doubles"),
        (_fed_twice, "doubles"),
        (_keeps_the_old_card, "doubles"),
        (_dead_new_card, "doubles"),
        (_none_valid, "lost"),
        (_another_took_it, "lost"),
        (_in_the_reject_bin, "lost"),
        (_old_card_swallowed, "lost"),
        (_not_refunded, "wrongly_charged"),
        (_refunded_and_has_it, "wrongly_charged"),
        (_balance_off, "imbalances"),
        (_case_out_of_nothing, "unexplained"),
        (_abandoned_out_of_nothing, "unexplained"),
        (_held_back, "unexplained"),
        (_counted_otherwise, "unexplained"),
        (_never_settled, "unfinished"),
        (_crashed, "crashes"),
    ],
)
def test_each_wrong_is_seen(case: Case, spoil: Callable[[Case], None], seen: str) -> None:
    spoil(case)
    verdict = case.judged()
    assert getattr(verdict, seen), verdict
    assert not verdict.sound


def test_a_plan_is_the_same_for_the_same_seed_however_long_it_is() -> None:
    few, many = list(replacements(7, 5)), list(replacements(7, 400))
    assert many[:5] == few
    assert {one.fault for one in many} == set(Fault)
    assert {cut.blow for one in many for cut in one.cuts} == set(Blow)
    assert len({one.person.number for one in many}) == len({one.job for one in many}) == 400


@pytest.mark.parametrize("name", BREAKS)
def test_every_planted_fault_fits_the_source(name: str, tmp_path: Path) -> None:
    for patch in BREAKS[name]:
        copy = tmp_path / patch.file
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((REPOSITORY / patch.file).read_bytes())
        patch.apply(tmp_path)
        compile(copy.read_bytes(), patch.file, "exec")
