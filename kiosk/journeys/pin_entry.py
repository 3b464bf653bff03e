"""Asking for a PIN, by who checks it. The terminal never learns a PIN, and never spends a try to find something out."""

from dataclasses import dataclass

from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PadIdentity, PinBlock, WrappedKey
from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Progress, Session
from kiosk.journeys.identify import CANCEL, CentreSession, Identified
from kiosk.journeys.requests import (
    Announce,
    Distrusted,
    EnterPin,
    EnterPinBlock,
    IdentifyPad,
    Journey,
    LoadWorkingKey,
    PinTriesLeft,
    Unreachable,
    VerifyPin,
    ask,
    ask_centre,
)
from kiosk.journeys.views import PinEntry, Step, Working
from kiosk.journeys.wording import Say, say
from kiosk.policy.pack import InitialPin
from kiosk.policy.region import Region
from kiosk.records.card import pin_account
from kiosk.records.questions import GetWorkingKey, WorkingKey
from kiosk.records.transaction import Service

WRONG_PIN = say("密码不对。")


def needs_pin_pad(session: Session, service: Service) -> None:
    """Let nobody begin what wants a PIN where none can be typed.

    :raises Ended: the pad does not answer.
    """
    wanted = service is Service.PIN_CHANGE or session.region.asks_pin(service)
    if wanted and not session.enters_pins:
        raise refusals.no_pin_pad(session.region, service)


def tries_note(tries_left: int | None) -> Say:
    """What is said after a wrong PIN."""
    if tries_left is None:
        return WRONG_PIN
    if tries_left == 1:
        return say("密码不对，只剩最后 1 次，再错就锁住。想不起来，请按“不办了”。")
    return say("密码不对，还可以试 {tries} 次。", tries=tries_left)


def first_note(region: Region, tries_left: int | None) -> Say | None:
    """What is said before the first entry: that one try is left, or what a PIN is that was never changed."""
    if tries_left == 1:
        return last_try_note(tries_left)
    if region.pack.pin.initial.value == InitialPin.OLD_MEDICAL_CARD.value:
        return say("没改过的话，和原来医保卡的密码一样。")
    return None


def last_try_note(tries_left: int | None) -> Say | None:
    """What is said before the first entry, when earlier visits have left one try."""
    return say("只剩最后 1 次，再错就锁住。想不起来，请按“不办了”。") if tries_left == 1 else None


def pin_name(region: Region) -> Say:
    """What the region calls its PIN."""
    return in_words(region.pack.pin.name.stated())


def telling_apart(region: Region) -> Say | None:
    """Which of a card's two PINs is meant, in plain words; None where the region's cards are not known to have two."""
    return say("看病、办社保用这个密码，银行取钱用的是另一个。") if region.has_bank_side else None


def perhaps_the_other(region: Region) -> Say | None:
    """The advice after a wrong PIN: at tills the bank's own is often typed in its place."""
    return say("是不是输成了银行密码？那是另一个密码。") if region.has_bank_side else None


def pin_view(
    session: Session, title: Say, *, step: Step | None = None, note: Say | None = None, coach: Say | None = None
) -> PinEntry:
    """The screen beside the PIN pad."""
    return PinEntry(
        title=title,
        which=_which(session.region),
        length=session.region.pin_length,
        typed=0,
        step=step,
        note=note,
        actions=(CANCEL,),
        coach=coach,
    )


def chip_pin(session: Session, progress: Progress, title: Say, *, step: Step | None = None) -> Journey[Pin]:
    """Ask for the PIN until the chip accepts it. The handle is wiped by the frame.

    :raises Ended: the chip is locked, before or by this entry.
    """
    tries_left = yield from ask(PinTriesLeft())
    if tries_left == 0:
        raise refusals.pin_locked(session.region)
    note, coach = first_note(session.region, tries_left), telling_apart(session.region)
    while True:
        pin = yield from ask(EnterPin(pin_view(session, title, step=step, note=note, coach=coach)))
        progress.pins.append(pin)
        check = yield from ask(VerifyPin(pin))
        if check.accepted:
            return pin
        pin.wipe()
        if check.locked:
            raise refusals.pin_locked(session.region)
        note, coach = tries_note(check.tries_left), perhaps_the_other(session.region)


def is_forbidden_initial_pin(region: Region, pin: Pin) -> bool:
    """Whether this is the initial PIN, in a region that wants it changed before the card is used."""
    return region.demands_pin_change_first and region.initial_pin is not None and pin.equals_digits(region.initial_pin)


def _which(region: Region) -> Say:
    name = pin_name(region)
    return say("{pin}，不是银行密码", pin=name) if region.has_bank_side else name


@dataclass(frozen=True, slots=True)
class CentrePad:
    """A pad that shares a fresh working key with the centre, and the account its blocks are bound to."""

    pad: PadIdentity
    account: str

    def block(self, view: PinEntry) -> Journey[PinBlock]:
        """Let the citizen type a PIN that only the centre can read."""
        return (yield from ask(EnterPinBlock(view, self.account)))


def centre_pad(session: Session, identified: Identified, service: Service) -> Journey[tuple[CentreSession, CentrePad]]:
    """Make the pad ready for a PIN that the centre checks.

    :raises Ended: the centre can't be reached, no try is left, or the PIN can't be typed.
    """
    region = session.region
    centre, holder = identified.centre, identified.holder
    if centre is None or holder is None:
        raise refusals.without_centre(region, service, declined=identified.declined)
    if centre.pin_tries_left == 0:
        raise refusals.pin_locked(region)
    if centre.pin_is_initial and region.initial_pin_untypable(holder.social_security_number):
        raise refusals.pin_untypable(region)
    yield from ask(Announce(Working(say("正在准备密码键盘"), say("请稍候，不要拔卡。"))))
    pad = yield from ask(IdentifyPad())
    key = yield from ask_centre(GetWorkingKey(pad_serial=pad.serial), WorkingKey)
    if isinstance(key, Unreachable | Distrusted):
        raise refusals.no_answer(region, service, key)
    yield from ask(LoadWorkingKey(WrappedKey(key.cipher, key.check_value)))
    return centre, CentrePad(pad, pin_account(holder.social_security_number))
