"""The process in which the maker's library of an Evolis printer runs, and nothing else.

The library is native code that may hang, and that dies when it is given a picture without a printer. So it gets a
process that can be ended: one question in, one answer out, both JSON; what to print follows its question as it is.
"""

import json
import resource
import sys
from multiprocessing.connection import Connection
from typing import Any, Final

NO_PRINTER: Final = "PRINTER_ENOCOM"
"""What the library itself says of a printer that does not answer."""
MISSING: Final = "missing"
"""There is no such library."""
READY: Final = "ready"


class Printer:
    """One printer by the maker's library, which is handed in: every call answers with the name of a return code."""

    def __init__(self, library: Any, name: str) -> None:
        """:param name: as the library names it, such as ``Evolis KC200B``."""
        self._library, self._name = library, name
        self._line: Any = None
        self._session: Any = None

    def do(self, question: dict[str, Any], document: bytes) -> dict[str, Any]:
        """Answer one question."""
        if self._line is None:
            code = self._open()
            if code != "OK":
                return {"code": code}
        match question["do"]:
            case "look":
                return self._look()
            case "feed":
                return {"code": self._feed()}
            case "hand_over":
                return {"code": self._hand_over(document)}
            case "print":
                return {"code": self._print(int(question["limit_ms"]))}
            case "eject":
                return {"code": self._eject()}
            case "discard":
                return {"code": self._discard(str(question["tray"]))}
            case other:
                raise AssertionError(other)

    def _open(self) -> str:
        library = self._library
        line = library.Connection(self._name, library.OpenMode.DIRECT)
        if line.get_context() is None:
            return NO_PRINTER
        # Otherwise the printer would mend a spoilt card by itself, and draw in one that nobody takes.
        set_up = (
            (line.set_error_management, library.ErrorManagement.SOFTWARE),
            (line.set_bezel_behavior, library.BezelBehavior.DONOTHING),
            (line.set_input_tray, library.InputTray.FEEDER),
            (line.set_output_tray, library.OutputTray.BEZEL),
        )
        for tell, what in set_up:
            if not tell(what):
                code = str(line.get_last_error().name)
                line.close()
                return code
        self._line = line
        return "OK"

    def _told(self, done: bool) -> str:
        code = "OK" if done else str(self._line.get_last_error().name)
        if code == NO_PRINTER:
            self._line.close()
            self._line = self._session = None
        return code

    def _look(self) -> dict[str, Any]:
        status = self._line.get_status()
        if status is None:
            return {"code": self._told(done=False)}
        flags = [flag.name for flag in self._library.Status.Flag if status.is_on(flag)]
        ribbon = self._line.get_ribbon_info()
        left = None if ribbon is None else [ribbon.type.name, ribbon.remaining]
        return {"code": "OK", "flags": flags, "ribbon": left}

    def _feed(self) -> str:
        return self._told(self._line.set_card_pos(self._library.CardPos.CONTACT))

    def _hand_over(self, document: bytes) -> str:
        library = self._library
        session = library.PrintSession(self._line)
        key, front = library.SettingKey.FBlackManagement, library.CardFace.FRONT
        done = (
            session.init()
            and session.set_image_buffer(front, document)
            and session.set_setting(key, "ALLBLACKPOINT")  # what is quite black goes to the black panel
            and session.set_auto_eject(False)
        )
        self._session = session if done else None
        code = str(session.get_last_error().name)
        return "OK" if done else "EUNDEFINED" if code == "OK" else code

    def _print(self, limit_ms: int) -> str:
        session, self._session = self._session, None
        if session is None:
            return "PRINT_ENOIMAGE"
        code = str(session.print(limit_ms).name)
        return self._feed() if code == "OK" else code  # a card that is in it goes to the contact station

    def _eject(self) -> str:
        return self._told(self._line.eject_card())

    def _discard(self, tray: str) -> str:
        done = self._line.set_error_tray(self._library.OutputTray[tray]) and self._line.reject_card()
        return self._told(done)


def serve(line: "Connection[Any, Any]", name: str) -> None:
    """Answer questions until the other side has gone."""
    try:
        import evolis  # noqa: PLC0415 - the extra, and only in here
    except ImportError:
        line.send_bytes(json.dumps({"code": MISSING}).encode())
        return
    line.send_bytes(json.dumps({"code": READY}).encode())
    printer = Printer(evolis, name)
    while True:
        try:
            question = json.loads(line.recv_bytes())
            document = line.recv_bytes() if question["do"] == "hand_over" else b""
        except EOFError:
            return
        line.send_bytes(json.dumps(printer.do(question, document)).encode())


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold a face
    serve(Connection(int(sys.argv[1])), sys.argv[2])
