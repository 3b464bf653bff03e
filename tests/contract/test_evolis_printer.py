"""The Evolis driver: the process that its library runs in, the library's words in ours, and the real library.

The last as far as it goes without a printer; none was at hand.
"""

import inspect
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drivers.card_printer import evolis_words
from drivers.card_printer.evolis import EvolisCardPrinter, Limits, is_installed
from drivers.card_printer.evolis_words import error_of, ribbon_of, sensors_of, word_of
from drivers.card_printer.words import Word
from drivers.ports.card_printer import SELF_SERVICE, Bin, Fill, IssuanceRefused, Media, Position, Refusal, Ribbon
from drivers.ports.errors import (
    DeviceError,
    MediaJammed,
    NotConnected,
    PartlyPrinted,
    ProtocolViolation,
    TimedOut,
)
from drivers.transport.wire_trace import watched
from tests.contract.test_card_printer import CENTRE, JOB, NOW_MS, OTHER_JOB, TERMINAL, face, token

STAND_INS = Path(__file__).parent.parent / "stand_ins"
QUICK = Limits(answer_s=5.0, feed_s=1.0, hand_over_s=5.0, print_s=1.0, eject_s=1.0, settle_s=1.0)
real = pytest.mark.skipif(not is_installed(), reason="the extra [evolis] is not installed")


@dataclass
class Body:
    """The stand-in's printer."""

    file: Path

    def be(self, **changed: object) -> None:
        self.file.write_text(json.dumps({**self.state, **changed}))

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.file.read_text())
        return state


@pytest.fixture
def body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Body:
    body = Body(tmp_path / "printer.json")
    monkeypatch.setenv("EVOLIS_STAND_IN", str(body.file))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_INS), os.environ.get("PYTHONPATH", "")]))
    at: dict[str, str] = {}
    body.file.write_text(
        json.dumps(
            {"on": True, "where": "", "jammed": False, "left": 9, "printed": 0, "at": at, "calls": [], "told": []}
        )
    )
    return body


def driver(limits: Limits = QUICK) -> EvolisCardPrinter:
    return EvolisCardPrinter("Evolis KC200B", CENTRE.public_key(), TERMINAL, now_ms=lambda: NOW_MS, limits=limits)


@pytest.fixture
def printer(body: Body) -> Iterator[EvolisCardPrinter]:
    made = driver()
    yield made
    made.close()


# --- its process


def test_a_card_goes_its_way_and_the_library_is_told_to_help_itself_to_nothing(
    printer: EvolisCardPrinter, body: Body
) -> None:
    assert printer.abilities == SELF_SERVICE
    assert printer.status().ready
    printer.feed(token())
    assert printer.status().position is Position.CONTACT_STATION
    printer.print_face(JOB, face())
    with Image.open(body.file.parent / "image.bmp") as picture:
        sent = np.asarray(picture.convert("RGB"))
    assert sent.tobytes() == bytes(face().colours)
    assert printer.status().ribbon == Ribbon("YMCKO", 8)
    printer.eject()
    assert printer.status().media is Media.LATCHED
    printer.discard(Bin.RETAINED)
    assert printer.status().media is Media.NOT_PRESENT
    assert body.state["told"] == ["SOFTWARE", "DONOTHING", "FEEDER", "BEZEL", "auto_eject=False", "ERRORSLOT"]


def test_whoever_watches_its_line_sees_no_face(printer: EvolisCardPrinter, body: Body) -> None:
    with watched() as trace:
        printer.feed(token())
        printer.print_face(JOB, face())
    told = [(one.what, one.outward, one.shown is not None) for one in trace.passages()]
    assert ("look OK", False, True) in told
    assert ("feed", True, True) in told
    assert ("feed OK", False, False) in told
    (handed,) = (one for one in trace.passages() if one.what == "a face")
    assert handed.shown is None
    assert handed.length == (body.file.parent / "image.bmp").stat().st_size


def test_a_library_that_hangs_is_ended_and_the_sensors_tell(printer: EvolisCardPrinter, body: Body) -> None:
    body.be(at={"set_card_pos": "hang"})
    with pytest.raises(TimedOut, match="no blank has come"):
        printer.feed(token())
    body.be(at={})
    with pytest.raises(IssuanceRefused) as refused:
        printer.feed(token())
    assert refused.value.why is Refusal.FED_ALREADY
    assert body.state["calls"].count("set_card_pos") == 1
    body.be(at={"set_card_pos": "hang after"})
    printer.feed(token(OTHER_JOB))
    assert printer.status().position is Position.CONTACT_STATION


@pytest.mark.parametrize("way", ["hang", "die"])
def test_a_face_whose_library_fell_silent_is_printed_once(printer: EvolisCardPrinter, body: Body, way: str) -> None:
    printer.feed(token())
    body.be(at={"print": way})
    with pytest.raises(TimedOut, match="did not begin"):
        printer.print_face(JOB, face())
    body.be(at={})
    with pytest.raises(IssuanceRefused) as refused:
        printer.print_face(JOB, face())
    assert refused.value.why is Refusal.PRINTED_ALREADY
    printer.discard(Bin.REJECT)
    assert body.state["printed"] == 0
    printer.feed(token(OTHER_JOB))
    body.be(at={"print": "hang after"})
    printer.print_face(OTHER_JOB, face())  # the ribbon says that it is whole
    assert body.state["printed"] == 1


def test_a_library_that_never_answers_again_leaves_a_face_open(printer: EvolisCardPrinter, body: Body) -> None:
    printer.feed(token())
    body.be(at={"print": "die for good"})
    with pytest.raises(PartlyPrinted, match="nobody tells"):
        printer.print_face(JOB, face())


def test_a_library_that_dies_is_no_end_of_the_terminal(printer: EvolisCardPrinter, body: Body) -> None:
    body.be(at={"status": "die"})
    with pytest.raises(NotConnected, match="has died"):
        printer.status()
    body.be(at={})
    assert printer.status().ready


def test_a_card_that_sticks(printer: EvolisCardPrinter, body: Body) -> None:
    body.be(at={"any": "jam"})
    with pytest.raises(MediaJammed):
        printer.feed(token())


def test_a_printer_that_is_switched_on_late(printer: EvolisCardPrinter, body: Body) -> None:
    body.be(on=False)
    with pytest.raises(NotConnected, match="PRINTER_ENOCOM"):
        printer.status()
    body.be(on=True)
    assert printer.status().ready


def test_without_the_extra_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evolis.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotConnected, match=r"install the extra \[evolis\]"):
        driver().status()


# --- its words


@pytest.mark.parametrize(
    ("code", "meant"),
    [("OK", Word.OK), ("SESSION_EBUSY", Word.BUSY), ("PRINT_EMECHANICAL", Word.JAM), ("CARD_EINSERTION", Word.JAM)],
)
def test_return_codes_that_are_words(code: str, meant: Word) -> None:
    assert word_of(code) is meant


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("PRINTER_ENOCOM", NotConnected),
        ("ETIMEOUT", TimedOut),
        ("PRINT_NEEDACTION", TimedOut),
        ("EPARAMS", ProtocolViolation),
        ("SOMETHING_NEW", ProtocolViolation),
    ],
)
def test_return_codes_that_are_errors(code: str, meant: type[DeviceError]) -> None:
    assert type(error_of(code)) is meant
    assert type(word_of(code)) is meant


@pytest.mark.parametrize(
    ("flags", "media", "position"),
    [
        (set(), Media.NOT_PRESENT, Position.NONE),
        ({"INF_CARD_FEEDER", "INF_CARD_HOPPER"}, Media.NOT_PRESENT, Position.NONE),
        ({"INF_CARD_SMART"}, Media.PRESENT, Position.CONTACT_STATION),
        ({"INF_CARD_PRINT"}, Media.PRESENT, Position.PRINT_STATION),
        ({"INF_CARD_FLIP"}, Media.PRESENT, Position.TRANSPORT),
        ({"INF_CARD_PRINT", "INF_PRINTING_RUNNING"}, Media.ENTERING, Position.PRINT_STATION),
        ({"INF_BEZEL_CARD_OUTSIDE"}, Media.LATCHED, Position.EXIT),
        ({"ERR_MECHANICAL"}, Media.JAMMED, Position.TRANSPORT),
        ({"ERR_MECHANICAL", "INF_CARD_SMART"}, Media.JAMMED, Position.CONTACT_STATION),
    ],
)
def test_flags_that_tell_where_the_card_is(flags: set[str], media: Media, position: Position) -> None:
    sensors = sensors_of(flags)
    assert (sensors.media, sensors.position, sensors.two_fed) == (media, position, False)


def test_flags_of_what_holds_cards_and_ribbon() -> None:
    assert sensors_of({"WAR_FEEDER_EMPTY", "INF_FEEDER_NEAR_EMPTY"}).hopper is Fill.EMPTY
    assert sensors_of({"INF_FEEDER_NEAR_EMPTY"}).hopper is Fill.LOW
    assert sensors_of({"INF_REJECTBOX1_FULL"}).reject_bin is Fill.FULL
    assert sensors_of(set()).retained_bin is Fill.UNKNOWN
    assert sensors_of({"WAR_FEEDER_OPEN"}).cover_open
    assert ribbon_of(set(), ("YMCKO", 40)) == Ribbon("YMCKO", 40)
    assert ribbon_of({"WAR_RIBBON_ENDED"}, ("YMCKO", 1)).faces_left == 0
    assert ribbon_of(set(), None) == Ribbon("", 0)


# --- the real library, without a printer


@real
def test_the_real_library_says_that_there_is_no_printer() -> None:
    printer = driver()
    acts = (printer.status, lambda: printer.feed(token()), printer.eject, lambda: printer.discard(Bin.REJECT))
    for act in acts:
        with pytest.raises(NotConnected, match="PRINTER_ENOCOM"):
            act()
    printer.close()


@real
def test_every_word_that_we_know_is_the_real_librarys() -> None:
    import evolis  # noqa: PLC0415 - the extra

    sets = {name: value for name, value in vars(evolis_words).items() if isinstance(value, frozenset)}
    flags = set().union(*(value for name, value in sets.items() if name.endswith("_FLAGS")))
    codes = set().union(*(value for name, value in sets.items() if not name.endswith("_FLAGS")))
    assert flags <= {flag.name for flag in evolis.Status.Flag}
    assert codes <= {code.name for code in evolis.ReturnCode}


@real
def test_the_stand_in_is_called_as_the_real_library_is() -> None:
    import importlib.util  # noqa: PLC0415 - beside the extra

    import evolis  # noqa: PLC0415 - the extra

    os.environ.setdefault("EVOLIS_STAND_IN", os.devnull)
    found = importlib.util.spec_from_file_location("stand_in", STAND_INS / "evolis" / "__init__.py")
    assert found is not None
    assert found.loader is not None
    stand_in = importlib.util.module_from_spec(found)
    found.loader.exec_module(stand_in)
    for name, there in vars(stand_in).items():
        if inspect.isclass(there) and there.__module__ == "stand_in" and name != "RibbonInfo":
            genuine = getattr(evolis, name)
            for member in vars(there):
                if member.startswith("_"):
                    continue
                assert hasattr(genuine, member), f"{name}.{member}"
                if inspect.isfunction(getattr(there, member)) and getattr(there, member).__name__ != "_set":
                    ours = list(inspect.signature(getattr(there, member)).parameters)
                    theirs = list(inspect.signature(getattr(genuine, member)).parameters)
                    assert ours == theirs[: len(ours)], f"{name}.{member}"
