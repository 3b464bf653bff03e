"""How often each measure of a portrait errs, and how alike faces are found, on the labelled pictures of the test data.

Counts on tests/data/portrait_cases.toml and tests/data/faces, with an interval of 95 %. Pictures that code makes of one
face are not independent of each other, so that the true interval is wider; and with fewer than fifty identities no rate
is called established: two of these seven seem to be generated besides. Nothing is timed but one comparison. Run by
``python -m benchmarks.judgement``.
"""

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import cv2

from benchmarks.figures import Figure, report, table
from kiosk.portrait.comparison import OPEN_FROM, SAME_FROM, Comparison
from kiosk.portrait.measures import measure_finished, measure_frame
from kiosk.portrait.models import Pixels
from kiosk.portrait.norm import Measure, Norm
from kiosk.portrait.norm import Verdict as Judged
from kiosk.portrait.picture import read_picture
from tests import portraits
from tests.portrait_verdicts import FINISHED, FRAMES, IDENTITIES, Verdict

ESTABLISHED_FROM: Final = 50
"""Identities."""
_Z: Final = 1.96
_CARD_EYES: Final = 30
"""Pixels between the eyes in an identity card's photo of 102 × 126."""


def wilson(wrong: int, of: int) -> tuple[float, float]:
    """Both ends of the interval of 95 % (Wilson's score) for a share.

    :raises ZeroDivisionError: nothing was counted.
    """
    share, spread = wrong / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * (share * (1 - share) / of + spread / of / 4) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def told(wrong: int, of: int) -> str:
    """A count with its interval."""
    if not of:
        return "nothing to count"
    low, high = wilson(wrong, of)
    return f"{wrong} of {of} (95 %: {100 * low:.1f}–{100 * high:.1f} %)"


def standing(identities: int) -> str:
    """What so many people are good for."""
    rate = "" if identities >= ESTABLISHED_FROM else ": not established"
    return f"{identities} identities{rate}"


@dataclass
class Count:
    """One measure's judgements beside what was typed."""

    bad: int = 0
    good: int = 0
    false_accept: int = 0
    false_refuse: int = 0
    identities: set[str] = field(default_factory=set)

    def note(self, identity: str, *, must_fail: bool, passed: bool) -> None:
        """Count one."""
        self.identities.add(identity)
        if must_fail:
            self.bad += 1
            self.false_accept += passed
        else:
            self.good += 1
            self.false_refuse += not passed


def run(*, quick: bool) -> dict[str, Any]:
    """Every count of this benchmark, ready for JSON."""
    frames = FRAMES[::7] if quick else FRAMES
    finished = FINISHED[::7] if quick else FINISHED
    counts, pictures = _judged(frames, finished)
    similarities = _compared()
    figures = [*_measure_figures(counts, pictures), *_comparison_figures(similarities)]
    samples = {
        "pictures": pictures,
        "measures": {
            measure.value: {**vars(count), "identities": len(count.identities)} for measure, count in counts.items()
        },
        "similarities": similarities,
    }
    return report(figures, samples)


def _judged(frames: Iterable[Verdict], finished: Iterable[Verdict]) -> tuple[dict[Measure, Count], int]:
    models, norm = portraits.models(), Norm()
    counts: dict[Measure, Count] = {}
    pictures = 0
    for typed in frames:
        pixels = portraits.frame(typed.face, typed.change, typed.amount)
        _count(counts, typed, measure_frame(models, pixels, norm).verdicts)
        pictures += 1
    for typed in finished:
        picture = read_picture(portraits.spoilt(typed.face, typed.change, typed.amount))
        _count(counts, typed, measure_finished(models, picture, norm).verdicts)
        pictures += 1
    return {measure: counts[measure] for measure in Measure if measure in counts}, pictures


def _count(counts: dict[Measure, Count], typed: Verdict, judged: tuple[Judged, ...]) -> None:
    for verdict in judged:
        measure = verdict.limit.measure
        must_fail = measure in typed.fails | typed.hints
        if (not typed.measured or not verdict.limit.binding) and not must_fail:
            continue
        if must_fail or measure not in typed.open | typed.any:
            count = counts.setdefault(measure, Count())
            count.note(IDENTITIES[typed.face], must_fail=must_fail, passed=verdict.within)


def _measure_figures(counts: dict[Measure, Count], pictures: int) -> list[Figure]:
    wrong = sum(count.false_accept + count.false_refuse for count in counts.values())
    judgements = sum(count.bad + count.good for count in counts.values())
    people = set[str]().union(*(count.identities for count in counts.values()))
    rows = [
        Figure(
            name="portrait: judged otherwise than typed",
            unit="",
            median=wrong,
            beside=f"of {judgements} on {pictures} pictures, {standing(len(people))}",
        )
    ]
    for measure, count in counts.items():
        words = (
            f"false accept {told(count.false_accept, count.bad)}, false refuse {told(count.false_refuse, count.good)}, "
            f"{standing(len(count.identities))}"
        )
        errors = count.false_accept + count.false_refuse
        rows.append(Figure(name=f"– {measure.value} errs", unit="", median=errors, beside=words))
    return rows


def _compared() -> dict[str, list[float]]:
    """Similarities of every pair: of one person, of two; each also with one picture as small as on a card."""
    comparison = Comparison(portraits.models(), portraits.MODELS)
    whole = {name: portraits.original(name)[0] for name in IDENTITIES}
    small = {name: _as_on_a_card(name) for name in IDENTITIES}
    found: dict[str, list[float]] = {"genuine": [], "impostor": [], "genuine_card": [], "impostor_card": [], "ms": []}
    for one, other in itertools.combinations(IDENTITIES, 2):
        kind = "genuine" if IDENTITIES[one] == IDENTITIES[other] else "impostor"
        started = time.perf_counter()
        found[kind].append(comparison.compare(whole[one], whole[other]).similarity)
        found["ms"].append(1000 * (time.perf_counter() - started))
        for live, card in ((one, other), (other, one)):
            found[f"{kind}_card"].append(comparison.compare(whole[live], small[card]).similarity)
    return found


def _as_on_a_card(name: str) -> Pixels:
    pixels, face = portraits.original(name)
    scale = _CARD_EYES / face.eye_distance
    small: Pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return small


def _comparison_figures(found: dict[str, list[float]]) -> list[Figure]:
    people = standing(len(set(IDENTITIES.values())))
    rows = [Figure.of("portrait: 1:1 comparison", "ms", found["ms"], beside="two pictures: faces, landmarks, features")]
    for size, words in (("", "as in the set"), ("_card", "one of them as small as on a card")):
        same, different = found[f"genuine{size}"], found[f"impostor{size}"]
        missed = told(sum(one < SAME_FROM for one in same), len(same))
        denied = told(sum(one < OPEN_FROM for one in same), len(same))
        taken = told(sum(one >= SAME_FROM for one in different), len(different))
        rows += [
            Figure.of(
                f"– similarity of one person, {words}",
                "cosine",
                same,
                beside=f"not called the same {missed}, called another {denied}, {people}",
            ),
            Figure.of(
                f"– similarity of two people, {words}", "cosine", different, beside=f"called the same {taken}, {people}"
            ),
        ]
    return [*rows, _spread(found)]


def _spread(found: dict[str, list[float]]) -> Figure:
    """How far both kinds lie apart, by their least and greatest."""
    lowest = min(found["genuine"] + found["genuine_card"])
    highest = max(found["impostor"] + found["impostor_card"])
    different = statistics.median(found["impostor"])
    return Figure(
        name="– lowest of one person − highest of two",
        unit="cosine",
        median=lowest - highest,
        beside=f"two people's median {different:.2f}; the threshold is OpenCV's, not chosen here",
    )


def main() -> int:
    """Count this alone and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    result = run(quick=parser.parse_args().quick)
    print(table([Figure(**row) for row in result["figures"]]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
