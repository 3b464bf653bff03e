"""The region's rules, each with what it rests on; changed by a file alone that the centre has signed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from kiosk import bootstrap
from kiosk.journeys.technician_views import Act, Mark, Page, Row
from kiosk.policy.pack import rules_of
from kiosk.policy.region import Region
from kiosk.policy.rule import Text
from kiosk.records.china_time import minute_of
from kiosk.records.technician import ActOutcome, Role
from kiosk.technician.desk.pages import Done, Pages, done, row
from kiosk.technician.desk.visit import Visit
from kiosk.technician.packs import NotTaken, packs_on, present_pack, take_pack
from kiosk.technician.rule_words import grounds, said

_TAKE = "take-"


class RegionPages(Pages):
    """``region``."""

    titles: ClassVar[Mapping[str, Text]] = {"region": Text(zh="地区规则", en="region's rules")}

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._found: tuple[Path, ...] = ()

    def page(self, word: str) -> Page:
        """See :meth:`Pages.page`."""
        configuration = self._visit.configuration
        region = bootstrap.load_region(configuration)
        signed = present_pack(configuration)
        rows = [row("地区", "region", f"{region.key} {region.pack.name.zh} {region.pack.name.en}")]
        if signed is None:
            rows.append(row("来源", "comes from", "随程序安装 installed with the program"))
        else:
            digest = hashlib.sha256(signed.content).hexdigest()[:16]
            rows.append(row("中心签发", "signed by the centre", f"{minute_of(signed.signed_ms)}, SHA-256 {digest}"))
        self._found = packs_on(self._visit.sticks)
        take = tuple(
            Act(
                f"{_TAKE}{number}",
                Text(zh=f"装入 {file.name}", en=f"take {file.name}"),
                Role.CONFIGURE,
                asks_again=True,
            )
            for number, file in enumerate(self._found)
        )
        note = Text(
            zh="只接受中心签名的规则文件；U 盘由 root 挂到 /mnt，再打开本页",
            en="only what the centre has signed is taken; root mounts the stick at /mnt, then open this page again",
        )
        return Page(word, self.titles[word], (*rows, *_rules(region)), take, note=note)

    def do(self, word: str, act: str, given: Mapping[str, str]) -> Done:
        """Take a signed file."""
        file = self._found[int(act.removeprefix(_TAKE))]
        try:
            taken = take_pack(self._visit.configuration, file)
        except NotTaken as refusal:
            told = str(refusal)
            return Done(ActOutcome.REFUSED, Text(zh=f"没有装入：{told}", en=f"not taken: {told}"), Mark.FAULT)
        signed = minute_of(taken.signed_ms)
        return done(
            f"装入了 {signed} 签发的规则，重启终端后生效", f"taken, signed {signed}; it counts from the next start on"
        )


def _rules(region: Region) -> list[Row]:
    return [
        Row(Text(zh=name, en=name), " | ".join((said(rule.value, "zh"), *grounds(region, rule))))
        for name, rule in rules_of(region.pack)
    ]
