"""The articles and outlets against what was typed from the handbooks, and the search against typed expectations."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.handbook.articles import HandbookError, load_articles
from kiosk.handbook.handbook import load_handbook
from kiosk.handbook.outlets import load_outlets
from kiosk.handbook.sounds import load_readings, sounds_like
from kiosk.policy.pack import Source, load_pack
from tests.commands import kiosk
from tests.journeys.world import REGIONS
from tests.shipped_handbooks import CONFIG, KEYS, READINGS, handbook

REPOSITORY = Path(__file__).parents[2]
SOURCES = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
CHINESE = "一二三四五六七八九十"

# Typed from the documents' headings.
SECTIONS: dict[str, set[str]] = {
    "zhumadian-2019": {
        f"§{chapter}.{number}"
        for chapter, last in ((1, 9), (2, 1), (3, 3), (4, 5), (5, 10), (6, 6), (7, 7))
        for number in range(1, last + 1)
    },
    "guizhou-leaflet": {*(f"第{number}问" for number in CHINESE), "文末"},
    "qingdao-guide": {
        "社会保障卡介绍", *(f"基本功能第{number}条" for number in CHINESE[:3]),
        *(f"使用须知第{number}条" for number in CHINESE[:8]),
        "服务电话", "特色优惠服务", "照片信息采集服务网点", "中国银行服务热线",
    },
    "jiangxi-manual": {
        "封面", "功能介绍", *(f"§{number}" for number in range(1, 8)),
        "服务渠道", "线上业务办理指南", "银行咨询服务电话",
    },
    "beijing-rules": {f"第{number}问" for number in range(1, 13)},
    "beijing-notes": {f"第{number}条" for number in range(1, 12)},
    "beijing-outpatient": {f"第{number}问" for number in range(1, 9)},
}  # fmt: skip

# Typed from the documents; 0396-12333 from §1.4 of Zhumadian's.
NUMBERS = {
    "zhumadian": {"12333", "0396-12333"},
    "guizhou": {"12333", "95588", "95599", "95566", "95533"},
    "qingdao": {"12345", "95566"},
    "jiangxi": {"12333", "95588", "95599", "95566", "95533", "95559", "95558", "962268"},
    "beijing": {"12333", "96102"},
}
FIRST_PINS = {"zhumadian": {"123456"}, "guizhou": {"888888"}, "qingdao": {"123456"}, "jiangxi": {"123456"}}

# What an answer must name, typed from the section it cites.
MENTIONED = [
    ("zhumadian", "temporary-card", ("三个月", "没有银行功能", "注销")),
    ("zhumadian", "apply", ("18 岁", "户口本")),
    ("zhumadian", "locked", ("6 次", "3 次")),
    ("zhumadian", "replace", ("16 元", "立等可取", "销毁")),
    ("zhumadian", "emergency", ("7 个工作日", "电话", "传真")),
    ("zhumadian", "perks", ("2 万元", "头两笔")),
    ("zhumadian", "look-up", ("si.12333.gov.cn", "www.hnzwfw.gov.cn")),
    ("zhumadian", "e-lost", ("也停",)),
    ("guizhou", "lost", ("5 日", "12333", "本人", "书面")),
    ("guizhou", "initial-pin", ("888888", "老医保卡")),
    ("guizhou", "meanwhile", ("临时就医证", "《社会保障卡挂失、补卡领卡通知单》")),
    ("guizhou", "wrong-data", ("《社会保障卡信息勘误单》",)),
    ("guizhou", "cancel", ("医保征缴处", "销卡通知书", "收回")),
    ("guizhou", "no-card", ("2012 年 11 月 8 日",)),
    ("qingdao", "lost", ("12345", "说出姓名", "住址")),
    ("qingdao", "formal", ("马上失效",)),
    ("qingdao", "found", ("已经补换卡的，不能解挂",)),
    ("qingdao", "locked", ("6 次",)),
    ("qingdao", "replace", ("7 个工作日", "到期")),
    ("jiangxi", "lost", ("5 天", "自动解挂", "不收费")),
    ("jiangxi", "replace", ("32 元", "两边都挂失")),
    ("jiangxi", "exchange", ("32 元", "按丢卡办")),
    ("jiangxi", "proxy", ("《社会保障卡业务代理委托书》", "原件和复印件", "注销")),
    ("beijing", "lost", ("96102", "10 天", "自助机")),
    ("beijing", "replace", ("15 个工作日", "《领卡证明》", "工本费")),
    ("beijing", "deductible", ("1800", "1300", "2009")),
    ("beijing", "visit-fee", ("2 元", "2009")),
    ("beijing", "without-card", ("急诊", "计划生育", "欠费")),
    ("beijing", "status", ("单位", "退休", "残疾军人")),
    ("beijing", "meanwhile", ("《新发与补（换）社会保障卡证明》",)),
]

# What a citizen types, and which article must come first; then one that must be among those found.
EXPECTED = [
    ("zhumadian", "gs", "lost", "e-lost"),
    ("zhumadian", "guashi", "lost", "replace"),
    ("zhumadian", "gshi", "lost", "lost"),
    ("zhumadian", "挂失", "lost", "e-lost"),
    ("zhumadian", "丢了", "lost", "replace"),
    ("zhumadian", "我的卡丢了怎么办", "lost", "lost"),
    ("zhumadian", "wjmm", "forgot-pin", "forgot-pin"),
    ("zhumadian", "bk", "replace", "replace"),
    ("zhumadian", "yd", "away-what", "register"),
    ("zhumadian", "lskh", "", ""),
    ("zhumadian", "lost", "lost", "e-lost"),
    ("zhumadian", "gs bk", "replace", "replace"),
    ("zhumadian", "jizhen", "emergency", "emergency"),
    ("guizhou", "xk", "cancel", "death"),
    ("guizhou", "过世", "death", "death"),
    ("guizhou", "gs", "lost", "final"),
    ("qingdao", "jg", "found", "found"),
    ("qingdao", "guoqi", "replace", "replace"),
    ("jiangxi", "wts", "proxy", "proxy"),
    ("jiangxi", "duoshao", "perks", "replace"),
    ("jiangxi", "jd", "progress", "progress"),
    ("beijing", "qfx", "deductible", "before-card"),
    ("beijing", "ygs", "lost", "lost"),
    ("beijing", "发票", "receipt", "receipt"),
    ("beijing", "", "", ""),
]


def texts(key: str) -> Iterator[str]:
    book = handbook(key)
    for article in book.articles:
        yield from (part for _, text in article.texts() for part in (text.zh, text.en))
        yield article.hotline
    yield from (line.line for line in book.outlets.lines)
    yield from (outlet.address for outlet in book.outlets.outlets)
    for text in (book.outlets.does, book.outlets.newest):
        if text is not None:
            yield from (text.zh, text.en)


def places(key: str) -> Iterator[str]:
    """Where outlets and lines stand, and what can't be read."""
    outlets = handbook(key).outlets
    yield from (outlet.cite for outlet in outlets.outlets)
    yield from (line.cite for line in outlets.lines)
    yield from (item.cite for item in outlets.unreadable)


@pytest.mark.parametrize("key", KEYS)
def test_every_citation_names_a_section_that_is_there(key: str) -> None:
    book = handbook(key)
    cites = [cite for article in book.articles for cite in article.cite]
    for cite in (*cites, *places(key)):
        source, _, section = cite.partition(" ")
        assert section in SECTIONS[source], cite


@pytest.mark.parametrize("key", KEYS)
def test_every_section_is_told_of(key: str) -> None:
    book = handbook(key)
    told = {cite for article in book.articles for cite in article.cite}
    told |= set(places(key))
    own = {cite.partition(" ")[0] for article in book.articles for cite in article.cite}
    assert {f"{source} {section}" for source in own for section in SECTIONS[source]} - told == set()


def test_each_handbook_has_its_articles() -> None:
    assert {key: len(handbook(key).articles) for key in KEYS} == {
        "beijing": 30, "guizhou": 23, "jiangxi": 24, "qingdao": 23, "zhumadian": 37,
    }  # fmt: skip


@pytest.mark.parametrize(("key", "article", "words"), MENTIONED)
def test_an_article_names_what_its_section_states(key: str, article: str, words: tuple[str, ...]) -> None:
    told = " ".join(text.zh for _, text in handbook(key).article(article).texts())
    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize("key", KEYS)
def test_no_number_is_told_that_the_handbooks_do_not_give(key: str) -> None:
    told = {number for text in texts(key) for number in re.findall(r"\d[\d-]{3,}\d", text)}
    assert told <= NUMBERS[key] | FIRST_PINS.get(key, set())
    assert {line.line for line in handbook(key).outlets.lines} == NUMBERS[key]


@pytest.mark.parametrize("key", KEYS)
def test_money_of_an_old_notice_carries_its_year(key: str) -> None:
    for article in handbook(key).articles:
        amounts = [text for _, text in article.texts() if re.search(r"\d 元", text.zh)]
        if key == "beijing" and any(text.zh != "0 元" for text in amounts):
            assert any("2009" in text.zh for text in amounts), article.id
        assert all("yuan" in text.en for text in amounts), article.id


def test_zhumadians_windows_by_district_and_bank() -> None:
    outlets = handbook("zhumadian").outlets
    assert len(outlets.outlets) == 36
    assert Counter(outlet.district for outlet in outlets.outlets) == {
        "city": 9, "pingyu": 3, "shangcai": 3, "xiping": 2, "zhengyang": 3, "queshan": 3, "runan": 3, "biyang": 1,
        "suiping": 9,
    }  # fmt: skip
    assert Counter(outlet.bank for outlet in outlets.outlets) == {"boc": 8, "rural": 21, "ccb": 1, "post": 5, "abc": 1}
    by_row = dict(enumerate(outlets.outlets, 1))
    assert (by_row[24].name, by_row[24].bank) == ("汝南县农商行西大街分理处", "rural")
    assert (by_row[28].district, by_row[28].bank) == ("suiping", "boc")
    assert {(by_row[row].district, by_row[row].bank) for row in (29, 30)} == {("suiping", "rural")}
    for group in outlets.districts[1:]:
        assert all(group.name.zh in outlet.address for outlet in outlets.in_district(group.id)), group.id
    assert [outlet.name for outlet in outlets.of_bank("abc")] == ["农业银行正阳县支行"]


def test_qingdaos_photo_outlets() -> None:
    outlets = handbook("qingdao").outlets
    assert Counter(outlet.district for outlet in outlets.outlets) == {
        "shinan": 4, "shibei": 2, "laoshan": 1, "licang": 1, "chengyang": 1, "zone": 1,
    }  # fmt: skip
    assert "市南区中山路66号" in [outlet.address for outlet in outlets.in_district("shinan")]


def test_what_guizhous_leaflet_garbled_is_left_out() -> None:
    outlets = handbook("guizhou").outlets
    (office,) = outlets.outlets
    assert "门牌号看不清" in office.address
    assert {line.cite.partition(" ")[0] for line in outlets.lines if line.line != "12333"} == {"jiangxi-manual"}
    assert not any("交通" in line.name.zh for line in outlets.lines)


@pytest.mark.parametrize(("key", "typed", "first", "among"), EXPECTED)
def test_search_finds_what_is_meant(key: str, typed: str, first: str, among: str) -> None:
    found = [article.id for article in handbook(key).find(typed)]
    assert found[:1] == [first] * bool(first)
    assert not among or among in found


def test_search_is_the_same_each_time() -> None:
    again = load_handbook(load_pack(REGIONS / "zhumadian.toml"), CONFIG / "handbook", CONFIG / "outlets", READINGS)
    for typed in ("gs", "k", "社保", "card"):
        assert [one.id for one in again.find(typed)] == [one.id for one in handbook("zhumadian").find(typed)]


@pytest.mark.parametrize(
    ("letters", "text", "spelt"),
    [
        ("gs", "挂失", 2), ("guas", "挂失", 2), ("gshi", "挂失电话", 2), ("g", "挂失", 1), ("gx", "挂失", 0),
        ("yh", "银行", 2), ("yx", "银行", 2), ("yinxing", "银行", 2), ("zh", "重号", 2), ("ch", "重号", 2),
        ("", "挂失", 0), ("gs", "挂", 0), ("gs", "", 0), ("gs", "GS", 0),
    ],
)  # fmt: skip
def test_letters_spell_by_every_reading(letters: str, text: str, spelt: int) -> None:
    readings = load_readings(READINGS, set("挂失电话银行重号"))
    assert sounds_like(letters, text, readings) == spelt


WRONG = [
    ('topic = "pin"', 'topic = "money"', 'articles[12].topic: "money"; allowed: card, start, pin, lost, away, e-card'),
    ('cite = ["zhumadian-2019 §3.2"]', 'cite = ["zhumadian-2018 §3.2"]', '"zhumadian-2018 §3.2"; wanted is one of'),
    ('cite = ["zhumadian-2019 §3.2"]', "cite = []", "articles[13].cite: missing; an article wants cite"),
    ('id = "forgot-pin"', 'id = "initial-pin"', 'articles[13].id: "initial-pin" is there already'),
    ('id = "forgot-pin"', 'id = "Forgot PIN"', "small letters, digits and hyphens"),
    ("社保密码忘了怎么办？", "社保密码忘了" * 3, "articles[13].title: 18 characters of zh; a screen holds 16"),
    ("到全市任何一个社保卡服务窗口重新设一个。", "到" * 61, "answer: 61 characters of zh; a screen holds 60"),
    ('key = "zhumadian"', 'key = "beijing"', 'key: must be the file\'s name, "zhumadian"'),
    ('words = ["忘记密码", "重置密码"]', 'word = ["忘记密码"]', "articles[13].word: unknown key"),
]


@pytest.mark.parametrize(("old", "new", "fault"), WRONG)
def test_wrong_articles_are_told_with_their_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = (CONFIG / "handbook" / "zhumadian.toml").read_text(encoding="utf-8")
    assert old in text
    wrong = tmp_path / "zhumadian.toml"
    wrong.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(HandbookError) as told:
        load_articles(wrong, load_pack(REGIONS / "zhumadian.toml"))
    assert fault in str(told.value)
    assert re.match(rf"{re.escape(str(wrong))}:\d+: ", str(told.value))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('district = "zone"', 'district = "moon"', 'outlets[9].district: "moon"; allowed: shinan'),
        ('bank = "boc"', 'bank = "icbc"', 'outlets[0].bank: "icbc"; allowed: boc'),
        ('id = "zone"', 'id = "space"', 'districts[5]: "space" has no outlet'),
        ('line = "12345"', 'line = "call us"', "a telephone number in quotes"),
    ],
)
def test_wrong_outlets_are_told_with_their_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = (CONFIG / "outlets" / "qingdao.toml").read_text(encoding="utf-8")
    wrong = tmp_path / "qingdao.toml"
    wrong.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(HandbookError) as told:
        load_outlets(wrong, load_pack(REGIONS / "qingdao.toml"))
    assert fault in str(told.value)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table that begins with ``heading``."""
    table = SOURCES[SOURCES.index(heading) :].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_page_of_sources_and_the_packs_agree() -> None:
    known: dict[str, Source] = {}
    for key in KEYS:
        for source in load_pack(REGIONS / f"{key}.toml").sources:
            assert known.setdefault(source.id, source) == source, source.id
    written = {row[0].strip("`"): row[1:] for row in rows("| source id | title |")}
    assert set(written) == set(known)
    for name, source in known.items():
        title, publisher, date, sha256 = written[name]
        assert title == source.title
        assert publisher == (source.publisher or "not named")
        undated = f"not dated; about {source.about}" if source.about else "not dated"
        assert date == (source.date or undated)
        assert sha256 == (f"`{source.sha256}`" if source.sha256 else "only cited")


def test_the_page_of_sources_names_what_cannot_be_read() -> None:
    written = {
        (row[0].strip("`"), section) for row in rows("| source id | section | what") for section in row[1].split(", ")
    }
    for key in KEYS:
        pack = load_pack(REGIONS / f"{key}.toml")
        for item in (*pack.unreadable, *handbook(key).outlets.unreadable):
            source, _, section = item.cite.partition(" ")
            assert (source, section) in written, item.cite


def kiosk_handbook(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return kiosk("handbook", *arguments)


def test_search_by_command_line() -> None:
    found = kiosk_handbook("search", "jiangxi", "wts")
    assert (found.returncode, found.stdout) == (
        0,
        "proxy: 能请人代办吗？ / Can someone act for me? (jiangxi-manual §7)\n",
    )
    assert kiosk_handbook("search", "jiangxi", "zzzz").returncode == 1
    nowhere = kiosk_handbook("search", "zhengzhou", "gs")
    assert nowhere.returncode == 2
    assert "there are: beijing, guizhou, jiangxi, qingdao, zhumadian" in nowhere.stderr


@pytest.mark.parametrize("key", KEYS)
def test_every_word_that_is_offered_can_be_spelt_and_leads_where_it_says(key: str) -> None:
    book = handbook(key)
    assert len(book.keywords) > 100
    assert len({keyword.word for keyword in book.keywords}) == len(book.keywords)
    for keyword in book.keywords:
        assert keyword.leads_to
        assert keyword.leads_to == {article.id for article in book.find(keyword.word)}
        assert all(keyword.syllables), keyword.word


def test_check_tells_every_fault(tmp_path: Path) -> None:
    done = kiosk_handbook("check")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "5 handbooks, 137 articles, 47 outlets, 0 faults\n"
    for name in ("regions", "handbook", "outlets"):
        (tmp_path / name).mkdir()
        for file in (CONFIG / name).glob("*.toml"):
            text = file.read_text(encoding="utf-8")
            if name == "handbook":
                text = text.replace("fee = {", "price = {")
            (tmp_path / name / file.name).write_text(text, encoding="utf-8")
    (tmp_path / "outlets" / "qingdao.toml").unlink()
    faulty = kiosk_handbook("check", "--config", tmp_path)
    assert faulty.returncode == 1
    assert "jiangxi.toml" in faulty.stdout
    assert "price: unknown key" in faulty.stdout
    assert "qingdao.toml: can't be read" in faulty.stdout
    assert "Traceback" not in faulty.stderr
