"""The handbooks' texts by section, for the tests that are given a folder with them (``REGION_SOURCES``).

They are not part of this repository. What is typed here is how each marks its sections, so that a citation such as
``zhumadian-2019 §3.1`` leads to the words it stands for.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple


class Part(NamedTuple):
    """A stretch of a document whose sections are numbered in one way."""

    begins: str
    """Pattern of the line with which it begins; the first part of a document may begin anywhere."""
    heading: str
    """Pattern of a section's first line with its number; empty when the part is one section."""
    name: str
    """The section as packs cite it, with ``{}`` for the number."""


PARTS: Final = {
    "zhumadian-2019": (Part(r"", r"(\d\.\d+)\s*\D", "§{}"),),  # the table of contents has them too
    "guizhou-leaflet": (Part(r"", r"([-一二三四五六七八九十])、", "第{}问"),),  # the scan's 一 is a hyphen
    "qingdao-guide": (
        Part(r"## 社会保障卡介绍$", "", "社会保障卡介绍"),
        Part(r"## 社会保障卡基本功能$", r"[#* ]*([一二三四五六七八])、", "基本功能第{}条"),
        Part(r"## 社会保障卡使用须知$", r"[#* ]*([一二三四五六七八])、", "使用须知第{}条"),
        Part(r"服务电话：", "", "服务电话"),
        Part(r"## 中国银行社会保障卡照片信息采集服务网点$", "", "照片信息采集服务网点"),
        Part(r"中国银行服务热线：", "", "中国银行服务热线"),
    ),
    "jiangxi-manual": (
        Part(r"# 功能介绍$", "", "功能介绍"),
        Part(r"# 使用指南$", r"#+ .*?(\d)\. ?\S", "§{}"),
        Part(r"## 服 务 渠 道$", "", "服务渠道"),
        Part(r"## .*线上业务办理指南$", "", "线上业务办理指南"),
        Part(r"可拨打银行咨询服务电话", "", "银行咨询服务电话"),
    ),
    "beijing-rules": (Part(r"北京市社会保障卡使用管理须知$", r"(\d+)、", "第{}问"),),
    "beijing-notes": (Part(r"社保卡注意事项$", r"(\d+)、", "第{}条"),),
    "beijing-outpatient": (Part(r"北京市社会保障卡门诊就医须知$", r"(\d+)、", "第{}问"),),
}


def sections(source: str, text: str) -> dict[str, str]:
    """What stands in each section of a document, without spaces and line breaks, which scans put anywhere."""
    found: dict[str, str] = {}
    for name, line in _lines(source, text):
        found[name] = found.get(name, "") + line
    return found


def _lines(source: str, text: str) -> Iterator[tuple[str, str]]:
    begins = [(key, part) for key, parts in PARTS.items() for part in parts if part.begins]
    within = next((part for part in PARTS[source] if not part.begins), None)
    name = ""
    for line in map(str.strip, text.splitlines()):
        for key, part in begins:
            if re.match(part.begins, line):
                within = part if key == source else None
                name = part.name if within is not None and not part.heading else ""
        number = re.match(within.heading, line) if within is not None and within.heading else None
        if within is not None and number is not None:
            name = within.name.format(number[1].replace("-", "一"))
        if name:
            yield name, "".join(line.split())
