"""What the camera sees, on its way to the screen: the newest picture or none, past the journey and every record."""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # nobody loads numpy before the first picture
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """One picture as in a mirror, for one drawing; whoever took it wipes it."""

    pixels: "NDArray[np.uint8]" = field(repr=False)
    """RGB, one after the other, from the lowest row up, as a texture wants them."""
    width: int
    height: int

    def wipe(self) -> None:
        """Blacken it."""
        self.pixels.fill(0)


class Viewfinder:
    """One place, for one picture. The camera's lane puts, the window takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: Glance | None = None

    def put(self, pixels: "NDArray[np.uint8]") -> None:
        """Let this be seen next; what nobody has taken is wiped.

        :param pixels: height × width × 3, RGB, not mirrored; copied.
        """
        import cv2  # noqa: PLC0415 - whoever took these pixels has loaded it; numpy takes twenty times as long

        height, width = pixels.shape[:2]
        self._become(Glance(cv2.flip(pixels, -1).reshape(-1), width, height))

    def take(self) -> Glance | None:
        """The newest picture, once; None when there is no newer one."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest

    def clear(self) -> None:
        """Leave nothing to be seen."""
        self._become(None)

    def _become(self, newest: Glance | None) -> None:
        with self._lock:
            before, self._newest = self._newest, newest
        if before is not None:
            before.wipe()
