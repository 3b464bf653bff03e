"""The simulated card printer as a process of its own; another process is the hands of staff and citizen.

Lines on standard input: ``load COUNT [WEAK_CELL]`` (blanks, numbered on from those that were here), ``take``, ``jam``,
``clear``, ``run_ribbon_out [FACES]``, ``change_ribbon``, ``open_cover``, ``close_cover``, ``empty UNIT`` (``hopper``,
``reject_bin``, ``retained_bin``), ``power_cut``, ``power_on``, ``unplug``, ``replug``, ``fail KIND [COMMAND]`` (a kind
of :class:`simulators.card_printer.faults.CardPrinterFault`), ``fail_no_more``, ``tally``, ``quit``.
Lines on standard output: ``ready PORT``, then for each line ``done [WHAT]`` or ``refused LINE``, and ``dark`` whenever
the power has gone by an ordered fault.
The process ends with its standard input. Killed, it leaves its folder as a printer is left whose plug was pulled.
"""

import argparse
import signal
import sys
from pathlib import Path

import msgspec

from simulators.card.slot import CardSlot
from simulators.card_printer.blanks import BlankMaker
from simulators.card_printer.body import tally
from simulators.card_printer.simulator import CardPrinterSimulator
from simulators.pcscd import CONTACT_STATION_PORT


def obey(printer: CardPrinterSimulator, line: str, blanks: BlankMaker) -> str:
    """Do what one line says; what there is to tell of it.

    :raises ValueError: it says nothing known, or can't be done.
    """
    match line.split():
        case ["load", count] if count.isdecimal():
            printer.load_blanks(blanks.make(int(count)))
        case ["load", count, weak_cell] if count.isdecimal():
            printer.load_blanks(blanks.make(int(count), weak_cell))
        case ["take"]:
            return printer.take_card()
        case ["empty", ("hopper" | "reject_bin" | "retained_bin") as unit]:
            return str(printer.empty(unit))
        case ["run_ribbon_out", faces] if faces.isdecimal():
            printer.run_ribbon_out(int(faces))
        case ["fail", kind]:
            printer.faults.fail_next(kind)
        case ["fail", kind, command]:
            printer.faults.fail_next(kind, command=command)
        case ["fail_no_more"]:
            printer.faults.clear()
        case ["tally"]:
            return msgspec.json.encode(tally(blanks.folder)).decode()
        case [("jam" | "clear" | "run_ribbon_out" | "change_ribbon" | "open_cover" | "close_cover") as verb]:
            getattr(printer, verb)()
        case [("power_cut" | "power_on" | "unplug" | "replug") as verb]:
            getattr(printer, verb)()
        case _:
            raise ValueError("unknown line")
    return ""


def main() -> None:
    """Run until standard input ends or a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m simulators.card_printer", description="simulated card printer")
    parser.add_argument("--folder", type=Path, required=True, help="where its cards lie; kept from start to start")
    parser.add_argument("--port", type=int, default=0, help="TCP port of the escape stream (a free one)")
    parser.add_argument("--contacts", metavar="NETWORK", help="network of the pcscd whose second slot is the station")
    parser.add_argument("--region", default="4117", help="of its blanks, four digits (%(default)s)")
    parser.add_argument("--norm", default="3.00", choices=["1.00", "2.00", "3.00"], help="of its blanks (%(default)s)")
    parser.add_argument("--pin", help="initial PIN on its blanks; none where the centre holds it")
    parser.add_argument("--bank", default="示例银行", help="on its blanks (%(default)s)")
    parser.add_argument("--first", type=int, default=0x10001, help="number of its first blank (%(default)s)")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds of one movement (%(default)s)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    slot = None if arguments.contacts is None else CardSlot(arguments.contacts, CONTACT_STATION_PORT)
    blanks = BlankMaker(
        arguments.folder, arguments.region, arguments.norm, arguments.pin, arguments.bank, arguments.first
    )
    with CardPrinterSimulator(
        arguments.folder,
        port=arguments.port,
        slot=slot,
        pace_s=arguments.pace,
        on_event=lambda event: print(event, flush=True) if event == "dark" else None,
    ) as printer:
        print(f"ready {printer.port}", flush=True)
        for line in sys.stdin:
            if line.strip() == "quit":
                return
            try:
                told = obey(printer, line, blanks)
            except ValueError:
                print(f"refused {line.strip()}", flush=True)
            else:
                print(f"done {told}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
