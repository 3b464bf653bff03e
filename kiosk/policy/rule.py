"""One rule of a region pack: what it says, on what that rests, and the forms that values of several rules share."""

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Generic, TypeVar

import msgspec

from kiosk.policy.form import Fault

T_co = TypeVar("T_co", covariant=True)


class Basis(Enum):
    """What a rule rests on."""

    SOURCE = "source"
    """The handbook says so; ``cite`` says where."""
    INFERRED = "inferred"
    """Follows from what a source says; ``reason`` says how."""
    OPERATOR = "operator"
    """The operator of this terminal decided it; ``reason`` says why."""
    NOT_STATED = "not_stated"
    """No source says anything. There is no value."""


class Rule(msgspec.Struct, Generic[T_co], frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule with its basis."""

    basis: Basis
    value: T_co | None = None
    cite: tuple[str, ...] = ()
    """``<source id> <section>``, such as ``zhumadian-2019 §3.1``."""
    reason: str = ""

    def stated(self) -> T_co:
        """The value.

        :raises LookupError: the rule is not stated; the caller must ask :attr:`basis` first.
        """
        if self.value is None:
            raise LookupError("this rule is not stated")
        return self.value

    def faults(self) -> Iterator[Fault]:
        """What its basis demands and it lacks."""
        if self.basis is Basis.NOT_STATED:
            if self.value is not None:
                yield Fault(("value",), "basis not_stated has no value; take it out, or name another basis")
        elif self.value is None:
            yield Fault(("value",), f"missing; basis {self.basis.value} wants one, and only not_stated has none")
        if self.basis is Basis.SOURCE and not self.cite:
            yield Fault(("cite",), 'missing; basis source wants cite = ["<source id> <section>"]')
        if self.basis in (Basis.INFERRED, Basis.OPERATOR) and not self.reason:
            yield Fault(("reason",), f"missing; basis {self.basis.value} wants a reason")
        if isinstance(self.value, Term) and not self.cite and self.basis is not Basis.SOURCE:
            yield Fault(("cite",), "missing; a term wants a citation whatever its basis")
        yield from self._repeated()

    def _repeated(self) -> Iterator[Fault]:
        """What a list names a second time."""
        items = self.value if isinstance(self.value, tuple) else ()
        for number, item in enumerate(items):
            if item in items[:number]:
                yield Fault(("value", number), "stands in the list already")


Words = Annotated[str, msgspec.Meta(pattern=r"\S", description="words in quotes")]


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Our own words in each language."""

    zh: Words
    en: Words


class Unit(Enum):
    """What a term counts."""

    DAYS = "days"
    """As the source says it; whether working days are meant stands in ``leaves_open``."""
    WORKING_DAYS = "working_days"
    MONTHS = "months"


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A span of time in the unit the source uses."""

    count: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    """At most what any calendar reaches, whatever the unit."""
    unit: Unit
    leaves_open: Text | None = None
    """What the source does not say of it."""

    def faults(self) -> Iterator[Fault]:
        """Days that may be working days and do not say so."""
        if self.unit is Unit.DAYS and self.leaves_open is None:
            yield Fault(("leaves_open",), "missing; days want a word on whether calendar or working days are meant")
