"""The places of the country: typed by hand, held against someone else's list."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from kiosk.policy.country import Place, PlacesError, Province, load_places

FILE = Path(__file__).parents[2] / "assets" / "places.toml"
PROVINCES = load_places(FILE)
ALL: list[Province | Place] = [*PROVINCES, *(place for one in PROVINCES for place in one.within)]


def test_the_mainland_is_whole() -> None:
    assert len(PROVINCES) == 31
    assert sum(place.code.endswith("00") for place in ALL) == 31 + 333, "333 cities and prefectures since 2019"
    assert {one.area: sum(other.area == one.area for other in PROVINCES) for one in PROVINCES} == {
        "1": 5, "2": 3, "3": 7, "4": 6, "5": 5, "6": 5,
    }  # fmt: skip
    assert {one.zh for one in PROVINCES if not one.within} == {"北京市", "天津市", "上海市", "重庆市"}


def test_every_name_stands_once_in_its_province() -> None:
    for one in PROVINCES:
        for names in ([place.zh for place in one.within], [place.en for place in one.within]):
            assert len(names) == len(set(names)), one.zh
        assert one.zh.startswith(one.short)


def peer() -> dict[str, str]:
    """The codes in force of python-stdnum's list, which was taken from another place than ours."""
    found, province = {}, ""
    for line in (files("stdnum") / "cn" / "loc.dat").read_text(encoding="utf-8").splitlines():
        if head := re.match(r'(\d\d) province="', line):
            province = head[1]
        elif row := re.match(r'  (\d{4}) county="(.*)"', line):
            # "[-1980]旅大市,[1981-]大连市": the last one is in force unless its own year has ended.
            last = row[2].split(",")[-1]
            if not re.match(r"\[\d*-\d+\]", last):
                found[province + row[1]] = re.sub(r"\[\d+-\]", "", last)
    return found


def test_someone_else_has_the_same_codes_and_names() -> None:
    theirs = peer()
    assert {place.code: place.zh for place in ALL} == {place.code: theirs.get(place.code) for place in ALL}
    groups = {"市辖区", "县", "林区", "省直辖县级行政单位", "自治区直辖县级行政单位"}
    elsewhere = {"71", "81", "82"}  # Taiwan, Hong Kong, Macao
    wanted = {
        code for code, name in theirs.items()
        if code.endswith("00") and name not in groups and code[:2] not in elsewhere
    }  # fmt: skip
    assert wanted <= {place.code for place in ALL}
    direct = {code for code in theirs if code[2:4] == "90" and not code.endswith("00")}
    # 429001 was Suizhou until 2000; the list gives it no years.
    assert direct - {"429001"} == {place.code for place in ALL if place.code[2:4] == "90"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('code = "130200"', 'code = "130100"', "130100 stands twice"),
        ('code = "130200"', 'code = "140200"', "140200 is not of 130000"),
        ('code = "130200"', 'code = "13020"', "code"),
        ('zh = "唐山市", ', "", "zh"),
        ('short = "河北"', 'short = "河北', "places.toml"),
    ],
)
def test_a_wrong_list_is_refused_with_what_is_wrong(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "places.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PlacesError, match=fault) as caught:
        load_places(path)
    assert str(path) in str(caught.value)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PlacesError, match=r"none\.toml: can't be read"):
        load_places(tmp_path / "none.toml")
