"""The simulated pads answer their tables' bytes: hand-typed frames, without the drivers."""

import os
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.pin_pad import PadDialect, PadSimulator
from simulators.pin_pad.faults import PadFault, PadFaults
from simulators.pin_pad.firmware import CANCEL, CLEAR, ENTER
from simulators.pin_pad.keys import TEST_MASTER_KEY, KeyStore, check_value, decrypt, encrypt
from simulators.pin_pad.pin_block import format_3
from simulators.pin_pad.sunson import SunsonFirmware
from simulators.pin_pad.szzt import SzztFirmware

DONE = b"\x02010405"
LOAD = b"\x0213330000" + b"24F245DE3267B34C9C7A0ED6717B5803" + b"A8"
LOADED = b"\x02050462B4CED1C8"
WORKING_KEY = bytes.fromhex("1C2B3A49586F7E8D9DACBBCAD9E8F706")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults() -> PadFaults:
    return PadFaults()


@pytest.fixture
def pad(clock: Clock, faults: PadFaults) -> SunsonFirmware:
    return SunsonFirmware(KeyStore(None, TEST_MASTER_KEY), faults, clock)


def test_format_3_against_the_norms_example() -> None:
    assert format_3("123456", "122233344455", "AFBECDDC").hex().upper() == "361226749C8A8989"


def test_format_3_fills_at_random_with_a_to_f() -> None:
    blocks = {format_3("1234", "000000000000").hex().upper() for _ in range(40)}
    assert len(blocks) > 1
    for block in blocks:
        assert block[:6] == "341234"
        assert set(block[6:]) <= set("ABCDEF")
    assert set("".join(block[6:] for block in blocks)) == set("ABCDEF")


def test_two_key_triple_des_against_another_implementation() -> None:
    """Figures by ``openssl enc -des-ede``."""
    assert encrypt(TEST_MASTER_KEY, WORKING_KEY).hex().upper() == "24F245DE3267B34C9C7A0ED6717B5803"
    assert encrypt(WORKING_KEY, bytes.fromhex("361226749C8A8989")).hex().upper() == "2650704A800AF461"
    assert check_value(WORKING_KEY).hex().upper() == "62B4CED1"
    assert decrypt(TEST_MASTER_KEY, bytes.fromhex("24F245DE3267B34C9C7A0ED6717B5803")) == WORKING_KEY


def test_version(pad: SunsonFirmware) -> None:
    answer = pad.receive(b"\x02013031")
    assert answer[:5] == b"\x021804"  # 24 = status and 23 characters
    assert bytes.fromhex(answer[5:-2].decode()) == b"XZ-F10 SIM 1.0;00000042"


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (b"\x02013130", DONE),
        (b"\x020231380B", DONE),
        (b"\x020231390A", b"\x02011514"),
        (b"\x02014243", b"\x02011514"),  # there is no block
        (b"\x02014140", b"\x0201E0E1"),  # no MAC in this pad
        (b"\x02013637", b"\x0201E0E1"),
        (b"\x02013032", b"\x02011514"),  # wrong BCC
        (b"\x02zz", b"\x02011514"),
        (b"\x020000", b"\x02011514"),
        (b"013031", b""),  # no STX
        (b"\x0201\x02013130", DONE),  # a new STX starts anew
        (b"\x02013130\x02013130", DONE + DONE),
    ],
)
def test_answers(pad: SunsonFirmware, frame: bytes, answer: bytes) -> None:
    assert pad.receive(frame) == answer


def test_a_frame_may_come_in_pieces(pad: SunsonFirmware) -> None:
    assert b"".join(pad.receive(bytes((octet,))) for octet in b"\x02013130") == DONE


def test_plain_entry_sends_each_key_and_ends_with_a_reset_only(pad: SunsonFirmware) -> None:
    assert pad.press(ord("1")) == b""
    assert pad.receive(b"\x020645060200003C7B") == DONE
    assert [pad.press(key) for key in (ord("1"), ord("0"), CLEAR, ENTER, CANCEL)] == [
        b"1",
        b"0",
        b"\x08",
        b"\x0d",
        b"\x1b",
    ]
    assert pad.receive(b"\x02013130") == DONE
    assert pad.press(ord("1")) == b""


def prepare_encrypted_entry(pad: SunsonFirmware) -> None:
    assert pad.receive(LOAD) == LOADED
    assert pad.receive(b"\x020343000040") == DONE
    assert pad.receive(b"\x020D34" + b"313232323333333434343535" + b"3D") == DONE
    assert pad.receive(b"\x0202442A6C") == DONE
    assert pad.receive(b"\x020635060101003C09") == DONE


def test_encrypted_entry_echoes_stars_and_gives_its_block_once(pad: SunsonFirmware) -> None:
    prepare_encrypted_entry(pad)
    sent = [pad.press(key) for key in (*b"99", CLEAR, *b"123", ENTER, *b"4567", ENTER)]
    assert b"".join(sent) == b"**\x08***\x0d****\x0d"
    answer = pad.receive(b"\x02014243")
    assert answer[:5] == b"\x020904"
    clear = decrypt(WORKING_KEY, bytes.fromhex(answer[5:21].decode())).hex().upper()
    assert clear[:8] == "36122674"  # the seventh digit was not taken
    assert pad.receive(b"\x02014243") == b"\x02011514"


def test_encrypted_entry_cancelled_leaves_no_block(pad: SunsonFirmware) -> None:
    prepare_encrypted_entry(pad)
    for key in b"12345":
        pad.press(key)
    assert pad.press(CANCEL) == b"\x1b"
    assert pad.receive(b"\x02014243") == b"\x02011514"


def test_encrypted_entry_without_an_active_key_is_refused(pad: SunsonFirmware) -> None:
    assert pad.receive(b"\x020635060101003C09") == b"\x02011514"
    prepare_encrypted_entry(pad)
    pad.receive(b"\x02013130")
    assert pad.receive(b"\x020635060101003C09") == b"\x02011514"


def test_an_entry_expires_after_its_last_key(pad: SunsonFirmware, clock: Clock) -> None:
    assert pad.receive(b"\x020645060200003C7B") == DONE
    clock.now += 59
    pad.press(ord("1"))
    clock.now += 59
    assert pad.expire() == b""
    clock.now += 1
    assert pad.expire() == b"\x02018081"
    assert pad.press(ord("1")) == b""


def test_keys_without_a_master_key(faults: PadFaults) -> None:
    pad = SunsonFirmware(KeyStore(None, None), faults)
    assert pad.receive(LOAD) == b"\x0201A4A5"
    assert pad.receive(b"\x02123200" + TEST_MASTER_KEY.hex().upper().encode() + b"20")[:5] == b"\x020504"
    assert pad.receive(LOAD) == LOADED


def test_a_master_key_is_never_overwritten(pad: SunsonFirmware) -> None:
    assert pad.receive(b"\x02123200" + b"00" * 16 + b"20") == b"\x02011514"


def test_state_file_outlives_the_pad_and_a_wipe_empties_it(tmp_path: Path, faults: PadFaults) -> None:
    state = tmp_path / "keys.json"
    SunsonFirmware(KeyStore(state, TEST_MASTER_KEY), faults).receive(LOAD)
    again = KeyStore(state, None)
    assert again.master(0) == TEST_MASTER_KEY
    assert again.working(0) == WORKING_KEY
    SunsonFirmware(again, faults).receive(b"\x020231380B")
    emptied = KeyStore(state, TEST_MASTER_KEY)
    assert emptied.master(0) is None
    assert emptied.working(0) is None


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        (PadFault.SILENT, b""),
        (PadFault.LATE, b""),
        (PadFault.HALF_FRAME, b"\x0201"),
        (PadFault.WRONG_BCC, b"\x02010400"),
        (PadFault.WRONG_LEN, b"\x02000405"),
        (PadFault.WRONG_SIZE, b"\x0202040006"),
        (PadFault.HARDWARE_ERROR, b"\x0201F1F0"),
        (PadFault.NO_MASTER_KEY, b"\x0201A4A5"),
    ],
)
def test_faults_spoil_one_answer(pad: SunsonFirmware, faults: PadFaults, kind: PadFault, answers: bytes) -> None:
    faults.fail_next(kind)
    assert pad.receive(b"\x02013130") == answers
    late = DONE if kind is PadFault.LATE else b""
    assert pad.receive(b"\x02013130") == late + DONE


def test_a_fault_waits_for_its_command(pad: SunsonFirmware, faults: PadFaults) -> None:
    faults.fail_next("silent", command="42", times=2)
    assert pad.receive(b"\x02013130") == DONE
    assert pad.receive(b"\x02014243") == b""
    assert pad.receive(b"\x02014243") == b""
    assert pad.receive(b"\x02014243") == b"\x02011514"
    with pytest.raises(ValueError, match="coffee"):
        faults.fail_next("coffee")


# --- SZZT

OBEYED = b"\x02001e\x0357"
LOAD_SZZT = b"\x020392" + b"004032" + b"24F245DE3267B34C9C7A0ED6717B5803" + b"\x030C"
LOADED_SZZT = b"\x02009b62B4CED1\x0359"
START_SZZT = b"\x02019640#006122233344455\x0318"
NO_BLOCK = b"\x02001\xef\x03DD"


@pytest.fixture
def szzt(clock: Clock, faults: PadFaults) -> SzztFirmware:
    return SzztFirmware(KeyStore(None, TEST_MASTER_KEY), faults, clock)


def test_szzt_status(szzt: SzztFirmware) -> None:
    answer = szzt.receive(b"\x020013\x0301")
    assert answer[:5] == b"\x02147c"
    assert answer[-3:-2] == b"\x03"
    assert len(answer) == 154
    assert answer[5:55] == b"SIMULATED PIN PAD".ljust(50)
    assert answer[55:103] == b"3132331B34353608373839072E30230D4143454742444648"
    assert answer[103:123] == b"04001E2A040C33370A00"
    assert answer[123:151] == b"00000000" + b"ZT588 " + b"1.0" + b"SIM" + b"00000042"


def test_szzt_status_tells_a_pad_without_a_master_key_and_a_running_entry(faults: PadFaults) -> None:
    pad = SzztFirmware(KeyStore(None, None), faults)
    assert pad.receive(b"\x020013\x0301")[103:105] == b"05"
    assert pad.receive(b"\x020045033\x0332") == OBEYED
    assert pad.receive(b"\x020013\x0301")[103:105] == b"07"


def test_szzt_status_with_text_behind_it_writes(szzt: SzztFirmware) -> None:
    """Why discovery asks it bare."""
    assert szzt.receive(b"\x020023X\x035A") == b"\x02001c\x0351"
    assert szzt.receive(b"\x020013\x0301")[5:55] == b"X".ljust(50)


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (b"\x0200253\x0337", OBEYED),
        (b"\x020045033\x0332", OBEYED),
        (b"\x020045032\x0333", OBEYED),
        (b"\x02004523C\x0340", OBEYED),
        (b"\x0200452XX\x0330", b"\x02001\xe9\x03DB"),
        (b"\x0200452" + b"00\x0330", b"\x02001\xe9\x03DB"),
        (b"\x020017\x0305", NO_BLOCK),
        (b"\x020019\x030B", b"\x02001\xeb\x03D9"),
        (b"\x02001:\x0308", b"\x02001\xeb\x03D9"),
        (b"\x020013\x0302", b"\x02001\xe9\x03DB"),  # wrong check
        (b"\x020013x02", b"\x02001\xe9\x03DB"),  # no ETX where the length says
        (b"\x02000\x0333", b"\x02001\xe8\x03DA"),
        (b"0013\x0301", b""),  # no STX
        (b"\x02xyz\x0301", b""),
        (b"\x02147c\x020045032\x0333", OBEYED),  # a new STX starts anew
        (b"\x020045032\x0333\x020045032\x0333", OBEYED + OBEYED),
        (START_SZZT, b"\x02001\xe4\x03D6"),  # no such key yet
        (b"\x0201710022" + b"000000000000" + b"\x0304", b"\x02001\xe3\x03D1"),
    ],
)
def test_szzt_answers(szzt: SzztFirmware, frame: bytes, answer: bytes) -> None:
    assert szzt.receive(frame) == answer


def test_szzt_plain_entry_sends_each_key_and_ends_when_it_is_told(szzt: SzztFirmware) -> None:
    assert szzt.press(ord("1")) == b""
    assert szzt.receive(b"\x020045033\x0332") == OBEYED
    assert b"".join(szzt.press(key) for key in (*b"10", CLEAR, ENTER, CANCEL)) == b"10\x08\x0d\x1b"
    assert szzt.receive(b"\x020045032\x0333") == OBEYED
    assert szzt.press(ord("1")) == b""


def test_szzt_encrypted_entry_echoes_and_gives_its_block_once(szzt: SzztFirmware) -> None:
    assert szzt.receive(LOAD_SZZT) == LOADED_SZZT
    assert szzt.receive(b"\x020045323\x0330") == OBEYED  # echo a number sign
    assert szzt.receive(START_SZZT) == b"\x02001f\x0354"
    sent = [szzt.press(key) for key in (*b"99", CLEAR, *b"123", ENTER, *b"4567", ENTER)]
    assert b"".join(sent) == b"##\x08###\x0d####\x0d"
    answer = szzt.receive(b"\x020017\x0305")
    assert answer[:9] == b"\x02021g0006"
    assert decrypt(WORKING_KEY, bytes.fromhex(answer[9:25].decode())).hex().upper()[:8] == "36122674"
    assert szzt.receive(b"\x020017\x0305") == NO_BLOCK


def test_szzt_entry_that_is_ended_leaves_no_block(szzt: SzztFirmware) -> None:
    szzt.receive(LOAD_SZZT)
    szzt.receive(START_SZZT)
    for key in (*b"123456", ENTER):
        szzt.press(key)
    assert szzt.receive(b"\x020045032\x0333") == OBEYED
    assert szzt.receive(b"\x020017\x0305") == NO_BLOCK


def test_szzt_entry_expires_after_its_last_key(szzt: SzztFirmware, clock: Clock) -> None:
    assert szzt.receive(b"\x02004523C\x0340") == OBEYED
    assert szzt.receive(b"\x020045033\x0332") == OBEYED
    clock.now += 59
    szzt.press(ord("1"))
    clock.now += 59
    assert szzt.expire() == b""
    clock.now += 1
    assert szzt.expire() == b"\x80"
    assert szzt.press(ord("1")) == b""


def test_szzt_keys_and_their_wipe(faults: PadFaults) -> None:
    keys = KeyStore(None, None)
    pad = SzztFirmware(keys, faults)
    assert pad.receive(LOAD_SZZT) == b"\x02001\xe2\x03D0"
    load_master = b"\x02037100" + b"22" + b"0123456789ABCDEFFEDCBA9876543210" + b"\x0306"
    assert pad.receive(load_master)[:5] == b"\x02009a"
    assert keys.master(0) == TEST_MASTER_KEY
    assert pad.receive(load_master) == b"\x02001\xeb\x03D9"  # never overwritten
    assert pad.receive(LOAD_SZZT) == LOADED_SZZT
    assert keys.working(0x40) == WORKING_KEY
    assert pad.receive(b"\x020045031\x0330") == OBEYED
    assert keys.master(0) is None
    assert keys.working(0x40) is None


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        (PadFault.SILENT, b""),
        (PadFault.LATE, b""),
        (PadFault.HALF_FRAME, b"\x02001"),
        (PadFault.WRONG_BCC, b"\x02001e\x0350"),
        (PadFault.WRONG_LEN, b"\x02000e\x0357"),
        (PadFault.WRONG_SIZE, b"\x02002e\x00\x0354"),
        (PadFault.HARDWARE_ERROR, b"\x02001\xef\x03DD"),
        (PadFault.NO_MASTER_KEY, b"\x02001\xe2\x03D0"),
    ],
)
def test_szzt_faults_spoil_one_answer(szzt: SzztFirmware, faults: PadFaults, kind: PadFault, answers: bytes) -> None:
    faults.fail_next(kind, command="5032")
    szzt.receive(b"\x020045033\x0332")
    assert szzt.receive(b"\x020045032\x0333") == answers
    late = OBEYED if kind is PadFault.LATE else b""
    assert szzt.receive(b"\x020045032\x0333") == late + OBEYED


# --- the other dialect's question


def test_a_sunson_pad_survives_the_szzt_question(pad: SunsonFirmware) -> None:
    assert pad.receive(b"\x020645060200003C7B") == DONE
    assert pad.receive(b"\x020013\x0301") == b"\x02011514"
    assert pad.press(ord("1")) == b"1"
    assert pad.receive(b"\x02013031")[:5] == b"\x021804"
    assert list(pad.heard) == ["45", "30"]


def test_a_szzt_pad_survives_the_sunson_question(szzt: SzztFirmware) -> None:
    assert szzt.receive(b"\x020045033\x0332") == OBEYED
    assert szzt.receive(b"\x02013031") == b""
    assert szzt.press(ord("1")) == b"1"
    assert szzt.receive(b"\x020013\x0301")[:5] == b"\x02147c"
    assert list(szzt.heard) == ["5033", "3"]


# --- on its pseudo-terminal


def read(port: int, size: int) -> bytes:
    octets = b""
    while len(octets) < size:
        ready, _, _ = select.select([port], [], [], 5)
        assert ready, f"only {octets!r} came"
        octets += os.read(port, size - len(octets))
    return octets


def test_cable(tmp_path: Path) -> None:
    link = tmp_path / "pin_pad"
    with PadSimulator("sunson", link=link) as simulator:
        port = os.open(link, os.O_RDWR | os.O_NOCTTY)
        os.write(port, b"\x02013130")
        assert read(port, 7) == DONE
        simulator.unplug()
        assert not link.is_symlink()
        with pytest.raises(OSError, match="Input/output"):
            os.write(port, b"\x02013130")
        os.close(port)
        simulator.press("1")
        simulator.unplug()
        simulator.replug()
        port = os.open(link, os.O_RDWR | os.O_NOCTTY)
        os.write(port, b"\x02013130")
        assert read(port, 7) == DONE
        os.close(port)
    assert not link.is_symlink()


def test_the_line_is_raw(tmp_path: Path) -> None:
    with PadSimulator("sunson") as simulator:
        port = os.open(simulator.path, os.O_RDWR | os.O_NOCTTY)
        local = termios.tcgetattr(port)[3]
        assert not local & (termios.ICANON | termios.ECHO | termios.ISIG)
        os.close(port)


def start(tmp_path: Path, dialect: PadDialect) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "simulators.pin_pad", "--dialect", dialect),
            *("--link", str(tmp_path / "pin_pad"), "--state", str(tmp_path / "keys.json")),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with start(tmp_path, "sunson") as child:
        yield child
        child.kill()


@pytest.fixture
def szzt_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with start(tmp_path, "szzt") as child:
        yield child
        child.kill()


def test_szzt_as_a_process(szzt_process: subprocess.Popen[str], tmp_path: Path) -> None:
    assert szzt_process.stdin is not None
    assert szzt_process.stdout is not None
    link = tmp_path / "pin_pad"
    assert szzt_process.stdout.readline() == f"ready {link}\n"
    port = os.open(link, os.O_RDWR | os.O_NOCTTY)
    os.write(port, b"\x020045033\x0332")
    assert read(port, 8) == OBEYED
    assert szzt_process.stdout.readline() == "entering plain\n"
    szzt_process.stdin.write("press 12\nclear\nenter\ncancel\nfail hardware_error 5032\nfail coffee\n")
    assert read(port, 5) == b"12\x08\x0d\x1b"
    assert szzt_process.stdout.readline() == "refused fail coffee\n"
    os.write(port, b"\x020045032\x0333")
    assert read(port, 8) == b"\x02001\xef\x03DD"
    os.close(port)


def test_as_a_process(process: subprocess.Popen[str], tmp_path: Path) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    link = tmp_path / "pin_pad"
    assert process.stdout.readline() == f"ready {link}\n"
    port = os.open(link, os.O_RDWR | os.O_NOCTTY)
    os.write(port, b"\x020645060200003C7B")
    assert read(port, 7) == DONE
    assert process.stdout.readline() == "entering plain 6\n"
    process.stdin.write("press 12\nclear\nenter\ncancel\n")
    assert read(port, 5) == b"12\x08\x0d\x1b"
    os.write(port, b"\x02013130")
    assert read(port, 7) == DONE
    assert process.stdout.readline() == "idle\n"
    process.stdin.write("dance\nfail coffee\npress x\nfail hardware_error 31\n")
    assert [process.stdout.readline() for _ in range(3)] == [
        "refused dance\n",
        "refused fail coffee\n",
        "refused press x\n",
    ]
    process.stdin.write("dance\n")
    assert process.stdout.readline() == "refused dance\n"
    os.write(port, b"\x02013130")
    assert read(port, 7) == b"\x0201F1F0"
    process.stdin.write("unplug\nquit\n")
    assert process.wait(10) == 0
    assert not link.is_symlink()
    os.close(port)


def test_the_process_ends_with_its_standard_input(process: subprocess.Popen[str], tmp_path: Path) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready")
    process.stdin.close()
    assert process.wait(10) == 0
    assert not (tmp_path / "pin_pad").is_symlink()


def test_the_process_obeys_a_termination_signal(process: subprocess.Popen[str], tmp_path: Path) -> None:
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready")
    process.terminate()
    assert process.wait(10) == 0
    assert not (tmp_path / "pin_pad").is_symlink()
