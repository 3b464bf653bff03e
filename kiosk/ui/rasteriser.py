"""Drawing without a graphics chip: Mesa's llvmpipe, whose threads give way to all else that the terminal does.

Each draws its half of the whole screen, some 15 ms for every picture of the preview, and whoever measures that same
picture would wait for a core as long. Nobody waits for the drawing but the eye, which has its picture all the same.
"""

import logging
import os
from pathlib import Path
from typing import Final

_THREAD: Final = "llvmpipe-"
"""What Mesa calls its drawing threads, each with a number behind."""
LESS: Final = 10
"""Steps of nice(2): where a core is short, they get a tenth of it beside another thread."""

_log = logging.getLogger(__name__)


def let_drawing_give_way() -> None:
    """Give the drawing threads of this process less of a processor than its others. To be called with a window open.

    Harmless where a graphics chip draws; where it is not allowed, the log says so.
    """
    nice = os.getpriority(os.PRIO_PROCESS, 0) + LESS
    for thread in drawing_threads():
        try:
            os.setpriority(os.PRIO_PROCESS, thread, nice)
        except PermissionError as refusal:
            _log.warning("drawing does not give way to measuring: %s", refusal.strerror)
            return


def drawing_threads() -> list[int]:
    """Linux' numbers of the threads of this process that draw; none where a graphics chip does."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            name = (task / "comm").read_text()
        except OSError:
            continue  # a thread that has ended meanwhile
        if name.startswith(_THREAD):
            found.append(int(task.name))
    return found
