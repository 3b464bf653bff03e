"""What a terminal tells of itself: built from its sheet, naming nobody; told when it is due, and only the newest."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.central_client import CentreError, CentreRefused, CentreUnreachable
from kiosk.records.health import DeviceHealth, Ending, FrameTimes, HealthSheet, Starts, Supplies
from kiosk.records.telemetry import (
    STALE_S,
    Around,
    DeviceTold,
    Queue,
    Standing,
    Telemetry,
    TelemetryTaken,
    telemetry,
    worth_telling,
)
from kiosk.records.upload import Problem
from kiosk.runtime.technician_mode import STANDING
from kiosk.uplink.telegraph import AGAIN_S, EVERY_S, SOON_S, Telegraph, read_sheet

T = TypeVar("T")
NOW_MS = 1_800_000_000_000
AROUND = Around(
    disk_free_bytes=10**9,
    clock_offset_ms=-1500,
    certificate_ends_ms=NOW_MS + 10**9,
    queue=Queue(waiting=3, line="sending"),
)
SHEET = HealthSheet(
    terminal="zmd-0001",
    version="0.1.0",
    started_at_ms=NOW_MS - 10**6,
    written_at_ms=NOW_MS - 4_000,
    standing="waits for somebody",
    devices=(DeviceHealth(device="pin_pad", code="P-01", found="no such port", since_ms=NOW_MS - 60_000),),
    supplies=Supplies(paper="low", hopper=40),
    frames=FrameTimes(rounds=600, median_ms=34, worst_ms=80),
    memory_bytes=300_000_000,
    starts=Starts(count=7, unasked=1, before=Ending.WATCHDOG),
)
PLANTED = ("张示例", "411700198504121036", "T41170015", "Zhang Shili")


def altered(**changes: object) -> HealthSheet:
    return msgspec.structs.replace(SHEET, **changes)


def test_all_that_the_sheet_knows_is_told() -> None:
    told = telemetry(SHEET, AROUND, NOW_MS)
    assert told == Telemetry(
        sent_at_ms=NOW_MS,
        version="0.1.0",
        started_at_ms=NOW_MS - 10**6,
        sheet_age_s=4,
        standing=Standing.WAITS,
        devices=(DeviceTold(device="pin_pad", code="P-01", since_ms=NOW_MS - 60_000),),
        supplies=SHEET.supplies,
        frames=SHEET.frames,
        memory_bytes=300_000_000,
        starts=SHEET.starts,
        disk_free_bytes=10**9,
        clock_offset_ms=-1500,
        certificate_ends_ms=NOW_MS + 10**9,
        queue=AROUND.queue,
    )
    assert msgspec.json.decode(msgspec.json.encode(told), type=Telemetry) == told


@pytest.mark.parametrize("damage", [b"", b"\0" * 64, b'{"terminal":"\xff"}', b"[" * 100_000])
def test_a_sheet_that_a_power_cut_left_in_pieces_is_none(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "health.json").write_bytes(damage)
    assert read_sheet(tmp_path / "health.json") is None


@pytest.mark.parametrize(
    ("words", "standing", "closed_by", "reads_none", "makes_none"),
    [
        ("serves somebody", Standing.SERVES, "", False, False),
        ("serves somebody, makes no card: the printer's cover is open", Standing.SERVES, "", False, True),
        ("serves somebody, reads no card: C-01", Standing.SERVES, "", True, False),
        ("waits for somebody, reads no card: C-09, makes no card: no blanks", Standing.WAITS, "", True, True),
        ("waits for somebody", Standing.WAITS, "", False, False),
        ("out of service, P-01", Standing.CLOSED, "P-01", False, False),
        (STANDING, Standing.TENDED, "", False, False),
    ],
)
def test_how_it_stands(words: str, standing: Standing, closed_by: str, reads_none: bool, makes_none: bool) -> None:
    told = telemetry(altered(standing=words), AROUND, NOW_MS)
    assert (told.standing, told.closed_by) == (standing, closed_by)
    assert (told.reads_no_cards, told.makes_no_cards) == (reads_none, makes_none)


def test_a_slot_that_does_nothing_is_worth_telling() -> None:
    before, after = altered(standing="waits for somebody"), altered(standing="waits for somebody, reads no card: C-01")
    assert worth_telling(before, NOW_MS) != worth_telling(after, NOW_MS)


def test_without_a_sheet_what_stands_beside_it_is_told() -> None:
    told = telemetry(None, AROUND, NOW_MS)
    assert (told.standing, told.sheet_age_s, told.queue) == (Standing.UNKNOWN, None, AROUND.queue)


@given(planted=st.sampled_from(PLANTED), around=st.text(max_size=20))
def test_no_citizen_leaves_in_it_wherever_a_name_got_into_the_sheet(planted: str, around: str) -> None:
    words = around + planted
    sheet = altered(
        version=words,
        standing=f"out of service, {words}",
        ailment=f"lane hangs {words}",
        devices=(
            DeviceHealth(device="pin_pad", code=words, found=words, since_ms=1),
            DeviceHealth(device=words, code="P-01", found=words, since_ms=1),
        ),
    )
    queue = Queue(waiting=1, line="halted", reason=words)
    told = telemetry(sheet, with_queue(AROUND, queue), NOW_MS)
    sent = msgspec.json.encode(told)
    assert planted not in sent.decode()
    assert words not in sent.decode()
    assert msgspec.json.decode(sent, type=Telemetry) == told, "the centre takes it all the same"
    assert told.ailment == "something else"


def with_queue(around: Around, queue: Queue) -> Around:
    return Around(around.disk_free_bytes, around.clock_offset_ms, around.certificate_ends_ms, queue)


@given(st.sampled_from(("ailment", "closed_by", "version")), st.sampled_from(PLANTED))
def test_the_centre_takes_no_free_words(where: str, words: str) -> None:
    told = msgspec.structs.replace(telemetry(SHEET, AROUND, NOW_MS), **{where: words})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(told), type=Telemetry)


@pytest.mark.parametrize(
    ("where", "words"), [("ailment", "lane hangs\n"), ("closed_by", "P-01\n"), ("version", "0.1.0\n")]
)
def test_a_word_begins_no_line_of_its_own_on_the_operators_console(where: str, words: str) -> None:
    told = msgspec.structs.replace(telemetry(SHEET, AROUND, NOW_MS), **{where: words})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(told), type=Telemetry)


@dataclass
class PaperLine:
    """Takes what is told, or says what it was told to say."""

    certificate_ends_ms: int | None = None
    says: CentreError | None = None
    heard: list[Telemetry] = field(default_factory=list)
    asked: int = 0

    def ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        assert path == "/v1/telemetry"
        assert isinstance(question, Telemetry)
        self.asked += 1
        if self.says is not None:
            raise self.says
        self.heard.append(question)
        return cast("T", TelemetryTaken(at_ms=NOW_MS))


class Post:
    """A telegraph with the clock in the hand."""

    def __init__(self) -> None:
        self.line, self.sheet, self.now_s = PaperLine(), SHEET, 0.0
        self.telegraph = Telegraph(
            self.line, lambda: self.sheet, lambda: AROUND, lambda: NOW_MS + int(self.now_s * 1000), lambda: self.now_s
        )

    def after(self, seconds: float, *, lives: bool = True) -> Telemetry | None:
        self.now_s += seconds
        if lives:
            self.sheet = msgspec.structs.replace(self.sheet, written_at_ms=NOW_MS + int(self.now_s * 1000))
        return self.telegraph.round()


@pytest.fixture
def post() -> Post:
    post = Post()
    assert post.after(0) is not None
    return post


def test_an_unchanged_terminal_tells_every_five_minutes(post: Post) -> None:
    assert post.after(EVERY_S - 1) is None
    assert post.after(1) is not None
    assert post.after(1) is None


def test_a_device_that_fails_is_told_soon_and_a_flood_is_none(post: Post) -> None:
    post.after(EVERY_S)
    post.sheet = altered(devices=())
    assert post.after(SOON_S - 1) is None
    told = post.after(1)
    assert told is not None
    assert told.devices == ()
    post.sheet = SHEET
    assert post.after(SOON_S - 1) is None


def test_who_is_being_served_is_no_news(post: Post) -> None:
    post.sheet = altered(standing="serves somebody")
    assert post.after(SOON_S) is None


def test_a_window_that_stands_still_is_told_by_the_age_of_its_word(post: Post) -> None:
    assert post.after(STALE_S, lives=False) is None
    told = post.after(1, lives=False)
    assert told is not None
    assert told.sheet_age_s == STALE_S + 1
    assert post.after(SOON_S) is not None, "it lives again, and that is news too"


def test_what_is_not_heard_is_not_queued(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    post.line.says = CentreUnreachable("no answer", maybe_done=False)
    post.sheet = altered(devices=())
    assert post.after(SOON_S) is None
    assert post.line.asked == 2
    post.after(AGAIN_S - 1)
    assert post.line.asked == 2
    post.after(1)
    assert post.line.asked == 3
    assert caplog.text.count("did not hear") == 1
    post.line.says = None
    post.sheet = altered(supplies=Supplies(paper="out"))
    assert post.after(AGAIN_S) is not None
    assert [one.supplies.paper for one in post.line.heard] == ["low", "out"]


def test_a_centre_that_refuses_is_asked_again_no_sooner(post: Post) -> None:
    post.line.says = CentreRefused(403, Problem(type="revoked", centre_time_ms=NOW_MS))
    post.sheet = altered(devices=())
    for _ in range(60):
        post.after(1)
    assert post.line.asked == 2


def test_the_certificate_is_told_as_soon_as_it_was_seen(post: Post) -> None:
    post.line.certificate_ends_ms = NOW_MS
    assert post.after(SOON_S) is not None
