"""The work folder of an installed terminal's first run: what it begins with, the sign for root, what root refused."""

from pathlib import Path

import pytest

from kiosk.configuration import ConfigurationError
from kiosk.technician.hand_over import HandOver


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "kiosk.toml").write_text("pattern")
    (folder / "enrolment.json").write_text("not a setting")
    return folder


def test_it_begins_with_the_settings_and_goes_on_with_what_was_answered(settings: Path, tmp_path: Path) -> None:
    hand_over = HandOver(tmp_path / "work")
    file = hand_over.begin(settings)
    assert (file, file.read_text(), {path.name for path in file.parent.iterdir()}) == (
        tmp_path / "work" / "kiosk.toml", "pattern", {"kiosk.toml"},
    )  # fmt: skip
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.write_text("answered")
    (settings / "ca.pem").write_text("authority")
    assert hand_over.begin(settings).read_text() == "answered"
    assert (file.parent / "ca.pem").read_text() == "authority"


def test_a_sign_is_left_and_what_was_refused_is_told_until_the_next(settings: Path, tmp_path: Path) -> None:
    hand_over = HandOver(tmp_path / "work")
    work = hand_over.begin(settings).parent
    assert hand_over.refused == ""
    (work / "refused").write_text("ca.pem has 0 bytes\n")
    assert hand_over.refused == "ca.pem has 0 bytes"
    hand_over.leave_sign()
    assert (hand_over.refused, (work / "done").exists()) == ("", True)


def test_where_it_can_not_work_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        HandOver(tmp_path / "no" / "work").begin(tmp_path)
