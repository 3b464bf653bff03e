"""Which faults a tour plants, by its seed: one by one, and then two at a time."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.e2e.technician.site import Place
from tests.e2e.technician.table import Fault, Table

_TRIES: Final = 500


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is planted, in this order."""

    singles: tuple[Fault, ...]
    pairs: tuple[tuple[Fault, Fault], ...]
    """Of the same faults. Who goes with nobody else is in none."""


def divided(drawing: Drawing) -> dict[Place, Drawing]:
    """What of it is planted where: on the stand whatever can't be planted in the installed machine, or half of it."""
    stand = Drawing(
        tuple(fault for fault in drawing.singles if fault.stand),
        tuple(pair for pair in drawing.pairs if any(fault.stand for fault in pair)),
    )
    installed = Drawing(
        tuple(fault for fault in drawing.singles if fault not in stand.singles),
        tuple(pair for pair in drawing.pairs if pair not in stand.pairs),
    )
    return {"installed": installed, "stand": stand}


def drawn(table: Table, seed: int, count: int) -> Drawing:
    """So many faults, as far apart as they come: of each check one, before any has a second."""
    chance = random.Random(seed)
    by_check: dict[str, list[Fault]] = {}
    for fault in chance.sample(table.fault, len(table.fault)):
        by_check.setdefault(fault.check, []).append(fault)
    rounds: list[Fault] = []
    while any(by_check.values()):
        order = chance.sample(list(by_check), len(by_check))
        rounds += [by_check[check].pop() for check in order if by_check[check]]
    singles = tuple(rounds[:count])
    return Drawing(singles, _paired(singles, chance))


def _paired(singles: Sequence[Fault], chance: random.Random) -> tuple[tuple[Fault, Fault], ...]:
    """As many pairs as some hundred shuffles find."""
    best: tuple[tuple[Fault, Fault], ...] = ()
    for _ in range(_TRIES):
        left, pairs = chance.sample(list(singles), len(singles)), []
        while left:
            one = left.pop()
            other = next((fault for fault in left if one.goes_with(fault)), None)
            if other is not None:
                left.remove(other)
                pairs.append((one, other))
        if len(pairs) > len(best):
            best = tuple(pairs)
        if len(best) == len(singles) // 2:
            break
    return best
