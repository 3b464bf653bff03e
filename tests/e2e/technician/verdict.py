"""Whether the doctor found what was planted: all of it, by its name, and nothing else."""

from collections.abc import Sequence
from typing import Final

from kiosk.technician.doctor import CHECKS
from kiosk.technician.findings import State
from tests.e2e.technician.ground import Examination, Told
from tests.e2e.technician.table import Fault, Table

_BROKEN: Final = (State.FAULT, State.WARNING)


def differences(table: Table, planted: Sequence[Fault], examination: Examination) -> list[str]:
    """Where the findings are not what the table says of these faults, in words; without any the terminal is well."""
    told = {one.check: one for one in examination.findings}
    missing = [check.word for check in CHECKS if check.word not in told]
    if missing:
        return [f"not told at all: {', '.join(missing)}"]
    hidden = {word for word in told if any(fault.hides_check(word) for fault in planted)}
    expected = {fault.check: fault for fault in planted if fault.check not in hidden}
    found = [trouble for word, fault in expected.items() if (trouble := _of_one(fault, told[word]))]
    for word, one in told.items():
        if word in expected or one.state is State.ABSENT:
            continue
        if one.state in _BROKEN:
            found.append(f"{word} is blamed for {_in_words(one)}")
        elif (one.state is State.NOT_TRIED) != (word in hidden or word in table.well_without):
            found.append(f"{word} is {one.state.value}: {one.found}")
    outcome = _outcome(list(expected.values()))
    if not found and examination.outcome != outcome:
        found.append(f"the whole is called {examination.outcome}, and is {outcome}")
    return found


def _of_one(fault: Fault, told: Told) -> str:
    if told.state not in _BROKEN:
        return f"{fault.check} does not find {fault.name}: {told.state.value}, {told.found}"
    if told.cause is not fault.cause:
        return f"{fault.name} is called {_in_words(told)}"
    if told.state.value != fault.grade:
        return f"{fault.name} is called a {told.state.value}"
    if fault.says not in told.found:
        return f"{fault.name} is told without {fault.says}: {told.found}"
    return "" if told.advice is not None and told.advice.zh and told.advice.en else f"no advice for {fault.name}"


def _in_words(told: Told) -> str:
    return f"{told.cause.value if told.cause is not None else 'nothing'} ({told.found})"


def _outcome(expected: Sequence[Fault]) -> str:
    grades = {fault.grade for fault in expected}
    return "fault" if "fault" in grades else "warning" if grades else "well"
