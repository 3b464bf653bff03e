"""docs/faults.zh-CN.md is held row for row against docs/faults.md, and what is amiss is told in plain words."""

import re
from pathlib import Path

import pytest

from deploy.fault_rows import amiss, fault_rows

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "docs" / "faults.md").read_text("utf-8")
CHINESE = (ROOT / "docs" / "faults.zh-CN.md").read_text("utf-8")
PAD = """## PIN
| code | trigger | the citizen reads | the technician sees | recovery | test |
|---|---|---|---|---|---|
| P-01 | pad unplugged | 密码键盘没有反应 | log: `pin_pad: …` | asked every 10 s | `test_gone` |
| P-02 | pad silent | 密码键盘没有反应 | log | next citizen | `test_silent` `test_late` |
| – | keys pressed before | nothing | nothing | drained | `test_keys` |
"""
IN_CHINESE = """## 密码 · PIN
| 代码 | 什么情况 | 群众看到 | 技术员看到 | 怎么恢复 | 测试 |
|---|---|---|---|---|---|
| P-01 | 键盘没接 | 密码键盘没有反应 | 日志：`pin_pad: …` | 每 10 秒问一次 | `test_gone` |
| P-02 | 键盘不应答 | 密码键盘没有反应 | 日志 | 下一位群众 | `test_silent` `test_late` |
| – | 之前乱按的键 | 没有 | 没有 | 丢掉 | `test_keys` |
"""


def told(english: str, chinese: str) -> list[str]:
    return list(amiss(tuple(fault_rows(english)), tuple(fault_rows(chinese))))


def test_every_row_has_its_chinese() -> None:
    """A row without it is named below, with its place; write it there, and ``deploy/field_pages.py write``."""
    assert told(ENGLISH, CHINESE) == []


def test_the_sections_stand_in_the_same_order() -> None:
    heads = re.findall(r"^## (.+)$", ENGLISH, re.MULTILINE)
    assert re.findall(r"^## [^·]+ · (.+)$", CHINESE, re.MULTILINE) == heads
    assert len(heads) == len(set(heads)), "a section stands twice"


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_no_row_stands_twice(text: str) -> None:
    rows = list(fault_rows(text))
    assert len(rows) == len(set(rows))


def test_every_row_is_said_in_chinese() -> None:
    for row in fault_rows(CHINESE):
        for cell in (row.trigger, row.read, row.seen, row.recovery):
            assert cell, row.trigger
            # Besides what is quoted, a cell of Latin letters alone would be the English one, copied.
            said = re.sub(r"`[^`]*`|\[[^]]*\]\([^)]*\)", "", cell)
            assert not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", said), cell


@pytest.mark.parametrize(
    ("line", "instead", "words"),
    [
        (
            "| P-02 | 键盘不应答 | 密码键盘没有反应 | 日志 | 下一位群众 | `test_silent` `test_late` |\n",
            "",
            "for “pad silent”",
        ),
        ("| – | 之前乱按的键 |", "| S-01 | 之前乱按的键 |", "for “keys pressed before”"),
        ("`test_late`", "", "other tests than “pad silent”: test_late"),
        ("每 10 秒", "每 5 秒", "the figure 10 of “pad unplugged”"),
        ("`pin_pad: …`", "", "has `pin_pad: …` and “pad unplugged” has not"),
        ("没接 | 密码键盘没有反应", "没接 | 键盘坏了", "the words 密码键盘没有反应 of “pad unplugged”"),
    ],
    ids=["no Chinese", "another code", "another test", "another figure", "no word of the log", "other words on screen"],
)
def test_what_is_amiss_is_told(line: str, instead: str, words: str) -> None:
    assert told(PAD, IN_CHINESE) == []
    assert line in IN_CHINESE
    assert words in told(PAD, IN_CHINESE.replace(line, instead))[0]


def test_chinese_of_a_row_that_has_gone_is_told() -> None:
    (line,) = told(
        PAD.replace("| – | keys pressed before | nothing | nothing | drained | `test_keys` |\n", ""), IN_CHINESE
    )
    assert "no row for “之前乱按的键” (test_keys) in “PIN”" in line


def test_a_row_without_its_chinese_is_told_with_its_place() -> None:
    new = "| P-03 | a wrong check byte | 密码键盘没有反应 | log | once more | `test_garbled` |\n"
    (line,) = told(PAD.replace("| – |", new + "| – |"), IN_CHINESE)
    assert "“a wrong check byte” (test_garbled)" in line
    assert "into “PIN”, after “键盘不应答”" in line


def test_rows_that_changed_places_are_told() -> None:
    first, second = PAD.splitlines()[3:5]
    lines = told(PAD.replace(f"{first}\n{second}", f"{second}\n{first}"), IN_CHINESE)
    assert len(lines) == 2  # one is not where it should be, and what stands there is not it
