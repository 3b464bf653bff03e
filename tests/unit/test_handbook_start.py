"""A terminal's handbook at its start: there, closed, or wrong with file and line."""

import shutil
from pathlib import Path

import msgspec
import pytest

from kiosk.bootstrap import load_region_handbook
from kiosk.configuration import (
    CardReaderSection,
    CentreSection,
    Configuration,
    ConfigurationError,
    DisplaySection,
    PathsSection,
    PinPadSection,
    TerminalSection,
)
from kiosk.handbook.handbook import NO_HANDBOOK
from kiosk.policy.pack import Basis, Rule, load_pack
from kiosk.policy.region import Region
from kiosk.records.transaction import Service
from tests.shipped_handbooks import CONFIG, READINGS


def configuration(config: Path, assets: Path = READINGS.parents[1]) -> Configuration:
    nowhere = Path("/nonexistent")
    return Configuration(
        terminal=TerminalSection(id="gz-0001", region="guizhou", state=nowhere, credentials=nowhere),
        display=DisplaySection(),
        card_reader=CardReaderSection(name="reader"),
        pin_pad=PinPadSection(port=nowhere),
        centre=CentreSection(url="https://localhost", ca=nowhere, keys=nowhere),
        paths=PathsSection(
            regions=config / "regions", handbook=config / "handbook", outlets=config / "outlets", assets=assets
        ),
    )


def guizhou() -> Region:
    return Region(load_pack(CONFIG / "regions" / "guizhou.toml"))


def test_a_terminal_has_its_regions_handbook() -> None:
    book = load_region_handbook(configuration(CONFIG), guizhou())
    assert [article.id for article in book.find("lszjyz")] == []
    assert book.find("linshi")[0].id == "meanwhile"


def test_a_closed_handbook_need_not_be_there(tmp_path: Path) -> None:
    pack = guizhou().pack
    shut: Rule[bool] = Rule(basis=Basis.OPERATOR, value=False, reason="x")
    service = msgspec.structs.replace(pack.services[Service.ASK_HANDBOOK], self_service=shut)
    closed = Region(msgspec.structs.replace(pack, services={**pack.services, Service.ASK_HANDBOOK: service}))
    assert load_region_handbook(configuration(tmp_path), closed) is NO_HANDBOOK


def test_a_wrong_handbook_keeps_the_terminal_shut(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    articles = config / "handbook" / "guizhou.toml"
    articles.write_text(articles.read_text(encoding="utf-8").replace("answer =", "reply =", 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"{articles}:\d+: articles\[0\]\.reply: unknown key"):
        load_region_handbook(configuration(config), guizhou())
    articles.unlink()
    with pytest.raises(ConfigurationError, match=rf"services\.ask_handbook: {articles}: can't be read"):
        load_region_handbook(configuration(config), guizhou())
    with pytest.raises(ConfigurationError, match=r"paths\.assets: .*pinyin\.txt"):
        load_region_handbook(configuration(CONFIG, tmp_path), guizhou())
