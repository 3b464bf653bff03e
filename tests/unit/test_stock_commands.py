"""``kiosk stock`` as two people at a terminal start it: what it prints, what it refuses, and with which exit code."""

import base64
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import bootstrap
from kiosk.__main__ import USAGE, main
from kiosk.configuration import ConfigurationError, load_configuration
from kiosk.ledger import Ledger
from tests import ledgers

JOB = "a1" * 16
CODE = "411700D156000005000000000000A001"
TWO = ("--by", "1017", "--and", "李组长")
STOCK = "hopper = 20\nhopper_low = 2\nreject_bin = 3\nreject_bin_high = 2\nretained_bin = 3\nretained_bin_high = 2\n"
Ran = tuple[int, str, str]


def configured(folder: Path, stock: str | None = STOCK) -> Path:
    """``kiosk.toml`` of a terminal whose ledger is made and whose keys lie beside it."""
    section = "" if stock is None else f"[stock]\n{stock}"
    (folder / "kiosk.toml").write_text(
        f'[terminal]\nid = "{ledgers.TERMINAL}"\nregion = "beijing"\nstate = "state"\ncredentials = "keys"\n'
        '[display]\n[card_reader]\nname = "r"\n[pin_pad]\nport = "p"\n'
        '[centre]\nurl = "https://centre.test"\nca = "ca.pem"\nkeys = "centre.json"\n'
        '[paths]\nregions = "."\nhandbook = "."\noutlets = "."\nassets = "."\n' + section,
        encoding="utf-8",
    )
    return folder / "kiosk.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "storage.key").write_bytes(ledgers.STORAGE_KEY)
    keys = {"key_id": "c", "signing_key": "", "opening_key": base64.b64encode(_opening()).decode()}
    (tmp_path / "centre.json").write_text(json.dumps(keys), encoding="utf-8")
    configured(tmp_path)
    ledgers.create(tmp_path / "state" / "ledger").close()
    return tmp_path


def _opening() -> bytes:
    return ledgers.CENTRE.public_key().public_bytes_raw()


@pytest.fixture
def stock(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(["stock", *arguments, "--config", str(folder / "kiosk.toml")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def ledger_of(folder: Path) -> Ledger:
    return ledgers.reopen(folder / "state" / "ledger")


def entries(folder: Path) -> int:
    with ledger_of(folder) as ledger:
        return ledger.head().sequence


def test_two_people_hand_over_and_the_book_is_shown(stock: Callable[..., Ran], folder: Path) -> None:
    code, said, error = stock("show")
    assert (code, error) == (31, "kiosk stock: 卡箱里没有白卡。The hopper is empty.\n")
    assert said == (
        "outcome: blocked\n"
        "交接 handed over: 0\n"
        "卡箱 hopper: 0 of 20, empty\n"
        "打印机内 in the printer: 0\n"
        "出卡口 at the exit: 0\n"
        "废卡箱 reject bin: 0 of 3, ok\n"
        "回收箱 retained bin: 0 of 3, ok\n"
        "已领走 with citizens: 0\n"
        "已取出 taken out by staff: 0\n"
        "差额 missing: 0\n"
        "平衡 balances: yes\n"
        "笔数 movements: 0, 最近盘点 last close-out: never\n"
    )
    code, said, error = stock("hand-over", "12", *TWO)
    assert (code, error) == (0, "")
    assert "卡箱 hopper: 12 of 20, ok\n" in said
    assert stock("show")[0] == 0
    assert entries(folder) == 1


def test_a_low_hopper_and_a_full_bin_have_their_codes(stock: Callable[..., Ran], folder: Path) -> None:
    stock("hand-over", "6", *TWO)
    with ledger_of(folder) as ledger:
        book = ledgers.book_of(ledger)
        for number in range(2):
            book.feed(f"{number:032x}")
            book.reject(f"{number:032x}", "chip_dead")
    code, said, _ = stock("show")
    assert (code, "废卡箱 reject bin: 2 of 3, high\n" in said) == (30, True)
    with ledger_of(folder) as ledger:
        book = ledgers.book_of(ledger)
        book.feed(JOB)
        book.reject(JOB, "chip_dead")
    code, said, error = stock("show")
    assert (code, error) == (31, "kiosk stock: 废卡箱满了。The reject bin is full.\n")
    assert f"废卡箱 reject bin: {JOB}\n" in said
    assert stock("empty", "reject-bin", "2", *TWO)[0] == 32, "three lie there"
    assert stock("empty", "reject-bin", "3", *TWO)[0] == 0
    assert stock("show")[0] == 0


def test_one_json_object_for_whoever_reads_on(stock: Callable[..., Ran], folder: Path) -> None:
    stock("hand-over", "5", *TWO)
    with ledger_of(folder) as ledger:
        book = ledgers.book_of(ledger)
        book.feed(JOB)
        book.identify(JOB, CODE)
    code, said, _ = stock("show", "--json")
    shown = json.loads(said)
    assert (code, shown["outcome"]) == (31, "blocked"), "one stands in the printer"
    assert shown["places"] == {
        "hopper": 4, "printer": 1, "exit": 0, "reject_bin": 0, "retained_bin": 0, "citizen": 0, "staff": 0, "missing": 0
    }  # fmt: skip
    assert (shown["handed_over"], shown["balances"]) == (5, True)
    (blank,) = shown["blanks"]
    assert (blank["job"], blank["place"]) == (JOB, "printer")
    assert CODE not in said
    assert json.loads(stock("show", "--json", "--reveal")[1])["blanks"][0]["identification_code"] == CODE


def test_history_tells_who_signed_and_hides_the_codes(stock: Callable[..., Ran], folder: Path) -> None:
    stock("hand-over", "5", *TWO)
    with ledger_of(folder) as ledger:
        book = ledgers.book_of(ledger)
        book.feed(JOB)
        book.identify(JOB, CODE)
    stock("remove", "--job", JOB, "--by", "1017", "--and", "1018")
    code, said, error = stock("history")
    assert (code, error) == (0, "")
    lines = said.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["1", "2", "3", "4"]
    assert "hand" in lines[0]
    assert "1017 + 李组长" in lines[0]
    assert "removed" in lines[3]
    assert "jammed" in lines[3]
    assert CODE not in said
    assert CODE in stock("history", "--reveal")[1]
    rows = json.loads(stock("history", "--json", "--last", "2")[1])["movements"]
    assert [(row["number"], row["move"]) for row in rows] == [(3, "identified"), (4, "removed")]


def test_a_count_that_differs_is_told_place_by_place_and_closes_only_when_explained(
    stock: Callable[..., Ran], folder: Path
) -> None:
    stock("hand-over", "12", *TWO)
    counted = ("--hopper", "11", "--printer", "0", "--reject-bin", "1", "--retained-bin", "0")
    code, said, error = stock("close-out", *counted, *TWO)
    assert (code, said) == (33, "outcome: does_not_balance\n")
    assert error == (
        "kiosk stock: 清点的和账上的不一样：再数一遍；确实不一样，用 --explain 写明原因。"
        "Counted is not what the book has: count again, and if it stays so, explain it by --explain "
        "(hopper -1, reject bin +1).\n"
    )
    assert json.loads(stock("close-out", *counted, *TWO, "--json")[1]) == {
        "outcome": "does_not_balance", "reason": "does_not_balance", "differences": {"hopper": -1, "reject_bin": 1}
    }  # fmt: skip
    assert entries(folder) == 1
    code, said, _ = stock("close-out", *counted, *TWO, "--explain", "put into the wrong slot")
    assert (code, "最近盘点 last close-out: 3" in said) == (0, True)
    assert "put into the wrong slot" in stock("history")[1]
    assert stock("close-out", *counted, *TWO)[0] == 0, "now it balances"


def test_one_person_does_not_sign_for_two(stock: Callable[..., Ran], folder: Path) -> None:
    code, said, error = stock("hand-over", "12", "--by", "1017", "--and", "1017")
    assert (code, said) == (32, "outcome: refused\n")
    assert "要两个不同的人签" in error
    assert "Two different people sign" in error
    assert entries(folder) == 0


@pytest.mark.parametrize("held", ["ledger", "state"])
def test_a_terminal_that_runs_is_told_and_nothing_is_written(
    stock: Callable[..., Ran], folder: Path, held: str
) -> None:
    stock("hand-over", "12", *TWO)
    configuration = load_configuration(folder / "kiosk.toml")
    with ledger_of(folder) if held == "ledger" else bootstrap.reserved_state(configuration):
        code, said, error = stock("hand-over", "3", *TWO)
        assert (code, said) == (34, "outcome: in_use\n")
        assert "自助机正在运行" in error
        assert "the terminal runs and holds its ledger: stop it" in error.lower()
        code, said, _ = stock("show")
        assert (code, "卡箱 hopper: 12 of 20, ok" in said) == (0, True), "looking needs no stop"
        assert stock("history")[0] == 0
    assert stock("hand-over", "3", *TWO)[0] == 0


def test_keys_that_the_service_manager_hands_over_are_taken(
    stock: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "keys").rename(folder / "handed-over")
    assert stock("hand-over", "3", *TWO)[0] != 0
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder / "handed-over"))
    assert stock("hand-over", "3", *TWO)[0] == 0


def test_a_ledger_that_can_not_be_used_is_said_so(stock: Callable[..., Ran], folder: Path) -> None:
    stock("hand-over", "12", *TWO)
    db = sqlite3.connect(folder / "state" / "ledger" / "ledger.db")
    with db:
        db.execute("UPDATE kept SET sealed = x'00' WHERE name = 'stock'")
    db.close()
    assert stock("show")[:2] == (35, "outcome: unusable\n")
    code, said, error = stock("hand-over", "1", *TWO)
    assert (code, said) == (35, "outcome: unusable\n")
    assert "账本读不出来" in error
    assert "beside its entries is damaged" in error
    (folder / "state" / "ledger" / "ledger.db").unlink()
    assert stock("show")[0] == 35


def test_a_terminal_without_a_stock_says_what_is_missing(folder: Path, stock: Callable[..., Ran]) -> None:
    configured(folder, None)
    code, _, error = stock("show")
    assert (code, error) == (USAGE, "kiosk: stock: the section is missing: this terminal issues no cards\n")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("hopper_low = 2", "hopper_low = 20"), r"kiosk\.toml:\d+: stock\.hopper_low: 20 .* less than hopper, 20"),
        (("reject_bin_high = 2", "reject_bin_high = 4"), r"stock\.reject_bin_high: 4 .* size, 3"),
        (("hopper = 20", "hopper = 0"), r"stock\.hopper: 0 does not fit; wanted is a whole number from 1"),
        (("hopper_low = 2\n", ""), r"stock\.hopper_low: missing"),
    ],
)
def test_a_section_that_can_not_be_is_named(folder: Path, change: tuple[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load_configuration(configured(folder, STOCK.replace(*change)))


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["stock", "close-out", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "33 does not balance: close-out: counted is not what the book has" in told
    assert "34 in use: the terminal runs" in told
