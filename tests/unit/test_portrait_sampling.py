"""Pictures become smaller without skipping pixels: what is finer than the result is its mean and no pattern."""

import numpy as np
import pytest

from kiosk.portrait.sampling import smaller


@pytest.mark.parametrize("size", [(256, 256), (107, 128), (300, 360), (500, 600), (250, 700)])
def test_fine_stripes_become_their_mean(size: tuple[int, int]) -> None:
    fine = np.zeros((720, 600, 3), np.uint8)
    fine[::2, ::2], fine[1::2, 1::2] = 200, 200
    even = smaller(fine, *size).astype(float)
    assert even.mean() == pytest.approx(100, abs=1)
    widest = 0 if 2 * size[0] <= 600 and 2 * size[1] <= 720 else 100  # less than halved, it is still a pattern
    assert np.abs(even - 100).max() <= widest + 1


@pytest.mark.parametrize("width", [60, 64, 75, 100])
def test_no_row_is_skipped(width: int) -> None:
    """Each single bright row of a picture leaves its light in the smaller one."""
    for row in range(0, 240, 7):
        picture = np.zeros((240, 240, 3), np.uint8)
        picture[row] = 240
        light = smaller(picture, width, width).astype(float).sum() / 240 / 3 / (width / 240) ** 2
        assert light == pytest.approx(240, rel=0.45), row


def test_where_things_are_they_stay() -> None:
    across = np.repeat(np.linspace(0, 240, 600, dtype=np.uint8)[None, :, None], 720, 0).repeat(3, 2)
    for size in ((256, 256), (107, 128), (450, 540)):
        line = smaller(across, *size)[0, :, 0].astype(float)
        wanted = (np.arange(size[0]) + 0.5) / size[0] * 240
        assert np.abs(line - wanted).max() <= 2
