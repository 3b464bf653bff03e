"""Faults that a test or a bench orders beforehand, and that a simulated device meets when their moment comes."""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Generic, TypeVar

Kind = TypeVar("Kind", bound=Enum)


@dataclass(slots=True)
class _Order(Generic[Kind]):
    kind: Kind
    command: str | None
    times: int


class OrderedFaults(Generic[Kind]):
    """Faults waiting for their moment. A device's own class names their kinds."""

    kinds: ClassVar[type[Enum]]

    def __init__(self) -> None:
        self._orders: list[_Order[Kind]] = []

    def fail_next(self, kind: Kind | str, *, command: str | None = None, times: int = 1) -> None:
        """Spoil the next moments that this fault can spoil.

        :param kind: a fault or its name.
        :param command: only at this one, by the device's own code; None means whichever comes that can fail so.
        :param times: how many in a row.
        :raises ValueError: no such fault.
        """
        fault: Kind = self.kinds(kind)  # type: ignore[assignment]  # a class variable can't name the type parameter
        self._orders.append(_Order(fault, command or self.only_at(fault), times))

    def only_at(self, kind: Kind) -> str | None:
        """The one command that can fail so; None where any can."""
        return None

    def clear(self) -> None:
        """Nothing fails any more."""
        self._orders.clear()

    def take(self, *among: Kind, command: str | None = None) -> Kind | None:
        """The first ordered fault that belongs here, used up.

        :param among: only these; none named means all.
        :param command: what is being done, for orders that name one.
        """
        for order in self._orders:
            if (not among or order.kind in among) and order.command in (None, command):
                order.times -= 1
                if order.times == 0:
                    self._orders.remove(order)
                return order.kind
        return None
