"""What a stand is set up with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simulators.card.card_file import DECK
from simulators.id_reader import DOCUMENTS
from simulators.stand.requirements import REPOSITORY
from simulators.stand.terminals import TERMINALS, DemoTerminal

_DEMO: Final = REPOSITORY / "config" / "demo"


class CanNotStart(Exception):
    """The stand can't be set up here; the text says precisely why."""


@dataclass(frozen=True, slots=True)
class StandSettings:
    """What a stand is set up with."""

    state: Path
    """Directory of everything it writes. Made anew unless ``keep``."""
    region: str = "zhumadian"
    landscape: bool = False
    keep: bool = False
    motor: bool = False
    """The card slot has a motor that draws the card in; else a hand moves it."""
    sound: bool = False
    """The terminal's signals are heard on this machine's loudspeaker."""
    display: str | None = None
    """An X display to open the window on; None starts a virtual one."""
    regions: Path = REPOSITORY / "config" / "regions"
    handbook: Path = REPOSITORY / "config" / "handbook"
    outlets: Path = REPOSITORY / "config" / "outlets"
    card_faces: Path = REPOSITORY / "config" / "card_faces"
    terminals: Mapping[str, DemoTerminal] = field(default_factory=lambda: TERMINALS)
    """By region pack; each is set up when it is first put into place."""
    decks: tuple[Path, ...] = (DECK,)
    id_documents: Path = DOCUMENTS
    seeds: tuple[Path, ...] = (_DEMO / "centre.json",)
    region_rules: Path = _DEMO / "region_rules.toml"
    assets: Path = REPOSITORY / "assets"
    holidays: Path = REPOSITORY / "config" / "holidays" / "china.toml"
