"""A journey's questions, put to the central client; its errors become the journey's answers."""

import logging

from kiosk.central_client.client import CentralClient
from kiosk.central_client.errors import CentreDistrusted, CentreRefused, CentreUnreachable
from kiosk.journeys.requests import AskCentre, CentreAnswer, Distrusted, Unreachable
from kiosk.records.activation import ActivateCard
from kiosk.records.filings import FileMatter, GetFilings
from kiosk.records.issuance import (
    AbandonIssuance,
    AskFee,
    AskIssuance,
    AuthenticateBlank,
    CommitIssuance,
    OrderFee,
    RegisterBlank,
    RequestToken,
    ReserveIssuance,
    SwitchCards,
)
from kiosk.records.questions import (
    AuthenticateTerminal,
    ChangeCentrePin,
    ExamineCard,
    GetRecord,
    GetWorkingKey,
    LiftLoss,
    LiftLossWithoutCard,
    OpenCardSession,
    ProveCard,
    ReportFormalLoss,
    ReportLoss,
)

_log = logging.getLogger(__name__)


def put_question(client: CentralClient, request: AskCentre) -> CentreAnswer | Unreachable | Distrusted:
    """Ask and wait. Never raises for what the centre or the line does."""
    try:
        return _put(client, request)
    except CentreUnreachable as error:
        _log.warning("%s: %s", type(request.question).__name__, error)
        return Unreachable(maybe_done=error.maybe_done)
    except (CentreDistrusted, CentreRefused) as error:
        _log.error("%s: %s", type(request.question).__name__, error)
        return Distrusted(
            str(error),
            maybe_done=error.maybe_done,
            declined=isinstance(error, CentreRefused),
        )


def _put(client: CentralClient, request: AskCentre) -> CentreAnswer:  # noqa: C901, PLR0911, PLR0912 - one a question
    match request.question:
        case OpenCardSession() as question:
            return client.open_card_session(question)
        case AuthenticateTerminal() as question:
            return client.authenticate_terminal(request.session_id, question)
        case ProveCard() as question:
            return client.prove_card(request.session_id, question)
        case GetRecord() as question:
            return client.record(request.session_id, question)
        case ChangeCentrePin() as question:
            return client.change_pin(request.session_id, question)
        case GetWorkingKey() as question:
            return client.working_key(question)
        case ReportLoss() as question:
            return client.report_loss(question)
        case ReportFormalLoss() as question:
            return client.report_formal_loss(question)
        case LiftLoss() as question:
            return client.lift_loss(request.session_id, question)
        case LiftLossWithoutCard() as question:
            return client.lift_loss_without_card(question)
        case ActivateCard() as question:
            return client.activate_card(request.session_id, question)
        case FileMatter() as question:
            return client.file_matter(question)
        case GetFilings() as question:
            return client.filings(question)
        case ExamineCard() as question:
            return client.examine_card(request.session_id, question)
        case ReserveIssuance() as question:
            return client.reserve_issuance(question)
        case OrderFee() as question:
            return client.order_fee(question)
        case AskFee() as question:
            return client.fee(question)
        case RequestToken() as question:
            return client.issuance_token(question)
        case RegisterBlank() as question:
            return client.register_blank(question)
        case AuthenticateBlank() as question:
            return client.authenticate_blank(question)
        case SwitchCards() as question:
            return client.switch_cards(question)
        case CommitIssuance() as question:
            return client.commit_issuance(question)
        case AbandonIssuance() as question:
            return client.abandon_issuance(question)
        case AskIssuance() as question:
            return client.issuance(question)
