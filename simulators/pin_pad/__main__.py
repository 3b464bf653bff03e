"""The simulated pad as a process of its own; another process is the fingers.

Lines on standard input: ``press 123``, ``enter``, ``cancel``, ``clear``, ``unplug``, ``replug``,
``fail KIND [COMMAND]`` (a kind of :class:`simulators.pin_pad.faults.PadFault`, a command code), ``quit``.
Lines on standard output: ``ready PATH``, ``entering plain 6`` (of an SZZT pad ``entering plain``),
``entering block 6``, ``idle``, ``refused LINE``.
The process ends with its standard input, so that no pad outlives its bench.
"""

import argparse
import signal
import sys
from pathlib import Path

from simulators.pin_pad.simulator import FIRMWARE, PadSimulator


def obey(pad: PadSimulator, line: str) -> None:
    """Do what one line says.

    :raises ValueError: it says nothing known.
    """
    match line.split():
        case ["press", digits]:
            pad.press(digits)
        case ["enter"]:
            pad.press_enter()
        case ["cancel"]:
            pad.press_cancel()
        case ["clear"]:
            pad.press_clear()
        case ["unplug"]:
            pad.unplug()
        case ["replug"]:
            pad.replug()
        case ["fail", kind]:
            pad.faults.fail_next(kind)
        case ["fail", kind, command]:
            pad.faults.fail_next(kind, command=command)
        case _:
            raise ValueError("unknown line")


def main() -> None:
    """Run until standard input ends or a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m simulators.pin_pad", description="simulated PIN pad")
    parser.add_argument("--dialect", choices=sorted(FIRMWARE), default="sunson", help="the make (%(default)s)")
    parser.add_argument("--link", type=Path, required=True, help="stable name of the serial port")
    parser.add_argument("--state", type=Path, required=True, help="JSON file with the pad's keys")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with PadSimulator(
        arguments.dialect,
        link=arguments.link,
        state_file=arguments.state,
        on_event=lambda event: print(event, flush=True),
    ) as pad:
        print(f"ready {pad.path}", flush=True)
        for line in sys.stdin:
            if line.strip() == "quit":
                return
            try:
                obey(pad, line)
            except ValueError:
                print(f"refused {line.strip()}", flush=True)


if __name__ == "__main__":
    main()
