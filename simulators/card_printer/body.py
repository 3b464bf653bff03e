"""What there is to touch of the printer: cards and where they lie, ribbon, cover. It outlives every cut of the power.

A folder holds it. ``cards/`` has each card's chip as its JSON file and what is printed on it as a PNG in true size.
``events.jsonl`` is what has happened to them, one line an event, only ever appended to and flushed to the disk: where
every card is follows from it, and so does the verdict of a test or a campaign, which reads it with :func:`tally` and
asks nobody else.
"""

import os
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image

from simulators.card.card_file import CardFile, load_card_file, save_card_file

BIN_HOLDS: Final = 30
BIN_HIGH: Final = 24
HOPPER_LOW: Final = 5
RIBBON: Final = "YMCKO"
RIBBON_FACES: Final = 200


class Where(Enum):
    """Where in the machine the card is, in the words of ``Rse``."""

    NONE = "none"
    TRANSPORT = "transport"
    CONTACT = "contact"
    PRINT = "print"
    EXIT = "exit"


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Something that happened. ``what`` is one of the words in :meth:`Body.happen`."""

    what: str
    cards: list[str] = []
    where: Where = Where.NONE
    faces_left: int = -1
    whole: bool = True


class Body(msgspec.Struct, kw_only=True):
    """Where everything is. Lists of cards' serials; the first of the hopper is fed next."""

    hopper: list[str] = []
    inside: list[str] = []
    where: Where = Where.NONE
    jammed: bool = False
    reject_bin: list[str] = []
    retained_bin: list[str] = []
    taken: list[str] = []
    """By whoever stood before the exit."""
    staff: list[str] = []
    """Taken out of bins, hopper or machine by somebody with a key."""
    dead: list[str] = []
    faces_left: int = 0
    cover_open: bool = False
    printed: dict[str, int] = {}
    """How often a face was begun on a card."""
    spoilt: list[str] = []
    """Faces that broke off."""

    @property
    def two_fed(self) -> bool:
        """Whether two cards lie in the machine."""
        return len(self.inside) > 1

    def happen(self, event: Event) -> None:
        """Let it have happened.

        :raises ValueError: no such event.
        """
        match event.what:
            case "loaded":
                self.hopper = [*self.hopper, *event.cards]
            case "fed":
                self.hopper = [card for card in self.hopper if card not in event.cards]
                self.inside, self.where = list(event.cards), event.where
            case "moved":
                self.where = event.where
            case "died":
                self.dead = [*self.dead, *event.cards]
            case "printed":
                self._print(event)
            case "jammed":
                self.jammed, self.where = True, event.where
            case "rejected" | "retained" | "taken" | "cleared":
                self._leave(event)
            case "hopper_emptied" | "reject_bin_emptied" | "retained_bin_emptied":
                which = event.what.removesuffix("_emptied")
                self.staff = [*self.staff, *getattr(self, which)]
                setattr(self, which, [])
            case "ribbon":
                self.faces_left = event.faces_left
            case "cover_opened" | "cover_closed":
                self.cover_open = event.what == "cover_opened"
            case _:
                raise ValueError(f"nothing is known of {event.what}")

    def _print(self, event: Event) -> None:
        card = event.cards[0]
        self.printed[card] = self.printed.get(card, 0) + 1
        self.where, self.faces_left = event.where, event.faces_left
        if not event.whole:
            self.spoilt = [*self.spoilt, card]

    def _leave(self, event: Event) -> None:
        match event.what:
            case "rejected":
                self.reject_bin = [*self.reject_bin, *event.cards]
            case "retained":
                self.retained_bin = [*self.retained_bin, *event.cards]
            case "taken":
                self.taken = [*self.taken, *event.cards]
            case _:
                self.staff = [*self.staff, *event.cards]
        self.inside, self.where, self.jammed = [], Where.NONE, False


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What came of all the cards that ever lay in the hopper."""

    loaded: int
    hopper: int
    inside: int
    reject_bin: int
    retained_bin: int
    taken: int
    staff: int
    printed_twice: list[str]
    """Cards on which more than one face was begun."""

    @property
    def balanced(self) -> bool:
        """Whether every card is in one place."""
        places = (self.hopper, self.inside, self.reject_bin, self.retained_bin, self.taken, self.staff)
        return self.loaded == sum(places)


def tally(folder: Path) -> Tally:
    """The counts of a printer's folder, from its events alone."""
    body, loaded = Body(), 0
    for event in _events(folder / _EVENTS):
        body.happen(event)
        loaded += len(event.cards) if event.what == "loaded" else 0
    return Tally(
        loaded=loaded,
        hopper=len(body.hopper),
        inside=len(body.inside),
        reject_bin=len(body.reject_bin),
        retained_bin=len(body.retained_bin),
        taken=len(body.taken),
        staff=len(body.staff),
        printed_twice=sorted(card for card, times in body.printed.items() if times > 1),
    )


def histories(folder: Path) -> dict[str, list[str]]:
    """What has happened to each card that ever lay in a printer's hopper, by its serial, in the words of its events."""
    found: dict[str, list[str]] = {}
    for event in _events(folder / _EVENTS):
        for card in event.cards:
            found.setdefault(card, []).append(event.what)
    return found


_EVENTS: Final = "events.jsonl"


class Folder:
    """A printer's folder, held by one process."""

    def __init__(self, path: Path) -> None:
        """:param path: made where it is missing; what lies there is gone on with."""
        self.path = path
        self._cards = path / "cards"
        self._cards.mkdir(parents=True, exist_ok=True)
        self.body = Body()
        events = _events(path / _EVENTS)
        for event in events:
            self.body.happen(event)
        # A line that the power cut in half is written over.
        kept = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
        (path / _EVENTS).touch()
        self._file = (path / _EVENTS).open("r+b")
        self._file.truncate(len(kept))
        self._file.seek(0, os.SEEK_END)

    def record(
        self,
        what: str,
        cards: Sequence[str] = (),
        where: Where = Where.NONE,
        *,
        faces_left: int = -1,
        whole: bool = True,
    ) -> None:
        """Let something happen, for good."""
        event = Event(what=what, cards=list(cards), where=where, faces_left=faces_left, whole=whole)
        self.body.happen(event)
        self._file.write(msgspec.json.encode(event) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Leave it as it is."""
        self._file.close()

    def load(self, cards: Sequence[CardFile]) -> None:
        """Put blanks under those in the hopper.

        :raises ValueError: a card that was here already; serials are what tells them apart.
        """
        serials = [card.serial for card in cards]
        if len(set(serials)) != len(serials) or any(self._chip(serial).exists() for serial in serials):
            raise ValueError("a card that was here already")
        for card in cards:
            save_card_file(self._chip(card.serial), card)
        self.record("loaded", serials)

    def card(self, serial: str) -> CardFile:
        """A card's chip."""
        return load_card_file(self._chip(serial))

    def keep(self, card: CardFile) -> None:
        """Let the chip hold what was written to it."""
        save_card_file(self._chip(card.serial), card)

    def face(self, serial: str) -> Image.Image | None:
        """What is printed on a card; None while it is as it was delivered."""
        path = self.face_path(serial)
        if not path.exists():
            return None
        with Image.open(path) as picture:
            return picture.convert("RGB")

    def keep_face(self, serial: str, picture: Image.Image) -> None:
        """Let it be printed."""
        path = self.face_path(serial)
        fresh = path.with_suffix(".new")
        picture.save(fresh, "PNG", dpi=(300, 300))
        fresh.replace(path)

    def face_path(self, serial: str) -> Path:
        """Where a card's face lies."""
        return self._cards / f"{serial}.png"

    def _chip(self, serial: str) -> Path:
        return self._cards / f"{serial}.json"


def _events(path: Path) -> list[Event]:
    if not path.exists():
        return []
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [msgspec.json.decode(line, type=Event) for line in whole.splitlines()]
