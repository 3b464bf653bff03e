"""The simulated slot with a motor as a process of its own; another process is the hands of staff and citizen.

Lines on standard input: ``insert CARD_FILE``, ``take``, ``clear``, ``empty``, ``unplug``, ``replug``, ``fail KIND
[COMMAND]`` (a kind of :class:`simulators.capture_unit.simulator.CaptureFault`), ``fail_no_more``, ``quit``.
Lines on standard output: ``ready``, then for each line ``done [WHAT]`` or ``refused LINE``.
The process ends with its standard input. Killed, it leaves its folder as it was.
"""

import argparse
import signal
import sys
from pathlib import Path

from simulators.capture_unit.simulator import CaptureUnitSimulator
from simulators.card.slot import CardSlot


def obey(unit: CaptureUnitSimulator, line: str) -> str:
    """Do what one line says; what there is to tell of it.

    :raises ValueError: it says nothing known, or can't be done.
    """
    match line.strip().split(maxsplit=1):
        case ["insert", card]:
            unit.insert(Path(card))
        case ["take"]:
            return str(unit.take())
        case ["clear"]:
            return str(unit.clear() or "")
        case ["empty"]:
            return str(len(unit.empty()))
        case ["fail", order]:
            kind, _, command = order.partition(" ")
            unit.faults.fail_next(kind, command=command or None)
        case ["fail_no_more"]:
            unit.faults.clear()
        case [("unplug" | "replug") as verb]:
            getattr(unit, verb)()
        case _:
            raise ValueError("unknown line")
    return ""


def main() -> None:
    """Run until standard input ends or a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m simulators.capture_unit", description="simulated slot with motor")
    parser.add_argument("--folder", type=Path, required=True, help="where its cards lie; kept from start to start")
    parser.add_argument("--link", type=Path, required=True, help="stable name of its serial port")
    parser.add_argument("--contacts", metavar="NETWORK", help="network of the pcscd whose first slot it is")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    slot = None if arguments.contacts is None else CardSlot(arguments.contacts)
    with CaptureUnitSimulator(arguments.folder, slot, link=arguments.link) as unit:
        print("ready", flush=True)
        for line in sys.stdin:
            if line.strip() == "quit":
                return
            try:
                told = obey(unit, line)
            except ValueError:
                print(f"refused {line.strip()}", flush=True)
            else:
                print(f"done {told}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
