"""The terminals' page and its command: who is to be gone to first, and why."""

import json
from collections.abc import Callable

import msgspec
import pytest
import requests

from central.command_line import main
from central.enrolment import revoke
from central.tables import TerminalLedger
from central.telemetry import HOUR_MS
from central.telemetry_tables import SupplyReading, TerminalWord
from central.terminal_watch import SILENT_MS, Grade, Note, TerminalRow, watched
from kiosk.records.health import Ending, FrameTimes, SelfTest, Starts, Supplies
from kiosk.records.telemetry import STALE_S, DeviceTold, Queue, Standing, Telemetry, TelemetryTaken
from tests.centre import RunningCentre

NOW_MS = 1_800_000_000_000 // HOUR_MS * HOUR_MS
DAY_MS = 24 * HOUR_MS
WELL = Telemetry(
    sent_at_ms=NOW_MS,
    version="0.1.0",
    sheet_age_s=3,
    standing=Standing.WAITS,
    devices=(DeviceTold(device="card_reader", since_ms=1), DeviceTold(device="pin_pad", since_ms=1)),
    supplies=Supplies(
        paper="enough",
        faces_left=200,
        hopper=60,
        reject_bin=3,
        reject_bin_size=20,
        retained_bin=1,
        retained_bin_size=20,
    ),
    frames=FrameTimes(rounds=600, median_ms=34, worst_ms=70),
    memory_bytes=300 * 1024**2,
    starts=Starts(count=9, unasked=0, before=Ending.MAINTENANCE),
    disk_free_bytes=40 * 1024**3,
    certificate_ends_ms=NOW_MS + 100 * DAY_MS,
    queue=Queue(waiting=0, line="sending"),
)


SLOW = "画面 34 毫秒，最慢 1500"


def told(centre: RunningCentre, word: Telemetry, name: str = "zmd-0001") -> TerminalRow:
    """What is seen of a new terminal after this word."""
    centre.clock.held_ms = NOW_MS
    centre.ask(centre.enrol(name), "/v1/telemetry", word, TelemetryTaken)
    return seen(centre)[name]


def seen(centre: RunningCentre, now_ms: int = NOW_MS) -> dict[str, TerminalRow]:
    with centre.database.reading() as session:
        return {row.id: row for row in watched(session, now_ms)}


def but(**changes: object) -> Telemetry:
    return msgspec.structs.replace(WELL, **changes)


def test_a_terminal_that_is_well_has_nothing_to_complain_of(centre: RunningCentre) -> None:
    row = told(centre, WELL)
    assert (row.grade, row.state.zh, row.why) == (Grade.WELL, "可以办理", ())
    assert [note.zh for note in row.devices] == ["全部 2 件正常"]
    assert [note.zh for note in row.supplies] == [
        "凭条纸够用",
        "白卡 60 张",
        "色带还能印 200 面",
        "废卡箱 3/20",
        "回收箱 1/20",
    ]
    assert [note.zh for note in row.machine] == ["磁盘剩 40.0 GB", "时钟准", "中心证书还有 100 天", "上传正常"]
    assert row.program[0].zh == "版本 0.1.0"


@pytest.mark.parametrize(
    ("word", "grade", "where", "zh"),
    [
        (but(standing=Standing.CLOSED, closed_by="L-01"), Grade.BROKEN, "why", "记不了账 L-01"),
        (but(standing=Standing.CLOSED, closed_by="P-01"), Grade.BROKEN, "why", "密码键盘没有接上 P-01"),
        (but(sheet_age_s=STALE_S + 300), Grade.BROKEN, "why", "已有 6 分钟"),
        (
            but(devices=(DeviceTold(device="camera", code="V-07", since_ms=1),)),
            Grade.BROKEN,
            "devices",
            "摄像头画面不动 V-07",
        ),
        (
            but(self_test=SelfTest(begun_at_ms=1, tried=9, faults=("ledger_damaged", "pin_pad"))),
            Grade.WATCH,
            "program",
            "自检发现：账本有损坏、密码键盘",
        ),
        (but(self_test=SelfTest(begun_at_ms=1)), Grade.WATCH, "program", "自检没有做完"),
        (but(makes_no_cards=True), Grade.WATCH, "why", "不能制卡"),
        (but(reads_no_cards=True), Grade.BROKEN, "why", "读不了卡"),
        (but(supplies=Supplies(paper="low")), Grade.WATCH, "supplies", "凭条纸快完了"),
        (but(supplies=Supplies(hopper=0)), Grade.WATCH, "supplies", "白卡 0 张"),
        (but(supplies=Supplies(reject_bin=20, reject_bin_size=20)), Grade.WATCH, "supplies", "废卡箱 20/20"),
        (but(disk_free_bytes=100 * 1024**2), Grade.WATCH, "machine", "磁盘剩 0.1 GB"),
        (but(clock_offset_ms=-86_400_000), Grade.WATCH, "machine", "时钟快 24 小时"),
        (but(certificate_ends_ms=NOW_MS + 5 * DAY_MS), Grade.WATCH, "machine", "中心证书还有 5 天"),
        (but(queue=Queue(waiting=2, line="halted")), Grade.BROKEN, "machine", "上传停了，等人处理，待传 2 条"),
        (but(frames=FrameTimes(rounds=9, median_ms=34, worst_ms=1500)), Grade.WATCH, "program", SLOW),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_is(
    centre: RunningCentre, word: Telemetry, grade: Grade, where: str, zh: str
) -> None:
    row = told(centre, word)
    assert row.grade is grade
    notes: tuple[Note, ...] = getattr(row, where)
    assert [(note.zh, note.grade) for note in notes if note.grade > Grade.WELL] == [(zh, grade)]
    assert all(note.en for note in notes)


def test_what_runs_out_soon_is_told_with_what_it_rests_on(centre: RunningCentre) -> None:
    centre.clock.held_ms = NOW_MS
    with centre.database.writing() as session:
        for day in range(10):
            at = NOW_MS - (10 - day) * DAY_MS
            session.add(SupplyReading(terminal="zmd-0001", hour=at // HOUR_MS, read_at=at, hopper=100 - 6 * day))
    row = told(centre, but(supplies=Supplies(hopper=40)))
    (blanks,) = row.supplies
    assert (blanks.zh, blanks.grade) == ("白卡 40 张，约 6 天（按 10 天用 60 张）", Grade.WELL)
    assert blanks.en == "40 blanks, about 6 days (60 cards in 10 days)"
    centre.clock.held_ms = NOW_MS + DAY_MS
    later = seen(centre, NOW_MS + 4 * DAY_MS)["zmd-0001"].supplies[0]
    assert (later.zh.split("（")[0], later.grade) == ("白卡 40 张，约 2 天", Grade.WATCH)


def test_whoever_is_silent_is_told_as_it_was_and_not_as_broken(centre: RunningCentre) -> None:
    broken = told(centre, but(standing=Standing.CLOSED, closed_by="P-01"))
    assert broken.is_current
    just = seen(centre, NOW_MS + SILENT_MS)["zmd-0001"]
    silent = seen(centre, NOW_MS + SILENT_MS + 1)["zmd-0001"]
    assert (just.is_current, just.grade) == (True, Grade.BROKEN)
    assert (silent.is_current, silent.grade, silent.state.zh) == (False, Grade.UNKNOWN, "没有消息")


def test_a_word_in_another_versions_form_hides_no_other_terminal(centre: RunningCentre) -> None:
    told(centre, WELL, "zmd-0001")
    told(centre, WELL, "zmd-0002")
    with centre.database.writing() as session:
        session.get_one(TerminalWord, "zmd-0001").told = '{"schema":9,"standing":"asleep"}'
    rows = seen(centre)
    assert (rows["zmd-0001"].grade, rows["zmd-0001"].state.zh) == (Grade.UNKNOWN, "还没有消息")
    assert rows["zmd-0002"].grade is Grade.WELL


def test_who_is_to_be_gone_to_stands_first(centre: RunningCentre) -> None:
    told(centre, WELL, "a-well")
    told(centre, but(supplies=Supplies(paper="out")), "b-paper")
    told(centre, but(standing=Standing.CLOSED, closed_by="S-01"), "c-closed")
    centre.enrol("d-new")
    told(centre, WELL, "e-revoked")
    revoke(centre.database, "e-revoked", centre.clock)
    frozen = centre.enrol("f-frozen")
    with centre.database.writing() as session:
        session.get_one(TerminalLedger, (frozen.id, frozen.ledger_id)).frozen_reason = "fork"
    assert list(seen(centre)) == ["c-closed", "f-frozen", "b-paper", "d-new", "e-revoked", "a-well"]


def a_look(centre: RunningCentre, path: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(centre.ca_file)
        return session.get(f"{centre.url}{path}", headers=headers, timeout=10)


def test_the_page_and_its_data_are_for_this_machine_alone(centre: RunningCentre) -> None:
    told(centre, but(supplies=Supplies(paper="out")))
    page = a_look(centre, "/terminals")
    assert page.status_code == 200
    assert "https://" not in page.text.replace("http://www.w3.org", "")
    (row,) = a_look(centre, "/terminals.json").json()["terminals"]
    assert (row["id"], row["grade"], row["supplies"][0]["en"]) == ("zmd-0001", 2, "no paper")
    for path in ("/terminals", "/terminals.json"):
        assert a_look(centre, path, Host="evil.example").status_code == 403


def test_both_pages_have_one_head_and_each_says_where_it_is(centre: RunningCentre) -> None:
    pages = {path: a_look(centre, path).text for path in ("/", "/terminals")}
    heads = {path: page.partition("<header>")[2].partition("</header>")[0] for path, page in pages.items()}
    here = ' aria-current="page"'
    assert heads["/"].replace(here, "") == heads["/terminals"].replace(here, "") != ""
    assert f'<a href="./"{here}>' in heads["/"]
    assert f'<a href="terminals"{here}>' in heads["/terminals"]
    assert all(head.count(here) == 1 for head in heads.values())
    for page in pages.values():
        assert "{%" not in page
        assert page.count("async function follow(") == 1


def test_the_command_tells_the_same(
    centre: RunningCentre, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told(centre, but(standing=Standing.CLOSED, closed_by="P-01"))
    monkeypatch.setattr("central.command_line.time.time", a_clock_at(NOW_MS))
    assert main(["terminals", str(centre.directory)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("✗ zmd-0001 zhumadian  暂停服务 Out of service")
    assert "✗ 密码键盘没有接上 P-01 PIN pad not connected" in shown
    assert main(["terminals", str(centre.directory), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["grade"], row["is_current"]) == ("zmd-0001", 3, True)


def a_clock_at(now_ms: int) -> Callable[[], float]:
    return lambda: now_ms / 1000
