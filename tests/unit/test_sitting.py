"""The whole way of a portrait on a terminal: conductor, camera lane, driver, a simulated camera, and the models."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import cv2
import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image

from drivers.camera import OpenCvCamera, source_of
from kiosk.journeys.portrait import AGREE, DECLINE, NOT_POSSIBLE
from kiosk.journeys.views import (
    Attract,
    Choices,
    ChooseService,
    Chosen,
    Explain,
    Fault,
    Home,
    Intent,
    Menu,
    NumberEntry,
    OpenMenu,
    PlaceIdCard,
    PortraitPreview,
    PortraitProof,
    ReadBack,
    Result,
)
from kiosk.portrait.comparison import Comparison
from kiosk.portrait.darkroom import Darkroom
from kiosk.portrait.errors import ModelsMissing
from kiosk.portrait.guidance import Instruction
from kiosk.portrait.models import Models
from kiosk.portrait.norm import Measure, Norm
from kiosk.portrait.picture import read_picture
from kiosk.records.filings import FileMatter
from kiosk.records.portrait import (
    COMPARISON_TEXT,
    ConsentWord,
    FiledComparison,
    Likeness,
    TakenPortrait,
    open_portrait,
)
from kiosk.records.transaction import Outcome, Service, Stage
from kiosk.runtime.likeness import LikenessCheck
from kiosk.runtime.sitting import PATIENCE_S, TRY_S, Studio, _seat
from kiosk.runtime.viewfinder import Glance, Viewfinder
from simulators.camera import SCENES, CameraSimulator
from simulators.camera.scenes import ADULT, CHILD, EYE_LINE, Sitter, standing
from simulators.id_reader.photo import StandInDecoder, standin_photo
from tests.portraits import MODELS, finished
from tests.unit.test_conductor import DEADLINE_S, Hall, Plate

CENTRE = X25519PrivateKey.from_private_bytes(bytes(range(32)))


class Booth:
    """A terminal with a camera, and who stands before it."""

    def __init__(self, darkroom: Callable[[], Any] | None = None, likeness: LikenessCheck | None = None) -> None:
        self.simulator = CameraSimulator()
        self.simulator.show(SCENES["adult"].film())
        self.viewfinder = Viewfinder()
        self.plate = Plate()
        studio = Studio(darkroom or (lambda: Darkroom(MODELS, Norm())), self.viewfinder, CENTRE.public_key(), likeness)
        camera = OpenCvCamera(source_of(self.simulator.url), width=1280, height=720)
        self.compares = likeness is not None
        self.hall = Hall("yunling", self.plate, eye=camera, studio=studio)

    def close(self) -> None:
        self.hall.conductor.stop()
        self.simulator.close()

    @property
    def preview(self) -> PortraitPreview:
        assert isinstance(self.hall.view, PortraitPreview)
        return self.hall.view

    def to_consent(self) -> None:
        hall, watch = self.hall, self.hall.conductor._watch
        hall.until(lambda: watch.reads_id_cards and watch.camera_there, "reader and camera have answered")
        hall.sees(Attract)
        hall.touch(Intent.START)
        hall.sees(Home)
        hall.touch(OpenMenu(Menu.CARD))
        hall.touch(ChooseService(Service.CARD_APPLICATION))
        while not isinstance(hall.view, Choices):
            hall.touch(Intent.NEXT)
            hall.conductor.tick()
        hall.touch(Chosen("self"))
        hall.sees(PlaceIdCard)
        self.plate.lies_there = True
        hall.until(lambda: not isinstance(hall.view, PlaceIdCard), "it was read")
        self.plate.lies_there = False
        hall.sees(NumberEntry)
        hall.touch(Intent.NEXT)
        hall.until(lambda: self.shown("要在这里拍照吗？"))

    def shown(self, title: str) -> bool:
        return isinstance(self.hall.view, Explain) and self.hall.view.title.text == title

    def to_preview(self) -> None:
        self.to_consent()
        self.hall.touch(AGREE)
        if self.compares:
            self.hall.until(lambda: self.shown("要比一比是不是本人吗？"))
            self.hall.touch(AGREE)
        self.hall.until(lambda: self.shown("拍之前，请看一看"))
        assert self.simulator.sent == 0, "nobody is looked at while they read"
        self.hall.touch(Intent.NEXT)
        self.hall.sees(PortraitPreview)

    def told(self, instruction: Instruction) -> None:
        self.patiently(lambda: self.preview.instruction is instruction, instruction.value)

    def patiently(self, there: Callable[[], bool], what: str) -> None:
        """As :meth:`Hall.until`, for what the models take their time for."""
        for _ in range(8):
            try:
                self.hall.until(there, what)
            except AssertionError:
                continue
            return
        raise AssertionError(f"never: {what}; shown is {self.hall.view}")

    def to_proof(self) -> TakenPortrait:
        self.to_preview()
        self.patiently(lambda: isinstance(self.hall.view, PortraitProof), "a portrait")
        return cast("PortraitProof", self.hall.view).portrait

    def looks_at_nobody(self) -> None:
        self.hall.until(lambda: self.simulator.viewers == 0, "the camera is shut")
        assert self.viewfinder.take() is None


@pytest.fixture
def booth() -> Iterator[Booth]:
    place = Booth()
    yield place
    place.close()


def asked(booth: Booth) -> FileMatter:
    return next(question for question in booth.hall.world.asked if isinstance(question, FileMatter))


def test_a_portrait_from_consent_to_the_centre(booth: Booth) -> None:
    hall = booth.hall
    portrait = booth.to_proof()
    booth.looks_at_nobody()
    jpeg = bytes(portrait.jpeg)
    picture = read_picture(jpeg)
    assert (picture.width, picture.height, picture.density) == (358, 441, 350)
    hall.touch(Intent.NEXT)
    hall.sees(ReadBack)
    assert portrait.wiped
    hall.touch(Intent.NEXT)
    hall.sees(Result)
    filed = asked(booth)
    assert filed.portrait is not None
    assert open_portrait(filed.portrait.sealed, filed.transaction_id, CENTRE) == jpeg


class Card:
    """A decoder for the photo of whoever's identity card lies there."""

    def __init__(self, photo: bytes) -> None:
        self.photo = photo
        self.decoded: list[bytes] = []

    def decode(self, coded: bytes) -> bytes:
        self.decoded.append(coded)
        return self.photo


def on_a_card(name: str) -> bytes:
    """The portrait as an identity card has it: 102 × 126."""
    out = BytesIO()
    Image.open(BytesIO(finished(name))).resize((102, 126)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("whose", "looks"), [("portrait-a", Likeness.SAME), ("obama", Likeness.NOT_THE_SAME), (None, Likeness.OPEN)]
)
def test_a_portrait_is_compared_with_the_cards_photo_and_filed_whatever_it_says(
    whose: str | None, looks: Likeness
) -> None:
    decoder = Card(on_a_card(whose) if whose is not None else b"no picture")
    booth = Booth(likeness=LikenessCheck(lambda: Comparison(Models(MODELS), MODELS), decoder))
    try:
        portrait = booth.to_proof()
        booth.hall.touch(Intent.NEXT)
        booth.patiently(lambda: isinstance(booth.hall.view, ReadBack), "it was compared")
        assert portrait.wiped
        booth.hall.touch(Intent.NEXT)
        booth.hall.sees(Result)
        filed = asked(booth).portrait
        assert filed is not None
        assert filed.comparison == FiledComparison(likeness=looks, consent_text=COMPARISON_TEXT)
        assert len(decoder.decoded[0]) == 1024
        assert booth.hall.book.entries[-1].outcome is Outcome.DONE
    finally:
        booth.close()


def test_the_stand_ins_photo_is_nobodys_and_tells_nothing() -> None:
    check = LikenessCheck(lambda: Comparison(Models(MODELS), MODELS), StandInDecoder())
    portrait = TakenPortrait(finished("portrait-a"))
    assert check.tell(portrait, standin_photo("somebody")) is Likeness.OPEN
    assert check.tell(portrait, bytes(1024)) is Likeness.OPEN, "coded by another codec"


def test_a_missing_model_tells_nothing_and_stops_nobody(tmp_path: Path) -> None:
    check = LikenessCheck(lambda: Comparison(Models(MODELS), tmp_path), Card(on_a_card("portrait-a")))
    assert check.tell(TakenPortrait(finished("portrait-a")), bytes(1024)) is Likeness.OPEN


def test_no_means_that_the_camera_is_never_opened(booth: Booth) -> None:
    booth.to_consent()
    booth.hall.touch(DECLINE)
    booth.hall.sees(ReadBack)
    assert booth.simulator.sent == 0


def test_from_consent_to_filing_no_file_is_written(booth: Booth) -> None:
    """Neither a picture nor anything else; what Python opens is watched, and what the terminal's ledger gets."""
    written: list[str] = []
    watching = threading.Event()

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and watching.is_set():
            path, mode, flags = arguments
            if set(str(mode or "")) & set("wax+") or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)):
                written.append(str(path))

    sys.addaudithook(watch)
    watching.set()
    try:
        with Path(os.devnull).open("wb"):
            assert written == [os.devnull], "the watch sees what is opened for writing"
        written.clear()
        portrait = booth.to_proof()
        face = bytes(portrait.jpeg)
        booth.hall.touch(Intent.NEXT)
        booth.hall.sees(ReadBack)
        booth.hall.touch(Intent.NEXT)
        booth.hall.sees(Result)
    finally:
        watching.clear()
    assert written == []
    entries = booth.hall.book.entries
    assert [entry.stage for entry in entries] == [Stage.CONSENT, Stage.BEGUN, Stage.FINISHED]
    assert not any(face[200:232] in msgspec.json.encode(entry) or len(repr(entry)) > 200 for entry in entries)


def test_a_portrait_taken_back_is_nowhere_and_the_ledger_says_so(booth: Booth) -> None:
    hall = booth.hall
    portrait = booth.to_proof()
    hall.touch(DECLINE)
    hall.sees(ReadBack)
    assert portrait.wiped
    hall.touch(Intent.NEXT)
    hall.sees(Result)
    assert asked(booth).portrait is None
    words = [entry.consent.word for entry in hall.book.entries if entry.consent is not None]
    assert words == [ConsentWord.GIVEN, ConsentWord.WITHDRAWN]


@pytest.mark.parametrize(
    ("size", "sitter", "lowest"),
    [((1280, 720), ADULT, 440), ((1280, 720), CHILD, 440), ((1920, 1080), ADULT, 800)],
    ids=["720", "720 child", "1080"],
)
def test_how_low_a_head_may_be(size: tuple[int, int], sitter: Sitter, lowest: int) -> None:
    """The part that is looked at has all of the frame's height: the portrait's own frame is what ends a row too low."""
    darkroom = Darkroom(MODELS, Norm())
    kept = []
    for row in range(round(EYE_LINE * size[1]) // 20 * 20, size[1] - 180, 20):
        seen = cv2.cvtColor(standing(sitter, row=row, size=size), cv2.COLOR_BGR2RGB)
        darkroom.forget()  # no head jumps
        (room,) = (
            one.within
            for one in darkroom.measure(_seat(np.asarray(seen, np.uint8)))
            if one.limit.measure is Measure.ROOM_BELOW
        )
        if room:
            kept.append(row)
    assert kept[-1] == lowest
    assert len(kept) == 1 + (lowest - kept[0]) // 20, "no gap between"


def test_pictures_reach_the_viewfinder_as_in_a_mirror(booth: Booth) -> None:
    booth.simulator.show(SCENES["aside"].film())
    booth.to_preview()
    booth.told(Instruction.MOVE_LEFT)
    glances: list[Glance] = []

    def looked_through() -> bool:
        glances.extend(filter(None, [booth.viewfinder.take()]))
        return bool(glances)

    booth.hall.until(looked_through, "a picture")
    glance = glances[-1]
    assert (glance.width, glance.height) == (600, 720)
    shown = glance.pixels.reshape(720, 600, 3)
    seen = read_picture(booth.simulator.picture()).pixels[:, 340:940].astype(int)
    ways = {"as it is": shown, "mirrored": shown[:, ::-1], "flipped": shown[::-1], "both": shown[::-1, ::-1]}
    off = {name: float(np.abs(read.astype(int) - seen).mean()) for name, read in ways.items()}
    # A texture's rows go upwards.
    assert min(off, key=off.__getitem__) == "both", "as in a mirror, the right way up"
    glance.wipe()
    assert not glance.pixels.any()


def test_a_face_is_a_sign_of_life_and_an_empty_booth_is_not(booth: Booth) -> None:
    booth.simulator.show(SCENES["far"].film())
    booth.to_preview()
    booth.told(Instruction.COME_CLOSER)
    booth.hall.later(50)
    assert booth.hall.warning is None
    booth.hall.later(2)
    booth.hall.until(
        lambda: booth.hall.conductor._idleness.warning_left(booth.hall.now, personal=False, large=False) is None
    )


def test_whoever_never_comes_right_is_told_why(booth: Booth) -> None:
    booth.simulator.show(SCENES["far"].film())
    booth.to_preview()
    booth.told(Instruction.COME_CLOSER)
    booth.hall.later(TRY_S + 1)
    booth.patiently(lambda: booth.shown("这次没有拍成"), "the try is over")
    booth.looks_at_nobody()
    booth.hall.touch(Intent.NEXT)
    booth.hall.sees(ReadBack)


def test_another_way_out_in_the_middle(booth: Booth) -> None:
    booth.simulator.show(SCENES["far"].film())
    booth.to_preview()
    booth.told(Instruction.COME_CLOSER)
    booth.hall.touch(NOT_POSSIBLE)
    booth.hall.sees(Choices)
    booth.looks_at_nobody()
    booth.hall.touch(Intent.AGAIN)
    booth.simulator.show(SCENES["adult"].film())
    booth.patiently(lambda: isinstance(booth.hall.view, PortraitProof), "a portrait after all")


def test_cancel_in_the_middle_shuts_the_camera(booth: Booth) -> None:
    booth.simulator.show(SCENES["far"].film())
    booth.to_preview()
    booth.told(Instruction.COME_CLOSER)
    booth.hall.touch(Intent.CANCEL)
    booth.hall.until(lambda: booth.shown("已经取消"))
    booth.looks_at_nobody()


def test_cancel_that_comes_before_the_camera_has_opened_still_counts() -> None:
    may_load = threading.Event()

    def slow() -> Darkroom:
        assert may_load.wait(DEADLINE_S)
        return Darkroom(MODELS, Norm())

    booth = Booth(slow)
    try:
        booth.to_preview()
        booth.hall.touch(Intent.CANCEL)
        booth.hall.conductor.tick()
        may_load.set()
        booth.hall.until(lambda: booth.shown("已经取消"))
        assert booth.simulator.sent == 0, "the camera was never opened"
    finally:
        may_load.set()
        booth.close()


class LateDarkroom(Darkroom):
    """Finishes when the test lets it."""

    def __init__(self) -> None:
        super().__init__(MODELS, Norm())
        self.finishing, self.may_finish = threading.Event(), threading.Event()
        self.stills: list[Any] = []

    def finish(self, pixels: Any) -> bytes:
        self.stills.append(pixels)
        self.finishing.set()
        assert self.may_finish.wait(DEADLINE_S)
        return super().finish(pixels)


def test_a_portrait_that_comes_after_the_cancel_is_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[TakenPortrait] = []

    def noted(jpeg: bytes) -> TakenPortrait:
        made.append(TakenPortrait(jpeg))
        return made[-1]

    monkeypatch.setattr("kiosk.runtime.sitting.TakenPortrait", noted)
    darkroom = LateDarkroom()
    booth = Booth(lambda: darkroom)
    try:
        booth.to_preview()
        booth.patiently(darkroom.finishing.is_set, "it is being finished")
        booth.hall.touch(Intent.CANCEL)
        booth.hall.conductor.tick()
        darkroom.may_finish.set()
        booth.hall.until(lambda: booth.shown("已经取消"))
        assert [portrait.wiped for portrait in made] == [True]
        assert not darkroom.stills[0].any(), "the frame is wiped as well"
    finally:
        darkroom.may_finish.set()
        booth.close()


@pytest.mark.parametrize(
    ("trouble", "code"), [("unplug", "V-01"), ("hang", "V-01"), ("cover", "V-06"), ("freeze", "V-07")]
)
def test_a_camera_that_fails_in_the_middle_lets_the_application_go_on(booth: Booth, trouble: str, code: str) -> None:
    hall = booth.hall
    booth.simulator.show(SCENES["far"].film())
    booth.to_preview()
    booth.told(Instruction.COME_CLOSER)
    getattr(booth.simulator, trouble)()
    booth.patiently(lambda: _failing(booth), "it is noticed")
    hall.later(PATIENCE_S + 0.5)
    booth.patiently(lambda: isinstance(hall.view, Fault), "it is said")
    assert isinstance(hall.view, Fault)
    assert hall.view.code == code
    assert booth.viewfinder.take() is None
    hall.touch(Intent.NEXT)
    hall.sees(ReadBack)
    hall.touch(Intent.NEXT)
    hall.sees(Result)
    assert asked(booth).portrait is None
    assert hall.book.entries[-1].outcome is Outcome.DONE


def _failing(booth: Booth) -> bool:
    sitting = booth.hall.conductor._sitting
    return sitting is not None and sitting.failing


def test_a_hand_before_the_lens_for_a_moment_ends_nothing(booth: Booth) -> None:
    booth.simulator.show(SCENES["far"].film())
    booth.to_preview()
    booth.told(Instruction.COME_CLOSER)
    booth.simulator.cover()
    booth.patiently(lambda: _failing(booth), "it is noticed")
    booth.simulator.uncover()
    booth.simulator.show(SCENES["adult"].film())
    booth.patiently(lambda: isinstance(booth.hall.view, PortraitProof), "a portrait all the same")


def test_a_camera_that_has_gone_meanwhile_is_said_and_offered_to_nobody_else(booth: Booth) -> None:
    hall = booth.hall
    booth.to_consent()
    booth.simulator.unplug()
    hall.touch(AGREE)
    hall.until(lambda: booth.shown("拍之前，请看一看"))
    hall.touch(Intent.NEXT)
    booth.patiently(lambda: isinstance(hall.view, Fault), "it is said")
    assert not hall.conductor._watch.camera_there


def test_models_that_are_not_there_keep_the_camera_shut() -> None:
    def missing() -> Darkroom:
        raise ModelsMissing("face_landmark.tflite is missing")

    booth = Booth(missing)
    try:
        booth.to_preview()
        booth.hall.until(lambda: booth.shown("这台机器现在拍不了照片"))
        assert booth.simulator.sent == 0
        booth.hall.touch(Intent.NEXT)
        booth.hall.sees(ReadBack)
    finally:
        booth.close()
