"""As much of the library evolis-sdk as the driver uses, over a printer that is a file: it hangs and dies when told to.

Its names are held against the real ones where those are installed (tests/contract/test_evolis_printer.py). What a real
printer does at these calls nobody here has seen.
"""

import json
import os
import signal
import time
from enum import Enum
from pathlib import Path
from typing import Any

_FILE = Path(os.environ["EVOLIS_STAND_IN"])


def _state() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text())
    return found


def _become(**changed: object) -> None:
    _FILE.write_text(json.dumps({**_state(), **changed}))


def _at(call: str) -> None:
    """Do at this call what was asked for."""
    state = _state()
    _become(calls=[*state["calls"], call])
    match state["at"].get(call):
        case "hang":
            time.sleep(60)
        case "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "die for good":
            _become(on=False)
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang after":
            _become(hang=True)


def _done() -> None:
    if _state().get("hang"):
        _become(hang=False)
        time.sleep(60)


class OpenMode(Enum):
    DIRECT = 1


class ErrorManagement(Enum):
    SOFTWARE = 2


class BezelBehavior(Enum):
    DONOTHING = 3


class InputTray(Enum):
    FEEDER = 1


class OutputTray(Enum):
    BEZEL = 64
    ERROR = 8
    ERRORSLOT = 128


class CardPos(Enum):
    CONTACT = 5


class CardFace(Enum):
    FRONT = 0


class SettingKey(Enum):
    FBlackManagement = 20


class RibbonType(Enum):
    YMCKO = 0


class ReturnCode(Enum):
    OK = 0
    EUNDEFINED = -1
    PRINT_EMECHANICAL = -22
    PRINTER_ENOCOM = -60
    CARD_ERROR = -200


class RibbonInfo:
    def __init__(self, remaining: int) -> None:
        self.type, self.remaining = RibbonType.YMCKO, remaining


class Status:
    class Flag(Enum):
        INF_CARD_SMART = 57
        INF_BEZEL_CARD_OUTSIDE = 136
        ERR_MECHANICAL = 184

    def is_on(self, flag: "Status.Flag") -> bool:
        state = _state()
        return (flag.name == "ERR_MECHANICAL" and bool(state["jammed"])) or flag.name == state["where"]


class Connection:
    def __init__(self, printer: str, mode: OpenMode) -> None:
        self._context = object() if _state()["on"] else None
        self._last = ReturnCode.OK

    def get_context(self) -> object:
        return self._context

    def get_last_error(self) -> ReturnCode:
        return self._last

    def close(self) -> None:
        self._context = None

    def _set(self, what: Enum) -> bool:
        _become(told=[*_state()["told"], what.name])
        return True

    set_error_management = set_bezel_behavior = set_input_tray = set_output_tray = set_error_tray = _set

    def get_status(self) -> Status:
        _at("status")
        return Status()

    def get_ribbon_info(self) -> RibbonInfo:
        return RibbonInfo(_state()["left"])

    def set_card_pos(self, card_pos: CardPos) -> bool:
        _at("set_card_pos")
        return self._moved("INF_CARD_SMART")

    def eject_card(self) -> bool:
        _at("eject_card")
        return self._moved("INF_BEZEL_CARD_OUTSIDE")

    def reject_card(self) -> bool:
        _at("reject_card")
        return self._moved("")

    def _moved(self, where: str) -> bool:
        if _state()["at"].get("any") == "jam":
            _become(jammed=True, where=where)
            self._last = ReturnCode.CARD_ERROR
            return False
        _become(where=where)
        _done()
        return True


class PrintSession:
    def __init__(self, connection: Connection) -> None:
        self._kept: dict[str, object] = {}

    def get_last_error(self) -> ReturnCode:
        return ReturnCode.OK

    def init(self) -> bool:
        return True

    def set_image_buffer(self, card_face: CardFace, buffer: bytes) -> bool:
        (_FILE.parent / "image.bmp").write_bytes(buffer)
        return True

    def set_setting(self, key: SettingKey, value: str) -> bool:
        return True

    def set_auto_eject(self, value: bool) -> bool:
        _become(told=[*_state()["told"], f"auto_eject={value}"])
        return True

    def print(self, timeout: int) -> ReturnCode:
        _at("print")
        _become(left=_state()["left"] - 1, printed=_state()["printed"] + 1)
        _done()
        return ReturnCode.OK
