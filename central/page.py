"""The pages for whoever watches the centre: what arrives, and how the terminals are. Loopback only, unsigned."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from central.database import Database
from central.loss_reports import LossDesk
from central.query import (
    blank_stocks,
    issuances,
    latest_alarms,
    latest_card_events,
    latest_superseded,
    latest_transactions,
    terminals,
)
from central.settings import is_loopback
from central.terminal_watch import watched

_PAGES: Final = Path(__file__).parent / "pages"
_SHOWN: Final = 60
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def add_page(app: FastAPI, database: Database, losses: LossDesk, clock: Callable[[], float]) -> None:
    """Add ``GET /``, ``/terminals``, their data and ``/health``."""
    # Pages take no data: theirs is fetched. The layout is put round them once.
    pages = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined)
    page, watch_page = (pages.get_template(name).render() for name in ("overview.html", "terminals.html"))

    @app.get("/", include_in_schema=False)
    def overview(request: Request) -> Response:
        return HTMLResponse(page, headers=_HEADERS) if _is_local(request) else _not_here()

    @app.get("/overview.json", include_in_schema=False)
    def overview_data(request: Request) -> Response:
        if not _is_local(request):
            return _not_here()
        losses.sweep()
        with database.reading() as session:
            data: dict[str, Any] = {
                "now": int(clock() * 1000),
                "terminals": terminals(session),
                "stocks": blank_stocks(session),
                "transactions": latest_transactions(session, _SHOWN),
                "superseded": latest_superseded(session, 8),
                "card_events": latest_card_events(session, 12, losses.rules),
                "issuances": issuances(session, 20),
                "alarms": latest_alarms(session, 8),
            }
        return JSONResponse(data, headers=_HEADERS)

    @app.get("/terminals", include_in_schema=False)
    def terminals_page(request: Request) -> Response:
        return HTMLResponse(watch_page, headers=_HEADERS) if _is_local(request) else _not_here()

    @app.get("/terminals.json", include_in_schema=False)
    def terminals_data(request: Request) -> Response:
        if not _is_local(request):
            return _not_here()
        now_ms = int(clock() * 1000)
        with database.reading() as session:
            rows = watched(session, now_ms)
        shown = [{"grade": int(row.grade), **msgspec.to_builtins(row)} for row in rows]
        return JSONResponse({"now": now_ms, "terminals": shown}, headers=_HEADERS)

    @app.get("/health", include_in_schema=False)
    def health() -> Response:
        with database.reading() as session:
            session.connection()
        return PlainTextResponse("ok", headers=_HEADERS)


def _is_local(request: Request) -> bool:
    """Whether the page was asked for on this machine and under its own name (a foreign name could be a rebound one)."""
    return request.client is not None and is_loopback(request.client.host) and is_loopback(request.url.hostname or "")


def _not_here() -> Response:
    return PlainTextResponse("loopback only", 403)
