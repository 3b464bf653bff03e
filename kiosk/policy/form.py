"""Holds a document against a msgspec form and tells everything that is wrong with it, not the first thing only."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec
from msgspec import inspect

from kiosk.policy.positions import Where


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    where: Where
    what: str
    """What is wrong and what is allowed."""


@runtime_checkable
class Judges(Protocol):
    """A form that knows more of itself than its fields' types say."""

    def faults(self) -> Iterable[Fault]:
        """What is wrong between fields that are each well-formed; places are relative to this form."""


Hook = Callable[[type, Any], Any]
"""What makes a value of a type that msgspec does not know, as its ``dec_hook``."""


def faults_of(raw: Any, wanted: inspect.Type, where: Where = (), *, dec_hook: Hook | None = None) -> Iterator[Fault]:
    """Everything in what a TOML parser gave that is not of the type wanted.

    :param dec_hook: makes the paths, where the form has any.
    :raises NotImplementedError: the form uses a type that no pack has needed yet.
    """
    match wanted:
        case inspect.Metadata():
            for fault in faults_of(raw, wanted.type, where, dec_hook=dec_hook):
                yield Fault(fault.where, _misfit(raw, wanted))
        case inspect.UnionType():
            # TOML has no null: what may be None is left out.
            (one,) = (kind for kind in wanted.types if not isinstance(kind, inspect.NoneType))
            yield from faults_of(raw, one, where, dec_hook=dec_hook)
        case _ if not _fits(raw, wanted):
            yield Fault(where, _misfit(raw, wanted))
        case inspect.StructType():
            yield from _table(
                raw, {field.name: (field.type, field.required) for field in wanted.fields}, where, dec_hook
            )
            yield from _judged(raw, wanted, where, dec_hook)
        case inspect.DictType():
            yield from _table(raw, dict.fromkeys(_keys(wanted), (wanted.value_type, True)), where, dec_hook)
        case inspect.VarTupleType():
            for number, item in enumerate(raw):
                yield from faults_of(item, wanted.item_type, (*where, number), dec_hook=dec_hook)


def _table(
    raw: dict[str, Any], fields: dict[str, tuple[inspect.Type, bool]], where: Where, dec_hook: Hook | None
) -> Iterator[Fault]:
    for key in raw:
        if key not in fields:
            yield Fault((*where, key), f"unknown key; allowed: {', '.join(fields)}")
    for name, (kind, required) in fields.items():
        if name in raw:
            yield from faults_of(raw[name], kind, (*where, name), dec_hook=dec_hook)
        elif required:
            yield Fault((*where, name), f"missing; {_wanted(kind)}")


def _judged(raw: dict[str, Any], wanted: inspect.StructType, where: Where, dec_hook: Hook | None) -> Iterator[Fault]:
    try:
        value = msgspec.convert(raw, wanted.cls, dec_hook=dec_hook)
    except msgspec.ValidationError:
        return  # told already, field by field
    if isinstance(value, Judges):
        for fault in value.faults():
            yield Fault((*where, *fault.where), fault.what)


def _fits(raw: Any, wanted: inspect.Type) -> bool:
    match wanted:
        case inspect.StructType() | inspect.DictType():
            return isinstance(raw, dict)
        case inspect.VarTupleType():
            return isinstance(raw, list)
        case inspect.EnumType():
            return raw in [member.value for member in wanted.cls]
        case inspect.BoolType():
            return isinstance(raw, bool)
        case inspect.IntType():
            return isinstance(raw, int) and not isinstance(raw, bool) and _in_bounds(raw, wanted)
        case inspect.FloatType():
            # TOML knows nan and inf: neither is within any bounds.
            return isinstance(raw, int | float) and not isinstance(raw, bool) and _in_bounds(raw, wanted)
        case inspect.LiteralType():
            return raw in wanted.values and not isinstance(raw, bool)
        case inspect.CustomType() if wanted.cls is Path:
            return isinstance(raw, str) and "\0" not in raw
        case inspect.StrType():
            return isinstance(raw, str) and (wanted.pattern is None or re.search(wanted.pattern, raw) is not None)
    raise NotImplementedError(f"no check for {wanted}")


def _in_bounds(number: float, wanted: inspect.IntType | inspect.FloatType) -> bool:
    return (wanted.ge is None or number >= wanted.ge) and (wanted.le is None or number <= wanted.le)


def _misfit(raw: Any, wanted: inspect.Type) -> str:
    return f"{_shown(raw)} does not fit; {_wanted(wanted)}"


def _wanted(wanted: inspect.Type) -> str:
    match wanted:
        case inspect.StructType() | inspect.DictType():
            return f"wanted is a table with {', '.join(_keys(wanted))}"
        case inspect.VarTupleType():
            return "wanted is a list in brackets"
        case inspect.EnumType():
            return f"allowed: {', '.join(str(member.value) for member in wanted.cls)}"
        case inspect.BoolType():
            return "wanted is true or false"
        case inspect.IntType():
            least = "" if wanted.ge is None else f" from {wanted.ge}"
            most = f" to {wanted.le}" if wanted.le is not None else " up" if least else ""
            return f"wanted is a whole number{least}{most}"
        case inspect.FloatType():
            return f"wanted is a number from {wanted.ge:g} to {wanted.le:g}"
        case inspect.LiteralType():
            return f"allowed: {', '.join(map(str, wanted.values))}"
        case inspect.CustomType():
            return "wanted is a path in quotes"
        case inspect.Metadata():
            return f"wanted is {(wanted.extra_json_schema or {})['description']}"
    return "wanted is text in quotes"


def _keys(wanted: inspect.StructType | inspect.DictType) -> list[str]:
    if isinstance(wanted, inspect.StructType):
        return [field.name for field in wanted.fields]
    if isinstance(wanted.key_type, inspect.EnumType):
        return [str(member.value) for member in wanted.key_type.cls]
    raise NotImplementedError(f"no check for {wanted}")


def _shown(raw: Any) -> str:
    match raw:
        case dict():
            return "a table"
        case list():
            return "a list"
        case bool():
            return str(raw).lower()
        case str():
            return f'"{raw}"'
    return str(raw)
