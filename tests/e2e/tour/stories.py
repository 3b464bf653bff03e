"""What each citizen does. What they look for, and what must come of it, stands in the table."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.e2e.tour.citizen import Citizen

Story = Callable[[Citizen], None]


def _arrives(citizen: Citizen) -> None:
    citizen.touches("start")
    citizen.sees("home")


def _asks(citizen: Citizen, service: str, card: str) -> None:
    citizen.touches(service)
    citizen.sees("insert_card")
    citizen.inserts(card)


def _types_pin(citizen: Citizen, pin: str) -> None:
    citizen.sees("enter_pin")
    citizen.types(pin)


def _types_old_pin(citizen: Citizen, pin: str) -> None:
    citizen.sees("old_pin")
    citizen.types(pin)


def _new_pin(citizen: Citizen, pin: str) -> None:
    citizen.sees("new_pin")
    citizen.types(pin)
    citizen.sees("repeat_pin")
    citizen.types(pin)


def _query(card: str, pin: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, "query", card)
        _types_pin(citizen, pin)
        citizen.takes_card()
        citizen.ends()

    return story


def _query_every_page(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "query", "zhumadian-normal")
    _types_pin(citizen, "246810")
    citizen.takes_card()
    citizen.sees("record")
    citizen.touches("next")
    citizen.sees("insurance")
    citizen.touches("next")
    citizen.sees("insurance_rest")
    citizen.touches("next")
    citizen.sees("bank")
    citizen.ends()


def _wrong_then_right(card: str, right: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, "query", card)
        _types_pin(citizen, "112233")
        citizen.sees("five_left")
        citizen.types(right)
        citizen.takes_card()
        citizen.ends()

    return story


def _refused_before_pin(card: str, service: str = "query") -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, service, card)
        citizen.takes_card()
        citizen.ends()

    return story


def _initial_pin(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "query", "zhumadian-initial-pin")
    _types_pin(citizen, "123456")
    citizen.takes_card()
    citizen.sees("initial_pin")
    citizen.touches("close")
    citizen.sees("home")  # the last screen may name the same services
    _asks(citizen, "change", "zhumadian-initial-pin")
    _types_old_pin(citizen, "123456")
    _new_pin(citizen, "582914")
    citizen.takes_card()
    citizen.sees("changed")
    citizen.touches("close")
    citizen.sees("home")  # the last screen may name the same services
    _asks(citizen, "query", "zhumadian-initial-pin")
    _types_pin(citizen, "582914")
    citizen.takes_card()
    citizen.ends()


def _weak_pin(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "zhumadian-normal")
    _types_old_pin(citizen, "246810")
    citizen.sees("new_pin")
    citizen.types("666666")
    citizen.sees("weak")
    citizen.touches("choose_another")
    _new_pin(citizen, "918273")
    citizen.takes_card()
    citizen.ends()


def _card_pulled(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "query", "zhumadian-normal")
    citizen.sees("enter_pin")
    citizen.types("246", enter=False)
    citizen.pulls()
    citizen.ends()


def _pad_cancel(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "zhumadian-normal")
    citizen.sees("old_pin")
    citizen.types("24", enter=False)
    citizen.cancels_at_pad()
    citizen.takes_card()
    citizen.ends()


def _leave_home(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.touches("leave")
    citizen.ends()


def _offline_query(citizen: Citizen) -> None:
    citizen.unplugs_network()
    _arrives(citizen)
    _asks(citizen, "query", "zhumadian-normal")
    _types_pin(citizen, "246810")
    citizen.takes_card()
    citizen.ends()
    citizen.plugs_network()


def _offline_pin_change(citizen: Citizen) -> None:
    citizen.unplugs_network()
    _arrives(citizen)
    _asks(citizen, "change", "zhumadian-normal")
    _types_old_pin(citizen, "246810")
    _new_pin(citizen, "705846")
    citizen.takes_card()
    citizen.ends()
    citizen.plugs_network()


def _power_cut(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "zhumadian-normal")
    _types_old_pin(citizen, "246810")
    _new_pin(citizen, "640257")
    citizen.sees("take_card")
    citizen.loses_power()
    citizen.pulls()
    citizen.gets_power()
    citizen.ends()


def _query_english(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.touches("english")
    citizen.language = "en"
    _asks(citizen, "query", "zhumadian-normal")
    _types_pin(citizen, "246810")
    citizen.takes_card()
    citizen.ends()


def _beijing_pin_change(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "beijing-normal")
    _types_old_pin(citizen, "135790")
    _new_pin(citizen, "804173")
    citizen.takes_card()
    citizen.sees("changed")
    citizen.touches("close")
    citizen.sees("home")  # the last screen may name the same services
    _asks(citizen, "query", "beijing-normal")
    _types_pin(citizen, "804173")
    citizen.takes_card()
    citizen.ends()


def _beijing_offline(citizen: Citizen) -> None:
    citizen.unplugs_network()
    _arrives(citizen)
    _asks(citizen, "query", "beijing-normal")
    citizen.takes_card()
    citizen.ends()
    citizen.plugs_network()


def _beijing_x_english(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.touches("english")
    citizen.language = "en"
    _asks(citizen, "query", "beijing-x")
    citizen.takes_card()
    citizen.ends()


STORIES: Final[Mapping[str, Story]] = {
    "zhumadian-query": _query_every_page,
    "zhumadian-initial-pin": _initial_pin,
    "zhumadian-wrong-pin": _wrong_then_right("zhumadian-normal", "246810"),
    "zhumadian-locked": _refused_before_pin("zhumadian-locked"),
    "zhumadian-weak-pin": _weak_pin,
    "zhumadian-norm-3": _query("zhumadian-3.00", "864209"),
    "zhumadian-rare-name": _query("rare-name", "975310"),
    "zhumadian-clone": _refused_before_pin("clone-of-zhumadian-normal"),
    "zhumadian-card-pulled": _card_pulled,
    "zhumadian-pad-cancel": _pad_cancel,
    "zhumadian-expired": _refused_before_pin("expired"),
    "zhumadian-bank-only": _refused_before_pin("bank-only"),
    "zhumadian-blank": _refused_before_pin("blank", "change"),
    "zhumadian-leave-home": _leave_home,
    "zhumadian-offline-query": _offline_query,
    "zhumadian-offline-pin-change": _offline_pin_change,
    "zhumadian-power-cut": _power_cut,
    "zhumadian-query-english": _query_english,
    "beijing-query": _query("beijing-normal", "135790"),
    "beijing-wrong-pin": _wrong_then_right("beijing-normal", "135790"),
    "beijing-norm-3": _query("beijing-3.00", "012030"),
    "beijing-pin-with-x": _refused_before_pin("beijing-x"),
    "beijing-offline": _beijing_offline,
    "beijing-pin-with-x-english": _beijing_x_english,
    "zhumadian-card-elsewhere": _refused_before_pin("zhumadian-normal"),
    "beijing-pin-change": _beijing_pin_change,
}
"""Who does what. In which order they come is the table's."""
