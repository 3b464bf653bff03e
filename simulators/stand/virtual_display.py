"""A display without a screen, for machines that have none: Xvfb on a display number that it finds free itself."""

import os
import select
from collections.abc import Callable
from pathlib import Path

from simulators.stand.programs import Program, ProgramDied

_START_S = 15.0


def start_display(
    width: int, height: int, log: Path, *, on_death: Callable[[Program, int], None] | None = None
) -> tuple[Program, str]:
    """Start one; the program and its name, such as ``:1``. It listens on a local socket only.

    :raises ProgramDied: Xvfb did not come up.
    """
    told, tells = os.pipe()
    program = Program(
        "Xvfb",
        ["Xvfb", "-displayfd", str(tells), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"],
        log,
        inherits=(tells,),
        on_death=on_death,
    )
    try:
        program.start()
    finally:
        os.close(tells)
    with os.fdopen(told, "rb") as pipe:
        ready, _, _ = select.select([pipe], [], [], _START_S)
        number = pipe.readline().strip().decode() if ready else ""
    if not number:
        program.stop()
        raise ProgramDied(f"Xvfb did not start; its log is {log}")
    return program, f":{number}"
