"""The citizens' cards that lie on the stand, with what a visitor should know of each."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulators.card.application import CardApplication
from simulators.card.card_file import CardFile, load_card_file, save_card_file
from simulators.stand.terminals import DemoTerminal

_WORDS: Final = {
    "zhumadian-normal": ("张示例", "Zhang Shili", "一切正常，密码已改过。"),
    "zhumadian-initial-pin": ("李测试", "Li Ceshi", "密码还是初始的，要先改才能用。"),
    "zhumadian-locked": ("王样本", "Wang Yangben", "输错六次，社保功能锁住了。"),
    "zhumadian-3.00": ("赵虚构 · 三代卡", "Zhao Xugou, norm 3.00", "国密 SM4，先验终端才给看信息。"),
    "rare-name": ("生僻字姓名", "A rare name", "姓名里有 GBK 以外的字。"),
    "long-name": ("特别长的姓名", "A long name", "一个字段装不下的姓名。"),
    "expired": ("过期的卡", "Expired", "有效期到 2020 年底。"),
    "clone-of-zhumadian-normal": ("复制的卡", "A clone", "文件全对，密钥不对。"),
    "beijing-normal": ("周模拟", "Zhou Moni", "密码由社保中心核对。"),
    "beijing-x": ("吴假设", "Wu Jiashe", "初始密码带字母 X，键盘打不出来。"),
    "beijing-3.00": ("郑试用 · 三代卡", "Zheng Shiyong, norm 3.00", "国密 SM4，密码由社保中心核对。"),
    "beijing-temporarily-lost": ("许预挂", "Xu Yugua", "已预挂失，后来找到了。"),
    "guizhou-normal": ("冯演示", "Feng Yanshi", "一切正常，密码已改过。"),
    "guizhou-initial-pin": ("卫初始", "Wei Chushi", "密码还是 888888。"),
    "guizhou-old-card-pin": ("蒋旧卡", "Jiang Jiuka", "密码沿用旧医保卡的 666666。"),
    "qingdao-normal": ("沈范例", "Shen Fanli", "一切正常，密码已改过。"),
    "qingdao-initial-pin": ("韩新发", "Han Xinfa", "密码还是 123456。"),
    "qingdao-locked": ("杨锁住", "Yang Suozhu", "输错六次，卡锁住了。"),
    "jiangxi-normal": ("朱举例", "Zhu Juli", "密码由社保中心核对。"),
    "jiangxi-initial-pin": ("秦初用", "Qin Chuyong", "密码还是 123456。"),
    "jiangxi-x": ("尤尾号", "You Weihao", "号码末位是 X。"),
    "jiangxi-temporarily-lost": ("孔临挂", "Kong Lingua", "已临时挂失，后来找到了。"),
    "guizhou-bank-side-only": ("陆只银", "Lu Zhiyin", "只开通了银行功能。"),
    "qingdao-not-activated": ("于未启", "Yu Weiqi", "还没有启用。"),
    "zhumadian-not-activated": ("钱待启", "Qian Daiqi", "刚领到，还没有启用。"),
    "zhumadian-blocked": ("马待停", "Ma Daiting", "卡没坏，医保待遇被停。"),
    "zhumadian-renamed": ("范旧名", "Fan Jiuming", "改过名字，卡里还是旧的。"),
    "beijing-formally-lost": ("何书面", "He Shumian", "已正式挂失。"),
    "beijing-cancelled": ("吕注销", "Lü Zhuxiao", "已注销。"),
    "beijing-replaced": ("施补卡", "Shi Buka", "已补办了新卡，这是旧的。"),
    "bank-only": ("银行卡", "A bank card", "没有社会保障功能。"),
    "blank": ("空白卡", "A blank card", "还没有写入任何人。"),
}


@dataclass(frozen=True, slots=True)
class DemoCard:
    """One card on the stand; its file keeps what the chip keeps."""

    key: str
    path: Path
    centre_pin: str
    """What the centre was seeded with; empty where the chip holds the PIN."""
    made_here: bool = False
    """A terminal of the stand has made it."""

    def file(self) -> CardFile:
        """The card as it is now."""
        return load_card_file(self.path)

    def chip(self) -> CardApplication:
        """The chip, ready to be put into a slot."""
        return CardApplication(self.file(), keep=lambda card: save_card_file(self.path, card))

    @property
    def title(self) -> str:
        """What it is called on the stand."""
        return _WORDS.get(self.key, (f"新卡 {self.key[-4:]}" if self.made_here else self.key, "", ""))[0]

    @property
    def title_en(self) -> str:
        """The same in English."""
        return _WORDS.get(self.key, ("", f"New card {self.key[-4:]}" if self.made_here else self.key, ""))[1]

    def picture(self, region: str, terminals: Mapping[str, DemoTerminal]) -> dict[str, Any]:
        """What the bench shows of it.

        :param region: the terminal that stands there, so that cards of elsewhere are seen to be so.
        """
        card = self.file()
        home, place = next(
            ((key, terminal.zh) for key, terminal in terminals.items() if card.region in terminal.codes), ("", "")
        )
        chip_pin = card.social_security.pin if card.social_security else None
        return {
            "key": self.key,
            "title": f"{place} · {self.title}" if place and card.social_security else self.title,
            "title_en": self.title_en,
            "about": _WORDS.get(self.key, ("", "", ""))[2],
            "about_en": card.about,
            "kind": _kind(self.key, card),
            "here": home == region or card.social_security is None,
            "pin": chip_pin.digits if chip_pin else self.centre_pin,
        }


def lay_out(directory: Path, decks: Sequence[Path], seeds: Sequence[Path]) -> list[DemoCard]:
    """Lay copies of the decks out in a directory, those that lie there already untouched.

    :param decks: directories of card files.
    :param seeds: what the centre was planted with, for the PINs that it holds.
    """
    directory.mkdir(exist_ok=True)
    pins = _centre_pins(seeds)
    cards = []
    for original in sorted((path for deck in decks for path in deck.glob("*.json")), key=_place_on_the_stand):
        copy = directory / original.name
        if not copy.exists():
            shutil.copyfile(original, copy)
        environment = load_card_file(copy).social_security
        code = environment.issuer.identification_code if environment and environment.issuer else ""
        cards.append(DemoCard(original.stem, copy, pins.get(code, "")))
    return cards


def _place_on_the_stand(path: Path) -> tuple[int, str]:
    names = list(_WORDS)
    return (names.index(path.stem) if path.stem in names else len(names), path.stem)


def _kind(key: str, card: CardFile) -> str:
    if key.startswith("clone"):
        return "clone"
    environment = card.social_security
    if environment is None:
        return "bank_only" if card.bank_side else "foreign"
    if environment.issuer is None:
        return "blank"
    return "v3" if environment.issuer.norm_version == "3.00" else "social_security"


def _centre_pins(seeds: Sequence[Path]) -> dict[str, str]:
    holders = [one for seed in seeds for one in json.loads(seed.read_text(encoding="utf-8"))["holders"]]
    return {one["identification_code"]: one["centre_pin"]["pin"] for one in holders if one["centre_pin"]}
