"""Driver and simulated printer through anything that may happen to them, in any order: faults at any command, the
power, the cable, a driver that is started anew, hands that take, clear and fill. What the driver tells is what has
happened, no job feeds twice or prints twice, and every card is in one place."""

import copy
import itertools
import shutil
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from drivers.card_printer.escape import EscapeCardPrinter, Limits
from drivers.ports.card_printer import Bin, IssuanceRefused
from drivers.ports.errors import DeviceError
from drivers.transport.byte_line import TcpLine
from simulators.card_printer import CardPrinterFault, CardPrinterSimulator, tally
from simulators.card_printer.body import Body, Where
from tests.blanks import blank
from tests.contract.test_card_printer import (
    driver,
    ejected_as_told,
    face,
    fed_as_told,
    printed_as_told,
    rejected_as_told,
    token,
)
from tests.quick_folder import quick_folder

QUICK = Limits(answer_s=0.2, download_s=5.0, feed_s=0.2, print_s=1.5, eject_s=0.2, settle_s=0.5)
FACE = face()
JOBS = st.integers(0, 9).map(lambda number: f"{number:032x}")
"""Few, so that they come again."""
LOAD = 6
TROUBLE = st.tuples(st.sampled_from(CardPrinterFault), st.sampled_from(["Sis", "Se", "Ser", "Db", "Rse", "Pem"]))


class Issuing(RuleBasedStateMachine):
    """One printer and whoever uses it."""

    @initialize()
    def deliver(self) -> None:
        self.folder = quick_folder("card-printer-model-")
        self.numbers = itertools.count(0x3101)
        self.simulator = CardPrinterSimulator(self.folder / "printer", late_s=0.4)
        self.fill()
        self.simulator.change_ribbon()
        self.last = "0" * 32
        self.start_driver()

    def start_driver(self) -> None:
        """A driver that knows of no job: whether one has had its blank from another is the ledger's to know."""
        self.printer: EscapeCardPrinter = driver(TcpLine("card_printer", "127.0.0.1", self.simulator.port), QUICK)
        self.fed: set[str] = set()
        self.printed: set[str] = set()

    def done(
        self, act: Callable[[], object], as_told: Callable[[Exception | None, Body, Body], bool]
    ) -> tuple[Body, Body]:
        before, told = copy.deepcopy(self.simulator.body), None
        try:
            act()
        except (DeviceError, IssuanceRefused, ValueError) as error:
            told = error
        after = copy.deepcopy(self.simulator.body)
        if isinstance(told, ValueError):
            assert before == after
        else:
            assert as_told(told, before, after), f"it told {told!r}, and that is not so"
        return before, after

    # The terminal.

    @rule(job=JOBS)
    def feed(self, job: str) -> None:
        before, after = self.done(lambda: self.printer.feed(token(job)), fed_as_told)
        if len(after.hopper) < len(before.hopper):
            assert job not in self.fed, "one token has fed twice"
            self.fed.add(job)
            self.last = job

    @rule(job=st.one_of(st.none(), st.none(), JOBS))
    def print_face(self, job: str | None) -> None:
        job = job or self.last
        before, after = self.done(lambda: self.printer.print_face(job, FACE), printed_as_told)
        if after.printed != before.printed:
            assert job in self.fed, "a card was printed that this driver did not feed for this job"
            assert job not in self.printed, "one job has printed twice"
            self.printed.add(job)

    @rule()
    def eject(self) -> None:
        self.done(self.printer.eject, ejected_as_told)

    @rule()
    def reject(self) -> None:
        self.done(lambda: self.printer.discard(Bin.REJECT), rejected_as_told)

    @rule(job=JOBS, offered=st.booleans(), trouble=st.one_of(st.none(), TROUBLE, TROUBLE))
    def issue(self, job: str, offered: bool, trouble: tuple[CardPrinterFault, str] | None) -> None:
        """A whole card, as far as it comes."""
        self.come_back()
        self.clear()
        if trouble is not None:
            self.order(trouble)
        self.feed(job)
        self.print_face(job)
        if offered:
            self.eject()
        else:
            self.reject()

    # Everything else.

    @rule(trouble=TROUBLE)
    def order(self, trouble: tuple[CardPrinterFault, str]) -> None:
        self.simulator.faults.clear()
        self.simulator.faults.fail_next(trouble[0], command=trouble[1])

    @rule(what=st.sampled_from(["power", "cable", "printer", "terminal"]), back=st.booleans())
    def lose(self, what: str, back: bool) -> None:
        match what:
            case "power":
                self.simulator.power_cut()
            case "cable":
                self.simulator.unplug()
            case "printer":  # its process, that is
                port = self.simulator.port
                self.simulator.close()
                self.simulator = CardPrinterSimulator(self.folder / "printer", port=port, late_s=0.4)
            case _:
                self.printer.close()
                self.start_driver()
        if back:
            self.come_back()

    @rule()
    def come_back(self) -> None:
        self.simulator.power_on()
        self.simulator.replug()

    @precondition(lambda self: self.simulator.body.where is Where.EXIT)
    @rule()
    def take(self) -> None:
        self.simulator.take_card()

    @rule()
    def clear(self) -> None:
        self.simulator.clear()

    @rule()
    def fill(self) -> None:
        if len(self.simulator.body.hopper) < 2:
            self.simulator.load_blanks([blank(next(self.numbers)) for _ in range(LOAD)])

    @rule()
    def change_the_ribbon(self) -> None:
        self.simulator.change_ribbon()

    @invariant()
    def every_card_is_in_one_place(self) -> None:
        if not hasattr(self, "simulator"):
            return
        counts = tally(self.folder / "printer")
        assert counts.balanced
        assert counts.printed_twice == []

    def teardown(self) -> None:
        if hasattr(self, "simulator"):
            self.printer.close()
            self.simulator.close()
            shutil.rmtree(self.folder)


Issuing.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
test_issuing = Issuing.TestCase
