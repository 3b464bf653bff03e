"""Words as data: a Chinese sentence with named gaps, translated only when a screen draws it.

The Chinese sentence is the gettext message id; English and further languages stand in ``assets/translations``.
Journeys never see a language, so a citizen can switch it on any screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence to be translated, its gaps filled after translation."""

    text: str
    values: Mapping[str, "Value"] = field(default_factory=lambda: MappingProxyType({}))
    translations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Given translations by language code, for text that comes from a region pack; they go before gettext's."""

    def __hash__(self) -> int:
        return hash((self.text, tuple(sorted(self.values))))


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that is the same in every language: a number, a hotline, a proper name from the region pack."""

    text: str


@dataclass(frozen=True, slots=True)
class Personal:
    """A citizen's datum: drawn masked, whole only while the citizen holds the eye button; never spoken aloud."""

    masked: str
    whole: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name, which may need fonts beyond the interface's; drawn in a label of its own."""

    masked: str
    whole: str = field(repr=False)


Value = str | int | Say | Verbatim | Personal | PersonName
"""What a gap or a fact may hold."""


def say(text: str, **values: Value) -> Say:
    """A sentence by its Chinese text. ``{name}`` marks a gap."""
    return Say(text, MappingProxyType(values))
