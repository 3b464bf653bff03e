"""The report of readiness on paper: what a technician leaves in the cabinet and an office files."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from kiosk.configuration import ConfigurationError
from kiosk.records.china_time import minute_of
from kiosk.records.readiness import HandInReadiness, ReadinessReport
from kiosk.technician.causes import Cause
from kiosk.technician.doctor import CHECKS

_STATES: Final[Mapping[str, str]] = {
    "well": "正常 well",
    "warning": "注意 warning",
    "fault": "故障 fault",
    "not_tried": "未查 not tried",
    "absent": "没有 absent",
}
_NOT_WELL: Final = frozenset({_STATES["warning"], _STATES["fault"], _STATES["not_tried"]})
_MARGIN: Final = 15.0
"""Millimetres, like all that follows."""
_QR: Final = 40.0
_LINE: Final = 4.8
_TITLE_WIDTH: Final = 62.0
_STATE_WIDTH: Final = 26.0
_SIZE: Final = 9
"""Points."""
_FONT: Final = "interface"


def draw(report: ReadinessReport, signed: HandInReadiness, fonts: Path) -> bytes:
    """The report as PDF, A4 upright, in Chinese with English beside; its text can be searched and copied.

    :param fonts: the folder of the interface's fonts.
    :raises ConfigurationError: they are not there.
    """
    sheet = FPDF(format="A4")
    sheet.set_margin(_MARGIN)
    try:
        sheet.add_font(_FONT, fname=fonts / "interface.otf")
        sheet.add_font(_FONT, style="B", fname=fonts / "interface-bold.otf")
    except OSError as error:
        raise ConfigurationError(f"paths.assets: {error}") from error
    sheet.set_title(f"就绪报告 Readiness report {report.terminal}")
    sheet.add_page()
    _qr(sheet, report, signed)
    _head(sheet, report, signed)
    _checks(sheet, report)
    _devices(sheet, report)
    return bytes(sheet.output())


def _qr(sheet: FPDF, report: ReadinessReport, signed: HandInReadiness) -> None:
    """What proves the paper, for a telephone: the report's digest and its signature, in the upper right corner."""
    word = "ready" if report.passed else "not ready"
    content = (
        f"SSCT readiness 1\n{report.terminal}\n{report.made_at_ms}\n{word}\n"
        f"sha256 {signed.digest.hex()}\nEd25519 {signed.signature.hex()}"
    )
    picture = io.BytesIO()
    segno.make(content, error="m", micro=False).save(picture, kind="png", scale=8)
    picture.seek(0)
    sheet.image(picture, x=sheet.w - _MARGIN - _QR, y=_MARGIN, w=_QR)


def _head(sheet: FPDF, report: ReadinessReport, signed: HandInReadiness) -> None:
    _write(sheet, 20, "就绪报告 Readiness report", bold=True)
    for line in (
        ("合格，可以服务", "Ready to serve") if report.passed else ("不合格，先处理故障", "Not ready: mend the faults")
    ):
        _write(sheet, 14, line, bold=True)
    sheet.ln(2)
    for label, value in (
        ("终端编号 terminal", report.terminal),
        ("地区 region", report.region),
        ("地点 place", report.place),
        ("时间 time", minute_of(report.made_at_ms)),
        ("软件版本 version", report.version),
        ("签名指纹 fingerprint of the signature", signed.fingerprint),
    ):
        _row(sheet, label, value)
    _row(sheet, "", "由这台终端自己的密钥签名；中心用 central readiness 显示同样的指纹。")
    _row(sheet, "", "Signed with this terminal's own key; central readiness shows the same at the centre.")
    sheet.ln(2)


def _checks(sheet: FPDF, report: ReadinessReport) -> None:
    _write(sheet, 12, "检查 Checks", bold=True)
    titles = {check.word: f"{check.title.zh} {check.title.en}" for check in CHECKS}
    causes = {cause.value: cause for cause in Cause}
    for one in report.checks:
        _row(sheet, titles.get(one.check, one.check), one.found, state=_STATES.get(one.state, one.state))
        cause = causes.get(one.cause)
        if cause is not None:
            _row(sheet, "", f"→ {cause.advice.zh} {cause.advice.en}")
    sheet.ln(2)


def _devices(sheet: FPDF, report: ReadinessReport) -> None:
    _write(sheet, 12, "设备 Devices", bold=True)
    titles = {check.word: f"{check.title.zh} {check.title.en}" for check in CHECKS}
    for one in report.devices:
        _row(sheet, titles.get(one.kind, one.kind), f"{one.told} · {one.name}")
    if not report.devices:
        _row(sheet, "没有 none", "")


def _row(sheet: FPDF, label: str, value: str, *, state: str | None = None) -> None:
    top = sheet.get_y()
    if top + 2 * _LINE > sheet.eph + sheet.t_margin:
        sheet.add_page()
        top = sheet.get_y()
    sheet.set_font(_FONT, size=_SIZE)
    sheet.cell(_TITLE_WIDTH, _LINE, label)
    if state is not None:
        sheet.set_font(_FONT, style="B" if state in _NOT_WELL else "", size=_SIZE)
        sheet.cell(_STATE_WIDTH, _LINE, state)
        sheet.set_font(_FONT, size=_SIZE)
    rest = sheet.epw - (sheet.get_x() - sheet.l_margin)
    sheet.multi_cell(rest, _LINE, value, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _write(sheet: FPDF, size: float, text: str, *, bold: bool = False) -> None:
    sheet.set_font(_FONT, style="B" if bold else "", size=size)
    sheet.cell(0, size * 0.6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
