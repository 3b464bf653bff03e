"""The benchmarks' table, from results typed by hand, and who is served for them. Nothing is timed here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import endurance, ingest, judgement, portrait, preview, touch
from benchmarks.figures import Figure, figures_in, report, table
from benchmarks.plots import draw
from simulators.stand.requirements import REPOSITORY

CARD = report(
    [
        Figure.of("card: driver's own time", "ms", [7.0, 5.0, 40.0], at_most=100, beside="bare pyscard 4.0 ms"),
        Figure.of("card → record", "ms", [900.0, 1500.0]),
    ],
    {
        "ours": [9.0, 11.0],
        "bare": [4.0, 4.5],
        "commands": 21,
        "visits": [{"noticed": 100.0, "prompt": 600.0, "card_back": 200.0, "record": 300.0}],
    },
)
TERMINAL = report(
    [Figure.of("cold start", "s", [3.4, 3.1, 3.2], at_most=3, beside="bare Kivy window 1.20 s")],
    {
        "start": [3.4, 3.1, 3.2],
        "bare_start": [1.2],
        "bare_memory": [147.0],
        "memory_by_citizen": [190.0, 240.0, 241.0],
        "idle": [1.2],
        "bare_idle": [2.4],
        "uplink_idle": [0.2],
    },
)
WINDOW = {
    "screen_built_median_ms": 8.5,
    "screen_built_worst_ms": 31.0,
    "resident_after_start_mb": 181.0,
    "resident_after_every_screen_mb": 214.0,
}
LEDGER = {
    "append": {
        "floor": {"p50_us": 200.0, "x_floor": 1.0, "x_floor_low": 1.0, "x_floor_high": 1.0},
        "sqlite3": {"p50_us": 260.0, "x_floor": 1.3, "x_floor_low": 1.2, "x_floor_high": 1.4},
        "ledger": {"p50_us": 400.0, "x_floor": 2.0, "x_floor_low": 1.8, "x_floor_high": 2.2},
    },
    "by_size": {
        "1000": {
            "append_x_floor": 1.9, "append_to_first": 1.0, "floor_p50_us": 201.4, "memory_mb": 7.2,
            "p50_ms": 1.75, "read_by_500_per_s": 12345,
        },
        "1000000": {
            "append_x_floor": 2.0, "append_to_first": 1.05, "floor_p50_us": 199.6, "memory_mb": 8.9,
            "p50_ms": 11.76, "read_by_500_per_s": 12000,
        },
    },
}  # fmt: skip
TOUCHES: dict[str, list[Any]] = {
    "touched": ["开始", "English"],
    "pressed": [40.0, 120.0],
    "next": [160.0, 60.0],
    "look": [2.0, 4.0],
    "bare": [30.0, 50.0],
}
TOUCH = report(touch._figures(TOUCHES), TOUCHES)
RUN_OF_CITIZENS: dict[str, Any] = {
    "ms": [4.0] * 10 + [5.0] * 80 + [6.0] * 10,
    "resident_kib": [50 * 1024, 50 * 1024, 50 * 1024 + 10, 50 * 1024 + 20],
    "entries": 133,
    "floor_ms": [0.2, 0.25],
    "every": 25,
}
ENDURANCE = report(endurance._figures(RUN_OF_CITIZENS), RUN_OF_CITIZENS)
_CPU = {"server_cpu": 60.0, "database_cpu": 30.0, "client_cpu": 2.0}
INGEST: dict[str, Any] = {
    "sqlite": {"500": {"https": 8000, "centre": 9000, "samples": {"https": [5000, 8000, 10000]}, **_CPU}},
    "postgresql": {"500": {"https": 20000, "centre": 15000, "samples": {"https": [16000, 20000, 25000]}, **_CPU}},
    "copy": {"500": 90000},
    "copy_both": {"500": 70000},
}
INGEST["figures"] = [ingest.figure(kind, INGEST) for kind in ("sqlite", "postgresql")]
PREVIEW: dict[str, Any] = {
    "pictures_a_second": [14.0, 16.0],
    "measured_a_second": 15.5,
    "frame_ms": [20.0, 30.0],
    "frame_cpu_ms": [15.0, 17.0],
    "cpu_share": 1.2,
}
GUIDED = {"floor_ms": [5.0, 6.0], "frame_ms": [14.0, 15.0, 34.0], "frame_cpu_ms": [13.0, 14.0, 15.0]}
FINISHED = {"finish_ms": [80.0, 90.0], "finish_cpu_ms": [75.0, 77.0], "finish_with_plate_ms": [95.0, 97.0]}
PORTRAIT = report(
    [*portrait._figures(GUIDED, FINISHED), *preview._figures(PREVIEW)],
    {
        **GUIDED,
        **FINISHED,
        "preview": PREVIEW,
        "detect_ms": {"ours": [3.0], "Haar": [170.0]},
        "matte_error": {"ours": [10.0], "with the plate": [6.0], "GrabCut": [20.0]},
        "matte_ms": {"ours": [40.0], "with the plate": [50.0], "GrabCut": [2000.0]},
    },
)
EVERYTHING: dict[str, dict[str, Any]] = {
    "card": CARD,
    "terminal": TERMINAL,
    "window": WINDOW,
    "touch": TOUCH,
    "ledger": LEDGER,
    "endurance": ENDURANCE,
    "ingest": INGEST,
    "portrait": PORTRAIT,
}


EXTRA = "memory beyond the bare process {} MB at most"


def lines() -> dict[str, list[str]]:
    """The table's rows, cell by cell, by the figure's name."""
    rows = (line.split("  ") for line in table(figures_in(EVERYTHING)).splitlines() if "─" not in line)
    cells = ([cell.strip() for cell in row if cell.strip()] for row in rows)
    return {row[0]: row[1:] for row in cells}


def test_each_figure_stands_in_one_line_with_its_verdict() -> None:
    assert lines() == {
        "figure": ["unit", "median", "min–max", "target", "met", "beside, in the same run"],
        "card: driver's own time": ["ms", "7", "5–40", "≤ 100", "yes", "bare pyscard 4.0 ms"],
        "card → record": ["ms", "1,200", "900–1,500"],
        "cold start": ["s", "3.2", "3.1–3.4", "≤ 3", "MISSED", "bare Kivy window 1.20 s"],
        "a screen built from its view": ["ms", "8.5", "worst 31 ms; a frame at 30 a second has 33 ms"],
        "memory of the bare window after every screen": ["MB", "214", "181 MB after the first"],
        "ledger: append, durable": [
            "× floor", "2", "1.8–2.2", "≤ 1.9", "MISSED", "write + fdatasync 1 × = 200 µs, sqlite3 1.30 ×",
        ],
        "finger down → the button shows it, p95": [
            "ms", "120", "40–120", "≤ 100", "MISSED",
            "p50 80 ms of 2; the slowest was English; a bare Kivy button p50 40, p95 50 ms; the eye's own look 3.0 ms",
        ],
        "finger up → the next screen, p95": [
            "ms", "160", "60–160", "≤ 100", "MISSED", "p50 110 ms of 2; the slowest was 开始",
        ],
        "ledger: append at 1,000 entries": [
            "× floor", "1.9", "1.00 × of 1,000; write + fdatasync 1 × = 201 µs; " + EXTRA.format(7),
        ],
        "ledger: open at 1,000 entries": ["ms", "1.75", "then read by 500: 12,345 entries/s"],
        "ledger: append at 1,000,000 entries": [
            "× floor", "2", "1.05 × of 1,000; write + fdatasync 1 × = 200 µs; " + EXTRA.format(9),
        ],
        "ledger: open at 1,000,000 entries": [
            "ms", "11.8", "≤ 11.8", "MISSED", "then read by 500: 12,000 entries/s",
        ],
        "100 citizens in a row: memory slope": [
            "KiB/1000", "280", "50.0 MiB after the first 25, 50.0 MiB at the end; 133 entries in the ledger",
        ],
        "time a citizen, the last 10": [
            "ms", "6", "6–6",
            "the first 10: 4.00 ms, so 1.50 ×; write + fdatasync 0.20 ms before, 0.25 ms after",
        ],
        "centre: an entry, 500 a batch over HTTPS, sqlite": [
            "µs", "125", "100–200",
            "8,000/s; CPU: centre 60.0, database 30.0, client 2.0 µs; bare COPY of the same rows 70,000/s",
        ],
        "centre: an entry, 500 a batch over HTTPS, postgresql": [
            "µs", "50", "40–62.5", "≤ 33.3", "MISSED",
            "20,000/s; CPU: centre 60.0, database 30.0, client 2.0 µs; bare COPY of the same rows 70,000/s",
        ],
        "portrait: guidance a frame, p95": [
            "ms", "34", "14–34", "≤ 33", "MISSED",
            "p50 15.0 ms, 14.0 ms of processor time; decoded and copied alone p50 5.5 ms",
        ],
        "portrait: capture → finished": [
            "ms", "85", "80–90", "≤ 200", "yes",
            "measured before and after, included; 76 ms of processor time; with a plate 96 ms",
        ],
        "portrait: preview while guided": [
            "pictures/s", "15", "14–16", "≥ 15", "yes", "15.5 measured a second; the camera sends 25",
        ],
        "portrait: guidance a frame beside the window, p95": [
            "ms", "30", "20–30", "≤ 33", "yes",
            "p50 25.0 ms, 16.0 ms of it processor time; the whole process 120 % of a core",
        ],
    }  # fmt: skip


def test_a_median_at_the_target_is_met() -> None:
    assert Figure(name="idle", unit="%", median=3.0, at_most=3).met is True
    assert Figure(name="idle", unit="%", median=3.01, at_most=3).met is False
    assert Figure(name="idle", unit="%", median=3.01).met is None
    assert Figure(name="preview", unit="pictures/s", median=15.0, at_least=15).met is True
    assert Figure(name="preview", unit="pictures/s", median=14.9, at_least=15).met is False


def test_a_line_is_fitted_through_the_memory() -> None:
    assert endurance.slope_per_thousand([100, 110, 120], 500) == pytest.approx(20.0)
    assert endurance.slope_per_thousand([100, 100, 100], 100) == pytest.approx(0.0)
    assert endurance.slope_per_thousand([100], 100) == 0.0


def test_who_comes_in_a_row_finds_every_screen() -> None:
    inside = [sys.executable, "-m", "benchmarks.endurance", "--inside", "3"]
    served = subprocess.run(inside, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    samples = json.loads(served.stdout)
    assert (len(samples["ms"]), samples["entries"]) == (3, 4)


def test_ninety_five_of_a_hundred_are_no_slower_than_p95() -> None:
    assert touch.percentile([float(number) for number in range(1, 101)], 95) == 95.0
    assert touch.percentile([3.0, 1.0, 2.0], 95) == 3.0


def test_wide_characters_keep_the_columns() -> None:
    head, _, chinese, latin = table(
        [Figure(name="开机", unit="s", median=1.5), Figure(name="start", unit="s", median=2.5)]
    ).splitlines()
    assert head.startswith("figure  unit")
    assert chinese.startswith("开机    s")
    assert latin.startswith("start   s")


def test_every_picture_is_drawn(tmp_path: Path) -> None:
    written = draw(EVERYTHING, tmp_path)
    assert [path.name for path in written] == [
        "card.png",
        "terminal.png",
        "touch.png",
        "ledger.png",
        "endurance.png",
        "ingest.png",
        "portrait.png",
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


@pytest.mark.parametrize(
    ("wrong", "of", "low", "high"),
    [(0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1), (1, 29, 0.0061, 0.1718)],
)
def test_a_share_has_its_interval_after_wilson(wrong: int, of: int, low: float, high: float) -> None:
    assert judgement.wilson(wrong, of) == pytest.approx((low, high), abs=1e-4)


def test_no_rate_is_established_on_fewer_than_fifty_people() -> None:
    assert judgement.standing(49) == "49 identities: not established"
    assert judgement.standing(50) == "50 identities"
    assert judgement.told(0, 0) == "nothing to count"
    assert judgement.told(0, 10) == "0 of 10 (95 %: 0.0–27.8 %)"


def test_both_kinds_of_error_are_counted_apart() -> None:
    count = judgement.Count()
    for must_fail, passed in ((True, True), (True, False), (False, True), (False, False), (False, False)):
        count.note("somebody", must_fail=must_fail, passed=passed)
    assert (count.bad, count.false_accept, count.good, count.false_refuse) == (2, 1, 3, 2)
    assert count.identities == {"somebody"}
