"""The assistant of a first run: the steps of setting up as pages, over the same functions as ``kiosk provision``."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from drivers.ports.camera import Camera
from drivers.ports.errors import DeviceError
from kiosk.bootstrap import is_new
from kiosk.central_client.errors import CentreError
from kiosk.configuration import ConfigurationError, load_configuration, with_credentials_of
from kiosk.equipment.devices import open_camera
from kiosk.journeys.technician_views import Act, Entry, EntryKind, Leave, Mark, Page, Row, Special
from kiosk.ledger.errors import LedgerError
from kiosk.policy.rule import Text
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.technician.code_reading import LOOKS_S, CodeReading
from kiosk.technician.doctor import CHECKS, examine
from kiosk.technician.findings import Finding, State
from kiosk.technician.hand_over import HandOver
from kiosk.technician.provisioning import (
    CODE,
    DEVICES,
    PACKAGE,
    STEPS,
    Answers,
    EnrolmentDenied,
    NotAllowed,
    Step,
    enrol,
    held,
    missing,
    regions_of,
    take_devices,
    write,
)
from kiosk.technician.readiness import hand_in, keep, report_of
from kiosk.technician.scan import Found, scan

_TITLE: Final = Text(zh="设置这台终端", en="Set this terminal up")
_AGAIN: Final = Act("again", Text(zh="设好了，重新启动", en="It is set up: start again"))
_HAND_OVER: Final = Act("hand_over", Text(zh="开始使用", en="put it to work"), asks_again=True)
_KNOWN: Final = Act("known", Text(zh="登记过了，问中心", en="it is enrolled: ask the centre"))
_SHOW: Final = Act("page:show_code", Text(zh="让摄像头看二维码", en="show the QR code to the camera"))
_LOOK_AGAIN: Final = Act("page:show_code", Text(zh="再看一次", en="look again"))
_DEVICES: Final = Act("page:devices", Text(zh="找设备", en="look for devices"))
_PICTURE_S: Final = 0.3
"""Between two pictures: enough to aim by."""
_LANGUAGES: Final = {"zh": Text(zh="中文", en="Chinese"), "en": Text(zh="英文", en="English")}
_CODE_READ: Final = Text(zh="读到了登记码", en="the code was read")
_HANDED_OVER: Final = Page(
    "handed_over",
    Text(zh="正在接收设置", en="Being taken over"),
    note=Text(
        zh="请等一会儿，屏幕会换成开机画面，然后开始服务。两分钟不变就断电再开。",
        en="Please wait: the curtain comes, then the terminal serves. After two minutes, switch it off and on.",
    ),
)
_LONGEST: Final = {"terminal": 32, "place": 60, "centre": 120, "code": 40}
_STEP_BY_WORD: Final = {step.word: step for step in STEPS}
_MARKS: Final = {
    State.WELL: Mark.WELL,
    State.WARNING: Mark.WARNING,
    State.FAULT: Mark.FAULT,
    State.NOT_TRIED: Mark.NONE,
    State.ABSENT: Mark.NONE,
}
_NOUNS: Final = {check.word: check.title for check in CHECKS}
_NOT_KNOWN: Final = Text(zh="不认识的设备", en="not known")
_WORST: Final = (Mark.FAULT, Mark.WARNING, Mark.WELL, Mark.NONE)
"""What wants somebody stands on the first part of a page that is longer than the screen."""


def packages_beside(file: Path) -> Mapping[str, str]:
    """The centre's packages that somebody has laid beside ``kiosk.toml``, by their names."""
    return {one.name: one.read_text(encoding="utf-8") for one in sorted(file.parent.glob("enrolment*.json"))}


class FirstRunDesk:
    """Leads through setting up; what was answered stands in ``kiosk.toml``, so a restart in the middle loses nothing.

    Whoever shows it holds the terminal's state and none of its devices.

    :param file: ``kiosk.toml``, which is there already as the installer laid it down.
    :param packages: by the name that is shown, the contents of the centre's packages that can be had: of a stick, of a
        QR code before the camera.
    :param hand_over: where root takes over what is set up here; None where this user writes the settings themselves.
    :param look: looks for devices.
    """

    def __init__(
        self,
        file: Path,
        *,
        packages: Callable[[], Mapping[str, str]],
        hand_over: HandOver | None = None,
        viewfinder: Viewfinder | None = None,
        look: Callable[[], Sequence[Found]] = lambda: tuple(scan()),
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file, self._packages, self._look, self._environment = file, packages, look, environment
        self._hand_over = hand_over
        self._reading = CodeReading(self._camera, viewfinder or Viewfinder(), clock)
        self._code = ""
        """Of a package or of a QR code; kept in memory until the centre has taken it."""
        self._enrolled = ""
        self._found: tuple[Found, ...] = ()
        self._devices: tuple[Found, ...] = ()
        self._findings: tuple[Finding, ...] = ()
        self._fingerprint = ""

    def page(self, word: str) -> Page:
        """See :class:`~kiosk.journeys.technician_views.TechnicianDesk`."""
        if word != "show_code":
            self._reading.close()
        match word:
            case "home":
                return self._home()
            case "show_code":
                return self._looked()
            case "region" | "language" | "package":
                return self._choices(word)
            case "terminal" | "place" | "centre":
                return self._typed(_STEP_BY_WORD[word], getattr(held(self._file), word))
            case "code":
                return self._asked_for_code()
            case "devices":
                return self._devices_found()
            case "checks":
                return self._checked()
            case "handed_over":
                return _HANDED_OVER
            case _:
                raise KeyError(word)

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        """See :class:`~kiosk.journeys.technician_views.TechnicianDesk`."""
        work: dict[str, Callable[[], None]] = {
            "take": lambda: self._take(page, given.get(page, "")),
            "enrol": lambda: self._enrol(given.get("code", "")),
            "known": lambda: self._enrol(""),
            "hand_over": self._leave_sign,
            "look": self._look_for_devices,
            "check": self._check,
            "report": self._report,
        }
        if (page, act) == ("home", _AGAIN.word) and self._enrolled:
            return Page("home", Text(zh="重新启动", en="Starting again"), leave=Leave.RESTART)
        kind, _, chosen = act.partition(":")
        if kind == "choose" and chosen:
            work[act] = lambda: self._choose(page, chosen)
        if act not in work or act not in {one.word for one in self._acts_of(self.page(page))}:
            raise KeyError(act)
        try:
            work[act]()
        except NotAllowed as refused:
            return self._noted(page, Text(zh=f"{refused.found}。可以：{refused.allowed.zh}", en=str(refused)))
        except EnrolmentDenied as denied:
            return self._noted(page, denied.words)
        except CentreError as error:
            return self._noted(page, Text(zh=f"没有连上中心：{error}", en=f"no centre: {error}"))
        except (ConfigurationError, LedgerError) as error:
            return self._noted(page, Text(zh=str(error), en=str(error)))
        except OSError as error:
            told = f"{error.filename}: {error.strerror}"
            return self._noted(page, Text(zh=told, en=told))
        if act == _HAND_OVER.word:
            return self.page("handed_over")
        return self.page(page if act in {"look", "check", "report"} else "home")

    def close(self) -> None:
        """Forget the code; no device is held between two pages, but for the camera while its page stands."""
        self._code = ""
        self._reading.close()

    @staticmethod
    def _acts_of(page: Page) -> tuple[Act, ...]:
        return (*page.acts, *(row.act for row in page.rows if row.act is not None))

    def _noted(self, word: str, note: Text) -> Page:
        return replace(self.page(word), note=note, note_mark=Mark.FAULT)

    def _home(self) -> Page:
        known = held(self._file)
        rows = [
            Row(
                step.title,
                self._shown(step, known),
                Mark.WELL if getattr(known, step.word) else Mark.NONE,
                act=None if step.is_file else Act(f"page:{step.word}", step.title),
            )
            for step in STEPS
            if not (step.is_file and getattr(known, step.word))  # what is there and is not for reading needs no line
        ]
        rows.append(
            Row(
                Text(zh="在中心登记", en="enrolment at the centre"),
                self._enrolled,
                Mark.WELL if self._enrolled else Mark.NONE,
                act=Act("page:code", CODE.title) if not missing(known) else None,
            )
        )
        acts: tuple[Act, ...] = (
            Act("page:package", PACKAGE.title),
            _DEVICES,
            Act("page:checks", Text(zh="检查和报告", en="checks and report")),
        )
        refused = self._hand_over.refused if self._hand_over is not None else ""
        if self._enrolled:
            acts = (*acts, _AGAIN if self._hand_over is None else _HAND_OVER)
        return Page(
            "home", _TITLE, tuple(rows), acts,
            note=Text(zh=f"没有接收：{refused}", en=f"not taken over: {refused}") if refused else None,
            note_mark=Mark.FAULT if refused else Mark.NONE,
        )  # fmt: skip

    @staticmethod
    def _shown(step: Step, known: Answers) -> str:
        if step.is_file:
            return ""
        return str(getattr(known, step.word))

    def _choices(self, word: str) -> Page:
        step = PACKAGE if word == "package" else _STEP_BY_WORD[word]
        match word:
            case "language":
                listed = dict(_LANGUAGES)
            case "region":
                regions = regions_of(load_configuration(self._file))
                listed = {name: Text(zh=name, en=name) for name in regions}
            case _:
                listed = {name: Text(zh=name, en=name) for name in self._packages()}
        stands = getattr(held(self._file), word, "")
        rows = tuple(
            Row(label, "", Mark.WELL if name == stands else Mark.NONE, act=Act(f"choose:{name}", label))
            for name, label in listed.items()
        )
        acts = (_SHOW,) if word == "package" else ()
        return Page(word, step.title, rows, acts, note=step.allowed if not rows else None)

    @staticmethod
    def _typed(step: Step, stands: str) -> Page:
        kind = EntryKind.CHINESE if step.word == "place" else EntryKind.WORD
        entry = Entry(step.word, step.title, kind, _LONGEST[step.word], stands)
        filled_in = Text(zh=f"填写{step.title.zh}", en=f"fill in: {step.title.en}")
        label = Text(zh="在中心登记", en="enrol") if step is CODE else filled_in
        act = Act("enrol" if step is CODE else "take", label, entries=(entry,))
        return Page(step.word, step.title, (), (act,), note=step.allowed)

    def _asked_for_code(self) -> Page:
        page = self._typed(CODE, "")
        if self._code:
            held_code = Text(zh="用读到的登记码", en="use the code that was read")
            return replace(page, acts=(replace(_KNOWN, label=held_code), *page.acts, _SHOW))
        if is_new(load_configuration(self._file)):
            return replace(page, acts=(*page.acts, _SHOW))
        return replace(page, acts=(*page.acts, _SHOW, _KNOWN))

    def _camera(self) -> Camera | None:
        return open_camera(load_configuration(self._file))

    def _looked(self) -> Page:
        """The picture, as long as nothing is read; then what came of it, on the page where it is wanted."""
        page = Page("show_code", _SHOW.label)
        try:
            if not self._reading.begin():
                words = Text(
                    zh="没有摄像头。先找设备，或者在键盘上输入。",
                    en="No camera: look for devices first, or type the code.",
                )
                return replace(page, acts=(_DEVICES,), note=words, note_mark=Mark.FAULT)
            if self._reading.is_over:
                self._reading.close()
                words = Text(
                    zh=f"{LOOKS_S:.0f} 秒没有读到。把纸放平、照亮，离近一点。",
                    en=f"Nothing read in {LOOKS_S:.0f} s. Flatten the sheet, light it, hold it nearer.",
                )
                return replace(page, acts=(_LOOK_AGAIN,), note=words, note_mark=Mark.WARNING)
            read = self._reading.look()
        except DeviceError as error:
            self._reading.close()
            told = Text(zh=f"摄像头没有画面：{error.what}", en=f"no picture: {error.what}")
            return replace(page, acts=(_LOOK_AGAIN,), note=told, note_mark=Mark.FAULT)
        page = replace(page, special=Special.CODE, again_after_s=_PICTURE_S)
        if not read:
            words = Text(zh="把中心给的二维码举到镜头前，不要动", en="hold the centre's QR code still before the lens")
            return replace(page, note=words)
        try:
            return self._read(read)
        except NotAllowed:
            words = Text(zh="这不是中心给的登记二维码", en="this is not the centre's QR code for enrolling")
            return replace(page, note=words, note_mark=Mark.FAULT)
        except (ConfigurationError, OSError) as error:
            self._reading.close()
            told = Text(zh=str(error), en=str(error))
            return Page("show_code", _SHOW.label, acts=(_LOOK_AGAIN,), note=told, note_mark=Mark.FAULT)

    def _read(self, words: str) -> Page:
        """Take in what a QR code says: all of a package, or its code alone.

        :raises NotAllowed: it is neither, or not whole.
        """
        if not words.startswith("{"):
            self._code = CODE.take(Answers(), words, ()).code
            return replace(self.page("code"), note=_CODE_READ, note_mark=Mark.WELL)
        answers = PACKAGE.take(Answers(), words, regions_of(load_configuration(self._file)))
        write(self._file, answers)
        self._code = answers.code
        told = Text(zh=f"读到了，终端编号 {answers.terminal}", en=f"read: terminal {answers.terminal}")
        return replace(self.page("home"), note=told, note_mark=Mark.WELL)

    def _devices_found(self) -> Page:
        taken = {one.kind: one.name for one in self._devices}
        rows = tuple(
            Row(
                _NOUNS.get(one.kind, _NOT_KNOWN),
                f"{one.name}: {one.told}",
                Mark.WELL if taken.get(one.kind) == one.name else Mark.NONE,
                act=Act(f"choose:{one.kind} {one.name}", Text(zh="用这个", en="take this one"))
                if one.kind in DEVICES
                else None,
            )
            for one in self._found
        )
        return Page("devices", Text(zh="设备", en="devices"), rows, (Act("look", Text(zh="找设备", en="look")),))

    def _checked(self) -> Page:
        worst_first = sorted(self._findings, key=lambda one: _WORST.index(_MARKS[one.state]))
        rows = tuple(Row(one.title, one.found, _MARKS[one.state], one.advice) for one in worst_first)
        acts = [Act("check", Text(zh="开始检查", en="check now"))]
        if self._findings:
            acts.append(Act("report", Text(zh="签名并交报告", en="sign and hand in the report")))
        note = Text(zh=f"中心收到了：{self._fingerprint}", en=f"the centre has it: {self._fingerprint}")
        told = bool(self._fingerprint)
        return Page(
            "checks", Text(zh="检查", en="checks"), rows, tuple(acts),
            note=note if told else None, note_mark=Mark.WELL if told else Mark.NONE,
        )  # fmt: skip

    def _take(self, word: str, typed: str) -> None:
        write(self._file, _STEP_BY_WORD[word].take(Answers(), typed, ()))

    def _choose(self, page: str, chosen: str) -> None:
        regions = regions_of(load_configuration(self._file))
        match page:
            case "package":
                answers = PACKAGE.take(Answers(), self._packages()[chosen], regions)
                write(self._file, answers)
                self._code = answers.code
            case "devices":
                kind, _, name = chosen.partition(" ")
                self._devices = take_devices(
                    self._file, self._found, {one.kind: one.name for one in self._devices} | {kind: name}
                )
            case _:
                write(self._file, _STEP_BY_WORD[page].take(Answers(), chosen, regions))

    def _enrol(self, typed: str) -> None:
        code = CODE.take(Answers(), typed, ()).code if typed else self._code
        configuration = with_credentials_of(self._environment, load_configuration(self._file))
        self._enrolled = enrol(configuration, code)
        self._code = ""

    def _leave_sign(self) -> None:
        if self._hand_over is not None:
            self._hand_over.leave_sign()

    def _look_for_devices(self) -> None:
        self._found = tuple(self._look())
        self._devices = ()
        self._devices = take_devices(self._file, self._found, {})

    def _check(self) -> None:
        self._fingerprint = ""
        self._findings = examine(self._file, self._environment, in_hand=True)

    def _report(self) -> None:
        configuration = with_credentials_of(self._environment, load_configuration(self._file))
        report = report_of(configuration, self._findings, self._devices)
        signed = keep(configuration, report, configuration.terminal.state)
        hand_in(configuration, signed)
        self._fingerprint = signed.fingerprint
