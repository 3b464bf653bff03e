"""Pages for technicians: what is generated in them is as it should be, and their lines for kiosk.toml are taken."""

import importlib.util
import re
import tomllib
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
DEVICES = tuple(sorted(page for page in FIELD.glob("*.md") if page not in FINDING))


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


def test_each_check_names_what_its_code_says_and_no_cause_is_nobodys() -> None:
    named = {check.word: set(TOOL.causes_of(check)) for check in CHECKS}
    assert set.union(*named.values()) == set(Cause)
    assert Cause.WRONG_DIALECT in named["pin_pad"]
    assert Cause.WRONG_DIALECT not in named["id_reader"]
    assert named["card_daemon"] == {Cause.DAEMON_STOPPED}
    assert Cause.CAMERA_DARK not in named["receipt_printer"]


def test_every_device_has_its_page() -> None:
    """And the blocks of the page are those of its checks."""
    assert set(TOOL.PAGES.values()) | {"touch-screen"} == {page.stem for page in DEVICES}
    for word, name in TOOL.PAGES.items():
        (named,) = re.findall(r"<!-- causes: (.+) -->", (FIELD / f"{name}.md").read_text("utf-8"))
        assert word in named.split(", ")


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


@pytest.mark.parametrize("page", [*DEVICES, *FINDING], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        assert (FIELD / target).exists(), target
