"""A new card, from a reservation that is paid for to the hand of its holder; or to nothing at all.

One rule holds it together: **the point of no return is the switch at the centre**. Before it the new card is a dead
thing: whatever goes wrong, it goes into the reject bin, the old card goes back, the money goes back. After it the old
card is dead: whatever goes wrong, the new one reaches its holder or waits for them in the retained bin, as an open
case. A card in the printer is never moved unless the ledger says so first, so that whoever starts the terminal again
knows what to do (:mod:`kiosk.journeys.issuing_recovery`). docs/replacement.md tells each point.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from drivers.ports.card_encoder import ChipData
from drivers.ports.card_printer import Bin, Face, IssuanceRefused, IssuanceToken, Media, Position
from drivers.ports.card_reader import AuthenticationAlgorithm, Cryptogram
from drivers.ports.errors import DeviceError, MediaRemoved
from kiosk.journeys.faults import Effect
from kiosk.journeys.frame import Progress
from kiosk.journeys.issuing_requests import (
    AnnounceStep,
    AwaitTaken,
    Book,
    BookRefused,
    DiscardCard,
    DrawBlankChallenge,
    DrawReadBackChallenge,
    EjectCard,
    FeedBlank,
    GiveOldCardBack,
    HoldOldCard,
    IdentifyBlank,
    LookAtPrinter,
    Personalise,
    PrintFace,
    ReadBack,
    RetainOldCard,
    Wait,
    Written,
)
from kiosk.journeys.new_card import making
from kiosk.journeys.requests import (
    A,
    Distrusted,
    Journey,
    LedgerFailed,
    Question,
    Record,
    Unreachable,
    ask,
    ask_centre,
)
from kiosk.records import issuance
from kiosk.records.custody import Move, Movement
from kiosk.records.issuance import (
    AbandonedWhy,
    AbandonIssuance,
    AuthenticateBlank,
    BlankAuthenticated,
    BlankFate,
    BlankPurpose,
    BlankRegistered,
    BlankVerdict,
    CardsSwitched,
    CommitIssuance,
    IssuanceAbandoned,
    IssuanceCommitted,
    IssuanceStage,
    NewCardFate,
    RegisterBlank,
    RequestToken,
    SwitchCards,
    SwitchVerdict,
)
from kiosk.records.transaction import IssuanceStep, Stage

ASKED_AGAIN: Final = 20
"""How often a question is put again whose answer decides who holds which card; with the pauses, about a minute."""
PAUSE_S: Final = 3.0
FEEDING, WRITING, PRINTING, CHECKING = range(4)
"""Of :data:`kiosk.journeys.new_card.MAKING`."""
FIRST_SM4_NORM: Final = "3.00"
"""From this norm version on chips answer under SM4, before under 3DES (docs/wire.md)."""
PATIENCE_S: Final = 60.0
"""How long a new card waits in the exit before the terminal takes it back."""


@dataclass(frozen=True, slots=True)
class CardInMaking:
    """What is made: the same particulars for the chip and for the face."""

    job: str
    """The transaction id."""
    chip: ChipData = field(repr=False)
    face: Face = field(repr=False)
    exchange: bool
    """The old card lies in the reader; it is held from before the switch on, and retained after it."""
    usual_minutes: int | None = None
    """How long it takes, as whoever runs the terminal has stated."""


class End(Enum):
    """What became of a card."""

    TAKEN = "taken"
    """Its holder has it."""
    RETAINED = "retained"
    """It is valid and waits in the retained bin: an open case."""
    UNSEEN = "unseen"
    """It is valid, and whether its holder has it nobody can tell: an open case."""
    ABANDONED = "abandoned"
    """None was made. The old card is what it was, the fee goes back."""
    UNSETTLED = "unsettled"
    """The centre has not said which card is the valid one: nothing moves until it has."""


@dataclass(frozen=True, slots=True)
class Issued:
    """How the making ended."""

    end: End
    why: AbandonedWhy | None = None
    """With ABANDONED."""
    place: str = ""
    """With an open case: where the centre says that the card is collected."""
    sealed: bool = False
    """The new card must still be started, elsewhere."""
    old_card_inside: bool = False
    """The old card could not be given back."""


class _Spoilt(Exception):
    """No card comes of it."""

    def __init__(self, why: AbandonedWhy) -> None:
        super().__init__(why.value)
        self.why: Final = why


def make_card(progress: Progress, card: CardInMaking) -> Journey[Issued]:
    """Make one card and hand it out; whatever happens, it comes to one of the ends.

    :raises LedgerFailed: the ledger takes no more. Before the switch nothing moves from then on; after it the card is
        handed out first.
    """
    hold = Hold(progress, card.job)
    try:
        yield from _write_and_print(hold, card)
        if card.exchange:
            yield from hold.record(IssuanceStep.HOLDING_OLD_CARD)
            hold.has_old_card = True  # or may have it: giving back what is not inside is harmless
            yield from ask(HoldOldCard())
            yield from hold.record(IssuanceStep.OLD_CARD_HELD)
    except _Spoilt as spoilt:
        return (yield from _abandon(hold, spoilt.why))
    except (DeviceError, IssuanceRefused, BookRefused):
        return (yield from _abandon(hold, AbandonedWhy.DEVICE))
    yield from hold.record(IssuanceStep.SWITCHING)
    question = SwitchCards(
        transaction_id=card.job, identification_code=hold.identification_code, old_card_kept=hold.has_old_card
    )
    progress.effect = Effect.MAYBE
    answer = yield from _until_answered(question, CardsSwitched)
    if answer is True:
        progress.unsettled = True
        return Issued(End.UNSETTLED, old_card_inside=hold.has_old_card)
    if not isinstance(answer, CardsSwitched) or answer.verdict is not SwitchVerdict.SWITCHED:
        progress.effect = Effect.NONE
        why = AbandonedWhy.REFUSED if isinstance(answer, CardsSwitched) else AbandonedWhy.NO_ANSWER
        return (yield from _abandon(hold, why))
    progress.effect = Effect.DONE
    yield from hold.record_if_possible(IssuanceStep.SWITCHED)
    if card.exchange:
        yield from retain_old_card(hold)
    yield from hold.book_if_possible(Move.PRESENTED)  # first: cut short, the exit is where it is looked for
    fate = yield from hand_out(hold)
    return (yield from tell_committed(hold, fate, sealed=answer.sealed))


class Hold:
    """What the terminal holds of one job, and what it has been able to write down of it."""

    def __init__(self, progress: Progress, job: str) -> None:
        self.progress: Final = progress
        self.job: Final = job
        self.identification_code = ""
        self.may_be_fed = False
        """A blank has left the hopper for it, or may have."""
        self.has_old_card = False
        self.ledger_failed: LedgerFailed | None = None

    def record(self, step: IssuanceStep) -> Journey[None]:
        """Write down a step."""
        yield from ask(Record(self.progress.transaction(Stage.STEP, step=step)))

    def book(self, move: Move, *, code: str = "", why: str = "") -> Journey[None]:
        """Write down where the blank goes."""
        yield from ask(Book(Movement(move=move, job=self.job, identification_code=code, why=why)))

    def record_if_possible(self, step: IssuanceStep) -> Journey[None]:
        """The same, after the switch: a ledger that fails keeps nobody's valid card back."""
        try:
            yield from self.record(step)
        except LedgerFailed as failure:
            self.ledger_failed = failure

    def book_if_possible(self, move: Move, *, why: str = "") -> Journey[None]:
        """The same for the stock."""
        try:
            yield from self.book(move, why=why)
        except LedgerFailed as failure:
            self.ledger_failed = failure
        except BookRefused:
            return  # what is on record differs from what lies there: the next close-out shows by how much


def _write_and_print(hold: Hold, card: CardInMaking) -> Journey[None]:
    yield from ask(AnnounceStep(making(FEEDING, card.usual_minutes)))
    token = yield from _asked(RequestToken(transaction_id=card.job), issuance.IssuanceToken)
    status = yield from ask(LookAtPrinter())
    if not status.ready:
        raise _Spoilt(AbandonedWhy.DEVICE)
    yield from hold.book(Move.FED)
    hold.may_be_fed = True
    yield from ask(FeedBlank(_for_the_driver(token)))
    blank = yield from ask(IdentifyBlank())
    hold.identification_code = blank.identification_code
    yield from hold.book(Move.IDENTIFIED, code=blank.identification_code)
    registered = yield from _asked(
        RegisterBlank(
            transaction_id=card.job,
            identification_code=blank.identification_code,
            bank_account=blank.bank_account,
        ),
        BlankRegistered,
    )
    of_its_norm = (card.chip.norm_version >= FIRST_SM4_NORM) == (blank.algorithm is AuthenticationAlgorithm.SM4)
    if registered.verdict is not BlankVerdict.REGISTERED or not of_its_norm:
        raise _Spoilt(AbandonedWhy.BLANK)
    yield from ask(AnnounceStep(making(WRITING, card.usual_minutes)))
    yield from hold.record(IssuanceStep.PERSONALISING)
    challenge = yield from ask(DrawBlankChallenge())
    proof = yield from _asked(AuthenticateBlank(transaction_id=card.job, challenge=challenge.value), BlankAuthenticated)
    if not (yield from ask(Personalise(Cryptogram(proof.cryptogram), card.chip))):
        raise _Spoilt(AbandonedWhy.BLANK)
    yield from hold.record(IssuanceStep.PERSONALISED)
    yield from ask(AnnounceStep(making(PRINTING, card.usual_minutes)))
    yield from hold.record(IssuanceStep.PRINTING)
    yield from ask(PrintFace(card.job, card.face))
    yield from hold.record(IssuanceStep.PRINTED)
    yield from ask(AnnounceStep(making(CHECKING, card.usual_minutes)))
    written = yield from _read_back(card)
    if not _is_as_ordered(written, card.chip, hold.identification_code):
        raise _Spoilt(AbandonedWhy.BLANK)
    yield from hold.record(IssuanceStep.READ_BACK)


def _read_back(card: CardInMaking) -> Journey[Written]:
    """What the new chip says of itself. From norm 3.00 on it shows its holder only to whom the centre vouches for."""
    if card.chip.norm_version < FIRST_SM4_NORM:
        return (yield from ask(ReadBack()))
    challenge = yield from ask(DrawReadBackChallenge())
    question = AuthenticateBlank(transaction_id=card.job, challenge=challenge.value, purpose=BlankPurpose.READING_BACK)
    proof = yield from _asked(question, BlankAuthenticated)
    return (yield from ask(ReadBack(Cryptogram(proof.cryptogram))))


def _for_the_driver(token: issuance.IssuanceToken) -> IssuanceToken:
    return IssuanceToken(token.job_id, token.terminal, token.expires_at_ms, token.signature)


def _is_as_ordered(written: Written, ordered: ChipData, identification_code: str) -> bool:
    issuer = written.issuer
    return (
        issuer.identification_code == identification_code
        and issuer.card_number == ordered.card_number
        and issuer.card_class == ordered.card_class
        and issuer.norm_version == ordered.norm_version
        and issuer.issued_on == ordered.issued_on
        and issuer.expires_on == ordered.expires_on
        and written.holder == ordered.holder
        and written.photo == ordered.photo
    )


def _asked(question: Question, expected: type[A]) -> Journey[A]:
    """Ask the centre before the switch; once more where nothing came.

    :raises _Spoilt: no answer.
    """
    answer = yield from ask_centre(question, expected)
    if isinstance(answer, Unreachable):
        yield from ask(Wait(PAUSE_S))
        answer = yield from ask_centre(question, expected)
    if isinstance(answer, Unreachable):
        raise _Spoilt(AbandonedWhy.NO_ANSWER)
    if isinstance(answer, Distrusted):
        raise _Spoilt(AbandonedWhy.REFUSED)
    return answer


def _until_answered(question: Question, expected: type[A]) -> Journey[A | bool]:
    """Ask again and again, since the same question changes nothing twice; without any answer, whether one was sent."""
    maybe_done = False
    for number in range(ASKED_AGAIN):
        if number:
            yield from ask(Wait(PAUSE_S))
        answer = yield from ask_centre(question, expected)
        if not isinstance(answer, Unreachable | Distrusted):
            return answer
        if isinstance(answer, Distrusted) and answer.declined:
            return False
        maybe_done = maybe_done or answer.maybe_done
    return maybe_done


# Before the switch: everything back to where it was.


def _abandon(hold: Hold, why: AbandonedWhy) -> Journey[Issued]:
    fate = BlankFate.NOT_FED
    if hold.may_be_fed:
        fate = yield from put_away(hold, why.value)
    inside = hold.has_old_card and not (yield from give_old_card_back(hold))
    return (yield from tell_abandoned(hold, why, fate, old_card_inside=inside))


def put_away(hold: Hold, why: str) -> Journey[BlankFate]:
    """Bring the blank that lies in the printer into the reject bin; on record before it moves, and after.

    A printer that can't be asked, or a card that does not move, is left to staff: nothing is guessed.
    """
    try:
        status = yield from ask(LookAtPrinter())
        if status.media is Media.NOT_PRESENT:
            if hold.identification_code:
                return BlankFate.UNKNOWN  # it was there, and somebody has taken it out
            yield from hold.book(Move.FEED_FAILED, why=why)
            return BlankFate.NOT_FED
        yield from hold.record(IssuanceStep.REJECTING)
        if status.two_fed:
            yield from _book_the_second(hold)
        if not (yield from _moved_out(Bin.REJECT)):
            return BlankFate.UNKNOWN
        yield from hold.book(Move.REJECTED, why=why)
    except (DeviceError, BookRefused):
        return BlankFate.UNKNOWN
    return BlankFate.REJECTED


def _book_the_second(hold: Hold) -> Journey[None]:
    """Write down, before both go into the bin, that another blank has left the hopper with the job's own."""
    try:
        yield from hold.book(Move.TWO_FED)
    except BookRefused:
        return  # it is on record already; or by the book there was no other, and the next close-out shows it


def _moved_out(to: Bin) -> Journey[bool]:
    """Whether the card went into the bin: by the printer's answer, or, where that is lost, by its sensors."""
    try:
        yield from ask(DiscardCard(to))
    except DeviceError:
        return (yield from ask(LookAtPrinter())).media is Media.NOT_PRESENT
    return True


def give_old_card_back(hold: Hold) -> Journey[bool]:
    """Bring the old card back to the slot: it is the valid one. Whether it came."""
    yield from hold.record(IssuanceStep.RETURNING_OLD_CARD)
    try:
        yield from ask(GiveOldCardBack())
    except DeviceError:
        return False
    hold.has_old_card = False
    yield from hold.record(IssuanceStep.OLD_CARD_RETURNED)
    return True


def tell_abandoned(hold: Hold, why: AbandonedWhy, fate: BlankFate, *, old_card_inside: bool = False) -> Journey[Issued]:
    """Tell the centre, which gives the money back. Untold, its own time for the reservation runs out."""
    question = AbandonIssuance(transaction_id=hold.job, why=why, blank=fate)
    answer = yield from ask_centre(question, IssuanceAbandoned)
    if isinstance(answer, IssuanceAbandoned):
        yield from hold.record(IssuanceStep.ABANDONED)
    return Issued(End.ABANDONED, why=why, old_card_inside=old_card_inside)


# After the switch: the new card to its holder.


def retain_old_card(hold: Hold) -> Journey[None]:
    """Take the dead card into its bin; one that does not move keeps nobody's new card back."""
    try:
        retained = yield from ask(RetainOldCard())
    except DeviceError:
        return
    if retained:
        hold.has_old_card = hold.progress.holds_card = False
        yield from hold.record_if_possible(IssuanceStep.OLD_CARD_RETAINED)


def hand_out(hold: Hold) -> Journey[NewCardFate]:
    """Bring the card out and offer it."""
    try:
        yield from ask(EjectCard())
    except DeviceError:
        if not (yield from _is_at_the_exit()):
            return NewCardFate.UNKNOWN
    return (yield from offer(hold))


def _is_at_the_exit() -> Journey[bool]:
    try:
        return (yield from ask(LookAtPrinter())).position is Position.EXIT
    except DeviceError:
        return False


def offer(hold: Hold) -> Journey[NewCardFate]:
    """Let the citizen take the card out of the exit, and take it back where nobody does."""
    try:
        taken = yield from ask(AwaitTaken(PATIENCE_S))
    except DeviceError:
        return (yield from _if_gone(hold, Move.TAKEN))
    if not taken:
        return (yield from keep(hold))
    yield from hold.book_if_possible(Move.TAKEN)
    return NewCardFate.TAKEN


def keep(hold: Hold) -> Journey[NewCardFate]:
    """Put a valid card that nobody takes where staff find it; on record before it moves, and after."""
    yield from hold.record_if_possible(IssuanceStep.RETAINING)
    try:
        yield from ask(DiscardCard(Bin.RETAINED))
    except MediaRemoved:
        yield from hold.book_if_possible(Move.TAKEN)  # in the last moment
        return NewCardFate.TAKEN
    except DeviceError:
        return (yield from _if_gone(hold, Move.RETAINED))
    yield from hold.book_if_possible(Move.RETAINED, why="not_taken")
    return NewCardFate.RETAINED


def _if_gone(hold: Hold, move: Move) -> Journey[NewCardFate]:
    """The printer lost the answer. Where its card has gone is booked as it should have; staff look after it."""
    try:
        status = yield from ask(LookAtPrinter())
    except DeviceError:
        return NewCardFate.UNKNOWN
    if status.media is Media.NOT_PRESENT:
        yield from hold.book_if_possible(move, why="not_seen" if move is Move.RETAINED else "")
    return NewCardFate.UNKNOWN


def tell_committed(hold: Hold, fate: NewCardFate, *, sealed: bool) -> Journey[Issued]:
    """Tell the centre where the new card is.

    :raises LedgerFailed: all is done, and the ledger has not taken all of it down.
    """
    end = {
        NewCardFate.TAKEN: End.TAKEN,
        NewCardFate.RETAINED: End.RETAINED,
        NewCardFate.UNKNOWN: End.UNSEEN,
    }[fate]
    answer = yield from _until_answered(CommitIssuance(transaction_id=hold.job, fate=fate), IssuanceCommitted)
    if not isinstance(answer, IssuanceCommitted):
        # Its holder has it or not, whatever the centre knows: it is told when the terminal next settles.
        hold.progress.unsettled = True
    else:
        yield from hold.record_if_possible(IssuanceStep.COMMITTED)
    if hold.ledger_failed is not None:
        raise hold.ledger_failed
    if not isinstance(answer, IssuanceCommitted):
        return Issued(end, sealed=sealed)
    if answer.stage is IssuanceStage.COMMITTED:
        end = End.TAKEN
    return Issued(end, place=answer.place, sealed=sealed)
