"""``kiosk doctor``: every check in order, each only where what it stands on is well.

So that the first thing that is broken is named and nothing that merely hangs on it.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from kiosk import bootstrap
from kiosk.configuration import Configuration, ConfigurationError, load_configuration
from kiosk.policy.rule import Text
from kiosk.records.health import HealthSheet
from kiosk.technician import bookkeeping, devices, doors, machine, network
from kiosk.technician.causes import Cause
from kiosk.technician.findings import Finding, State
from kiosk.technician.machine import Verdict
from kiosk.technician.subject import NotTried, Subject
from kiosk.uplink.alone import AlreadyRunning

WARNINGS: Final = frozenset(
    {
        Cause.DISK_LOW,
        Cause.CLOCK_OFF,
        Cause.LEDGER_DAMAGED,
        Cause.RECEIPTS_UNREADABLE,
        Cause.QUEUE_OLD,
        Cause.CERTIFICATE_ENDS_SOON,
        Cause.ROSTER_MISSING,
        Cause.ROSTER_UNREADABLE,
        Cause.ROSTER_OVER,
        Cause.ROSTER_ENDS_SOON,
        Cause.PAPER_LOW,
        Cause.PAPER_OUT,
        Cause.HOPPER_LOW,
        Cause.BIN_HIGH,
        Cause.SLOT_BIN_FULL,
    }
)
"""What leaves every service open."""


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one thing."""

    word: str
    title: Text
    look: Callable[[Subject], Verdict]
    stands_on: tuple[str, ...] = ("configuration",)
    """Checks without which this one can't be tried."""
    section: str = ""
    """The optional section of ``kiosk.toml`` that it belongs to."""
    mend: Callable[[Subject], None] | None = None
    """What ``--fix`` does; safe in every case."""


def _check(
    word: str,
    zh: str,
    en: str,
    look: Callable[[Subject], Verdict],
    *stands_on: str,
    section: str = "",
    mend: Callable[[Subject], None] | None = None,
) -> Check:
    return Check(word, Text(zh=zh, en=en), look, stands_on or ("configuration",), section, mend)


CHECKS: Final[tuple[Check, ...]] = (
    Check("configuration", Text(zh="配置文件", en="configuration"), machine.configuration, ()),
    _check("region", "地区规则", "region's rules", machine.region),
    _check("files", "字体、文字、模型", "fonts, words, models", machine.files),
    _check("keys", "密钥", "keys", machine.keys, mend=machine.close_keys),
    _check("state", "数据目录", "folder of the state", machine.state),
    _check("disk", "磁盘空间", "disk", machine.disk, "configuration", "state"),
    _check("ledger", "账本", "ledger", bookkeeping.ledger, "configuration", "state"),
    _check("receipts", "回执", "receipts", bookkeeping.receipts, "configuration", "keys", "state", "ledger"),
    _check("queue", "待传记录", "queue", bookkeeping.queue, "configuration", "keys", "state", "ledger", "receipts"),
    _check("link", "网线", "link", network.link),
    _check("address", "本机地址", "address", network.address, "configuration", "link"),
    _check("name", "中心的名字", "name of the centre", network.name, "configuration", "address"),
    _check("reach", "到中心的线路", "way to the centre", network.reach, "configuration", "name"),
    _check("certificate", "中心的证书", "centre's certificate", network.certificate, "configuration", "reach"),
    _check("sign_in", "在中心登录", "sign-in", network.sign_in, "configuration", "keys", "state", "certificate"),
    _check("clock", "时钟", "clock", machine.clock, "configuration", "state"),
    _check("roster", "维护人员名单", "roster of technicians", doors.roster, "configuration", "keys", "state"),
    _check("services", "系统服务", "services", machine.services, "configuration"),
    _check("display", "显示服务器", "X server", doors.display),
    _check("terminal", "终端程序", "terminal", machine.terminal, "configuration"),
    _check("card_daemon", "读卡服务", "card daemon", devices.card_daemon),
    _check("card_reader", "读卡器", "card reader", devices.card_reader, "configuration", "card_daemon"),
    _check("pin_pad", "密码键盘", "PIN pad", devices.pin_pad),
    _check("id_reader", "身份证读卡器", "ID reader", devices.id_reader, section="id_reader"),
    _check("receipt_printer", "凭条打印机", "receipt printer", devices.receipt_printer, "configuration", "files",
           section="receipt_printer"),
    _check("camera", "摄像头", "camera", devices.camera, section="camera"),
    _check("card_printer", "制卡机", "card printer", devices.card_printer, "configuration", "keys",
           section="card_printer"),
    _check("capture_unit", "吞卡机构", "capture unit", devices.capture_unit, section="capture_unit"),
    _check("stock", "白卡", "blank cards", bookkeeping.stock, "configuration", "keys", "state", "ledger",
           section="stock"),
)  # fmt: skip


def examine(
    file: Path,
    environment: Mapping[str, str],
    *,
    fix: bool = False,
    told: Callable[[Finding], None] | None = None,
    in_hand: bool = False,
    words: frozenset[str] | None = None,
) -> tuple[Finding, ...]:
    """Look at everything of one terminal.

    While the terminal runs its devices are left to it, and its own sheet is believed; else it is kept from starting
    until all is looked at.

    :param file: ``kiosk.toml``.
    :param fix: mend what is safe to mend, and look again.
    :param told: called with each finding as it comes.
    :param in_hand: whoever asks is the terminal itself: it holds its state, and has let go of its devices.
    :param words: only these checks; None: all.
    """
    subject = Subject(file, environment, in_hand=in_hand)
    findings: list[Finding] = []
    with _terminal_held(subject):
        for check in CHECKS:
            if words is not None and check.word not in words:
                continue
            found = look_at(check, subject, findings)
            if fix and check.mend is not None and found.cause in _MENDABLE:
                with contextlib.suppress(OSError):  # what could not be mended is found once more
                    check.mend(subject)
                found = look_at(check, subject, findings)
            findings.append(found)
            if told is not None:
                told(found)
    return tuple(findings)


def examine_one(word: str, file: Path, environment: Mapping[str, str], *, in_hand: bool = False) -> Finding:
    """One check alone, whatever it stands on; for the rest see :func:`examine`.

    :raises KeyError: there is no such check.
    """
    check = {one.word: one for one in CHECKS}[word]
    subject = Subject(file, environment, in_hand=in_hand)
    with _terminal_held(subject):
        configuration = look_at(CHECKS[0], subject, [])
        return configuration if check is CHECKS[0] else look_at(check, subject, [configuration])


_MENDABLE: Final = frozenset({Cause.KEY_OPEN})


@contextlib.contextmanager
def _terminal_held(subject: Subject) -> Iterator[None]:
    """Keep the terminal from starting, or learn that it runs."""
    if subject.in_hand:
        yield
        return
    with contextlib.ExitStack() as held:
        configuration: Configuration | None = None
        with contextlib.suppress(ConfigurationError):
            configuration = load_configuration(subject.file)
        if configuration is not None:
            try:
                held.enter_context(bootstrap.reserved_state(configuration))
            except AlreadyRunning:
                subject.running = True
                subject.sheet = read_sheet(configuration)
            except ConfigurationError:
                pass  # the state is told of by its own check
        yield


def read_sheet(configuration: Configuration) -> HealthSheet | None:
    """What the running terminal last wrote of itself; None where it has not, or where it can't be read."""
    try:
        return msgspec.json.decode(configuration.health_path.read_bytes(), type=HealthSheet)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return None


def look_at(check: Check, subject: Subject, before: list[Finding]) -> Finding:
    """One check, where those that it stands on are well."""
    states = {found.check: found.state for found in before}
    for word in check.stands_on:
        if states.get(word) in {State.FAULT, State.NOT_TRIED}:
            return Finding(check.word, check.title, State.NOT_TRIED, f"stands on: {word}")
    if check.section and getattr(subject.configuration, check.section) is None:
        return Finding(check.word, check.title, State.ABSENT, f"kiosk.toml has no [{check.section}]")
    try:
        cause, found = check.look(subject)
    except NotTried as reason:
        return Finding(check.word, check.title, State.NOT_TRIED, str(reason))
    except ConfigurationError as error:
        return Finding(check.word, check.title, State.FAULT, str(error), Cause.CONFIGURATION_WRONG)
    except PermissionError as error:
        return Finding(check.word, check.title, State.NOT_TRIED, f"not this user's to read: {error.filename}")
    except OSError as error:
        return Finding(check.word, check.title, State.NOT_TRIED, f"{error.filename}: {error.strerror}")
    state = State.WELL if cause is None else State.WARNING if cause in WARNINGS else State.FAULT
    return Finding(check.word, check.title, state, found, cause)
