"""What a desk says while it is still at something: one sentence on its way to the screen, the newest or none."""

import threading

from kiosk.policy.rule import Text


class LiveNote:
    """One place, for one sentence. The desk's lane tells, the window's thread reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text: Text | None = None

    def tell(self, text: Text) -> None:
        """Let this be read from now on."""
        with self._lock:
            self._text = text

    def clear(self) -> None:
        """Say nothing any more."""
        with self._lock:
            self._text = None

    @property
    def text(self) -> Text | None:
        """What is said at the moment."""
        with self._lock:
            return self._text
