"""Who may not lower a priority draws all the same; that it is lowered is seen in a real window (drawing_checks)."""

import os
import threading
from typing import NoReturn

import pytest

from kiosk.ui import rasteriser


def test_without_software_drawing_nothing_is_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "setpriority", lambda *_: pytest.fail("nobody draws here"))
    rasteriser.let_drawing_give_way()


def test_what_is_not_allowed_is_said_once_and_harmless(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(rasteriser, "drawing_threads", lambda: [threading.get_native_id()] * 2)
    monkeypatch.setattr(os, "setpriority", refuse)
    rasteriser.let_drawing_give_way()
    assert [record.getMessage() for record in caplog.records] == [
        "drawing does not give way to measuring: Operation not permitted"
    ]
