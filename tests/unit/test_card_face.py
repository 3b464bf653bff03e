"""The printed card: everything where it belongs, measured on what is painted, or a refusal that quotes nothing."""

import copy
import pickle
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from drivers.ports.card_printer import Face
from kiosk.card_face.errors import (
    CardFaceError,
    CardNumberUnsound,
    DatesUnsound,
    GlyphMissing,
    NameTooLong,
    NameUnsound,
    NumberUnsound,
    PortraitUnfit,
)
from kiosk.card_face.layout import (
    Align,
    DateForm,
    Datum,
    Font,
    Labels,
    Layout,
    LayoutError,
    TextBox,
    layout_for,
    load_layout,
)
from kiosk.card_face.painted import CardFace
from kiosk.card_face.painter import FacePainter, _masked
from kiosk.card_face.particulars import Particulars
from kiosk.card_face.proof import FaceProof
from kiosk.records.issuance import CardOrder
from kiosk.ui.fonts import FontBook

REPOSITORY: Final = Path(__file__).parents[2]
FOLDER: Final = REPOSITORY / "config" / "card_faces"
NATIONAL: Final = FOLDER / "national.toml"
ISSUED: Final = date(2026, 11, 30)
NUMBER, CARD_NUMBER = "41170019900307001X", "D2143569X"
OF_UPPSALA: Final = "ANNA MARGARETA LINDSTROEM OF UPPSALA VON HEYDEN AB"
TOO_NEW: Final = "张\U0002ebf0"
"""Its second character is of extension I, which no packaged font has."""

Area = tuple[int, int, int, int]


@cache
def fonts() -> FontBook:
    return FontBook(REPOSITORY / "assets" / "fonts")


def layout(**changes: Any) -> Layout:
    return msgspec.structs.replace(load_layout(NATIONAL), **changes)


def with_text(datum: Datum, **changes: Any) -> Layout:
    whole = load_layout(NATIONAL)
    texts = tuple(msgspec.structs.replace(text, **changes) if text.datum is datum else text for text in whole.texts)
    return msgspec.structs.replace(whole, texts=texts)


@cache
def national() -> FacePainter:
    return FacePainter(load_layout(NATIONAL), fonts())


@cache
def portrait() -> bytes:
    """Nobody: a black disc of 200 px on white, and a grey strip along each edge."""
    image = Image.new("RGB", (358, 441), "white")
    pen = ImageDraw.Draw(image)
    pen.ellipse((79, 120, 278, 319), fill="black")
    return as_jpeg(image)


def as_jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


def order(name: str = "张三", **changes: Any) -> Particulars:
    return Particulars(**{"name": name, "number": NUMBER, "card_number": CARD_NUMBER, "issued_on": ISSUED, **changes})


def ink(face: CardFace) -> Any:
    """The resin's dots, 648 × 1016."""
    return np.unpackbits(np.frombuffer(face.resin, np.uint8)).reshape(648, 1016).astype(bool)


def colours(face: CardFace) -> Any:
    return np.frombuffer(face.colour, np.uint8).reshape(648, 1016, 3)


def extent(dots: Any, rows: tuple[int, int] = (0, 648), columns: tuple[int, int] = (0, 1016)) -> Area:
    """First column, first row, last column, last row with ink, within these."""
    cut = dots[slice(*rows), slice(*columns)]
    assert cut.any(), "no ink there"
    down, across = np.where(cut.any(axis=1))[0], np.where(cut.any(axis=0))[0]
    return (
        int(across[0]) + columns[0],
        int(down[0]) + rows[0],
        int(across[-1]) + columns[0],
        int(down[-1]) + rows[0],
    )


def near(found: Area, wanted: Area, within: int = 5) -> bool:
    """Within so many dots, 0.4 mm: characters stand within their squares, each at its own distance from the edge."""
    return all(abs(one - other) <= within for one, other in zip(found, wanted, strict=True))


# Where everything stands. Dots typed by hand: millimetres of docs/card-face.md ÷ 25.4 × 300; 8 pt are 33 dots, of
# which a digit takes 24, from 5 dots below the em square's top to the baseline at 29.


def test_the_portrait_is_20_by_25_mm_at_4_and_12_mm() -> None:
    face = national().paint(order(), as_jpeg(Image.new("RGB", (358, 441), "black")))
    assert extent((colours(face) < 128).all(axis=2)) == (47, 142, 282, 436)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ((183, 219), (425, 185, 491, 216)),  # 张三: 36 and 15.5 mm, two characters of 33 dots
        ((236, 270), (555, 241, 900, 266)),  # 47 and 20 mm, eighteen of 18½
        ((289, 323), (428, 294, 599, 319)),  # 36 and 24.5 mm
        ((342, 380), (486, 345, 732, 374)),  # 41 and 29 mm
    ],
    ids=["name", "number", "card_number", "issued_on"],
)
def test_each_value_stands_where_the_printers_layout_has_it(rows: tuple[int, int], wanted: Area) -> None:
    found = extent(ink(national().paint(order(), portrait())), rows)
    assert near(found, wanted), found


def test_no_ink_is_anywhere_else() -> None:
    face = national().paint(order(), portrait())
    assert near(extent(ink(face)), (425, 185, 900, 374))
    assert (colours(face)[:, 284:] == 255).all()  # the black of the values is resin's alone


def test_the_shipped_layout_has_the_places_of_the_printers_layout() -> None:
    """Typed from docs/card-face.md a second time."""
    shipped = load_layout(NATIONAL)
    box = shipped.portrait
    assert (box.x, box.y, box.width, box.height) == (4, 12, 20, 25)
    assert {text.datum.value: (text.x, text.y, text.size_pt) for text in shipped.texts} == {
        "name": (36, 15.5, 8),
        "number": (47, 20, 8),
        "card_number": (36, 24.5, 8),
        "issued_on": (41, 29, 8),
    }
    assert shipped.labels is Labels.PREPRINTED


def test_the_rasters_are_those_of_the_print_head() -> None:
    face = national().paint(order(), portrait())
    assert len(face.colour) == 1016 * 648 * 3
    assert len(face.resin) == 127 * 648
    assert 0.001 < ink(face).mean() < 0.02  # 1 is ink, and little of a card is


def test_a_disc_stays_a_disc() -> None:
    left, top, right, bottom = extent((colours(national().paint(order(), portrait())) < 128).all(axis=2))
    assert right - left == pytest.approx(bottom - top, abs=1)
    assert right - left == pytest.approx(200 * 295 / 441, abs=2)
    assert (left + right) / 2 == pytest.approx(47 + 236 / 2, abs=1)


def test_the_same_input_gives_the_same_bytes() -> None:
    one, other = (FacePainter(load_layout(NATIONAL), fonts()) for _ in range(2))
    for name in ("张三", "欧阳𠮷㛃", OF_UPPSALA):
        first, second = one.paint(order(name), portrait()), other.paint(order(name), portrait())
        assert (first.colour, first.resin) == (second.colour, second.resin)
        assert one.picture(order(name), portrait()) == other.picture(order(name), portrait())


# Names


def sizes_of(name: str) -> tuple[int, int]:
    """Dots from the first to the last row and column of a name."""
    left, top, right, bottom = extent(ink(national().paint(order(name), portrait())), (175, 235))
    return bottom - top, right - left


@pytest.mark.parametrize(
    ("name", "height", "width"),
    [
        ("国国", (28, 33), (56, 66)),  # 8 pt
        ("国" * 16, (28, 33), (510, 536)),  # 45.2 of 45.6 mm
        ("国" * 17, (26, 31), (500, 539)),  # 7.5 pt
        ("国" * 23, (19, 23), (505, 539)),  # 5.5 pt, the least
        ("国" * 24, (40, 48), (265, 279)),  # two lines of twelve
    ],
)
def test_a_longer_name_is_smaller_and_then_in_two_lines(
    name: str, height: tuple[int, int], width: tuple[int, int]
) -> None:
    found = sizes_of(name)
    assert height[0] <= found[0] <= height[1], found
    assert width[0] <= found[1] <= width[1], found


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (OF_UPPSALA, ("ANNA MARGARETA LINDSTROEM", "OF UPPSALA VON HEYDEN AB")),
        ("阿不都热合曼·吾布力喀斯木·麦麦提艾力江·买买提", ("阿不都热合曼·吾布力喀斯木·", "麦麦提艾力江·买买提")),
        ("国" * 24, ("国" * 12, "国" * 12)),
    ],
)
def test_a_name_is_broken_where_it_has_a_joint(name: str, lines: tuple[str, str]) -> None:
    (box, setting) = national()._settings(national()._values(order(name)))[0]
    assert box.datum is Datum.NAME
    assert setting.lines == lines
    assert setting.size_pt == 5.5


@pytest.mark.parametrize("name", ["国" * 48, "W" * 34, "W" * 33 + " A", "WWWWWW " * 9 + "W"])
def test_a_name_that_fits_in_no_way_is_refused(name: str) -> None:
    with pytest.raises(NameTooLong, match="does not fit"):
        national().check(order(name))


words = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ'", min_size=1, max_size=18)


@given(st.lists(words, min_size=1, max_size=8).map(" ".join))
def test_fifty_letters_in_words_have_room(name: str) -> None:
    assume(len(name) <= 50)
    assume(name.count("W") + name.count("M") <= len(name) // 5)  # nobody is called WWWWW MMMMM
    national().check(order(name))


def test_rare_characters_are_drawn_by_the_font_that_has_them() -> None:
    """Beyond the basic plane, and in HanaMin alone."""
    for char in ("𠮷", "㛃", "𬸪", "\U0002e9f5"):
        assert national().missing_glyphs(char) == ()
        drawn = ink(national().paint(order(char), portrait()))[183:219, 420:470]
        box = np.zeros_like(drawn)
        left, top, right, bottom = extent(drawn, (0, 36), (0, 50))
        box[top, left : right + 1] = box[bottom, left : right + 1] = True
        assert drawn.sum() > 100
        assert (drawn ^ box).sum() > 100, "an empty box"


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("张三", ()),
        (TOO_NEW, ("\U0002ebf0",)),
        (TOO_NEW * 2, ("\U0002ebf0",)),
        ("ཏཱ", ("ཏ", "ཱ")),  # Tibetan, its vowel a mark
        ("JOSE\N{COMBINING ACUTE ACCENT}", ("\N{COMBINING ACUTE ACCENT}",)),
        ("葛\N{VARIATION SELECTOR-17}", ("\N{VARIATION SELECTOR-17}",)),
        ("张\N{HANGUL FILLER}三\n\N{IDEOGRAPHIC SPACE}\0", ("\N{HANGUL FILLER}", "\n", "\N{IDEOGRAPHIC SPACE}", "\0")),
        ("JOSÉ ÅSA O'BRIEN-LEE", ()),
        ("阿不都热合曼·吾布力", ()),
    ],
)
def test_what_no_font_draws_is_told_before_anything_is_painted(name: str, missing: tuple[str, ...]) -> None:
    assert national().missing_glyphs(name) == missing
    if missing:
        with pytest.raises(GlyphMissing) as refused:
            national().check(order(name))
        assert not any(char in str(refused.value) for char in name if not char.isspace())


def test_a_character_that_is_newer_than_our_tables_is_the_fonts_to_draw() -> None:
    """Extension H came with Unicode 15, Python 3.11 knows 14: a font that has it must be believed."""

    class Newer:
        def file(self, font: str) -> str:
            return fonts().file(font)

        def covers(self, font: str, char: str) -> bool:
            return char == "\U00031350" or fonts().covers(font, char)

    assert FacePainter(load_layout(NATIONAL), Newer()).missing_glyphs("张\U00031350") == ()
    assert national().missing_glyphs("张\U00031350") == ("\U00031350",)


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=30))
@example("Ǻ" * 20)
@example("𰻝𰻝麵")
@example("ĢĶĻŅŖy" * 7)
def test_whatever_the_name_its_ink_stays_in_its_box_or_it_is_refused(name: str) -> None:
    try:
        face = national().paint(order(name), portrait())
    except (NameUnsound, GlyphMissing, NameTooLong):
        return
    plain = ink(national().paint(order("一"), portrait()))
    dots = ink(face)
    assert (dots[240:] == plain[240:]).all() or (dots[246:] == plain[246:]).all()
    left, top, right, _ = extent(dots, (0, 234))
    # Letters may reach over their em square: an accent above, the tail of a letter to its left.
    assert left >= 425 - 8
    assert right <= 425 + 539 + 8
    assert top >= 183 - 12


# What is wrong


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": ""}, NameUnsound),
        ({"name": " 张三"}, NameUnsound),
        ({"name": "张三 "}, NameUnsound),
        ({"number": "411700199003070011"}, NumberUnsound),
        ({"number": "41170019900307001x"}, NumberUnsound),
        ({"number": "411700199002300017"}, NumberUnsound),
        ({"number": ""}, NumberUnsound),
        ({"number": "41170019900307001X1"}, NumberUnsound),
        ({"number": "1234"}, NumberUnsound),
        ({"card_number": "D21435690"}, CardNumberUnsound),
        ({"card_number": "D2143569"}, CardNumberUnsound),
        ({"card_number": "d2143569X"}, CardNumberUnsound),
        ({"card_number": "D2143569XX"}, CardNumberUnsound),
        ({"issued_on": date(1990, 3, 6)}, DatesUnsound),
        ({"expires_on": ISSUED}, DatesUnsound),
        ({"expires_on": date(2020, 1, 1)}, DatesUnsound),
    ],
)
def test_what_can_not_be_right_is_refused_and_not_quoted(changes: dict[str, Any], error: type[CardFaceError]) -> None:
    for ask in (national().check, lambda one: national().paint(one, portrait())):
        with pytest.raises(error) as refused:
            ask(order(**changes))
        assert not any(value in str(refused.value) for value in changes.values() if isinstance(value, str) and value)


def test_other_numbers_than_citizens_are_printed() -> None:
    """A foreigner's before 2023: three letters and twelve digits."""
    national().check(order(number="USA110079081603", issued_on=ISSUED))


def not_finished() -> dict[str, bytes]:
    return {
        "too large": as_jpeg(Image.new("RGB", (359, 441))),
        "lying": as_jpeg(Image.new("RGB", (441, 358))),
        "the chip's": as_jpeg(Image.new("RGB", (102, 126))),
        "cut off": portrait()[: len(portrait()) // 2],
        "no picture": b"\xff\xd8 no picture",
        "nothing": b"",
    }


@pytest.mark.parametrize("kind", list(not_finished()))
def test_anything_but_a_finished_portrait_is_refused(kind: str) -> None:
    with pytest.raises(PortraitUnfit):
        national().paint(order(), not_finished()[kind])


def test_a_layout_that_prints_a_date_wants_it() -> None:
    texts = load_layout(NATIONAL).texts
    later = msgspec.structs.replace(texts[3], datum=Datum.EXPIRES_ON, y=33.5, label="有效期至")
    painter = FacePainter(layout(texts=(*texts, later)), fonts())
    with pytest.raises(DatesUnsound, match="expires_on"):
        painter.check(order())
    face = painter.paint(order(expires_on=date(2036, 11, 30)), portrait())
    assert extent(ink(face))[3] > 374 + 40


# Labels, colours, places


def test_preprinted_labels_are_shown_and_not_printed() -> None:
    label = ((236, 270), (340, 550))  # 社会保障号码, from 29.5 mm to its value
    preprinted = national().paint(order(), portrait())
    assert not ink(preprinted)[slice(*label[0]), slice(*label[1])].any()
    shown = np.asarray(Image.open(BytesIO(national().picture(order(), portrait()))).convert("L")) < 100
    assert near(extent(shown, *label), (349, 238, 547, 267))
    printed = FacePainter(layout(labels=Labels.PRINTED), fonts()).paint(order(), portrait())
    assert near(extent(ink(printed), *label), (349, 238, 547, 267))


def test_only_black_is_resin() -> None:
    red = FacePainter(with_text(Datum.NAME, colour="#C00000"), fonts()).paint(order(), portrait())
    assert not ink(red)[183:219].any()
    found = colours(red)[183:219, 420:500]
    assert near(extent(found[:, :, 1] < 100), (5, 2, 71, 33))
    assert found[:, :, 0].min() >= 0xC0


def test_lines_stand_left_in_the_middle_and_right() -> None:
    places = {}
    for align in Align:
        face = FacePainter(with_text(Datum.CARD_NUMBER, align=align), fonts()).paint(order(), portrait())
        left, _, right, _ = extent(ink(face), (289, 323))
        places[align] = left - 425, 425 + 539 - right
    assert places[Align.LEFT][0] <= 4
    assert places[Align.RIGHT][1] <= 4
    assert places[Align.CENTRE][0] == pytest.approx(places[Align.CENTRE][1], abs=4)


@pytest.mark.parametrize(
    ("form", "written"), [(DateForm.DAY, "2026年3月7日"), (DateForm.MONTH, "2026年3月"), (DateForm.ISO, "2026-03-07")]
)
def test_a_date_is_written_as_the_layout_wants(form: DateForm, written: str) -> None:
    painter = FacePainter(layout(date_form=form), fonts())
    assert painter._values(order(issued_on=date(2026, 3, 7)))[Datum.ISSUED_ON] == written


# From the centre's order to the printer's port


def ordered(**changes: str) -> CardOrder:
    said = {
        "name": "欧阳𠮷㛃",
        "social_security_number": NUMBER,
        "sex": "1",
        "ethnic_group": "01",
        "birthplace": "411700",
        "birth_date": "1990-03-07",
        "card_number": CARD_NUMBER,
        "issued_on": "2026-11-30",
        "expires_on": "2036-11-29",
        "card_class": "3",
        "norm_version": "2.00",
        "region_code": "411700",
        "bank": "",
    }
    return CardOrder(**(said | changes))


def test_the_centres_order_has_all_that_is_printed() -> None:
    assert Particulars.of(ordered()) == Particulars("欧阳𠮷㛃", NUMBER, CARD_NUMBER, ISSUED, date(2036, 11, 29))
    assert Particulars.of(ordered(expires_on="")).expires_on is None


@pytest.mark.parametrize("changes", [{"issued_on": ""}, {"issued_on": "2026-02-30"}, {"expires_on": "20361199"}])
def test_an_order_whose_days_are_none_is_refused_and_not_quoted(changes: dict[str, str]) -> None:
    with pytest.raises(DatesUnsound) as refused:
        Particulars.of(ordered(**changes))
    assert refused.value.__suppress_context__
    assert not any(day in str(refused.value) for day in changes.values() if day)


def test_a_printers_port_takes_both_planes() -> None:
    painted = national().paint(order(), portrait())
    face = Face(bytes(painted.colour), bytes(painted.resin))
    assert face.black is not None
    assert (len(face.colours), len(face.black)) == (1_975_104, 82_296)


# What is handed out


def test_a_preview_has_the_cards_true_size() -> None:
    picture = Image.open(BytesIO(national().picture(order(), portrait())))
    assert (picture.format, picture.size) == ("PNG", (1011, 638))
    assert [round(dots) for dots in picture.info["dpi"]] == [300, 300]


@pytest.mark.parametrize("name", ["张三", "欧阳𠮷㛃", OF_UPPSALA, "I" * 50])
def test_a_proof_is_masked_and_whole_and_the_rest_of_it_is_one(name: str) -> None:
    proof = national().proof(order(name), portrait())
    masked, whole = (np.asarray(Image.open(BytesIO(png))) for png in (proof.masked, proof.whole))
    assert bytes(proof.whole) == national().picture(order(name), portrait())
    for rows in ((183, 219), (236, 270), (289, 323)):
        assert (masked[slice(*rows)] != whole[slice(*rows)]).any(), rows
    differ = np.where((masked != whole).any(axis=2))
    assert differ[1].min() >= 425  # the portrait is the same
    assert differ[0].max() <= 323  # and the date


def test_a_mask_keeps_what_the_masks_of_all_screens_keep() -> None:
    settings = national()._settings(national()._values(order(OF_UPPSALA)))
    lines = {box.datum: _masked(setting, box.datum).lines for box, setting in settings}
    assert lines == {
        Datum.NAME: ("A*** ********* **********", "** ******* *** ****** *B"),
        Datum.NUMBER: ("411*************1X",),
        Datum.CARD_NUMBER: ("D******9X",),
        Datum.ISSUED_ON: ("2026年11月30日",),
    }


@pytest.mark.parametrize("kind", ["face", "proof"])
def test_nothing_tells_copies_or_keeps_what_it_shows(kind: str) -> None:
    held: CardFace | FaceProof = (
        national().paint(order(), portrait()) if kind == "face" else national().proof(order(), portrait())
    )
    assert repr(held) in {"<CardFace>", "<FaceProof>"}
    for taken in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            taken(held)
    seen = held.colour if isinstance(held, CardFace) else held.whole
    assert not held.wiped
    held.wipe()
    assert held.wiped
    assert not any(seen)
    held.wipe()


def test_particulars_tell_nobody() -> None:
    assert "张三" not in repr(order())
    assert NUMBER not in repr(order())


# Layouts


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("width = 20", "width = 25", "the portrait is 0.812 times as wide as high; this box cuts too much of it"),
        ("x = 4\n", "x = 70\n", "reaches 90.00 mm; the card ends at 85.60"),
        ("y = 12", "y = 30", "reaches 55.00 mm; the card ends at 53.98"),
        ("x = 47", "x = 60", "reaches 94.60 mm; the card ends at 85.60"),
        ("y = 20", "y = 19", "number is printed over name"),
        ("x = 36\ny = 24.5", "x = 20\ny = 24.5", "card_number is printed over the portrait"),
        ("height = 4.3", "height = 2", "less than a line of 8 pt, 2.82 mm"),
        ("height = 4.3", "height = 4", "less than 2 lines of 5.5 pt, 4.07 mm"),
        ("least_pt = 5.5", "least_pt = 9", "larger than size_pt"),
        ("least_pt = 5.5", "least_pt = 2", "wanted is a number from 4 to 24"),
        ("least_pt = 5.5", "least_pt = nan", "wanted is a number from 4 to 24"),
        ("x = 41", 'x = "41"', "wanted is a number from 0 to 85.6"),
        ("x = 41", "x = true", "wanted is a number from 0 to 85.6"),
        ("x = 41", "x = inf", "wanted is a number from 0 to 85.6"),
        ('datum = "number"', 'datum = "card_number"', "number has no place"),
        ('datum = "number"', 'datum = "card_number"', "card_number has a place already"),
        ('fonts = ["names", "hanamin-a", "hanamin-b"]', "fonts = []", "names no font"),
        ('ground = "#E4EDF6"', 'ground = "blue"', '"#RRGGBB"'),
        ('labels = "preprinted"', "", "labels: missing"),
        ("lines = 2", "lines = 3", "wanted is a whole number from 1 to 2"),
    ],
)
def test_a_layout_tells_what_is_wrong_with_it(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = NATIONAL.read_text(encoding="utf-8")
    assert old in text
    faulty = tmp_path / "faulty.toml"
    faulty.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LayoutError) as refused:
        load_layout(faulty)
    assert fault in str(refused.value), refused.value
    assert f"{faulty}:" in str(refused.value)


def test_a_layout_whose_fonts_lack_its_label_is_refused() -> None:
    with pytest.raises(LayoutError, match="none of them has") as refused:
        FacePainter(with_text(Datum.NUMBER, fonts=(Font.HANAMIN_B,)), fonts())
    assert "texts[1].fonts" in str(refused.value)


def test_a_region_has_its_own_layout_or_the_national_one(tmp_path: Path) -> None:
    assert layout_for(FOLDER, "zhumadian") == load_layout(NATIONAL)
    text = NATIONAL.read_text(encoding="utf-8")
    (tmp_path / "national.toml").write_text(text, encoding="utf-8")
    (tmp_path / "yunling.toml").write_text(text.replace('"preprinted"', '"printed"'), encoding="utf-8")
    assert layout_for(tmp_path, "yunling").labels is Labels.PRINTED
    assert layout_for(tmp_path, "beijing").labels is Labels.PREPRINTED
    with pytest.raises(LayoutError, match="can't be read"):
        layout_for(tmp_path / "nowhere", "beijing")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_layout_prints_an_ordinary_card(path: Path) -> None:
    painter = FacePainter(load_layout(path), fonts())
    painter.check(order("欧阳𠮷㛃", expires_on=date(2036, 11, 30)))
    assert all(isinstance(text, TextBox) and text.label for text in load_layout(path).texts)
