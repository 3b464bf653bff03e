"""The doctor's look at the two doors: the roster that technicians come in by, and keys that lead out of the window."""

from pathlib import Path

import pytest

from kiosk.records.roster import Technician
from kiosk.records.upload import encode
from kiosk.technician import doors
from kiosk.technician.causes import Cause
from kiosk.technician.roster import NoRoster
from kiosk.technician.subject import NotTried, Subject
from tests.technicians import NOW_MS, a_roster, keeper, technician

OURS = Path(__file__).parents[2] / "deploy" / "systemd" / "xorg.conf.d" / "10-card-terminal.conf"
FLAGS = 'Section "ServerFlags"\n  {}\nEndSection\n'
SUBJECT = Subject(Path("kiosk.toml"))


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``/etc/X11`` with what the installer lays down."""
    folder = tmp_path / "xorg.conf.d"
    folder.mkdir()
    ours = folder / OURS.name
    ours.write_bytes(OURS.read_bytes())
    monkeypatch.setattr(doors, "OURS", ours)
    monkeypatch.setattr(doors, "_WHOLE", (tmp_path / "xorg.conf",))
    monkeypatch.setattr(doors, "_FOLDERS", (folder, tmp_path / "share"))
    return tmp_path


def test_the_installers_settings_are_well(etc: Path) -> None:
    (etc / "xorg.conf").write_text('Section "Device"\n  Driver "modesetting"\nEndSection\n')
    (etc / "xorg.conf.d" / "40-libinput.conf").write_text(
        'Section "InputClass"\n  Option "DontZap" "off"\nEndSection\n'
    )
    (etc / "xorg.conf.d" / "90-more.conf").write_text(FLAGS.format('Option "dont zap"'))
    assert doors.display(SUBJECT) == (None, str(doors.OURS))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("xorg.conf", FLAGS.format('Option "AutoAddDevices" "on"')),
        ("xorg.conf", FLAGS.format('Option "DontZap" "on"').lower()),
        ("xorg.conf.d/20-foreign.conf", FLAGS.format('Option "DontZap" "off"')),
        ("xorg.conf.d/20-foreign.conf", FLAGS.format('option "Dont_VT_Switch" "false"')),
        ("share/10-quirks.conf", FLAGS.format('Option "BlankTime" "0"\n  Option "DontVTSwitch" "0"')),
    ],
)
def test_what_undoes_the_x_servers_settings_is_named(etc: Path, file: str, text: str) -> None:
    (etc / file).parent.mkdir(exist_ok=True)
    (etc / file).write_text(text)
    cause, found = doors.display(SUBJECT)
    assert cause is Cause.DISPLAY_OPEN
    assert found.startswith(str(etc / file))


@pytest.mark.parametrize(
    ("old", "new"), [('"DontZap" "on"', '"DontZap" "off"'), ('Option "DontVTSwitch" "on"', "# gone")]
)
def test_our_own_file_that_was_changed_is_named(etc: Path, old: str, new: str) -> None:
    assert etc.is_dir()
    doors.OURS.write_text(OURS.read_text("utf-8").replace(old, new), "utf-8")
    cause, found = doors.display(SUBJECT)
    assert (cause, found.split()[0]) == (Cause.DISPLAY_OPEN, str(doors.OURS))


def test_a_comment_undoes_nothing(etc: Path) -> None:
    (etc / "xorg.conf").write_text("# " + FLAGS.format('Option "DontZap" "off"').replace("\n", "\n# "))
    assert doors.display(SUBJECT)[0] is None


def test_without_an_x_server_of_ours_nothing_is_said(etc: Path) -> None:
    (etc / "xorg.conf").write_text(FLAGS.format('Option "DontZap" "off"'))
    doors.OURS.unlink()
    with pytest.raises(NotTried):
        doors.display(SUBJECT)


def test_looking_takes_nothing_in(tmp_path: Path) -> None:
    first = a_roster(1, [technician()])
    own = keeper(tmp_path, first)
    before = own.kept.read_bytes()
    own.arrived.write_bytes(encode(a_roster(2, [technician(revoked=True)])))
    looked_at = own.looked_at()
    assert looked_at is not None
    assert looked_at.number == 2
    assert own.kept.read_bytes() == before
    assert own.arrived.exists()
    own.arrived.write_bytes(b"no roster")
    assert own.looked_at() == first


@pytest.mark.parametrize("left", [0, 5, 11, 40])
def test_a_roster_that_is_cut_short_is_no_roster(tmp_path: Path, left: int) -> None:
    own = keeper(tmp_path, a_roster(1, [technician()]))
    own.kept.write_bytes(own.kept.read_bytes()[:left])
    with pytest.raises(NoRoster):
        own.looked_at()
    with pytest.raises(NoRoster):
        own.roster()
    own.kept.unlink()
    assert own.looked_at() is None


DAY_MS = 86_400_000


def until(days: int, *, revoked: bool = False) -> Technician:
    return technician(valid_until_ms=NOW_MS + days * DAY_MS, revoked=revoked)


@pytest.mark.parametrize(
    ("technicians", "cause"),
    [
        ([until(15)], None),
        ([until(-1), until(5), until(31)], None),
        ([until(13), until(-9)], Cause.ROSTER_ENDS_SOON),
        ([until(13), until(300, revoked=True)], Cause.ROSTER_ENDS_SOON),
        ([until(0)], Cause.ROSTER_OVER),
        ([until(-9), until(300, revoked=True)], Cause.ROSTER_OVER),
        ([], Cause.ROSTER_OVER),
    ],
)
def test_whoever_may_come_in_longest_counts(technicians: list[Technician], cause: Cause | None) -> None:
    found, told = doors.let_in(a_roster(7, technicians), NOW_MS)
    assert found is cause
    assert told.startswith("roster 7: ")
