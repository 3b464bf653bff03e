"""A process killed before any one line of the code that it runs: at every write, then, and between any two."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_DONE, _FAILED = 0, 3


def killed_before(line: int, work: Callable[[Callable[[], None]], object], *modules: str) -> bool:
    """Do ``work`` in a child of this process that kills itself before the ``line``-th line of these modules, from 1.

    :param work: is given what it calls when lines begin to count.
    :param modules: as they end, ``kiosk/ledger/journal.py``.
    :returns: whether it was killed; it has done all of its work where it has fewer lines.
    """
    child = os.fork()
    if child == 0:
        status = _FAILED
        try:
            work(lambda: _count_down(line, modules))
            status = _DONE
        finally:
            sys.settrace(None)
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        assert os.WTERMSIG(ended) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(ended) == _DONE, "the child failed by itself"
    return False


def _count_down(left: int, modules: tuple[str, ...]) -> None:
    lives = [left]

    def on_line(_frame: FrameType, event: str, _value: Any) -> Any:
        if event == "line":
            lives[0] -= 1
            if not lives[0]:
                os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    def on_call(frame: FrameType, _event: str, _value: Any) -> Any:
        return on_line if frame.f_code.co_filename.endswith(modules) else None

    sys.settrace(on_call)
