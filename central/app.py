"""The centre as a web application."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec
from fastapi import FastAPI, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from central.card_sessions import CardDesk
from central.database import Database
from central.enrolment_codes import EnrolmentDesk
from central.exchange import Asker, Exchange
from central.fees import FeeDesk
from central.filings import FilingDesk
from central.ingest import Ingest
from central.issuance import IssuanceDesk, Terms
from central.keys import CentreKeys
from central.loss_reports import LossDesk
from central.page import add_page
from central.payments import NotificationRefused, PaymentProvider, PaymentUnavailable
from central.readiness import ReadinessDesk
from central.region_rules import RegionRules, load_region_rules
from central.settings import Settings
from central.technicians import TechnicianDesk
from central.telemetry import TelemetryDesk
from central.terminals import TerminalDesk
from central.wechat_pay import WechatPay, load_merchant
from kiosk.records.activation import ActivateCard, CardActivated
from kiosk.records.enrolment import AskEnrolment, Enrolled
from kiosk.records.filings import Filed, FileMatter, FilingsTold, GetFilings
from kiosk.records.health import AskTerminal, TerminalTold
from kiosk.records.issuance import (
    AbandonIssuance,
    AskFee,
    AskIssuance,
    AuthenticateBlank,
    BlankAuthenticated,
    BlankRegistered,
    CardsSwitched,
    CommitIssuance,
    FeeOrdered,
    FeeState,
    IssuanceAbandoned,
    IssuanceCommitted,
    IssuanceReserved,
    IssuanceStanding,
    IssuanceToken,
    OrderFee,
    RegisterBlank,
    RequestToken,
    ReserveIssuance,
    SwitchCards,
)
from kiosk.records.questions import (
    AuthenticateTerminal,
    CardExamined,
    CardProved,
    CardSessionOpened,
    ChangeCentrePin,
    ExamineCard,
    FormalLossReported,
    GetRecord,
    GetWorkingKey,
    LiftLoss,
    LiftLossWithoutCard,
    LossLifted,
    LossReported,
    OpenCardSession,
    PinChanged,
    ProveCard,
    RecordAnswer,
    ReportFormalLoss,
    ReportLoss,
    TerminalAuthenticated,
    WorkingKey,
)
from kiosk.records.readiness import HandInReadiness, ReadinessKept
from kiosk.records.roster import AskRoster, RosterTold
from kiosk.records.telemetry import Telemetry, TelemetryTaken
from kiosk.records.upload import Batch, Problem, Receipt
from kiosk.records.working_days import load_calendar

SWEEP_S: Final = 60.0
"""How long a report may have run out before its row says so, though nobody asks. The event is dated exactly anyway."""
_MOST_NOTIFIED: Final = 64 * 1024
"""Bytes of a payment notification; real ones have two thousand."""
_log: Final = logging.getLogger("central")
Q = TypeVar("Q", bound=msgspec.Struct)
_PROBLEMS: Final = {
    400: "malformed",
    401: "signature, replayed, clock",
    403: "unknown_terminal, revoked, code_refused, code_expired, code_used, identity_taken",
    404: "unknown_session, unknown_pad, unknown_issuance",
    409: "gap, not_proved, card_state, pin_not_held, issuance_state, fee_open",
    413: "too_large",
    423: "frozen",
    500: "defect",
    503: "busy",
}


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.time,
    sweep_every_s: float = SWEEP_S,
    provider: PaymentProvider | None = None,
) -> FastAPI:
    """The application over an existing, migrated database.

    :param clock: seconds since 1970 UTC; tests turn it.
    :param provider: who takes fees; without one the merchant that the settings name, if they do.
    :raises RegionRulesRefused: the operator's rules can't be read.
    :raises CalendarError: the holidays can't.
    :raises central.payments.MerchantRefused: the merchant's file can't.
    """
    database = Database(settings.database)
    keys = CentreKeys.load(settings)
    rules = load_region_rules(settings.region_rules)
    calendar = load_calendar(settings.holidays)
    exchange = Exchange(database, keys, clock)
    ingest = Ingest(database, keys, clock, rules, calendar)
    desk = CardDesk(database, keys, rules, settings.pin_tries, clock)
    losses = LossDesk(database, rules, clock)
    issuances = issuance_desk(settings, database, keys, rules, clock, provider)

    app = FastAPI(
        title="社会保障卡终端中心 · Central system",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=_sweeping(losses, issuances, sweep_every_s),
    )
    app.state.database = database
    described = _Described(app)
    session_path = "/v1/card-sessions/{session_id}"

    @described.post("/v1/entries", Batch, Receipt)
    async def entries(request: Request) -> Response:
        """Store and judge a batch of ledger entries."""
        return await exchange.answer(request, Batch, ingest.receive)

    @described.post("/v1/card-sessions", OpenCardSession, CardSessionOpened)
    async def open_card_session(request: Request) -> Response:
        """Draw a challenge for a card."""
        return await exchange.answer(request, OpenCardSession, desk.open)

    @described.post(f"{session_path}/terminal-authentication", AuthenticateTerminal, TerminalAuthenticated)
    async def authenticate_terminal(request: Request, session_id: str) -> Response:
        """Answer the challenge of a 3.00 card."""
        return await exchange.answer(request, AuthenticateTerminal, _in(session_id, desk.authenticate_terminal))

    @described.post(f"{session_path}/card-proof", ProveCard, CardProved)
    async def prove_card(request: Request, session_id: str) -> Response:
        """Judge the chip's answer."""
        return await exchange.answer(request, ProveCard, _in(session_id, desk.prove))

    @described.post(f"{session_path}/record", GetRecord, RecordAnswer)
    async def record(request: Request, session_id: str) -> Response:
        """Tell the holder's record."""
        return await exchange.answer(request, GetRecord, _in(session_id, desk.record))

    @described.post(f"{session_path}/pin-change", ChangeCentrePin, PinChanged)
    async def change_pin(request: Request, session_id: str) -> Response:
        """Change a PIN that the centre holds."""
        return await exchange.answer(request, ChangeCentrePin, _in(session_id, desk.change_pin))

    @described.post(f"{session_path}/examination", ExamineCard, CardExamined)
    async def examine_card(request: Request, session_id: str) -> Response:
        """Tell what keeps a card from working."""
        return await exchange.answer(request, ExamineCard, _in(session_id, desk.examine))

    @described.post(f"{session_path}/loss-lifting", LiftLoss, LossLifted)
    async def lift_loss(request: Request, session_id: str) -> Response:
        """Take a temporary loss report back."""
        return await exchange.answer(request, LiftLoss, _in(session_id, desk.lift_loss))

    _add_losses(described, exchange, losses)
    _add_activation(described, exchange, f"{session_path}/activation", desk)
    _add_newcomers(described, exchange, EnrolmentDesk(database, keys, clock), ReadinessDesk(database, clock))
    _add_terminals(described, exchange, TerminalDesk(database), TelemetryDesk(database, clock))
    _add_roster(described, exchange, TechnicianDesk(database, keys, clock))
    _add_filings(described, exchange, FilingDesk(database, keys, rules, calendar, clock))
    _add_issuance(described, exchange, issuances)

    @described.post("/v1/working-keys", GetWorkingKey, WorkingKey)
    async def working_key(request: Request) -> Response:
        """Give a PIN pad a fresh key."""
        return await exchange.answer(request, GetWorkingKey, desk.working_key)

    _add_notifications(app, issuances.fees)
    add_page(app, database, losses, clock)
    described.complete()
    return app


def _add_losses(described: "_Described", exchange: Exchange, losses: LossDesk) -> None:
    @described.post("/v1/loss-reports", ReportLoss, LossReported)
    async def report_loss(request: Request) -> Response:
        """Stop the social side of a card that is not at hand."""
        return await exchange.answer(request, ReportLoss, losses.report)

    @described.post("/v1/formal-loss-reports", ReportFormalLoss, FormalLossReported)
    async def report_formal_loss(request: Request) -> Response:
        """Stop a card for good that is not at hand."""
        return await exchange.answer(request, ReportFormalLoss, losses.report_formally)

    @described.post("/v1/loss-liftings", LiftLossWithoutCard, LossLifted)
    async def lift_loss_without_card(request: Request) -> Response:
        """Take a temporary loss report back on a card that is not at hand."""
        return await exchange.answer(request, LiftLossWithoutCard, losses.lift)


def _add_activation(described: "_Described", exchange: Exchange, path: str, desk: CardDesk) -> None:
    @described.post(path, ActivateCard, CardActivated)
    async def activate_card(request: Request, session_id: str) -> Response:
        """Start the social side of a new card."""
        return await exchange.answer(request, ActivateCard, _in(session_id, desk.activate))


def _add_terminals(
    described: "_Described", exchange: Exchange, terminals: TerminalDesk, telemetry: TelemetryDesk
) -> None:
    @described.post("/v1/terminal", AskTerminal, TerminalTold)
    async def tell_terminal(request: Request) -> Response:
        """Tell a terminal whether it is known."""
        return await exchange.answer(request, AskTerminal, terminals.tell)

    @described.post("/v1/telemetry", Telemetry, TelemetryTaken)
    async def take_telemetry(request: Request) -> Response:
        """Hear how a terminal is."""
        return await exchange.answer(request, Telemetry, telemetry.take)


def _add_newcomers(
    described: "_Described", exchange: Exchange, enrolments: EnrolmentDesk, ready: ReadinessDesk
) -> None:
    @described.post("/v1/enrolment", AskEnrolment, Enrolled)
    async def enrol_terminal(request: Request) -> Response:
        """Let a new terminal in by its one-time code."""
        return await exchange.answer_newcomer(request, enrolments.enrol)

    @described.post("/v1/readiness", HandInReadiness, ReadinessKept)
    async def hand_in_readiness(request: Request) -> Response:
        """Keep the report of a terminal that was set up."""
        return await exchange.answer(request, HandInReadiness, ready.keep)


def _add_roster(described: "_Described", exchange: Exchange, technicians: TechnicianDesk) -> None:
    @described.post("/v1/roster", AskRoster, RosterTold)
    async def tell_roster(request: Request) -> Response:
        """Tell a terminal who may work at it."""
        return await exchange.answer(request, AskRoster, technicians.tell)


def _add_filings(described: "_Described", exchange: Exchange, filings: FilingDesk) -> None:
    @described.post("/v1/filings", FileMatter, Filed)
    async def file_matter(request: Request) -> Response:
        """File a matter for an office to act on."""
        return await exchange.answer(request, FileMatter, filings.file)

    @described.post("/v1/filings/query", GetFilings, FilingsTold)
    async def get_filings(request: Request) -> Response:
        """Tell how far somebody's matters have come."""
        return await exchange.answer(request, GetFilings, filings.query)


def issuance_desk(
    settings: Settings,
    database: Database,
    keys: CentreKeys,
    rules: RegionRules,
    clock: Callable[[], float],
    provider: PaymentProvider | None = None,
) -> IssuanceDesk:
    """The desk of new cards with who takes their fees.

    :param provider: without one the merchant that the settings name, if they do.
    :raises central.payments.MerchantRefused: the merchant's file can't be read.
    """
    if provider is None and settings.payment is not None:
        provider = WechatPay(load_merchant(settings.payment))
    terms = Terms(
        reservation_ms=settings.reservation_s * 1000, fee_ms=settings.fee_s * 1000, token_ms=settings.token_s * 1000
    )
    fees = FeeDesk(database, rules, provider, terms.reservation_ms, clock)
    return IssuanceDesk(database, keys, rules, terms, fees, clock)


def _add_issuance(described: "_Described", exchange: Exchange, desk: IssuanceDesk) -> None:
    @described.post("/v1/issuances", ReserveIssuance, IssuanceReserved)
    async def reserve_issuance(request: Request) -> Response:
        """Reserve a new card for a holder."""
        return await exchange.answer(request, ReserveIssuance, desk.reserve)

    @described.post("/v1/issuances/fee-order", OrderFee, FeeOrdered)
    async def order_fee(request: Request) -> Response:
        """Have the fee of a new card asked for."""
        return await exchange.answer(request, OrderFee, desk.order_fee)

    @described.post("/v1/issuances/fee", AskFee, FeeState)
    async def ask_fee(request: Request) -> Response:
        """Tell how far the fee of a new card has come."""
        return await exchange.answer(request, AskFee, desk.fee)

    @described.post("/v1/issuances/token", RequestToken, IssuanceToken)
    async def issuance_token(request: Request) -> Response:
        """Give leave to feed one blank."""
        return await exchange.answer(request, RequestToken, desk.token)

    @described.post("/v1/issuances/blank", RegisterBlank, BlankRegistered)
    async def register_blank(request: Request) -> Response:
        """Bind a blank to its transaction."""
        return await exchange.answer(request, RegisterBlank, desk.register_blank)

    @described.post("/v1/issuances/blank-authentication", AuthenticateBlank, BlankAuthenticated)
    async def authenticate_blank(request: Request) -> Response:
        """Answer a blank's challenge."""
        return await exchange.answer(request, AuthenticateBlank, desk.authenticate_blank)

    @described.post("/v1/issuances/switch", SwitchCards, CardsSwitched)
    async def switch_cards(request: Request) -> Response:
        """Let a new card take the old one's place."""
        return await exchange.answer(request, SwitchCards, desk.switch)

    @described.post("/v1/issuances/commit", CommitIssuance, IssuanceCommitted)
    async def commit_issuance(request: Request) -> Response:
        """Note where a new card went."""
        return await exchange.answer(request, CommitIssuance, desk.commit)

    @described.post("/v1/issuances/abandon", AbandonIssuance, IssuanceAbandoned)
    async def abandon_issuance(request: Request) -> Response:
        """End an issuance before the switch."""
        return await exchange.answer(request, AbandonIssuance, desk.abandon)

    @described.post("/v1/issuances/standing", AskIssuance, IssuanceStanding)
    async def ask_issuance(request: Request) -> Response:
        """Tell how far an issuance has come."""
        return await exchange.answer(request, AskIssuance, desk.standing)


def _add_notifications(app: FastAPI, fees: FeeDesk) -> None:
    @app.post("/v1/payment-notifications", include_in_schema=False)
    async def payment_notification(request: Request) -> Response:
        """The provider says that something came of an order: whoever says so, it is asked itself."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _MOST_NOTIFIED:
                return JSONResponse({"code": "FAIL", "message": "too long"}, 413)
        try:
            await run_in_threadpool(fees.notified, dict(request.headers), bytes(body))
        except NotificationRefused as refused:
            _log.warning("a payment notification is refused: %s", refused)
            return JSONResponse({"code": "FAIL", "message": "refused"}, 401)
        except (PaymentUnavailable, SQLAlchemyError) as error:
            _log.warning("a payment notification waits: %s", type(error).__name__)
            return JSONResponse({"code": "FAIL", "message": "later"}, 503)
        return Response(status_code=204)


def _sweeping(
    losses: LossDesk, issuances: IssuanceDesk, every_s: float
) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    async def sweep_again_and_again() -> None:
        while True:
            try:
                await run_in_threadpool(losses.sweep)
                await run_in_threadpool(issuances.sweep)
            except SQLAlchemyError as error:
                _log.warning("not swept: %s", type(error).__name__)
            await asyncio.sleep(every_s)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(sweep_again_and_again())
        yield
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping

    return lifespan


def _in(session_id: str, work: Callable[[Asker, str, Q], msgspec.Struct]) -> Callable[[Asker, Q], msgspec.Struct]:
    return lambda asker, question: work(asker, session_id, question)


class _Described:
    """Routes whose bodies FastAPI does not parse, described from the structs that both ends share."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._kinds: set[type[msgspec.Struct]] = {Problem}

    def post(
        self, path: str, question: type[msgspec.Struct], answer: type[msgspec.Struct]
    ) -> Callable[[Callable[..., Awaitable[Response]]], Callable[..., Awaitable[Response]]]:
        """Register a signed question."""
        self._kinds |= {question, answer}
        responses: dict[int | str, dict[str, Any]] = {200: {"description": answer.__name__, **_body(answer)}}
        responses |= {status: {"description": words, **_body(Problem)} for status, words in _PROBLEMS.items()}
        return self._app.post(
            path,
            response_class=Response,
            responses=responses,
            openapi_extra={"requestBody": {"required": True, **_body(question)}},
        )

    def complete(self) -> None:
        """Put the structs' schemas into the description."""
        kinds = sorted(self._kinds, key=lambda kind: kind.__name__)
        _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
        describe = self._app.openapi

        def openapi() -> dict[str, Any]:
            description = describe()
            schemas = description.setdefault("components", {}).setdefault("schemas", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas.update(components)
            for operations in description["paths"].values():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
            return description

        self._app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _body(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}}
