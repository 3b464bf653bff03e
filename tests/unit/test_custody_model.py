"""The stock against a box of blanks that is moved by hand: any order of movements, cuts at every write, erasures.

The model knows where each job's blank lies and how many are in each box. It shares no line with the code: what it lets
pass and what it refuses was written from docs/custody.md.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kiosk.custody import StockBook
from kiosk.ledger import Appended, Ledger, LedgerReader
from kiosk.ledger.kept import Keeper
from kiosk.records.chain import SealedEntry
from kiosk.records.custody import Counted, Impossible, Move, Movement, Place
from tests.ledgers import SIZES, SetClock, create, movement_opened_by_centre, reopen
from tests.quick_folder import quick_folder

JOBS = [f"{number:032x}" for number in range(1, 10)]
CODES = [f"{number:032X}" for number in range(0xA1, 0xA4)]
SIGNERS = st.sampled_from([("1017", "1018")] * 8 + [("1018", "1017"), ("1017", "1017"), ("ab", "AB")])
CUTS = st.sampled_from([None] * 12 + [(when, write) for when in ("before", "inside", "after") for write in (1, 2)])
Cut = tuple[str, int] | None
HOPPER, REJECTS, RETAINED = 20, 3, 3


class PowerCut(BaseException):
    """The mains went."""


class LedgerThatIsCut:
    """The real ledger, and the mains that go before, in the middle of, or after one of the next writes."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.cut: Cut = None

    def append_movement(self, movement: Movement, *, offset_ms: int, keep: Mapping[str, bytes | None]) -> Appended:
        when, left = self.cut or ("", 0)
        self.cut = (when, left - 1) if left > 1 else None
        if left == 1 and when == "before":
            raise PowerCut
        if left == 1 and when == "inside":
            self.ledger._keeper = KeeperThatIsCut(self.ledger._keeper)  # type: ignore[assignment]  # quacks enough
        appended = self.ledger.append_movement(movement, offset_ms=offset_ms, keep=keep)
        if left == 1 and when == "after":
            raise PowerCut
        return appended

    def kept(self, name: str) -> bytes | None:
        return self.ledger.kept(name)


class KeeperThatIsCut:
    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    def write(self, *given: object) -> None:
        self.keeper.write(*given)  # type: ignore[arg-type]  # handed on as it came
        raise PowerCut


class Box:
    """Cards that lie somewhere."""

    def __init__(self) -> None:
        self.bought = 0
        self.lies: Counter[str] = Counter()
        self.where: dict[str, str] = {}
        self.chip: dict[str, str] = {}

    def carry(self, source: str, target: str, job: str = "", count: int = 1) -> None:
        self.lies[source] -= count
        self.lies[target] += count
        if job:
            self.where[job] = target

    def fill(self, count: int) -> None:
        self.bought += count
        self.lies["hopper"] += count

    def empty(self, place: str) -> None:
        self.carry(place, "staff", count=self.lies[place])
        for job, where in self.where.items():
            if where == place != "hopper":  # what never left it is one of many
                self.where[job] = "staff"

    def is_found(self, hopper: int, printer: int, rejects: int, retained: int) -> None:
        for place, found in (("hopper", hopper), ("reject_bin", rejects), ("retained_bin", retained)):
            self.carry(place, "missing", count=self.lies[place] - found)
        known = [job for place in ("exit", "printer") for job, where in self.where.items() if where == place]
        for job in known[printer:]:
            self.carry(self.where[job], "missing", job)
        self.carry("printer", "missing", count=self.lies["printer"] + self.lies["exit"] - printer)


class CustodyMachine(RuleBasedStateMachine):
    """Every movement is tried, whether it can be or not."""

    def __init__(self) -> None:
        super().__init__()
        self.place = quick_folder("custody-model-")
        self.folder = self.place / "ledger"
        self.clock = SetClock()
        self.box = Box()
        self.looked_after = True
        self.read_through = 0
        self.booked: list[Movement] = []

    @initialize(count=st.integers(3, 12))
    def begin(self, count: int) -> None:
        self.start(create(self.folder, self.clock))
        self.hand_over(count, ("1017", "1018"), None)

    def start(self, ledger: Ledger) -> None:
        self.wire = LedgerThatIsCut(ledger)
        self.book = StockBook(self.wire, "beijing", SIZES, clock=self.clock, offset_ms=lambda: 0)

    def tried(self, act: Callable[[], object], effects: list[Callable[[], None]], cut: Cut) -> None:
        """Act, and do by hand what is then on the disk; no effects: it must be refused."""
        self.wire.cut, refused = cut, False
        try:
            act()
        except Impossible as refusal:
            event(f"refused {refusal.reason.value}")
            refused = True
        except PowerCut:
            assert cut is not None
            when, number = cut
            event(f"cut {when}")
            for effect in effects[: number if when == "after" else number - 1]:
                effect()
            self.wire.ledger.close()
            self.start(reopen(self.folder, self.clock))
            return
        assert refused == (not effects), "what can't be was booked, or what can be was refused"
        for effect in effects:
            effect()
        self.wire.cut = None

    def lies(self, place: str) -> int:
        return self.box.lies[place]

    @rule(count=st.integers(-1, 12), two=SIGNERS, cut=CUTS)
    def hand_over(self, count: int, two: tuple[str, str], cut: Cut) -> None:
        can = count > 0 and self.lies("hopper") + count <= HOPPER and two[0].lower() != two[1].lower()
        act = lambda: self.book.hand_over(count, by=two[0], and_by=two[1])  # noqa: E731 - read as a sentence
        self.tried(act, [lambda: self.box.fill(count)] if can else [], cut)

    @rule(job=st.sampled_from(JOBS), cut=CUTS)
    def feed(self, job: str, cut: Cut) -> None:
        can = (
            job not in self.box.where
            and self.looked_after
            and self.lies("hopper") > 0
            and self.lies("printer") == self.lies("exit") == 0
            and self.lies("reject_bin") < REJECTS
            and self.lies("retained_bin") < RETAINED
        )
        self.tried(lambda: self.book.feed(job), [lambda: self.box.carry("hopper", "printer", job)] if can else [], cut)

    @rule(job=st.sampled_from(JOBS), what=st.sampled_from(["back", "reject", "present", "take", "retain"]), cut=CUTS)
    def go_on(self, job: str, what: str, cut: Cut) -> None:
        self.carried(job, what, cut)

    @rule(cut=CUTS)
    def feed_the_next(self, cut: Cut) -> None:
        fresh = [job for job in JOBS if job not in self.box.where]
        if fresh:
            self.feed(fresh[0], cut)

    @rule(what=st.sampled_from(["back", "reject", "present", "present", "take", "retain"]), cut=CUTS)
    def go_on_with_what_is_in_the_printer(self, what: str, cut: Cut) -> None:
        there = [job for job, where in self.box.where.items() if where in {"printer", "exit"}]
        if there:
            self.carried(there[0], what, cut)

    def carried(self, job: str, what: str, cut: Cut) -> None:
        sources, target, act = {
            "back": (["printer"], "hopper", lambda: self.book.feed_failed(job, "x")),
            "reject": (["printer"], "reject_bin", lambda: self.book.reject(job, "x")),
            "present": (["printer"], "exit", lambda: self.book.present(job)),
            "take": (["exit"], "citizen", lambda: self.book.take(job)),
            "retain": (["exit", "printer"], "retained_bin", lambda: self.book.retain(job, "x")),
        }[what]
        source = self.box.where.get(job, "")
        can = source in sources
        count = self.lies("printer") if what == "reject" else 1
        if target in {"reject_bin", "retained_bin"}:
            can = can and self.lies(target) + count <= 3
        self.tried(act, [lambda: self.box.carry(source, target, job, count)] if can else [], cut)

    @rule(job=st.sampled_from(JOBS), cut=CUTS)
    def a_second_comes_along(self, job: str, cut: Cut) -> None:
        can = self.box.where.get(job) == "printer" and self.lies("printer") == 1 and self.lies("hopper") > 0

        def comes() -> None:
            self.box.carry("hopper", "printer")
            self.looked_after = False

        self.tried(lambda: self.book.two_fed(job), [comes] if can else [], cut)

    @rule(cut=CUTS)
    def a_second_comes_along_with_what_is_in_the_printer(self, cut: Cut) -> None:
        there = [job for job, where in self.box.where.items() if where == "printer"]
        if there:
            self.a_second_comes_along(there[0], cut)

    @rule(job=st.sampled_from(JOBS), code=st.sampled_from(CODES), cut=CUTS)
    def identify(self, job: str, code: str, cut: Cut) -> None:
        at_hand = {"printer", "exit", "reject_bin", "retained_bin"}
        others = {
            self.box.chip.get(other) for other, where in self.box.where.items() if where in at_hand and other != job
        }
        can = self.box.where.get(job) == "printer" and self.box.chip.get(job, code) == code and code not in others

        def read() -> None:
            self.box.chip[job] = code

        self.tried(lambda: self.book.identify(job, code), [read] if can else [], cut)

    @rule(job=st.sampled_from(["", *JOBS]), two=SIGNERS, cut=CUTS)
    def remove(self, job: str, two: tuple[str, str], cut: Cut) -> None:
        where = self.box.where.get(job, "") if job else "printer"
        can = where in {"printer", "exit"} and two[0].lower() != two[1].lower()
        if not job:
            can = can and self.lies("printer") > list(self.box.where.values()).count("printer")
        act = lambda: self.book.remove(job, "jammed", by=two[0], and_by=two[1])  # noqa: E731 - read as a sentence
        self.tried(act, [lambda: self.box.carry(where, "staff", job)] if can else [], cut)

    @rule(
        place=st.sampled_from(["hopper", "reject_bin", "retained_bin"]), off=st.integers(-1, 1), two=SIGNERS, cut=CUTS
    )
    def empty(self, place: str, off: int, two: tuple[str, str], cut: Cut) -> None:
        count = self.lies(place) + (off if off == 1 else 0)
        can = count == self.lies(place) > 0 and two[0].lower() != two[1].lower()
        act = lambda: self.book.empty(Place(place), count, by=two[0], and_by=two[1])  # noqa: E731 - read as a sentence
        self.tried(act, [lambda: self.box.empty(place)] if can else [], cut)

    @rule(
        off=st.tuples(*[st.sampled_from([0, 0, 0, 0, -1, 1])] * 4), explanation=st.sampled_from(["", " ", "bent"]),
        two=SIGNERS, cut=CUTS,
    )  # fmt: skip
    def close_out(self, off: tuple[int, ...], explanation: str, two: tuple[str, str], cut: Cut) -> None:
        book = (
            self.lies("hopper"),
            self.lies("printer") + self.lies("exit"),
            self.lies("reject_bin"),
            self.lies("retained_bin"),
        )
        found = tuple(max(0, count + more) for count, more in zip(book, off, strict=True))
        names = ("hopper", "printer", "reject_bin", "retained_bin")
        counted = Counted(**dict(zip(names, found, strict=True)))
        act = lambda: self.book.close_out(counted, by=two[0], and_by=two[1], explanation=explanation)  # noqa: E731 - as above
        effects: list[Callable[[], None]] = []
        if two[0].lower() != two[1].lower():
            if found == book:
                effects = [self.look_after]
            elif explanation.strip():
                effects = [lambda: self.box.is_found(*found), self.look_after]
        self.tried(act, effects, cut)

    def look_after(self) -> None:
        self.looked_after = True

    @rule()
    def start_anew(self) -> None:
        self.wire.ledger.close()
        self.start(reopen(self.folder, self.clock))

    @rule(share=st.sampled_from([0.5, 1.0]))
    def erase(self, share: float) -> None:
        self.wire.ledger.erase(int(self.wire.ledger.head().sequence * share))

    @invariant()
    def every_blank_is_where_it_lies(self) -> None:
        if not hasattr(self, "book"):
            return
        stock = self.book.stock()
        assert {place.value: stock.balance.at(place) for place in Place} == {
            place.value: self.lies(place.value) for place in Place
        }
        assert stock.balance.handed_over == self.box.bought == sum(self.box.lies.values())
        for job in JOBS:
            blank = self.book.blank(job)
            assert (blank.place.value if blank is not None else None) == self.box.where.get(job)
            assert (blank.identification_code if blank is not None else "") == self.box.chip.get(job, "")

    @invariant()
    def the_ledger_tells_the_same_and_no_job_is_fed_twice(self) -> None:
        if not hasattr(self, "book"):
            return
        with LedgerReader(self.folder) as reader:
            for entry in reader.entries(self.read_through, 10):
                assert isinstance(entry, SealedEntry), "it is read before it is erased"
                self.booked.append(movement_opened_by_centre(reader, entry))
                self.read_through = entry.sequence
        assert [movement.number for movement in self.booked] == list(range(1, len(self.booked) + 1))
        fed = Counter(movement.job for movement in self.booked if movement.move is Move.FED)
        assert not fed or max(fed.values()) == 1, "a second blank for one job"
        if self.booked:
            assert self.booked[-1].after == self.book.stock().balance

    def teardown(self) -> None:
        if hasattr(self, "wire"):
            self.wire.ledger.close()
        shutil.rmtree(self.place)


CustodyMachine.TestCase.settings = settings(
    max_examples=50, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestCustodyAgainstItsModel = CustodyMachine.TestCase
