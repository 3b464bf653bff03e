"""A region's own norm: from its pack, the national norm's where it states nothing."""

import json
from pathlib import Path

import msgspec
import pytest

from kiosk.command_line.photo import Exit
from kiosk.policy.card_rules import FileSize, PixelSize
from kiosk.policy.counter import PhotoDemand
from kiosk.policy.pack import load_packs
from kiosk.policy.region import Region
from kiosk.policy.rule import Basis, Rule
from kiosk.portrait.finish import finish
from kiosk.portrait.norm import CHECKLIST, NATIONAL, Confirmed, Measure, Norm, Stage, limits
from kiosk.portrait.picture import read_picture
from kiosk.portrait.regional import checklist, may_cover_head, norm_of, worn
from kiosk.records.portrait import NATIONAL_KB, byte_window
from tests import portraits
from tests.journeys.world import FICTIONAL, REGIONS, region
from tests.unit.test_portrait_commands import A, kiosk_photo

YUNLING = region("yunling")


def changed(key: str, section: str, **rules: object) -> Region:
    """The region with the operator's word for these rules; None: not stated."""
    pack = region(key).pack
    stated = {
        name: Rule(basis=Basis.NOT_STATED) if value is None else Rule(basis=Basis.OPERATOR, value=value, reason="tried")
        for name, value in rules.items()
    }
    return Region(msgspec.structs.replace(pack, **{section: msgspec.structs.replace(getattr(pack, section), **stated)}))


@pytest.mark.parametrize("key", sorted(load_packs(REGIONS)))
def test_where_a_handbook_states_no_number_the_national_norm_holds(key: str) -> None:
    norm = norm_of(region(key))
    assert msgspec.structs.asdict(region(key).pack.portrait) == dict.fromkeys(
        msgspec.structs.asdict(region(key).pack.portrait), Rule(basis=Basis.NOT_STATED)
    )
    assert (norm.width, norm.height, norm.dots_per_inch, norm.least_bytes, norm.most_bytes) == (
        358, 441, 350, 14_336, 40_000,
    )  # fmt: skip
    assert norm.cited == ()
    assert {NATIONAL} <= {row.source for row in limits(Stage.FINISHED, norm)}


def test_both_ends_count_the_same_bytes() -> None:
    assert (Norm().least_bytes, Norm().most_bytes) == byte_window(*NATIONAL_KB)


def test_a_region_overrides_and_the_windows_keep_their_proportion() -> None:
    norm = norm_of(YUNLING)
    assert (norm.width, norm.height, norm.dots_per_inch) == (295, 413, 300)
    assert (norm.least_bytes, norm.most_bytes) == (20_480, 60_000)
    # By hand: 179, 207, 255, 162 and 196 of 358 are so much of 295; 7, 21 and 207 of 441 of 413.
    assert (norm.face_width, norm.wanted_face_width, norm.eye_midpoint) == ((148, 210), 171, (133, 162))
    assert (norm.crown, norm.least_eye_line) == ((7, 20), 194)
    rows = {row.measure: row.source for row in limits(Stage.FINISHED, norm)}
    assert rows[Measure.FILE_SIZE] == "《云岭社会保障卡手册（虚构）》第十一条"
    assert rows[Measure.CROWN] == f"{NATIONAL}, in proportion to 《云岭社会保障卡手册（虚构）》第十一条"
    assert rows[Measure.BACKGROUND].startswith(NATIONAL)


def test_the_operators_word_is_named_as_such() -> None:
    own = changed(
        "beijing", "portrait", file_size=FileSize(least_kb=9, most_kb=20), size=PixelSize(width=300, height=400)
    )
    rows = {row.measure: row.source for row in limits(Stage.FINISHED, norm_of(own))}
    assert (rows[Measure.FILE_SIZE], rows[Measure.DENSITY]) == ("operator", NATIONAL)


@pytest.mark.parametrize("name", ["portrait-a", "portrait-b"])
def test_a_portrait_comes_out_to_the_regions_own_norm(name: str) -> None:
    norm = norm_of(YUNLING)
    portrait = finish(portraits.models(), portraits.standing(name), norm)
    picture = read_picture(portrait.jpeg)
    assert (picture.width, picture.height, picture.density) == (295, 413, 300)
    assert 20_480 <= len(portrait.jpeg) <= 60_000
    assert portrait.measured.failed == ()


def test_what_the_person_sees_to_is_the_packs() -> None:
    zhumadian = region("zhumadian")
    assert worn(zhumadian) == (
        PhotoDemand.DARK_TOP,
        PhotoDemand.NO_HAT,
        PhotoDemand.NO_SCARF,
        PhotoDemand.NO_GLASSES,
        PhotoDemand.NO_JEWELLERY,
    )
    assert Confirmed.NO_GLASSES in checklist(zhumadian)
    assert not may_cover_head(zhumadian), "the handbook names no exception: a window decides"
    assert checklist(region("beijing")) == CHECKLIST
    assert may_cover_head(YUNLING)
    assert Confirmed.NO_HEAD_COVER_BUT_RELIGIOUS in checklist(YUNLING)


@pytest.mark.parametrize(
    ("glasses", "demanded", "off"),
    [(None, False, False), (None, True, True), (True, False, False), (False, False, True), (False, True, True)],
)
def test_glasses_are_as_the_pack_says(glasses: bool | None, demanded: bool, off: bool) -> None:
    own = changed("zhumadian", "portrait", glasses_worn_daily=glasses)
    if not demanded:
        plain: Rule[tuple[PhotoDemand, ...]] = Rule(basis=Basis.NOT_STATED)
        application = msgspec.structs.replace(own.pack.application, photo=plain)
        own = Region(msgspec.structs.replace(own.pack, application=application))
    assert (PhotoDemand.NO_GLASSES in worn(own)) is off
    assert (Confirmed.NO_GLASSES in checklist(own)) is off
    assert (Confirmed.NO_GLARE_ON_GLASSES in checklist(own)) is not off


def test_the_commands_judge_by_the_region_that_is_named(tmp_path: Path) -> None:
    out = tmp_path / "card.jpg"
    made = kiosk_photo("make", A, out, "--region", "yunling", "--regions", FICTIONAL)
    assert made.returncode == Exit.COMPLIANT, made.stderr
    assert "no_head_cover_but_religious" in made.stdout
    here = kiosk_photo("check", "--json", out, "--region", "yunling", "--regions", FICTIONAL)
    assert here.returncode == Exit.COMPLIANT
    (told,) = json.loads(here.stdout)
    sources = {row["measure"]: row["source"] for row in told["measures"]}
    assert sources["width"] == "《云岭社会保障卡手册（虚构）》第十一条"
    elsewhere = kiosk_photo("check", "--json", out, "--region", "zhumadian")
    assert elsewhere.returncode == Exit.NOT_COMPLIANT
    (told,) = json.loads(elsewhere.stdout)
    assert {"width", "height", "density"} <= {row["measure"] for row in told["measures"] if not row["within"]}
    assert "no_glasses" in told["to_confirm"]


def test_a_region_that_is_not_there_is_said(tmp_path: Path) -> None:
    told = kiosk_photo("make", A, tmp_path / "card.jpg", "--region", "nowhere")
    assert told.returncode == Exit.NO_REGION
    assert "nowhere.toml: can't be read" in told.stderr
    assert list(tmp_path.iterdir()) == []
