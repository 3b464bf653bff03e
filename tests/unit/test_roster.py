"""The roster: what is taken in and what is not, and that it lies open for nobody."""

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.central_client import CentreError, CentreUnreachable
from kiosk.records.roster import AskRoster, Roster, RosterTold, Technician
from kiosk.records.sealing import Unreadable, open_from_centre, seal_to_terminal
from kiosk.records.technician import Role
from kiosk.records.upload import Malformed, decode, encode
from kiosk.technician.roster import MOST_BYTES, NoRoster, RosterFault, RosterRefused
from kiosk.uplink.roster import ASKED_EVERY_S, RosterErrand
from tests.technicians import NOW_MS, SECRETS, TERMINAL_KEY, a_roster, keeper, technician

T = TypeVar("T")


def refused(folder: Path, data: bytes) -> RosterFault:
    with pytest.raises(RosterRefused) as caught:
        keeper(folder).take(data)
    assert caught.value.words.zh
    return caught.value.fault


def test_what_the_centre_signed_is_taken_and_told_again(tmp_path: Path) -> None:
    roster = a_roster(3, [technician(card="t1001"), technician("T1002", Role.SUPPLIES)])
    keeper(tmp_path, roster)
    assert keeper(tmp_path).roster() == roster
    assert keeper(tmp_path).secret(roster.technicians[1]).decode() == SECRETS["T1002"]


def test_an_older_roster_is_refused(tmp_path: Path) -> None:
    keeper(tmp_path, a_roster(5, [technician(revoked=True)]))
    assert refused(tmp_path, encode(a_roster(4, [technician()]))) is RosterFault.OLDER
    assert keeper(tmp_path).roster().number == 5
    keeper(tmp_path).take(encode(a_roster(5, [technician()])))
    assert keeper(tmp_path).roster().technicians[0].revoked, "another of the same number changes nothing"
    assert keeper(tmp_path, a_roster(6)).roster().number == 6


def test_what_the_centre_did_not_sign_is_refused(tmp_path: Path) -> None:
    genuine = a_roster(1, [technician("T1002", Role.SUPPLIES)])
    forged = msgspec.structs.replace(genuine, technicians=(technician("T1002", Role.FULL),))
    assert refused(tmp_path, encode(forged)) is RosterFault.NOT_GENUINE
    other = a_roster(1, key=Ed25519PrivateKey.generate())
    assert refused(tmp_path, encode(other)) is RosterFault.NOT_GENUINE
    assert refused(tmp_path, encode(msgspec.structs.replace(genuine, key_id="x"))) is RosterFault.NOT_GENUINE
    with pytest.raises(NoRoster):
        keeper(tmp_path).roster()


def test_another_terminals_roster_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, encode(a_roster(terminal="zmd-0002"))) is RosterFault.ANOTHER_TERMINAL


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 100_000, bytes(MOST_BYTES + 1)])
def test_anything_else_is_no_roster(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path, data) is RosterFault.MALFORMED


@pytest.mark.parametrize("staff", ["王小明", "", "411700198504121036", "a b", "T1\n"])
def test_a_roster_names_numbers_and_nobody(staff: str) -> None:
    named = Technician(staff=staff, role=Role.FULL, valid_until_ms=NOW_MS)
    with pytest.raises(Malformed):
        decode(encode(a_roster(1, [named])), Roster)


def test_it_lies_sealed_and_opens_with_this_terminals_key_alone(tmp_path: Path) -> None:
    roster = a_roster(1, [technician()])
    own = keeper(tmp_path, roster)
    assert b"T1001" not in own.kept.read_bytes()
    assert own.kept.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NoRoster):
        replace(own, storage_key=bytes(32)).roster()
    with pytest.raises(NoRoster):
        replace(own, terminal="zmd-0002").roster()
    content = own.kept.read_bytes()
    own.kept.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(NoRoster):
        own.roster()


def test_a_secret_opens_for_its_own_technician_and_terminal(tmp_path: Path) -> None:
    own = keeper(tmp_path)
    one = technician()
    with pytest.raises(Unreadable):
        own.secret(msgspec.structs.replace(one, staff="T1002"))
    with pytest.raises(Unreadable):
        replace(own, terminal="zmd-0002").secret(one)
    with pytest.raises(Unreadable):
        replace(own, terminal_key=Ed25519PrivateKey.generate()).secret(one)
    with pytest.raises(Unreadable):
        own.secret(technician(revoked=True))


def test_sealed_to_a_signing_key_is_sealed_to_its_form_on_x25519() -> None:
    sealed = seal_to_terminal(b"for one", b"purpose", TERMINAL_KEY.public_key())
    assert open_from_centre(sealed, b"purpose", TERMINAL_KEY) == b"for one"
    with pytest.raises(Unreadable):
        open_from_centre(sealed, b"another", TERMINAL_KEY)
    # The key of RFC 8032, 7.1, test 1, with the form on X25519 that other implementations give it.
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60")
    )
    scalar = bytes.fromhex("307C83864F2833CB427A2EF1C00A013CFDFF2768D980C0A3A520F006904DE94F")
    public = X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()
    assert public.hex().upper() == "D85E07EC22B0AD881537C2F44D662D1A143CF830C57ACA4305D85C7A90F6B62E"
    sealed = seal_to_terminal(b"known", b"", key.public_key())
    assert open_from_centre(sealed, b"", key) == b"known"


def test_what_arrived_is_taken_in_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    own = keeper(tmp_path, a_roster(1))
    own.arrived.write_bytes(encode(a_roster(2, [technician()])))
    assert own.roster().number == 2
    assert not own.arrived.exists()
    own.arrived.write_bytes(encode(a_roster(1)))
    with caplog.at_level(logging.WARNING):
        assert own.roster().number == 2
    assert "older" in caplog.text
    assert not own.arrived.exists()


@dataclass
class Line:
    """A line that has one roster to bring, or does not carry."""

    roster: Roster | None = None
    fault: CentreError | None = None
    asked: list[int] = field(default_factory=list)

    def ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        assert path == "/v1/roster"
        assert isinstance(question, AskRoster)
        self.asked.append(question.known)
        if self.fault is not None:
            raise self.fault
        known = self.roster is not None and question.known == self.roster.number
        told = RosterTold(roster=None if known else self.roster)
        assert isinstance(told, kind)
        return told


def test_the_uplink_asks_at_its_start_and_every_quarter_of_an_hour(tmp_path: Path) -> None:
    now = [0.0]
    line = Line(a_roster(4))
    errand = RosterErrand(line, tmp_path / "roster-arrived", monotonic=lambda: now[0])
    errand()
    assert decode((tmp_path / "roster-arrived").read_bytes(), Roster).number == 4
    (tmp_path / "roster-arrived").unlink()
    now[0] = ASKED_EVERY_S - 1
    errand()
    assert line.asked == [0]
    now[0] = ASKED_EVERY_S
    errand()
    assert line.asked == [0, 4]
    assert not (tmp_path / "roster-arrived").exists(), "the terminal has it"


def test_a_line_that_does_not_carry_is_asked_again_in_a_minute(tmp_path: Path) -> None:
    now = [0.0]
    line = Line(a_roster(4), fault=CentreUnreachable("no answer", maybe_done=True))
    errand = RosterErrand(line, tmp_path / "roster-arrived", monotonic=lambda: now[0])
    errand()
    errand()
    line.fault = None
    now[0] = 60.0
    errand()
    assert line.asked == [0, 0]
    assert (tmp_path / "roster-arrived").exists()


def test_a_disk_that_takes_no_file_ends_no_uplink(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    errand = RosterErrand(Line(a_roster(4)), tmp_path / "nowhere" / "roster-arrived", monotonic=lambda: 0.0)
    errand()
    assert "no roster" in caplog.text
