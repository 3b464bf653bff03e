"""Each target for a moment, with the same cases each time; the centre's are in ``integration/test_central_fuzz.py``."""

import dataclasses
import logging
from collections.abc import Iterator

import pytest

from drivers.ports.errors import ProtocolViolation
from simulators.card.slot import CardSlot
from tests.fuzz import cameras, card_printers, cards, id_readers, liars, pads, print_queues, records, settings_files
from tests.fuzz.__main__ import HYPOTHESIS_ONLY, OPENAPI, WHERE, load
from tests.fuzz.engines import run_hypothesis, run_small
from tests.fuzz.target import Finding, Target, always, require, tells_nothing

TARGETS = (
    cards.SESSION, cards.FIELDS, pads.SUNSON_FRAMES, pads.SZZT_FRAMES, pads.SUNSON_PAD, pads.SZZT_PAD,
    id_readers.FRAMES, id_readers.TEXTS, id_readers.READER, cameras.STREAM,
    records.MESSAGES, records.SEALING, records.SIGNATURES, settings_files.PACKS, settings_files.CALENDAR,
    settings_files.CONFIGURATION, settings_files.CENTRE, settings_files.RULES,
    liars.CLIENT, liars.UPLINK, card_printers.PRINTER, card_printers.CHIP, print_queues.QUEUE,
)  # fmt: skip


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)  # a thousand refusals would be a thousand lines
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_rubbish_brings_named_errors_only(target: Target) -> None:
    with target.prepare() as check:
        run = run_small(target, check)
    assert run.outcomes.keys() >= target.reached, "the cases do not get as far as they should"


@pytest.mark.stack
def test_rubbish_through_the_real_daemon(slot: CardSlot) -> None:
    with cards.reader_with_rogue_chip(slot) as check:
        run = run_small(cards.PCSC, check)
    assert run.outcomes.keys() >= cards.PCSC.reached


def test_every_target_runs_in_make_fuzz() -> None:
    known = [load(name) for name in WHERE]
    assert [target.name for target in known] == list(WHERE)
    assert {target.name for target in TARGETS} <= set(WHERE)
    assert {target.name for target in known if target.engine == "hypothesis"} | {OPENAPI} == HYPOTHESIS_ONLY


def never(outcome: str) -> Target:
    """A target whose code under test keeps its promises, but for one byte."""

    def check(case: bytes) -> str:
        require(b"\x07" not in case, "seven is forbidden")
        return outcome

    return Target("x", "hypothesis", always(check), lambda: [bytes(8)], frozenset({outcome}), examples=500)


def test_a_broken_promise_is_found_and_made_short() -> None:
    target = never("fine")
    with target.prepare() as check:
        with pytest.raises(Finding, match="seven"):
            run_small(target, check)
        run = run_hypothesis(target, check, seconds=20.0)
    assert isinstance(run.finding, Finding)
    assert run.case is not None
    assert b"\x07" in run.case
    assert len(run.case) < 9


def test_a_case_without_end_is_a_finding_whatever_the_code_catches() -> None:
    def check(_case: bytes) -> str:
        while True:
            try:
                sum(range(10_000))
            except Exception:  # noqa: BLE001  # the code under test may do this
                continue

    target = dataclasses.replace(never("x"), prepare=always(check), cpu_s=0.2)
    with pytest.raises(Finding, match="processor"):
        target.play(check, b"")


def test_what_belongs_to_a_citizen_is_found_down_the_chain() -> None:
    def raised() -> ProtocolViolation:
        try:
            try:
                b"\xd5\xc5\xff".decode("utf-8")
            except UnicodeDecodeError as cause:
                raise ProtocolViolation("card_reader", "name: unreadable") from cause
        except ProtocolViolation as error:
            return error
        raise AssertionError

    with pytest.raises(Finding, match="UnicodeDecodeError"):
        tells_nothing(raised(), [b"\xd5\xc5"])
    tells_nothing(raised(), ["246810", b"\x24\x68\x10"])
