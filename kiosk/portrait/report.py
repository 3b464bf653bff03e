"""One HTML page with every picture, what was found in it, the finished portrait, and all measures."""

import base64
import html
import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from kiosk.portrait.errors import PortraitError
from kiosk.portrait.finish import attempt
from kiosk.portrait.measures import Measured, measure_finished, measure_frame
from kiosk.portrait.models import Models, Pixels
from kiosk.portrait.norm import Measure, Norm, Stage, Verdict
from kiosk.portrait.picture import read_picture

_SHOWN_HEIGHT = 441
_STYLE = """
body { font: 15px/1.4 sans-serif; margin: 2em; color: #222 }
section { border-top: 1px solid #bbb; padding: 1em 0; display: flex; flex-wrap: wrap; gap: 1.5em; align-items: start }
h2 { width: 100%; margin: 0; font-size: 1.1em }
figure { margin: 0 } figcaption { color: #555 }
img { border: 1px solid #888; display: block }
table { border-collapse: collapse } td, th { padding: 0 .7em; text-align: left; font-variant-numeric: tabular-nums }
.no { color: #a00; font-weight: bold } .hint { color: #875a00 }
"""


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """One picture's part of the page."""

    name: str
    shown: tuple[tuple[str, bytes], ...]
    """Caption and PNG or JPEG."""
    measured: tuple[Measured, ...]
    fault: str
    """Why there is no more; empty when the portrait complies."""


def examine(models: Models, name: str, content: bytes, norm: Norm) -> Sheet:
    """Everything that can be told of one picture file; what goes wrong becomes its fault."""
    shown: list[tuple[str, bytes]] = []
    measured: list[Measured] = []
    try:
        picture = read_picture(content)
        if (picture.width, picture.height) == (norm.width, norm.height):
            asis = measure_finished(models, picture, norm)
            shown.append(("as it stands", _png(_windows(picture.pixels, asis, norm))))
            return Sheet(name, tuple(shown), (asis,), _refusal(asis))
        frame = measure_frame(models, picture.pixels, norm)
        measured.append(frame)
        shown.append(("as taken", _png(_shrunk(_overlay(picture.pixels, frame)))))
        jpeg, finished = attempt(models, picture.pixels, frame, norm)
        measured.append(finished)
        shown.append(("finished", jpeg))
        shown.append(("the norm's windows", _png(_windows(read_picture(jpeg).pixels, finished, norm))))
    except PortraitError as error:
        return Sheet(name, tuple(shown), tuple(measured), f"{type(error).__name__}: {error}")
    return Sheet(name, tuple(shown), tuple(measured), _refusal(frame) or _refusal(finished))


def page(sheets: list[Sheet]) -> str:
    """The whole page, with its pictures inside it."""
    parts = [part for sheet in sheets for part in _section(sheet)]
    return "\n".join(
        (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Portraits</title>',
            f"<style>{_STYLE}</style>",
            f"<h1>Portraits: {sum(not sheet.fault for sheet in sheets)} of {len(sheets)} comply</h1>",
            *parts,
            "</html>\n",
        )
    )


def told(verdict: Verdict) -> tuple[str, str, str, str]:
    """Measure, value with unit, window, and what it means, in words."""
    limit = verdict.limit
    value = "not measured" if math.isnan(verdict.value) else f"{_number(verdict.value)} {limit.unit}".strip()
    window = f"{_number(limit.low)} – {_number(limit.high)}"
    if limit.high == math.inf:
        window = f"≥ {_number(limit.low)}"
    elif limit.low == limit.high:
        window = _number(limit.low)
    if verdict.within:
        meaning = "ok"
    elif limit.binding:
        meaning = "no"
    else:
        meaning = "hint" if not math.isnan(verdict.value) else "–"
    return limit.measure.value.replace("_", " "), value, window, meaning


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _refusal(measured: Measured) -> str:
    refused = [each for each in measured.failed if each is not Measure.EYE_DISTANCE]  # as in finish()
    return "not to the norm: " + ", ".join(refused) if refused else ""


def _section(sheet: Sheet) -> Iterator[str]:
    verdict = f'<span class="no">{html.escape(sheet.fault)}</span>' if sheet.fault else "complies"
    yield f"<section><h2>{html.escape(sheet.name)}: {verdict}</h2>"
    for caption, content in sheet.shown:
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        data = base64.b64encode(content).decode("ascii")
        yield f'<figure><img alt="" src="data:image/{kind};base64,{data}"><figcaption>{caption}</figcaption></figure>'
    for measured in sheet.measured:
        stage = "as taken" if measured.stage is Stage.CAPTURE else "finished"
        yield f"<table><tr><th>{stage}<th>value<th>window<th><th>source"
        for verdict_ in measured.verdicts:
            name, value, window, meaning = told(verdict_)
            css = {"no": ' class="no"', "hint": ' class="hint"'}.get(meaning, "")
            cells = (name, value, window, meaning, verdict_.limit.source)
            yield f"<tr{css}>" + "".join(f"<td>{html.escape(cell)}" for cell in cells)
        yield "</table>"
    yield "</section>"


def _overlay(pixels: Pixels, measured: Measured) -> Pixels:
    """Landmarks, irises, and the frame of the finished portrait."""
    drawn = pixels.copy()
    face, crop = measured.face, measured.crop
    stroke = max(1, pixels.shape[0] // 300)
    if face is not None:
        for x, y in face.points:
            cv2.circle(drawn, (round(float(x)), round(float(y))), stroke, (0, 200, 0), -1)
        for eye in (face.left_eye, face.right_eye):
            for x, y in (eye.iris, *eye.corners):
                cv2.circle(drawn, (round(float(x)), round(float(y))), 2 * stroke, (220, 0, 0), -1)
        for box in face.boxes[1:]:
            upper = (round(box.left), round(box.top))
            cv2.rectangle(drawn, upper, (round(box.left + box.width), round(box.top + box.height)), (220, 0, 0), stroke)
    if crop is not None:
        cv2.polylines(drawn, [np.rint(crop.corners()).astype(np.int32)], True, (0, 90, 220), 2 * stroke)
    return drawn


def _windows(pixels: Pixels, measured: Measured, norm: Norm) -> Pixels:
    """The rows and columns between which crown, eyes and outline have to be."""
    drawn = pixels.copy()
    shade = drawn.astype(np.float32)
    shade[norm.crown[0] : norm.crown[1], :, ::2] -= 50
    shade[:, norm.eye_midpoint[0] : norm.eye_midpoint[1], 2] -= 40
    drawn = np.asarray(np.clip(shade, 0, 255), np.uint8)
    lowest = norm.height - norm.least_eye_line
    cv2.line(drawn, (0, lowest), (norm.width, lowest), (220, 0, 0), 1)
    if measured.face is not None:
        x, y = (round(float(value)) for value in measured.face.eye_middle)
        cv2.line(drawn, (0, y), (norm.width, y), (0, 90, 220), 1)
        half = round(measured.face.width / 2)
        for column in (x - half, x + half):
            cv2.line(drawn, (column, 0), (column, norm.height), (0, 90, 220), 1)
    return drawn


def _shrunk(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    size = (max(1, round(width * _SHOWN_HEIGHT / height)), _SHOWN_HEIGHT)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _png(pixels: Pixels) -> bytes:
    done, content = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise PortraitError("the overlay can't be written as PNG")
    return bytes(content)
