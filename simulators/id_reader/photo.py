"""A stand-in for the proprietary codec of the photos in identity cards, so that the way of a photo can be tried.

The real one (WLT) is licensed by its owner and none of this project's business. What is here coded is a silhouette that
nobody has: a mark, and 34 × 42 grey values of four bits, three times as coarse as the 102 × 126 pixels of a photo.
"""

import hashlib
from typing import Final

import cv2
import numpy as np

_MARK: Final = b"STANDIN\0"
_WIDTH: Final = 34
_HEIGHT: Final = 42
_SIZE: Final = 1024


def standin_photo(seed: str) -> bytes:
    """A coded photo of 1024 bytes; the same for the same seed."""
    shade = 4 + hashlib.sha256(seed.encode()).digest()[0] % 6
    grey = np.full((_HEIGHT, _WIDTH), 14, dtype=np.uint8)
    cv2.ellipse(grey, (_WIDTH // 2, _HEIGHT), (15, 15), 0, 180, 360, shade - 2, -1)
    cv2.ellipse(grey, (_WIDTH // 2, 17), (8, 11), 0, 0, 360, shade + 3, -1)
    values = grey.reshape(-1)
    packed = (values[0::2] << 4 | values[1::2]).astype(np.uint8).tobytes()
    return (_MARK + packed).ljust(_SIZE, b"\0")


class StandInDecoder:
    """A :class:`drivers.ports.id_reader.PhotoDecoder` for what :func:`standin_photo` coded."""

    def decode(self, coded: bytes) -> bytes:
        """A PNG of 102 × 126 pixels.

        :raises ValueError: coded by another codec.
        """
        if len(coded) != _SIZE or not coded.startswith(_MARK):
            raise ValueError("not coded by the stand-in")
        packed = np.frombuffer(coded, dtype=np.uint8, count=_WIDTH * _HEIGHT // 2, offset=len(_MARK))
        grey = np.stack((packed >> 4, packed & 15), axis=1).reshape(_HEIGHT, _WIDTH).astype(np.uint8) * 17
        done, picture = cv2.imencode(".png", cv2.resize(grey, (102, 126), interpolation=cv2.INTER_CUBIC))
        if not done:
            raise ValueError("no picture came of it")
        return bytes(picture.tobytes())
