"""The assistant of a first run: the steps of setting up as pages, over the same functions as ``kiosk provision``."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from kiosk import bootstrap
from kiosk.central_client.errors import CentreError
from kiosk.configuration import ConfigurationError, load_configuration, with_credentials_of
from kiosk.journeys.technician_views import Act, Entry, EntryKind, Mark, Page, Row
from kiosk.ledger.errors import LedgerError
from kiosk.policy.rule import Text
from kiosk.technician.doctor import examine
from kiosk.technician.findings import Finding, State
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
_LANGUAGES: Final = {"zh": Text(zh="中文", en="Chinese"), "en": Text(zh="英文", en="English")}
_LONGEST: Final = {"terminal": 32, "place": 60, "centre": 120, "code": 40}
_STEP_BY_WORD: Final = {step.word: step for step in STEPS}
_MARKS: Final = {
    State.WELL: Mark.WELL,
    State.WARNING: Mark.WARNING,
    State.FAULT: Mark.FAULT,
    State.NOT_TRIED: Mark.NONE,
    State.ABSENT: Mark.NONE,
}


class FirstRunDesk:
    """Leads through setting up; what was answered stands in ``kiosk.toml``, so a restart in the middle loses nothing.

    :param file: ``kiosk.toml``, which is there already as the installer laid it down.
    :param packages: by the name that is shown, the contents of the centre's packages that can be had: of a stick, of a
        QR code before the camera.
    :param look: looks for devices.
    """

    def __init__(
        self,
        file: Path,
        *,
        packages: Callable[[], Mapping[str, str]],
        look: Callable[[], Sequence[Found]] = lambda: tuple(scan()),
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._file, self._packages, self._look, self._environment = file, packages, look, environment
        self._code = ""
        """Of a package; kept in memory until the centre has taken it."""
        self._enrolled = ""
        self._found: tuple[Found, ...] = ()
        self._devices: tuple[Found, ...] = ()
        self._findings: tuple[Finding, ...] = ()
        self._fingerprint = ""

    def page(self, word: str) -> Page:
        """See :class:`~kiosk.journeys.technician_views.TechnicianDesk`."""
        match word:
            case "home":
                return self._home()
            case "region" | "language" | "package":
                return self._choices(word)
            case "terminal" | "place" | "centre":
                return self._typed(_STEP_BY_WORD[word], getattr(held(self._file), word))
            case "code":
                return self._typed(CODE, "")
            case "devices":
                return self._devices_found()
            case "checks":
                return self._checked()
            case _:
                raise KeyError(word)

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        """See :class:`~kiosk.journeys.technician_views.TechnicianDesk`."""
        work: dict[str, Callable[[], None]] = {
            "take": lambda: self._take(page, given.get(page, "")),
            "enrol": lambda: self._enrol(given.get("code", "")),
            "look": self._look_for_devices,
            "check": self._check,
            "report": self._report,
        }
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
        return self.page(page if act in {"look", "check", "report"} else "home")

    def close(self) -> None:
        """Forget the code; no device is held between two pages."""
        self._code = ""

    @staticmethod
    def _acts_of(page: Page) -> tuple[Act, ...]:
        return (*page.acts, *(row.act for row in page.rows if row.act is not None))

    def _noted(self, word: str, note: Text) -> Page:
        page = self.page(word)
        return Page(page.word, page.title, page.rows, page.acts, note=note, note_mark=Mark.FAULT)

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
        ]
        rows.append(
            Row(
                Text(zh="在中心登记", en="enrolment at the centre"),
                self._enrolled,
                Mark.WELL if self._enrolled else Mark.NONE,
                act=Act("page:code", CODE.title) if not missing(known) else None,
            )
        )
        acts = (
            Act("page:package", PACKAGE.title),
            Act("page:devices", Text(zh="找设备", en="look for devices")),
            Act("page:checks", Text(zh="检查和报告", en="checks and report")),
        )
        return Page("home", _TITLE, tuple(rows), acts)

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
        return Page(word, step.title, rows, note=step.allowed if not rows else None)

    @staticmethod
    def _typed(step: Step, stands: str) -> Page:
        entry = Entry(step.word, step.title, EntryKind.WORD, _LONGEST[step.word], stands)
        label = Text(zh="在中心登记", en="enrol") if step is CODE else Text(zh="就这样", en="take it")
        act = Act("enrol" if step is CODE else "take", label, entries=(entry,))
        return Page(step.word, step.title, (), (act,), note=step.allowed)

    def _devices_found(self) -> Page:
        taken = {one.kind: one.name for one in self._devices}
        rows = tuple(
            Row(
                Text(zh=one.kind or "?", en=one.kind or "?"),
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
        rows = tuple(Row(one.title, one.found, _MARKS[one.state], one.advice) for one in self._findings)
        acts = [Act("check", Text(zh="检查", en="check"))]
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
        with bootstrap.reserved_state(configuration):
            self._enrolled = enrol(configuration, code)
        self._code = ""

    def _look_for_devices(self) -> None:
        self._found = tuple(self._look())
        self._devices = ()
        self._devices = take_devices(self._file, self._found, {})

    def _check(self) -> None:
        self._fingerprint = ""
        self._findings = examine(self._file, self._environment)

    def _report(self) -> None:
        configuration = with_credentials_of(self._environment, load_configuration(self._file))
        report = report_of(configuration, self._findings, self._devices)
        signed = keep(configuration, report, configuration.terminal.state)
        hand_in(configuration, signed)
        self._fingerprint = signed.fingerprint
