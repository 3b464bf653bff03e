"""A loudspeaker on ALSA, by the system's own libasound.

Called from here without a binding between: seven functions are wanted, and whatever else would play a sound (SDL's
mixer, miniaudio) loads the same library, holds the device open for as long as the process runs, and does not come back
once it was unplugged. Opened for each sound, a card that is plugged in late or again is heard.
"""

import contextlib
import ctypes
import errno
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from drivers.ports.errors import Busy, DeviceError, NotConnected, TimedOut
from drivers.ports.sounder import RATE_HZ, SAMPLE_BYTES, Sound

DEVICE: Final = "sounder"
LIBRARY: Final = "libasound.so.2"
SLACK_S: Final = 2.0
"""A sound that takes so much longer than it is stands still."""
_LATENCY_US: Final = 100_000
_LOOK_MS: Final = 100
# <alsa/pcm.h>
_PLAYBACK: Final = 0
_NONBLOCK: Final = 1
_S16_LE: Final = 2
_INTERLEAVED: Final = 3
_DRAINING: Final = 5
_GONE: Final = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EACCES, errno.EPERM, errno.ECONNREFUSED})


class AlsaSounder:
    """A :class:`drivers.ports.sounder.Sounder`."""

    def __init__(
        self,
        name: str = "default",
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        :param name: as ``aplay -L`` lists it: ``default``, ``plughw:CARD=PCH,DEV=0``.
        :param pause: waits so many seconds.
        """
        self._name, self._clock, self._pause = name, clock, pause
        self._loaded: Any = None

    def identify(self) -> str:
        """Open it and let go of it; see :meth:`drivers.ports.sounder.Sounder.identify`."""
        with self._opened() as pcm:
            name: bytes = self._library.snd_pcm_name(pcm)
            return name.decode("utf-8", "replace")

    def play(self, sound: Sound) -> None:
        """Play to the end; see :meth:`drivers.ports.sounder.Sounder.play`."""
        ends = self._clock() + sound.seconds + SLACK_S
        frames = len(sound.samples) // SAMPLE_BYTES
        samples = (ctypes.c_char * len(sound.samples)).from_buffer_copy(sound.samples)
        with self._opened() as pcm:
            self._require(self._library.snd_pcm_set_params(pcm, _S16_LE, _INTERLEAVED, 1, RATE_HZ, 1, _LATENCY_US))
            written = 0
            while written < frames:
                told: int = self._library.snd_pcm_writei(
                    pcm, ctypes.byref(samples, written * SAMPLE_BYTES), frames - written
                )
                if told >= 0:
                    written += told
                elif told == -errno.EAGAIN:
                    self._library.snd_pcm_wait(pcm, _LOOK_MS)
                else:  # an underrun is gone on from; what is no such thing is the device's end
                    self._require(self._library.snd_pcm_recover(pcm, told, 1))
                self._mind(ends)
            self._library.snd_pcm_drain(pcm)
            while self._library.snd_pcm_state(pcm) == _DRAINING:
                self._mind(ends)
                self._pause(_LOOK_MS / 10_000)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[ctypes.c_void_p]:
        pcm = ctypes.c_void_p()
        told = self._library.snd_pcm_open(ctypes.byref(pcm), os.fsencode(self._name), _PLAYBACK, _NONBLOCK)
        self._require(told)
        try:
            yield pcm
        finally:
            self._library.snd_pcm_close(pcm)

    @property
    def _library(self) -> Any:
        if self._loaded is None:
            try:
                library = ctypes.CDLL(LIBRARY)
            except OSError as error:
                raise NotConnected(DEVICE, f"{LIBRARY} is not installed") from error
            library.snd_pcm_name.restype = library.snd_strerror.restype = ctypes.c_char_p
            library.snd_pcm_writei.restype = ctypes.c_long
            library.snd_pcm_writei.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)
            self._loaded = library
        return self._loaded

    def _require(self, told: int) -> None:
        if told >= 0:
            return
        what = f"{self._name}: {self._library.snd_strerror(told).decode('utf-8', 'replace')}"
        if -told == errno.EBUSY:
            raise Busy(DEVICE, what)
        raise NotConnected(DEVICE, what) if -told in _GONE else DeviceError(DEVICE, what)

    def _mind(self, ends: float) -> None:
        if self._clock() > ends:
            raise TimedOut(DEVICE, f"{self._name}: it stands still")
