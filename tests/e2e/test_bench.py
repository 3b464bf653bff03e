"""The hardware bench over HTTP, on a workbench that only notes what is asked of it: no devices, no display."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from simulators.bench.server import BenchServer, NotPossible
from simulators.screen import Screen

LIMIT_S = 10.0


class NotingWorkbench:
    def __init__(self) -> None:
        self.deeds: list[str] = []

    def screen_in_view(self) -> Screen | None:
        return None

    def picture_of_state(self) -> dict[str, Any]:
        return {"deeds": len(self.deeds)}

    def press(self, key: str) -> None:
        self.deeds.append(f"press {key}")

    def insert(self, card: str) -> None:
        if card == "second-card":
            raise NotPossible("a card is in the slot already")
        self.deeds.append(f"insert {card}")

    def pull(self) -> None:
        self.deeds.append("pull")

    def set_slot(self, what: str) -> None:
        self.deeds.append(f"slot {what}")

    def place_id(self, document: str) -> None:
        self.deeds.append(f"place id {document}")

    def take_id(self) -> None:
        self.deeds.append("take id")

    def set_cable(self, what: str) -> None:
        self.deeds.append(f"cable {what}")

    def set_printer(self, what: str) -> None:
        self.deeds.append(f"printer {what}")

    def last_slip(self) -> bytes | None:
        return b"a picture" if "printer refill" in self.deeds else None

    def set_card_printer(self, what: str) -> None:
        self.deeds.append(f"card printer {what}")

    def last_face(self) -> bytes | None:
        return b"a card" if "card printer ribbon" in self.deeds else None

    def pay(self) -> None:
        self.deeds.append("pay")

    def set_camera(self, what: str) -> None:
        self.deeds.append(f"camera {what}")

    def before_camera(self) -> bytes:
        return b"a face"

    def set_power(self, what: str) -> None:
        self.deeds.append(f"power {what}")

    def choose_region(self, region: str) -> None:
        self.deeds.append(f"region {region}")


@pytest.fixture
def workbench() -> NotingWorkbench:
    return NotingWorkbench()


@pytest.fixture
def bench(workbench: NotingWorkbench) -> Iterator[BenchServer]:
    server = BenchServer(workbench).start()
    yield server
    server.stop()


def call(bench: BenchServer, path: str, *, token: str | None = None, method: str = "POST", host: str = "") -> int:
    request = urllib.request.Request(bench.url + path, method=method)
    if token is not None:
        request.add_header("X-Bench-Token", token)
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def live(bench: BenchServer, token: str) -> str:
    return f"ws://127.0.0.1:{bench.port}/live?token={token}"


@pytest.mark.parametrize(
    ("path", "deed"),
    [
        ("press/7", "press 7"),
        ("press/enter", "press enter"),
        ("insert/zhumadian-normal", "insert zhumadian-normal"),
        ("pull", "pull"),
        ("place-id/wu-jiashe", "place id wu-jiashe"),
        ("take-id", "take id"),
        ("cable/unplugged", "cable unplugged"),
        ("power/off", "power off"),
        ("printer/out", "printer out"),
        ("card-printer/take", "card printer take"),
        ("slot/motor", "slot motor"),
        ("camera/backlit", "camera backlit"),
        ("pay", "pay"),
        ("region/beijing", "region beijing"),
    ],
)
def test_each_deed_is_done_once(bench: BenchServer, workbench: NotingWorkbench, path: str, deed: str) -> None:
    assert call(bench, path, token=bench.token) == 204
    assert workbench.deeds == [deed]


@pytest.mark.parametrize("token", [None, "", "guess", "uQ3p0c1rV7mXhZ5kLw9sTn2bYd4gFj6e"])
def test_no_deed_without_the_token_of_this_run(
    bench: BenchServer, workbench: NotingWorkbench, token: str | None
) -> None:
    assert call(bench, "press/7", token=token) == 403
    assert workbench.deeds == []


def test_a_deed_is_no_link(bench: BenchServer, workbench: NotingWorkbench) -> None:
    assert call(bench, "press/7", token=bench.token, method="GET") == 405
    assert workbench.deeds == []


def test_the_last_slip_is_shown_to_the_page_only(bench: BenchServer, workbench: NotingWorkbench) -> None:
    shown = f"slip.png?token={bench.token}"
    assert call(bench, shown, method="GET") == 404
    workbench.set_printer("refill")
    assert call(bench, shown, method="GET") == 200
    assert call(bench, "slip.png", method="GET") == 403


def test_the_last_face_is_shown_to_the_page_only(bench: BenchServer, workbench: NotingWorkbench) -> None:
    shown = f"face.png?token={bench.token}"
    assert call(bench, shown, method="GET") == 404
    workbench.set_card_printer("ribbon")
    assert call(bench, shown, method="GET") == 200
    assert call(bench, "face.png", method="GET") == 403


def test_what_the_camera_sees_is_shown_to_the_page_only(bench: BenchServer) -> None:
    assert call(bench, f"camera.jpg?token={bench.token}", method="GET") == 200
    assert call(bench, "camera.jpg", method="GET") == 403


def test_what_is_not_possible_is_said(bench: BenchServer) -> None:
    assert call(bench, "insert/second-card", token=bench.token) == 409


def test_another_name_for_this_machine_gets_no_page(bench: BenchServer) -> None:
    assert call(bench, "", method="GET", host="rebound.example") == 400
    assert call(bench, "", method="GET") == 200


def test_the_page_carries_the_token_and_nothing_from_elsewhere(bench: BenchServer) -> None:
    with urllib.request.urlopen(bench.url, timeout=LIMIT_S) as answer:
        page = answer.read().decode()
        assert answer.headers["X-Frame-Options"] == "DENY"
    assert bench.token in page
    assert "{{" not in page
    for outside in ("https://", "http://", "//cdn", "@import"):
        assert outside not in page


def test_it_listens_on_loopback_only(bench: BenchServer) -> None:
    assert bench._socket.getsockname()[0] == "127.0.0.1"


def test_the_live_line_tells_the_state_and_its_changes(bench: BenchServer, workbench: NotingWorkbench) -> None:
    with connect(live(bench, bench.token), open_timeout=LIMIT_S) as line:
        assert json.loads(line.recv(LIMIT_S)) == {"deeds": 0}
        assert json.loads(line.recv(LIMIT_S)) == {"dark": True}
        call(bench, "pull", token=bench.token)
        assert json.loads(line.recv(LIMIT_S)) == {"deeds": 1}


def test_the_live_line_wants_the_token(bench: BenchServer) -> None:
    with pytest.raises((ConnectionClosed, InvalidStatus)), connect(live(bench, "guess")) as line:
        line.recv(LIMIT_S)


def test_nonsense_on_the_live_line_ends_that_line_only(bench: BenchServer) -> None:
    with connect(live(bench, bench.token)) as line:
        line.send("{}")
        with pytest.raises(ConnectionClosed):
            read_to_the_end(line)
    with connect(live(bench, bench.token)) as line:
        assert json.loads(line.recv(LIMIT_S)) == {"deeds": 0}


def read_to_the_end(line: Any) -> None:
    while True:
        line.recv(LIMIT_S)
