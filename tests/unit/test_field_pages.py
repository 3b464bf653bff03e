"""Pages for technicians: what is generated in them is as it should be, and their lines for kiosk.toml are taken."""

import importlib.util
import re
import tomllib
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest
import tomlkit

from kiosk.configuration import load_configuration
from kiosk.technician.causes import Cause
from kiosk.technician.doctor import CHECKS

ROOT = Path(__file__).parents[2]
FIELD = ROOT / "docs" / "field"
FINDING = (FIELD / "fault-finding.md", FIELD / "fault-finding.zh-CN.md")
ON_SITE = FIELD / "on-site.md"
DEVICES = tuple(sorted(page for page in FIELD.glob("*.md") if page not in {*FINDING, ON_SITE}))


def tool() -> ModuleType:
    """deploy/field_pages.py, which is a script."""
    found = importlib.util.spec_from_file_location("field_pages", ROOT / "deploy" / "field_pages.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


TOOL = tool()


def test_every_page_is_as_it_is_generated() -> None:
    """Stale? ``deploy/field_pages.py write``."""
    for page, text in TOOL.generated().items():
        assert page.read_text("utf-8") == text, page.name


def test_what_changed_is_told_to_be_stale_and_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "pin-pad.md"
    page.write_text("by hand\n<!-- causes: pin_pad -->\n| something old |\n<!-- /causes -->\nby hand\n", "utf-8")
    monkeypatch.setattr(TOOL, "FIELD", tmp_path)
    (written,) = TOOL.generated().values()
    assert written.startswith("by hand\n<!-- causes: pin_pad -->\n| 诊断说")
    assert written.endswith("|\n<!-- /causes -->\nby hand\n")
    assert Cause.WRONG_DIALECT.advice.zh in written
    assert "something old" not in written


@pytest.mark.parametrize("page", FINDING, ids=lambda page: page.name)
def test_every_cause_and_every_code_can_be_looked_up(page: Path) -> None:
    text = page.read_text("utf-8")
    zh = page.name.endswith("zh-CN.md")
    for cause in Cause:
        words = (cause.means.zh, cause.advice.zh) if zh else (cause.means.en, cause.advice.en)
        assert f"| `{cause.value}` | {words[0]} | {words[1]} |" in text
    codes = {code for fault in TOOL.faults() for code in fault.row.codes}
    assert codes == set(re.findall(r"\b[A-Z]-\d\d\b", text))
    # What the doctor names with a code stands beside that code.
    for cause in Cause:
        if cause.code:
            (line,) = (one for one in text.splitlines() if re.match(rf"\| ([^|]*, )?{cause.code}\b", one))
            assert f"`{cause.value}`" in line


def test_every_word_of_a_halted_uplink_can_be_looked_up() -> None:
    reasons = _tables((ROOT / "docs" / "uplink.md").read_text("utf-8"))
    (halted,) = (table for table in reasons if table[0].startswith("| halted |"))
    wanted = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in halted[2:]]
    for page in FINDING:
        (told,) = (table for table in _tables(page.read_text("utf-8")) if "`frozen`" in table[2])
        assert [re.findall(r"`(\w+)`", row.split("|")[1]) for row in told[2:]] == wanted


def test_each_check_names_what_its_code_says_and_no_cause_is_nobodys() -> None:
    named = {check.word: set(TOOL.causes_of(check)) for check in CHECKS}
    assert set.union(*named.values()) == set(Cause)
    assert Cause.WRONG_DIALECT in named["pin_pad"]
    assert Cause.WRONG_DIALECT not in named["id_reader"]
    assert named["card_daemon"] == {Cause.DAEMON_STOPPED}
    assert Cause.CAMERA_DARK not in named["receipt_printer"]


def test_every_device_has_its_page() -> None:
    """And the blocks of the page are those of its checks."""
    assert set(TOOL.PAGES.values()) | {"touch-screen", "loudspeaker"} == {page.stem for page in DEVICES}
    for word, name in TOOL.PAGES.items():
        (named,) = re.findall(r"<!-- causes: (.+) -->", (FIELD / f"{name}.md").read_text("utf-8"))
        assert word in named.split(", ")


@pytest.mark.parametrize("page", DEVICES, ids=lambda page: page.stem)
def test_a_page_says_what_a_technician_asks_in_the_order_of_asking(page: Path) -> None:
    """How it is connected, what is set, how it is tried, what the doctor says, what citizens read."""
    text = page.read_text("utf-8")
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    asked = ["接线 Wiring", "kiosk.toml", "怎么试 How it is tried", "诊断能说出的 What the doctor may say"]
    asked.append("群众遇到时 When it fails before a citizen")
    assert [head for head in heads if head in asked] == asked
    assert "(on-site.md)" in text
    assert f"({page.name})" in ON_SITE.read_text("utf-8")
    if page.stem != "touch-screen":
        assert "扫描看到 What the scan shows" in heads


@pytest.mark.parametrize("page", [*DEVICES, ON_SITE], ids=lambda page: page.stem)
def test_each_line_of_a_table_is_in_both_languages(page: Path) -> None:
    for table in re.findall(
        r"^\| 中文 \| English \|\n\|---\|---\|\n((?:\|.*\n)+)", page.read_text("utf-8"), re.MULTILINE
    ):
        for line in table.splitlines():
            chinese, english = re.split(r"(?<!\\)\|", line)[1:-1]
            assert re.search(r"[\u4e00-\u9fff]", chinese), line
            assert re.search(r"[A-Za-z]{2}", english), line
            assert not re.search(r"[\u4e00-\u9fff]", english), line


@pytest.mark.parametrize("page", DEVICES, ids=lambda page: page.stem)
def test_the_lines_for_kiosk_toml_are_taken(page: Path, tmp_path: Path) -> None:
    with (ROOT / "deploy" / "kiosk.toml").open("rb") as file:
        whole = tomllib.load(file)
    (lines,) = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    for section, keys in tomllib.loads(lines).items():
        whole.setdefault(section, {}).update(keys)
    target = tmp_path / "kiosk.toml"
    target.write_text(tomlkit.dumps(whole), encoding="utf-8")
    load_configuration(target)


@pytest.mark.parametrize("page", [*DEVICES, *FINDING, ON_SITE], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        assert (FIELD / target).exists(), target


def test_what_was_verified_is_the_same_in_both_languages() -> None:
    """Row for row: the driver, the page, the words of commands and files; and in neither any device that nobody had."""
    english, chinese = (
        _tables((ROOT / "docs" / name).read_text("utf-8")) for name in ("hardware.md", "hardware.zh-CN.md")
    )
    assert [len(table) for table in english] == [len(table) for table in chinese]
    for row, its in zip(chain(*english), chain(*chinese), strict=True):
        assert re.findall(r"`[^`]+`", row) == re.findall(r"`[^`]+`", its), its
        assert set(re.findall(r"field/([\w-]+)\.md", row)) == {
            page.removesuffix(".zh-CN") for page in re.findall(r"field/([\w.-]+)\.md", its)
        }
    confirmed = [row.split("|")[4].strip() for row in english[0][2:]]
    assert len(confirmed) == len({*TOOL.PAGES.values()}) + len(("loudspeaker", "display, touch", "machine"))
    assert [row.split("|")[4].strip().startswith("没有") for row in chinese[0][2:]] == [
        word.startswith("no") for word in confirmed
    ]


def _tables(text: str) -> list[list[str]]:
    return [table.splitlines() for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]
