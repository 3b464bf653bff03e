"""What each picture of the labelled set must be judged as: ``tests/data/portrait_cases.toml``, read."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kiosk.portrait.norm import Measure

_TYPED: Final[dict[str, list[dict[str, Any]]]] = tomllib.loads(
    (Path(__file__).parent / "data" / "portrait_cases.toml").read_text(encoding="utf-8")
)
IDENTITIES: Final[dict[str, str]] = {face["name"]: face["identity"] for face in _TYPED["face"]}
"""Whose each picture is."""
STANDS_RIGHT: Final = "somebody who stands right"


@dataclass(frozen=True)
class Verdict:
    """One face with one change, and what must come of it."""

    face: str
    case: str
    change: str
    amount: float
    fails: frozenset[Measure]
    open: frozenset[Measure]
    any: frozenset[Measure]
    hints: frozenset[Measure]
    errs: frozenset[Measure]
    """Where the code is known to answer otherwise."""
    measured: bool
    """There is a face to be measured."""
    instruction: str | None

    def __str__(self) -> str:
        return f"{self.face}: {self.case}"


def _all(kind: str) -> Iterator[Verdict]:
    for face in _TYPED["face"]:
        for case in _TYPED[kind]:
            if face.get("comparison_only") or face["name"] not in case.get("faces", IDENTITIES):
                continue
            fails = _measures(case, "fails")
            measured = not case.get("nothing_else_measured", False)
            own = {key: _measures(face, key) if measured else frozenset[Measure]() for key in ("fails", "open")}
            yield Verdict(
                face=face["name"],
                case=case["name"],
                change=case["change"],
                amount=case.get("amount", 0),
                fails=fails | own["fails"],
                open=(_measures(case, "open") | own["open"]) - fails,
                any=_measures(case, "any"),
                hints=_measures(case, "hints"),
                errs=frozenset(_errors(face["name"], case["name"], fails)),
                measured=measured,
                instruction=None if own["fails"] or own["open"] else case.get("instruction"),
            )


def _measures(table: dict[str, Any], key: str) -> frozenset[Measure]:
    return frozenset(Measure(name) for name in table.get(key, ()))


def _errors(face: str, case: str, fails: frozenset[Measure]) -> Iterator[Measure]:
    for error in _TYPED["error"]:
        measure = Measure(error["measure"])
        if error["face"] == face and (error["case"] == case if "case" in error else measure not in fails):
            yield measure


FRAMES: Final = tuple(_all("case"))
FINISHED: Final = tuple(_all("finished"))
