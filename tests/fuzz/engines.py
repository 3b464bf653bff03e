"""Where the bytes come from: Hypothesis from mutated seeds, or libFuzzer guided by the coverage of our own modules."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.target import Check, Target

OURS = ("tests.fuzz", "kiosk", "drivers", "central", "http_message_signatures", "http_sf")
"""Modules whose branches guide libFuzzer: ours, and the pure Python that reads what a stranger sends before us."""
_MOST_MUTATIONS = 8
_TELL_EVERY_S = 1.0
_ALL_CHECKS = tuple(HealthCheck)  # a case may be slow, and its bytes many: that is meant


@dataclass
class Run:
    """What came of a target's cases."""

    executions: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    finding: BaseException | None = None
    case: bytes | None = None
    """The bytes that led to it, as short as the engine could make them."""


def mutations(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Seeds with a few places changed, now and then anything at all."""

    @st.composite
    def mutated(draw: st.DrawFn) -> bytes:
        made = bytearray(draw(st.sampled_from(list(seeds))))
        for _ in range(draw(st.integers(1, _MOST_MUTATIONS))):
            place = draw(st.integers(0, len(made)))
            match draw(st.integers(0, 4)):
                case 0:
                    made[place : place + 1] = bytes([draw(st.integers(0, 255))])
                case 1:
                    made[place:place] = draw(st.binary(max_size=8))
                case 2:
                    del made[place : place + draw(st.integers(1, 16))]
                case 3 if place < len(made):
                    made[place] ^= 1 << draw(st.integers(0, 7))
                case _:
                    end = draw(st.integers(place, len(made)))
                    target = draw(st.integers(0, len(made)))
                    made[target:target] = made[place : min(end, place + 64)]
        return bytes(made)

    # The first kind is drawn most of the time, and shrinking goes towards plain bytes.
    return st.one_of(st.binary(max_size=64), mutated(), mutated(), mutated(), st.binary(max_size=512))


def run_small(target: Target, check: Check) -> Run:
    """The same cases each time, and the seeds: a finding is raised, with its case in the report.

    :raises BaseException: whatever the check raised.
    """
    run = Run()
    seeds = target.seeds()
    for case in seeds:
        run.outcomes[target.play(check, case)] += 1

    @settings(
        max_examples=target.examples, derandomize=True, database=None, deadline=None,
        suppress_health_check=_ALL_CHECKS, print_blob=False, report_multiple_bugs=False,
    )  # fmt: skip
    @given(case=mutations(seeds))
    def play(case: bytes) -> None:
        run.outcomes[target.play(check, case)] += 1

    play()
    run.executions = run.outcomes.total()
    return run


def run_hypothesis(target: Target, check: Check, seconds: float) -> Run:
    """Cases that are new each time, for so long."""
    run, seeds, ends_at = Run(), target.seeds(), time.monotonic() + seconds

    def one(case: bytes) -> None:
        if time.monotonic() >= ends_at and run.finding is None:
            return
        run.executions += 1
        try:
            run.outcomes[target.play(check, case)] += 1
        except BaseException as finding:
            run.finding, run.case = finding, case  # the last one is the shortest
            raise

    for case in seeds:
        try:
            one(case)
        except Exception:  # noqa: BLE001  # kept in the run
            return run
    number = time.time_ns()
    while time.monotonic() < ends_at and run.finding is None:
        number += 1
        play = seed(number)(
            settings(
                max_examples=200, database=None, deadline=None, suppress_health_check=_ALL_CHECKS,
                phases=(Phase.generate, Phase.shrink), print_blob=False,
            )(given(case=mutations(seeds))(one))
        )  # fmt: skip
        try:
            play()
        except Exception:  # noqa: BLE001  # kept in the run; Hypothesis may raise a group of several
            break
    return run


def run_atheris(target: Target, check: Check, corpus: Path, seconds: float, tell: Callable[[Run], object]) -> None:
    """Hand the process over to libFuzzer, which ends it without a word.

    :param tell: told once a second how it stands, and of a finding.
    """
    import atheris  # noqa: PLC0415  # only the long run needs it

    run, told_at = Run(), time.monotonic()

    def one(case: bytes) -> None:
        nonlocal told_at
        run.executions += 1
        try:
            run.outcomes[target.play(check, case)] += 1
        except BaseException as finding:
            run.finding, run.case = finding, case
            tell(run)
            raise
        if time.monotonic() - told_at > _TELL_EVERY_S:
            told_at = time.monotonic()
            tell(run)

    corpus.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(target.seeds()):
        (corpus / f"seed-{number:03d}").write_bytes(case)
    arguments = [
        sys.argv[0], str(corpus), f"-max_total_time={max(1, int(seconds))}", f"-artifact_prefix={corpus.parent}/",
        "-timeout=60", "-rss_limit_mb=4096", "-print_final_stats=1", "-reload=0",
    ]  # fmt: skip
    atheris.Setup(arguments, one)
    atheris.Fuzz()
