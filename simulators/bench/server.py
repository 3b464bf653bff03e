"""The bench's web server. Every deed is a POST with the token of this run, so that no other page presses keys."""

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable
from importlib import resources
from typing import Annotated, Any, Final, Protocol, Self

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware

from simulators.bench.live_screen import LiveScreen
from simulators.screen import Screen

FRAME_S: Final = 0.08
"""Time between two looks at the screen, seconds."""


class NotPossible(Exception):
    """What was asked can't be done as things stand: two cards in one slot, an unknown card."""


class Workbench(Protocol):
    """What stands behind the page."""

    def screen_in_view(self) -> Screen | None:
        """The terminal's screen; None without power."""

    def picture_of_state(self) -> dict[str, Any]:
        """Everything the page shows, ready for JSON."""

    def press(self, key: str) -> None:
        """Press ``0`` to ``9``, ``enter``, ``clear`` or ``cancel`` on the PIN pad."""

    def insert(self, card: str) -> None:
        """Put a card in."""

    def pull(self) -> None:
        """Pull the card out."""

    def set_slot(self, what: str) -> None:
        """Fit one: ``motor`` or ``hand``. Do to the one with the motor: ``jam_next``, ``clear``, ``empty``."""

    def place_id(self, document: str) -> None:
        """Lay an identity card on the reader."""

    def take_id(self) -> None:
        """Take it away."""

    def set_cable(self, what: str) -> None:
        """``plugged``, ``unplugged``, ``slow`` or ``cut``."""

    def set_printer(self, what: str) -> None:
        """``low``, ``out``, ``ends``, ``refill``, ``open``, ``close``, ``unplugged`` or ``plugged``."""

    def last_slip(self) -> bytes | None:
        """The last piece of paper that the receipt printer cut off, a PNG; None before the first."""

    def set_card_printer(self, what: str) -> None:
        """``take``, ``load``, ``clear``, ``empty_reject``, ``empty_retained``, ``ribbon``, ``ribbon_out``, ``open``,
        ``close``, ``off``, ``on``; ``jam_next``, ``two_next``, ``dead_next``, ``ribbon_next``, ``lost_next``. What two
        of the staff do and sign: ``hand_over``, ``close_out``.
        """

    def last_face(self) -> bytes | None:
        """The face that the card printer printed last, a PNG; None before the first."""

    def pay(self) -> None:
        """Pay what the screen shows a code for, as a telephone does."""

    def set_camera(self, what: str) -> None:
        """A scene by its key, ``cover``, ``uncover``, ``freeze``, ``hang``, ``recover``, ``unplugged``, ``plugged``."""

    def before_camera(self) -> bytes:
        """What stands before the camera, a JPEG."""

    def set_power(self, what: str) -> None:
        """``on`` or ``off``."""

    def choose_region(self, region: str) -> None:
        """Put another region's terminal into this place."""


def create_app(workbench: Workbench, token: str) -> FastAPI:
    """The page and its deeds.

    :param token: what a POST must carry in ``X-Bench-Token``.
    """
    app = FastAPI(title="Hardware bench", docs_url=None, redoc_url=None, openapi_url=None)
    # A page elsewhere could point its own name at 127.0.0.1 and then read the token as its own.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    page = resources.files("simulators.bench").joinpath("bench.html").read_text(encoding="utf-8")

    def known(x_bench_token: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(x_bench_token.encode(), token.encode()):
            raise HTTPException(403, "this page is not the bench's own")

    @app.get("/")
    def bench() -> HTMLResponse:
        headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
        return HTMLResponse(page.replace("{{ token }}", token), headers=headers)

    def deed(path: str, act: Callable[[str], None]) -> None:
        @app.post(path, dependencies=[Depends(known)], status_code=204)
        def perform(what: str = "") -> Response:
            try:
                act(what)
            except NotPossible as refusal:
                raise HTTPException(409, str(refusal)) from refusal
            return Response(status_code=204)

    deed("/press/{what}", workbench.press)
    deed("/insert/{what}", workbench.insert)
    deed("/pull", lambda _: workbench.pull())
    deed("/slot/{what}", workbench.set_slot)
    deed("/place-id/{what}", workbench.place_id)
    deed("/take-id", lambda _: workbench.take_id())
    deed("/cable/{what}", workbench.set_cable)
    deed("/power/{what}", workbench.set_power)
    deed("/printer/{what}", workbench.set_printer)
    deed("/card-printer/{what}", workbench.set_card_printer)
    deed("/pay", lambda _: workbench.pay())
    deed("/camera/{what}", workbench.set_camera)
    deed("/region/{what}", workbench.choose_region)

    _show_picture(app, known, "/slip.png", "image/png", workbench.last_slip)
    _show_picture(app, known, "/face.png", "image/png", workbench.last_face)
    _show_picture(app, known, "/camera.jpg", "image/jpeg", workbench.before_camera)

    @app.websocket("/live")
    async def live(line: WebSocket) -> None:
        token_given = line.query_params.get("token", "")
        if not secrets.compare_digest(token_given.encode(), token.encode()):
            await line.close(4403)
            return
        await line.accept()
        fingers = asyncio.create_task(_fingers(line, workbench))
        try:
            await _show(line, workbench, fingers)
        except (
            WebSocketDisconnect,
            RuntimeError,
        ):  # RuntimeError: Starlette's word for sending after the other end left
            return
        finally:
            fingers.cancel()

    return app


def _show_picture(
    app: FastAPI, known: Callable[[str], None], path: str, media_type: str, look: Callable[[], bytes | None]
) -> None:
    @app.get(path)
    def picture(token_given: Annotated[str, Query(alias="token")] = "") -> Response:
        known(token_given)
        seen = look()
        if seen is None:
            raise HTTPException(404, "there is nothing yet")
        return Response(seen, media_type=media_type, headers={"Cache-Control": "no-store"})


async def _show(line: WebSocket, workbench: Workbench, fingers: "asyncio.Task[None]") -> None:
    live_screen, told = LiveScreen(), None
    while not fingers.done():
        state = await run_in_threadpool(workbench.picture_of_state)
        if state != told:
            await line.send_json(state)
            told = state
        frame = await run_in_threadpool(live_screen.next_frame, workbench.screen_in_view())
        if frame == b"":
            await line.send_json({"dark": True})
        elif frame is not None:
            await line.send_bytes(frame)
        await asyncio.wait({fingers}, timeout=FRAME_S)


async def _fingers(line: WebSocket, workbench: Workbench) -> None:
    """Touches as they come over the line: ``{"finger": "down" | "move" | "up", "x": …, "y": …}``."""
    try:
        while True:
            touch = await line.receive_json()
            what, x, y = str(touch["finger"]), int(touch["x"]), int(touch["y"])
            screen = workbench.screen_in_view()
            if screen is not None:
                await run_in_threadpool(_feel, screen, what, x, y)
    except (WebSocketDisconnect, KeyError, ValueError, TypeError):
        return  # gone, or no page of ours


def _feel(screen: Screen, what: str, x: int, y: int) -> None:
    match what:
        case "down":
            screen.press(x, y)
        case "move":
            screen.drag(x, y)
        case "up":
            screen.drag(x, y)
            screen.lift()
        case _:
            raise ValueError("no such movement")


class BenchServer:
    """Serves the page from a thread, on a loopback port that the system chooses unless one is given."""

    def __init__(self, workbench: Workbench, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(24)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            create_app(workbench, self.token), log_level="warning", access_log=False, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="bench", daemon=True
        )

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it, viewers included."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)
        self._socket.close()
