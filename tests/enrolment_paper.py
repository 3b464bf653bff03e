"""The centre's paper with its QR code, as somebody holds it before the terminal's camera."""

import cv2
import numpy as np
import segno

from simulators.camera import Film


def paper(words: bytes, module_px: float, *, turned: float = 0, tilted: float = 0, blurred_px: float = 0) -> Film:
    """The code as the centre draws it, on paper in a room.

    :param module_px: size of a module before the lens.
    :param turned: degrees.
    :param tilted: share by which the far side is shorter.
    """
    drawn = np.array([list(row) for row in segno.make(words, error="l", mode="byte", micro=False).matrix_iter(8, 4)])
    sheet = np.where(drawn, 40, 225).astype(np.uint8)
    side = sheet.shape[0] / 8 * module_px / 2
    corners = np.array([[-1, -1], [1, -1 + tilted], [1, 1 - tilted], [-1, 1]]) * side
    angle = np.radians(turned)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    onto = np.asarray(corners @ turn + (640, 360), np.float32)
    size = sheet.shape[0]
    from_corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    way = cv2.getPerspectiveTransform(from_corners, onto)
    seen = cv2.warpPerspective(sheet, way, (1280, 720), flags=cv2.INTER_AREA, borderValue=140)
    if blurred_px:
        seen = cv2.GaussianBlur(seen, (0, 0), blurred_px)
    return Film.still(np.asarray(cv2.cvtColor(seen, cv2.COLOR_GRAY2RGB), np.uint8))
