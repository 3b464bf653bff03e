"""The questions that a journey asks the centre while the citizen waits."""

from typing import Protocol, TypeVar
from urllib.parse import quote

import msgspec

from kiosk.central_client.errors import CentreDistrusted, CentreError, CentreRefused, CentreUnreachable
from kiosk.records.activation import ActivateCard, CardActivated
from kiosk.records.filings import Filed, FileMatter, FilingsTold, GetFilings
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

T = TypeVar("T")


class Line(Protocol):
    """What carries a question: :class:`~kiosk.central_client.connection.SignedConnection`."""

    def ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        """See :meth:`~kiosk.central_client.connection.SignedConnection.ask`."""
        ...


class CentralClient:
    """The centre as a journey sees it. Every method raises the errors of :meth:`SignedConnection.ask`.

    Questions that the centre knows again by their transaction id are asked once more when only the answer was lost;
    the others are not, since a proof is good once.
    """

    def __init__(self, line: Line) -> None:
        self._line = line

    def open_card_session(self, question: OpenCardSession) -> CardSessionOpened:
        """The centre's challenge for a card."""
        return self._ask_again("/v1/card-sessions", question, CardSessionOpened)

    def authenticate_terminal(self, session_id: str, question: AuthenticateTerminal) -> TerminalAuthenticated:
        """The cryptogram by which a 3.00 card opens its holder file."""
        path = _session_path(session_id, "terminal-authentication")
        return self._line.ask(path, question, TerminalAuthenticated)

    def prove_card(self, session_id: str, question: ProveCard) -> CardProved:
        """Whether the chip is the one the centre knows. A session proves itself once."""
        return self._line.ask(_session_path(session_id, "card-proof"), question, CardProved)

    def record(self, session_id: str, question: GetRecord) -> RecordAnswer:
        """The centre's part of a card query."""
        return self._ask_again(_session_path(session_id, "record"), question, RecordAnswer)

    def change_pin(self, session_id: str, question: ChangeCentrePin) -> PinChanged:
        """Change a PIN that the centre holds; at most once for one transaction id."""
        return self._ask_again(_session_path(session_id, "pin-change"), question, PinChanged)

    def report_loss(self, question: ReportLoss) -> LossReported:
        """Report a card lost for now that is not at hand; at most once for one transaction id."""
        return self._ask_again("/v1/loss-reports", question, LossReported)

    def report_formal_loss(self, question: ReportFormalLoss) -> FormalLossReported:
        """Report a card lost for good that is not at hand; at most once for one transaction id."""
        return self._ask_again("/v1/formal-loss-reports", question, FormalLossReported)

    def lift_loss(self, session_id: str, question: LiftLoss) -> LossLifted:
        """Take the report on a proved card back; at most once for one transaction id."""
        return self._ask_again(_session_path(session_id, "loss-lifting"), question, LossLifted)

    def lift_loss_without_card(self, question: LiftLossWithoutCard) -> LossLifted:
        """Take the report on a card back that is not at hand; at most once for one transaction id."""
        return self._ask_again("/v1/loss-liftings", question, LossLifted)

    def activate_card(self, session_id: str, question: ActivateCard) -> CardActivated:
        """Start the social side of a proved card; at most once for one transaction id."""
        return self._ask_again(_session_path(session_id, "activation"), question, CardActivated)

    def file_matter(self, question: FileMatter) -> Filed:
        """File a matter for an office to act on; at most once for one transaction id."""
        return self._ask_again("/v1/filings", question, Filed)

    def filings(self, question: GetFilings) -> FilingsTold:
        """How far somebody's matters have come. Changes nothing."""
        return self._ask_again("/v1/filings/query", question, FilingsTold)

    def examine_card(self, session_id: str, question: ExamineCard) -> CardExamined:
        """What keeps a proved card from working."""
        return self._ask_again(_session_path(session_id, "examination"), question, CardExamined)

    def reserve_issuance(self, question: ReserveIssuance) -> IssuanceReserved:
        """Reserve a new card for somebody who waits; at most one for one transaction id."""
        return self._ask_again("/v1/issuances", question, IssuanceReserved)

    def order_fee(self, question: OrderFee) -> FeeOrdered:
        """Have the fee asked for; at most one order for one transaction id."""
        return self._ask_again("/v1/issuances/fee-order", question, FeeOrdered)

    def fee(self, question: AskFee) -> FeeState:
        """How far the fee has come. Changes nothing but what has come of it."""
        return self._ask_again("/v1/issuances/fee", question, FeeState)

    def issuance_token(self, question: RequestToken) -> IssuanceToken:
        """Leave to feed one blank; the same token however often it is asked for."""
        return self._ask_again("/v1/issuances/token", question, IssuanceToken)

    def register_blank(self, question: RegisterBlank) -> BlankRegistered:
        """Bind the blank that was fed; at most one for one transaction id."""
        return self._ask_again("/v1/issuances/blank", question, BlankRegistered)

    def authenticate_blank(self, question: AuthenticateBlank) -> BlankAuthenticated:
        """What the registered blank wants to hear to its challenge."""
        return self._ask_again("/v1/issuances/blank-authentication", question, BlankAuthenticated)

    def switch_cards(self, question: SwitchCards) -> CardsSwitched:
        """Let the new card take the old one's place; at most once for one transaction id."""
        return self._ask_again("/v1/issuances/switch", question, CardsSwitched)

    def commit_issuance(self, question: CommitIssuance) -> IssuanceCommitted:
        """Say where the new card went."""
        return self._ask_again("/v1/issuances/commit", question, IssuanceCommitted)

    def abandon_issuance(self, question: AbandonIssuance) -> IssuanceAbandoned:
        """Make no card after all; what was paid goes back."""
        return self._ask_again("/v1/issuances/abandon", question, IssuanceAbandoned)

    def issuance(self, question: AskIssuance) -> IssuanceStanding:
        """What the centre believes, after a lost answer or a power cut."""
        return self._ask_again("/v1/issuances/standing", question, IssuanceStanding)

    def working_key(self, question: GetWorkingKey) -> WorkingKey:
        """A fresh key for a PIN pad, under that pad's master key."""
        return self._line.ask("/v1/working-keys", question, WorkingKey)

    def _ask_again(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        try:
            return self._line.ask(path, question, kind)
        except (CentreUnreachable, CentreDistrusted) as lost:
            if not lost.maybe_done:
                raise
        try:
            return self._line.ask(path, question, kind)
        except CentreRefused as error:
            raise CentreRefused(error.status, error.problem, maybe_done=True) from error
        except CentreError as error:
            # Whatever became of the second asking, the first may have been carried out.
            raise CentreUnreachable("no answer, asked twice", maybe_done=True) from error


def _session_path(session_id: str, step: str) -> str:
    return f"/v1/card-sessions/{quote(session_id, safe='')}/{step}"
