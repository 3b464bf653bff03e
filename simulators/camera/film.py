"""A row of pictures as a sensor delivers them: of one size, with its noise, each a JPEG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height × width × 3, BGR as OpenCV has it."""

NOISE: Final = 2.0
"""Standard deviation of a pixel's noise, of 255."""
_STILL_FRAMES: Final = 8
_QUALITY: Final = 85
_LONGEST: Final = 600
"""Pictures of a clip that are taken; 20 s at 30 a second."""


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures to be shown one after the other, for ever."""

    pictures: tuple[Picture, ...] = field(repr=False)

    @classmethod
    def still(cls, picture: Picture) -> "Film":
        """One picture, which a sensor's noise makes new each time."""
        return cls((picture,) * _STILL_FRAMES)

    @classmethod
    def of_files(cls, files: Iterable[Path]) -> "Film":
        """A sequence of picture files, in the order given; of one alone, a still.

        :raises ValueError: one is no picture, or there is none.
        """
        pictures: list[Picture] = []
        for file in files:
            picture = cv2.imread(str(file))
            if picture is None:
                raise ValueError(f"{file.name} is no picture")
            pictures.append(picture)
        if not pictures:
            raise ValueError("wanted are files of pictures")
        return cls.still(pictures[0]) if len(pictures) == 1 else cls(tuple(pictures))

    @classmethod
    def of_clip(cls, file: Path) -> "Film":
        """The pictures of a clip, 600 at most.

        :raises ValueError: no clip.
        """
        clip = cv2.VideoCapture(str(file), cv2.CAP_FFMPEG)
        pictures: list[Picture] = []
        while len(pictures) < _LONGEST:
            delivered, picture = clip.read()
            if not delivered:
                break
            pictures.append(picture)
        clip.release()
        if not pictures:
            raise ValueError("wanted is a clip")
        return cls(tuple(pictures))

    def developed(self, width: int, height: int) -> Sequence[bytes]:
        """The JPEGs of this size, no two in a row alike."""
        noise = np.zeros((height, width, 3), dtype=np.int8)
        cv2.setRNGSeed(1)
        cv2.randn(noise, 0, NOISE)
        jpegs = []
        for number, picture in enumerate(self.pictures):
            sized = _fitted(picture, width, height)
            shifted = np.roll(noise, (7 * number, 13 * number), axis=(0, 1))
            grainy = cv2.add(sized, shifted, dtype=cv2.CV_8U)
            jpegs.append(cv2.imencode(".jpg", grainy, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())
        return jpegs


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    """The picture in the middle of the sensor, cut where it is too long for it."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    if scale != 1 or picture.shape[:2] != (height, width):
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]
