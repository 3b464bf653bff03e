"""``kiosk region`` as an operator starts it, and the two documents that rest on it."""

import os
import re
import shutil
import subprocess
import sys
from enum import Enum
from pathlib import Path

import msgspec
import pytest

from kiosk.policy.card_rules import (
    ActivationRules,
    ApplicationRules,
    CancellingRules,
    DataChangeRules,
    FileSize,
    PaperRules,
    PixelSize,
    PortraitRules,
    ProxyRules,
    ReplacementRules,
)
from kiosk.policy.care_rules import EcardRules, MoneyRules, OffsiteRules
from kiosk.policy.counter import ProxyPapers, Step
from kiosk.policy.pack import BankLine, LossRules, Pack, PinRules, Rule, ServiceRules, Source, Term, Unreadable
from kiosk.records.transaction import Service
from tests.commands import kiosk

REPOSITORY = Path(__file__).parents[2]
REGIONS = REPOSITORY / "config" / "regions"
SERVICES = (REPOSITORY / "docs" / "services.md").read_text(encoding="utf-8")
PIN_RULES = (
    "name", "held_by", "length", "initial", "initial_otherwise", "optional", "initial_must_change", "tries",
    "refused_weaknesses", "change", "forgotten", "locked",
)  # fmt: skip
SECTIONS: list[type[msgspec.Struct]] = [
    PinRules, LossRules, ActivationRules, ApplicationRules, ReplacementRules, DataChangeRules, CancellingRules,
    PortraitRules, ProxyRules, OffsiteRules, EcardRules, MoneyRules,
]  # fmt: skip
FORMS: list[type[msgspec.Struct]] = [
    Pack, Source, Unreadable, Rule, *SECTIONS, PaperRules, Term, Step, ProxyPapers, BankLine, ServiceRules,
    PixelSize, FileSize,
]  # fmt: skip
HOW_TO = (REPOSITORY / "docs" / "regions.md").read_text(encoding="utf-8")


def kiosk_region(*arguments: str | Path, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return kiosk("region", *arguments, cwd=cwd)


def table(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def spoiled(folder: Path, name: str, rule: str, old: str, new: str) -> Path:
    """A copy of the packs, one rule of them changed."""
    copy = folder / "regions"
    shutil.copytree(REGIONS, copy)
    before, heading, after = (copy / name).read_text(encoding="utf-8").partition(f"[{rule}]\n")
    own, gap, others = after.partition("\n\n")
    assert (heading + own).count(old) == 1
    (copy / name).write_text(before + (heading + own).replace(old, new) + gap + others, encoding="utf-8")
    return copy


def test_the_packs_as_shipped_are_sound() -> None:
    done = kiosk_region("check")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "5 packs, 0 faults\n"
    assert kiosk_region("check", "tests/regions/yunling.toml").returncode == 0


def test_check_tells_every_fault_of_every_pack_on_its_own_line(tmp_path: Path) -> None:
    regions = spoiled(tmp_path, "zhumadian.toml", "pin.tries", "pin.tries", "pin.attempts")
    beijing = (regions / "beijing.toml").read_text(encoding="utf-8")
    (regions / "beijing.toml").write_text(beijing.replace("count = 10", "count = 0"), encoding="utf-8")
    done = kiosk_region("check", "--regions", regions, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "5 packs, 3 faults\n"
    told = [line.removeprefix(f"{regions}/") for line in done.stdout.splitlines()]
    assert [re.sub(r":\d+:", ":", line) for line in told] == [
        "beijing.toml: loss.validity.value.count: 0 does not fit; wanted is a whole number from 1 to 10000",
        "zhumadian.toml: pin.tries: missing; wanted is a table with basis, value, cite, reason",
        f"zhumadian.toml: pin.attempts: unknown key; allowed: {', '.join(PIN_RULES)}",
    ]
    only = kiosk_region("check", regions / "beijing.toml", regions / "qingdao.toml", cwd=tmp_path)
    assert (only.returncode, len(only.stdout.splitlines())) == (1, 1)


def test_a_folder_without_packs_says_so(tmp_path: Path) -> None:
    for action in (("check",), ("matrix",)):
        done = kiosk_region(*action, cwd=tmp_path)
        assert done.returncode == 1
        assert "config/regions: no region pack (*.toml) there" in done.stderr
        assert "Traceback" not in done.stderr


def test_show_gives_each_rule_with_what_it_rests_on() -> None:
    shown = kiosk_region("show", "guizhou", "--language", "zh").stdout
    assert shown.startswith("guizhou: 贵州省本级\n")
    title = "《贵州省本级社会保障卡问答（原件未见标题）》 (about 2012)"
    assert f"loss.formal_place = 发卡银行的营业网点，本人带有效身份证件\n    source: {title} 第五问\n" in shown
    assert "loss.formal_deadline = 5 days; 过了 5 日" in shown
    assert "loss.validity = not stated\n\n" in shown
    assert "中国工商银行 95588, 中国农业银行 95599" in shown
    assert "pin.refused_weaknesses = repeated\n    inferred: " in shown
    assert "    reason: An old card's PIN of six equal digits" in shown
    assert "unreadable: 社保办事大厅在中山西路的门牌号; " in shown
    assert "services.temporary_loss.self_service = no\n" in shown
    rules = re.findall(r"^[a-z_]+(?:\.[a-z_]+)* = ", shown, re.MULTILINE)
    sections = sum(len(form.__struct_fields__) for form in SECTIONS) + 5 * len(PaperRules.__struct_fields__)
    assert "portrait.size = not stated\n" in shown
    assert len(rules) == 3 + sections + 5 * len(Service)
    assert "activation.failures = only_bank_side, bank_pin_typed, equal_digits\n" in shown
    assert (
        "cancelling.death_steps = family: 省社会保险事业局医保征缴处: 销医保功能 (family_id, id_card, card)\n" in shown
    )
    assert "proxy.papers = pin_reset: proxy_id, id_card, card; cancelling: proxy_id, id_card, card\n" in shown
    english = kiosk_region("show", "guizhou").stdout
    assert "An outlet of the card's issuing bank" in english
    assert "发卡银行的营业网点" not in english


def test_show_gives_a_printed_date_as_it_is_and_every_source() -> None:
    shown = kiosk_region("show", "zhumadian").stdout
    assert (
        "    source: 《社会保障卡知识手册 v1.0》 (2019-05) §1.6; 《社会保障卡知识手册 v1.0》 (2019-05) §4.2\n" in shown
    )


def test_show_of_a_region_that_is_not_there_names_those_that_are() -> None:
    done = kiosk_region("show", "zhengzhou")
    assert done.returncode == 2
    assert "there are: beijing, guizhou, jiangxi, qingdao, zhumadian" in done.stderr


def test_matrix_in_short() -> None:
    rows = [line.split() for line in kiosk_region("matrix").stdout.splitlines()]
    assert rows[0] == ["region", "service", "open", "basis", "offline"]
    assert ["beijing", "temporary_loss", "yes", "source", "recorded"] in rows
    assert ["qingdao", "temporary_loss", "no", "inferred", "recorded"] in rows
    assert len(rows) == 1 + 5 * len(Service)


def test_the_services_page_and_the_packs_agree() -> None:
    printed = kiosk_region("matrix", "--markdown")
    assert printed.returncode == 0
    assert table(SERVICES) == table(printed.stdout)


@pytest.mark.parametrize(
    ("name", "rule", "old", "new"),
    [
        ("jiangxi.toml", "services.temporary_loss.self_service", "true", "false"),
        ("qingdao.toml", "services.card_query.self_service", '"source"', '"operator"\nreason = "x"'),
        ("beijing.toml", "services.temporary_loss.offline", "recorded", "refused"),
        ("zhumadian.toml", "services.card_query.self_service", "§1.2", "§1.3"),
        ("guizhou.toml", "services.card_query.place", "or call 12333", "or call 12345"),
    ],
    ids=["open", "basis", "offline", "source", "place"],
)
def test_a_change_in_a_pack_changes_one_row(tmp_path: Path, name: str, rule: str, old: str, new: str) -> None:
    changed = spoiled(tmp_path, name, rule, old, new)
    printed = table(kiosk_region("matrix", "--markdown", "--regions", changed).stdout)
    written = table(SERVICES)
    assert len(printed) == len(written)
    assert sum(one != other for one, other in zip(printed, written, strict=True)) == 1


@pytest.mark.parametrize("form", FORMS)
def test_every_field_of_a_pack_is_explained(form: type[msgspec.Struct]) -> None:
    named = set(re.findall(r"`([a-z_0-9]+)`", HOW_TO)) | set(re.findall(r"\[([a-z_]+)[.]", HOW_TO))
    assert set(form.__struct_fields__) - named == set()


def test_every_word_a_journey_decides_by_is_explained() -> None:
    """The words of each enumeration, in the rows of the rules that take them."""
    words = {word for form in FORMS for kind in enums_of(msgspec.inspect.type_info(form)) for word in kind}
    assert len(words) > 150
    assert {str(word.value) for word in words} - set(re.findall(r"`([a-z_0-9]+)`", HOW_TO)) == set()


def enums_of(kind: msgspec.inspect.Type) -> set[type[Enum]]:
    match kind:
        case msgspec.inspect.EnumType():
            return {kind.cls}
        case msgspec.inspect.StructType():
            return {found for field in kind.fields for found in enums_of(field.type)}
        case msgspec.inspect.UnionType():
            return {found for one in kind.types for found in enums_of(one)}
        case msgspec.inspect.VarTupleType():
            return enums_of(kind.item_type)
        case msgspec.inspect.DictType():
            return enums_of(kind.key_type) | enums_of(kind.value_type)
    return set()


def test_the_worked_example_is_yunlings() -> None:
    yunling = (REPOSITORY / "tests" / "regions" / "yunling.toml").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", HOW_TO, re.DOTALL)
    assert len(blocks) == 4
    assert [block for block in blocks if block not in yunling] == []


@pytest.mark.parametrize("arguments", [["show", "beijing"], ["matrix", "--markdown"], ["check"]], ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path, arguments: list[str]) -> None:
    """``kiosk region show beijing | head -1``, with the reader gone before anything is written."""
    regions = (
        spoiled(tmp_path, "zhumadian.toml", "pin.tries", "pin.tries", "pin.attempts")
        if "check" in arguments
        else REGIONS
    )
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "kiosk", "region", *arguments, "--regions", str(regions)],
            stdout=nobody, stderr=subprocess.PIPE, text=True, timeout=60, check=False, cwd=REPOSITORY,
        )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert done.returncode == 141
