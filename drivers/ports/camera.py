"""What the terminal asks of the camera that takes portraits."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # whoever only names the port, as a terminal without a camera does, loads no numpy
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CameraIdentity:
    """What is known of a camera without looking through it; nothing in it is secret."""

    name: str


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Frame:
    """One picture of whoever stands there. Never logged; ``repr`` shows nothing of it."""

    pixels: "NDArray[np.uint8]" = field(repr=False)
    """Height × width × 3, RGB (not OpenCV's BGR), as the sensor sees it: not mirrored. Read-only."""
    sequence: int
    """Counts up from 1 with each opening; what is left out was never wanted."""
    taken_at: float
    """Seconds of the driver's clock, ``time.monotonic`` unless told otherwise, when the picture had arrived."""

    def wipe(self) -> None:
        """Blacken it. Harmless when it was."""
        self.pixels.flags.writeable = True
        self.pixels.fill(0)
        self.pixels.flags.writeable = False


class Camera(Protocol):
    """A camera that looks at nobody until it is opened. Methods block; one thread uses them.

    A camera that is lost while it is open is looked for until it is closed: what :meth:`frame` says of it is how it
    stands at that moment, and a later call may bring a picture again.
    """

    def identify(self) -> CameraIdentity:
        """Tell whether the camera is there, within 1 s and without a picture; harmless at any time.

        :raises NotConnected: it is not.
        :raises ProtocolViolation: something is there that is no camera.
        :raises Busy: another process keeps it from being looked at.
        """

    def open(self, timeout_s: float) -> None:
        """Begin to take pictures; returns with the first. Harmless when open. What raises leaves it closed.

        :raises NotConnected: no camera, or one that delivers no picture.
        :raises TimedOut: no picture came within ``timeout_s``.
        :raises Busy: another process holds it.
        :raises ProtocolViolation: no camera, or not the size that is wanted.
        """

    def frame(self, timeout_s: float) -> Frame:
        """The newest picture, never more than 1 s old. There is no queue: those that nobody asked for are gone.

        Each is handed out once; whoever comes back sooner waits for the next. Whoever gets one wipes it when it has
        done its part. Whatever is left at :meth:`close` is wiped there, so what shall stay is copied before.

        :raises TimedOut: no newer one came within ``timeout_s``; nothing else is meant by it.
        :raises NotConnected: not open, unplugged, or no picture for more than 1 s.
        :raises PictureDark: the lens is covered, or the sensor dead.
        :raises PictureFrozen: the same picture for more than 1 s, which no living sensor delivers.
        :raises Busy: another process took it when it was lost.
        :raises ProtocolViolation: what came back in its place is another camera.
        """

    def close(self) -> None:
        """Stop taking pictures and wipe all that are left. Harmless when closed."""
