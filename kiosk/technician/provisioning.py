"""From a bare machine to a terminal that its centre knows: the steps, each with words for what is allowed.

``kiosk.toml`` is the memory: whatever was answered stands there at once, so that whoever is interrupted begins again
and goes on. The code alone is kept nowhere.
"""

import contextlib
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from kiosk import bootstrap
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.central_client.errors import CentreRefused
from kiosk.configuration import Configuration, is_address, load_configuration
from kiosk.credentials import CentreKeys, read_centre_keys
from kiosk.policy.rule import Text
from kiosk.records.enrolment import (
    TERMINAL_ID,
    AskEnrolment,
    CodeMistyped,
    Enrolled,
    EnrolmentPackage,
    code_of,
)
from kiosk.records.health import AskTerminal, TerminalTold
from kiosk.technician.configuring import set_values
from kiosk.technician.scan import PRINTER_SPEEDS, Found

TO_BE_SET: Final = "to-be-set"
"""What the pattern of ``kiosk.toml`` holds where somebody has to answer."""
_NO_CENTRE: Final = "https://centre.invalid"
_PLACE_LONGEST: Final = 60
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Signs of Unicode that no line of text holds: of control and of direction, ends of lines, and what is none."""
DEVICES: Final[Mapping[str, str]] = {
    "card_reader": "name",
    "pin_pad": "port",
    "id_reader": "port",
    "receipt_printer": "port",
    "capture_unit": "port",
    "camera": "source",
}
"""Sections that a scan can fill, and the key that names the device. A card printer also wants its contact station,
which nothing but its maker's paper tells."""
NEEDED: Final = ("card_reader", "pin_pad")
"""Without these no terminal serves anybody."""


class NotAllowed(Exception):
    """An answer that can't be; the text says what was found and what is allowed."""

    def __init__(self, found: str, allowed: Text) -> None:
        super().__init__(f"{found}; allowed: {allowed.en}")
        self.found, self.allowed = found, allowed


class EnrolmentDenied(Exception):
    """The centre does not let this terminal in."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word
        self.words = _DENIED.get(word, Text(zh=f"中心拒绝了：{word}", en=f"the centre refuses: {word}"))


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of a terminal that is being set up; empty where nobody has answered yet."""

    language: str = ""
    region: str = ""
    terminal: str = ""
    place: str = ""
    centre: str = ""
    ca: str = ""
    """PEM."""
    keys: CentreKeys | None = None
    code: str = ""
    """The only secret; it never goes into a file."""
    devices: Mapping[str, str] = {}
    """By section, the name of the device that somebody chose; those that are found alone need no choice."""

    def __repr__(self) -> str:
        return f"<Answers {self.terminal}>"


@dataclass(frozen=True, slots=True)
class Step:
    """One question."""

    word: str
    """The field of :class:`Answers`; ``package`` answers several at once."""
    title: Text
    allowed: Text
    take: Callable[[Answers, str, Sequence[str]], Answers]
    """The answers with this one in it. Given are what stood there, what was answered, and the regions that are there.

    :raises NotAllowed: it can't be."""
    is_file: bool = False
    """The answer is what a file holds, or a QR code, not what is typed."""


def _language(answers: Answers, given: str, _regions: Sequence[str]) -> Answers:
    if given not in {"zh", "en"}:
        raise NotAllowed(repr(given), _ALLOWED["language"])
    return msgspec.structs.replace(answers, language=given)


def _region(answers: Answers, given: str, regions: Sequence[str]) -> Answers:
    if given not in regions:
        listed = ", ".join(regions)
        raise NotAllowed(repr(given), Text(zh=listed, en=listed))
    return msgspec.structs.replace(answers, region=given)


def _terminal(answers: Answers, given: str, _regions: Sequence[str]) -> Answers:
    if TERMINAL_ID.fullmatch(given) is None or given == TO_BE_SET:
        raise NotAllowed(repr(given), _ALLOWED["terminal"])
    return msgspec.structs.replace(answers, terminal=given)


def _place(answers: Answers, given: str, _regions: Sequence[str]) -> Answers:
    place = given.strip()
    if not 1 <= len(place) <= _PLACE_LONGEST or any(unicodedata.category(sign) in _INVISIBLE for sign in place):
        raise NotAllowed(f"{len(place)} characters", _ALLOWED["place"])
    return msgspec.structs.replace(answers, place=place)


def _centre(answers: Answers, given: str, _regions: Sequence[str]) -> Answers:
    if not is_address(given) or given.rstrip("/") == _NO_CENTRE:
        raise NotAllowed(repr(given), _ALLOWED["centre"])
    return msgspec.structs.replace(answers, centre=given.rstrip("/"))


_NO_CERTIFICATE: Final = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
)
"""What is raised by something that is none, or not one alone."""


def _ca(answers: Answers, given: str, _regions: Sequence[str]) -> Answers:
    try:
        (certificate,) = x509.load_pem_x509_certificates(given.encode())  # every one in the file would be trusted
        is_authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except _NO_CERTIFICATE:
        raise NotAllowed("no certificate of an authority", _ALLOWED["ca"]) from None
    if not is_authority:
        raise NotAllowed("a certificate, and no authority's", _ALLOWED["ca"])
    if certificate.not_valid_after_utc < datetime.now(tz=UTC):
        raise NotAllowed(f"a certificate that ended on {certificate.not_valid_after_utc:%Y-%m-%d}", _ALLOWED["ca"])
    return msgspec.structs.replace(answers, ca=given)


def _keys(answers: Answers, given: str, _regions: Sequence[str]) -> Answers:
    try:
        keys = msgspec.json.decode(given, type=CentreKeys)
    except msgspec.DecodeError as error:
        raise NotAllowed(str(error), _ALLOWED["keys"]) from None
    if (len(keys.signing_key), len(keys.opening_key)) != (32, 32):
        raise NotAllowed(f"keys of {len(keys.signing_key)} and {len(keys.opening_key)} bytes", _ALLOWED["keys"])
    return msgspec.structs.replace(answers, keys=keys)


def _code(answers: Answers, given: str, _regions: Sequence[str]) -> Answers:
    try:
        return msgspec.structs.replace(answers, code=code_of(given))
    except CodeMistyped as error:
        raise NotAllowed(str(error), _ALLOWED["code"]) from None


def _package(answers: Answers, given: str, regions: Sequence[str]) -> Answers:
    try:
        package = msgspec.json.decode(given, type=EnrolmentPackage)
    except msgspec.DecodeError as error:
        raise NotAllowed(str(error), _ALLOWED["package"]) from None
    keys = CentreKeys(key_id=package.key_id, signing_key=package.signing_key, opening_key=package.opening_key)
    for take, one in (
        (_region, package.region),
        (_terminal, package.terminal),
        (_centre, package.url),
        (_ca, package.ca_certificate),
        (_keys, msgspec.json.encode(keys).decode()),
        (_code, package.code),
    ):
        answers = take(answers, one, regions)
    return answers


_ALLOWED: Final = {
    "language": Text(zh="zh（中文）或 en（英文）", en="zh (Chinese) or en (English)"),
    "region": Text(zh="装好的地区规则之一", en="one of the regions that are installed"),
    "terminal": Text(
        zh="中心给的编号：1 到 32 个字母、数字、点、横线", en="the centre's number: 1 to 32 letters, digits, . _ -"
    ),
    "place": Text(zh="1 到 60 个字", en="1 to 60 characters"),
    "centre": Text(
        zh="https:// 加名字，可带端口，后面不带别的", en="https:// and a name, with a port or without, nothing after it"
    ),
    "ca": Text(zh="中心给的 ca.pem，没有过期", en="the centre's ca.pem, within its term"),
    "keys": Text(zh="中心给的 centre.json", en="the centre's centre.json"),
    "code": Text(
        zh="20 位，用横线分成四组，中心只给一次", en="20 signs in four groups, which the centre gave out once"
    ),
    "package": Text(
        zh="中心给的 enrolment.json；没有就直接回车", en="the centre's enrolment.json; nothing where there is none"
    ),
}


def _step(word: str, zh: str, en: str, take: Callable[[Answers, str, Sequence[str]], Answers], **other: bool) -> Step:
    return Step(word, Text(zh=zh, en=en), _ALLOWED[word], take, **other)


PACKAGE: Final = _step("package", "中心给的登记文件", "the centre's enrolment file", _package, is_file=True)
STEPS: Final[tuple[Step, ...]] = (
    _step("language", "开机时的语言", "language at the start", _language),
    _step("region", "地区", "region", _region),
    _step("terminal", "终端编号", "terminal number", _terminal),
    _step("place", "放在哪里", "place", _place),
    _step("centre", "中心地址", "address of the centre", _centre),
    _step("ca", "中心的证书文件", "the centre's certificate file", _ca, is_file=True),
    _step("keys", "中心的公钥文件", "the centre's file of public keys", _keys, is_file=True),
)
"""In the order of asking. A package answers all but language and place."""
CODE: Final = _step("code", "一次性登记码", "one-time code", _code)
_DENIED: Final = {
    "code_refused": Text(
        zh="登记码不对，或试错太多次：请中心重新给一个",
        en="the code is wrong, or was guessed at too often: have the centre make another",
    ),
    "code_expired": Text(zh="登记码过期了：请中心重新给一个", en="the code is over: have the centre make another"),
    "code_used": Text(
        zh="登记码已经被别的机器用过：马上告诉中心", en="another machine has used this code: tell the centre at once"
    ),
    "identity_taken": Text(
        zh="这个编号已经有一台终端：请中心给新编号", en="a terminal has this number: have the centre give another"
    ),
    "revoked": Text(
        zh="这个编号已被中心吊销：请中心给新编号", en="this number was revoked: have the centre give another"
    ),
}


def regions_of(configuration: Configuration) -> tuple[str, ...]:
    """The regions whose packs are installed."""
    return tuple(sorted(file.stem for file in configuration.paths.regions.glob("*.toml")))


def begin(file: Path, pattern: Path) -> bool:
    """Lay the pattern down where there is no ``kiosk.toml`` yet; whether it was.

    :raises OSError: it can't be read or written.
    """
    if file.exists():
        return False
    _keep(file, pattern.read_bytes())
    return True


def held(file: Path) -> Answers:
    """What ``kiosk.toml`` and the centre's files beside it answer already.

    :raises ConfigurationError: the file is wrong.
    """
    configuration = load_configuration(file)
    known, regions = Answers(language=configuration.display.language), regions_of(configuration)
    terminal, centre = configuration.terminal, configuration.centre
    for step, given in (
        (_region, terminal.region),
        (_terminal, terminal.id),
        (_place, terminal.place),
        (_centre, centre.url),
        (_ca, _text(centre.ca)),
        (_keys, _text(centre.keys)),
    ):
        with contextlib.suppress(NotAllowed):
            known = step(known, given, regions)
    return known


def missing(answers: Answers) -> tuple[Step, ...]:
    """The steps that nobody has answered."""
    return tuple(step for step in STEPS if not getattr(answers, step.word))


def write(file: Path, answers: Answers) -> None:
    """Put the answers into ``kiosk.toml``, and the centre's files where it names them; comments stay.

    :raises ConfigurationError: the result would be wrong, and ``kiosk.toml`` stays as it was.
    :raises OSError: it can't be written.
    """
    configuration, before = load_configuration(file), held(file)
    if answers.ca and answers.ca != before.ca:
        _keep(configuration.centre.ca, answers.ca.encode())
    if answers.keys is not None and answers.keys != before.keys:
        _keep(configuration.centre.keys, msgspec.json.format(msgspec.json.encode(answers.keys)))
    changed = {
        key: given
        for key, given, stood in (
            ("display.language", answers.language, before.language),
            ("terminal.region", answers.region, before.region),
            ("terminal.id", answers.terminal, before.terminal),
            ("terminal.place", answers.place, before.place),
            ("centre.url", answers.centre, before.centre),
        )
        if given and given != stood
    }
    if changed:
        set_values(file, changed)


def enrol(configuration: Configuration, code: str) -> str:
    """Have the centre know this terminal; keys and ledger are made here where there are none.

    :param code: may be empty where the centre knows the terminal already.
    :returns: number and region, as the centre has them.
    :raises EnrolmentDenied: the centre says no.
    :raises NotAllowed: a code is wanted.
    :raises CentreUnreachable: no answer; asked again, nothing is done twice.
    :raises CentreDistrusted: who answers is not the centre.
    :raises ConfigurationError: the centre's files are missing or wrong.
    :raises LedgerError: the ledger is another terminal's, or can't be made.
    """
    request = bootstrap.enrol(configuration)
    connection = bootstrap.connect(
        configuration, read_centre_keys(configuration), ClockOffset(configuration.offset_path)
    )
    with contextlib.closing(connection):
        if not code:
            return _known(lambda: connection.ask("/v1/terminal", AskTerminal(), TerminalTold))
        asked = AskEnrolment(
            code=code,
            terminal=request.terminal,
            region=request.region,
            public_key=request.public_key,
            ledger_id=request.ledger_id,
        )
        try:
            told = connection.ask("/v1/enrolment", asked, Enrolled)
        except CentreRefused as refused:
            raise EnrolmentDenied(refused.problem.type) from refused
    return f"{told.terminal}, {told.region}"


def _known(ask: Callable[[], TerminalTold]) -> str:
    try:
        told = ask()
    except CentreRefused as refused:
        if refused.problem.type in {"unknown_terminal", "signature"}:
            raise NotAllowed("no code", _ALLOWED["code"]) from refused
        raise EnrolmentDenied(refused.problem.type) from refused
    return f"{told.terminal}, {told.region}"


def take_devices(file: Path, found: Sequence[Found], chosen: Mapping[str, str]) -> tuple[Found, ...]:
    """Put the devices that were found into ``kiosk.toml``; what was found nothing of stays as it is.

    :param chosen: by section, the name of the one that somebody chose among several.
    :returns: those that the terminal has from now on.
    :raises NotAllowed: two of a kind and no choice, a choice that names none, or none of a kind that all need.
    :raises ConfigurationError: the result would be wrong, and nothing was written.
    """
    configuration = load_configuration(file)
    taken: list[Found] = []
    values: dict[str, object] = {}
    for kind, key in DEVICES.items():
        section = getattr(configuration, kind)
        stands = "" if section is None else str(getattr(section, key))
        one = _one_of(kind, [one for one in found if one.kind == kind], chosen.get(kind, ""), stands)
        if one is None:
            continue
        taken.append(one)
        if not _is_named(one, stands):
            values[f"{kind}.{key}"] = one.name
        if one.speed is not None and one.speed != (PRINTER_SPEEDS[0] if section is None else section.baud_rate):
            values[f"{kind}.baud_rate"] = one.speed
    if values:
        set_values(file, values)
    return tuple(taken)


def _one_of(kind: str, found: Sequence[Found], chosen: str, stands: str) -> Found | None:
    """The device of a kind: the chosen one, else the one that stands there, else the only one."""
    names = ", ".join(one.name for one in found)
    for wanted in (chosen, stands):
        for one in found:
            if _is_named(one, wanted):
                return one
        if wanted and wanted == chosen:
            raise NotAllowed(f"{kind} {chosen}", Text(zh=names or "没有找到", en=names or "none was found"))
    if len(found) > 1:
        raise NotAllowed(f"{len(found)} × {kind}", Text(zh=f"选一个：{names}", en=f"one of {names}"))
    if not found and kind in NEEDED and stands in {"", TO_BE_SET}:
        raise NotAllowed(
            f"no {kind}", Text(zh="接好再试（kiosk devices）", en="plug one in, and try again (kiosk devices)")
        )
    return found[0] if found else None


def _is_named(one: Found, name: str) -> bool:
    """Whether the name means this device: PC/SC's without its numbers, or another name of the same device file."""
    if not name:
        return False
    if one.kind == "card_reader":
        return one.name == name or one.name.startswith(f"{name} ")
    return one.name == name or os.path.realpath(one.name) == os.path.realpath(name)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _keep(file: Path, data: bytes) -> None:
    """Whole or not at all; everybody may read it: it holds no secret."""
    fresh = file.with_name(f"{file.name}.fresh")
    with fresh.open("wb") as written:
        written.write(data)
        written.flush()
        os.fsync(written.fileno())
    fresh.chmod(0o644)
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
