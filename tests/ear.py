"""An ear at the loudspeaker: the system's own libasound plays into a file, and what was played is measured."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drivers.ports.sounder import RATE_HZ

Samples = NDArray[np.float64]
_CARD: Final = """
pcm.!default {{
    type file
    slave.pcm "null"
    file "|cat >> '{file}'"
    format "raw"
}}
pcm.null {{ type null }}
"""


def card_that_keeps(file: Path) -> str:
    """ALSA's configuration of a machine whose one card appends what is played to a file."""
    return _CARD.format(file=file)


class Ear:
    """Hears what comes out of the card ``default``; one piece after the other."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._heard = 0

    def listen(self) -> Samples:
        """What was played since the last time, between -1 and 1."""
        data = self._file.read_bytes() if self._file.exists() else b""
        fresh, self._heard = data[self._heard :], len(data)
        return np.frombuffer(fresh, "<i2").astype(np.float64) / 32768


@contextmanager
def ear_at(folder: Path) -> Iterator[Ear]:
    """A machine whose one sound card is an ear, for as long as the block runs."""
    before = os.environ.get("ALSA_CONFIG_PATH")
    configuration = folder / "asound.conf"
    configuration.write_text(card_that_keeps(folder / "heard.raw"), "ascii")
    os.environ["ALSA_CONFIG_PATH"] = str(configuration)
    try:
        yield Ear(folder / "heard.raw")
    finally:
        if before is None:
            del os.environ["ALSA_CONFIG_PATH"]
        else:
            os.environ["ALSA_CONFIG_PATH"] = before


def loudness_db(samples: Samples) -> float:
    """The peak, in dB below the largest sample there is."""
    return float(20 * np.log10(np.abs(samples).max()))


def spectrum(samples: Samples) -> tuple[Samples, Samples]:
    """Frequencies, and how strong each is."""
    strengths: Samples = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 16)).astype(np.float64)
    frequencies: Samples = np.arange(len(strengths), dtype=np.float64) * (RATE_HZ / (1 << 16))
    return frequencies, strengths


def pitch(samples: Samples) -> float:
    """The strongest frequency, in Hz."""
    frequencies, strengths = spectrum(samples)
    return float(frequencies[strengths.argmax()])
