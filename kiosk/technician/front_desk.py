"""The page that asks who it is, before the pages that a technician works with."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Protocol

from drivers.pin_pad.discovery import open_pin_pad
from drivers.ports.errors import DeviceError, EntryCancelled, TimedOut
from drivers.ports.pin_pad import PinPad
from drivers.ports.technician_card import TechnicianCardReader
from kiosk.configuration import Configuration
from kiosk.journeys.technician_views import Act, Entry, EntryKind, Mark, Page, Row, TechnicianDesk
from kiosk.policy.rule import Text
from kiosk.records.technician import ActOutcome
from kiosk.technician.admission import CODE_LENGTH, PAGE, PIN_LENGTH, Admission, Admitted, Refusal, Refused

HOME: Final = "home"
CARD_WAIT_S: Final = 20.0
"""For a card that is fetched out of a pocket."""
PIN_WAIT_S: Final = 30.0
_TITLE: Final = Text(zh="维护人员登录", en="Technicians")
_ROWS: Final = (
    Row(
        Text(zh="有维护卡", en="with a card"),
        advice=Text(
            zh="点“用维护卡”，插卡，在密码键盘上输六位密码，按确认",
            en="touch By card, put it in, type its six digits at the PIN pad, press enter",
        ),
    ),
    Row(
        Text(zh="没有卡", en="without one"),
        advice=Text(
            zh="点“用一次性口令”，输工号和手机上的六位数字",
            en="touch By code, type your staff number and the six digits on your telephone",
        ),
    ),
)
_ACTS: Final = (
    Act("card", Text(zh="用维护卡", en="By card")),
    Act(
        "code",
        Text(zh="用一次性口令", en="By code"),
        entries=(
            Entry("staff", Text(zh="工号", en="staff number"), EntryKind.WORD, 12),
            Entry("code", Text(zh="六位口令", en="six digits"), EntryKind.HIDDEN, CODE_LENGTH),
        ),
    ),
)
_NO_PIN: Final = Text(zh="没有输完密码", en="the PIN was not typed to its end")


class InnerDesk(TechnicianDesk, Protocol):
    """The pages behind, for one technician's visit."""

    def close(self) -> None:
        """Let go of every device and file that it holds."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What a technician shows themselves by; opened for each try, since the pages behind test them too."""

    open_reader: Callable[[], TechnicianCardReader]
    open_pad: Callable[[], PinPad]

    @classmethod
    def of(cls, configuration: Configuration, open_reader: Callable[[], TechnicianCardReader]) -> "Devices":
        """Those of this terminal.

        :param open_reader: its card slot.
        """
        pad = configuration.pin_pad
        return cls(open_reader, lambda: open_pin_pad(str(pad.port), pad.dialect))


class FrontDesk:
    """A :class:`~kiosk.journeys.technician_views.TechnicianDesk` of one page until somebody has come in."""

    def __init__(self, admission: Admission, devices: Devices, inside: Callable[[Admitted], InnerDesk]) -> None:
        """:param inside: makes the pages behind for whoever came in."""
        self._admission, self._devices, self._make_inside = admission, devices, inside
        self._inside: InnerDesk | None = None
        self._who: Admitted | None = None

    def page(self, word: str) -> Page:
        """See :meth:`TechnicianDesk.page`; asking for ``entry`` forgets who came in."""
        if word == PAGE:
            self.close()
            return _entry(self._admission.locked_out())
        return self._sent_away() or self._behind().page(word)

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        """See :meth:`TechnicianDesk.do`."""
        if page != PAGE:
            return self._sent_away() or self._behind().do(page, act, given)
        match act:
            case "card":
                answer = self._by_card()
            case "code":
                answer = self._admission.by_code(given["staff"], given["code"])
            case _:
                raise KeyError(act)
        if not isinstance(answer, Admitted):
            return _entry(answer)
        self.close()
        self._inside, self._who = self._make_inside(answer), answer
        return self._inside.page(HOME)

    def close(self) -> None:
        """Forget who came in, and let go of what their pages hold."""
        if self._inside is not None:
            self._inside.close()
            self._inside = self._who = None

    def _sent_away(self) -> Page | None:
        """The page that asks who it is, where the roster has whoever came in no more. Asked before each act."""
        if self._who is None or not self._admission.struck(self._who):
            return None
        self.close()
        return _entry(Refused(Refusal.NOT_ADMITTED))

    def _behind(self) -> InnerDesk:
        if self._inside is None:
            raise KeyError("nobody has come in")
        return self._inside

    def _by_card(self) -> Admitted | Refused | Text:
        locked_out = self._admission.locked_out()
        if locked_out is not None:
            return locked_out  # nobody types a PIN for nothing
        try:
            with closing(self._devices.open_reader()) as reader:
                try:
                    reader.wait_for_card(CARD_WAIT_S)
                except TimedOut:
                    return Refused(Refusal.NO_CARD)
                with closing(self._devices.open_pad()) as pad:
                    pin = pad.enter_pin(PIN_LENGTH, PIN_WAIT_S, lambda _count: None)
                return self._admission.by_card(reader, pin)
        except (EntryCancelled, TimedOut):
            return _NO_PIN
        except DeviceError as error:
            return Text(zh=f"设备没有反应：{error}", en=str(error))


def recorder(admission: Admission, who: Admitted) -> Callable[[str, str, ActOutcome], None]:
    """What the pages behind tell of each act: the page, the act, and what came of it."""

    def record(page: str, act: str, outcome: ActOutcome) -> None:
        admission.book.record(act, staff=who.staff, role=who.role, page=page, outcome=outcome)

    return record


def _entry(told: Refused | Text | None) -> Page:
    note = told.words if isinstance(told, Refused) else told
    return Page(PAGE, _TITLE, _ROWS, _ACTS, note=note, note_mark=Mark.NONE if note is None else Mark.FAULT)
