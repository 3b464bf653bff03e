"""``kiosk provision``: from a bare machine to a terminal that its centre knows, asked step by step or by a file."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from kiosk import bootstrap
from kiosk.central_client.errors import CentreError
from kiosk.command_line.manual import CONFIGURATION, STATE, ExitCode, closing
from kiosk.command_line.readiness import Exit as Ready
from kiosk.command_line.readiness import report
from kiosk.configuration import load_configuration, with_credentials_of
from kiosk.policy.rule import Text
from kiosk.technician.provisioning import (
    CODE,
    DEVICES,
    PACKAGE,
    STEPS,
    Answers,
    EnrolmentDenied,
    NotAllowed,
    Step,
    begin,
    enrol,
    held,
    missing,
    regions_of,
    take_devices,
    write,
)
from kiosk.technician.scan import Found, scan

PATTERN: Final = Path("/opt/card-terminal/config/kiosk.toml")
"""Where the installer lays it."""


class Exit(ExitCode):
    """Exit codes of ``kiosk provision``; scripts rely on them. What it left is whole: it can be run again."""

    READY = Ready.READY, Ready.READY.meaning
    USAGE = 2, "wrong arguments"
    WARNING = Ready.WARNING, Ready.WARNING.meaning
    FAULT = Ready.FAULT, Ready.FAULT.meaning
    NOT_ALLOWED = 64, "an answer is missing, or can't be"
    NO_CENTRE = Ready.NO_CENTRE, "the centre is not reached; run it again, it goes on where it stopped"
    NOT_WRITTEN = Ready.NOT_WRITTEN, Ready.NOT_WRITTEN.meaning
    DENIED = 77, "the centre does not let it in"


_EXAMPLES: Final = {
    "kiosk provision --package /media/stick/enrolment.json": "with what the centre put onto a stick",
    "kiosk provision --answers answers.toml": "asking nothing",
}


class AnswerFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``answers.toml``: what would be typed. Paths are relative to the file; what it leaves out must stand already."""

    language: str = ""
    region: str = ""
    terminal: str = ""
    place: str = ""
    package: str = ""
    centre: str = ""
    ca: str = ""
    keys: str = ""
    code: str = ""
    devices: dict[str, str] = {}

    def __repr__(self) -> str:
        return "<AnswerFile>"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``provision`` to the kiosk's commands."""
    text = "set a new terminal up: settings, keys, enrolment, devices, report; run again, it goes on where it stopped"
    provision = subparsers.add_parser(
        "provision",
        help=text,
        description=text,
        epilog=closing(Exit, _EXAMPLES, CONFIGURATION | STATE),
    )
    provision.add_argument("--config", type=Path, default=default, help="kiosk.toml")
    provision.add_argument("--pattern", type=Path, default=PATTERN, help="what is laid down where there is none yet")
    provision.add_argument("--package", type=Path, metavar="FILE", help="enrolment.json of the centre")
    provision.add_argument("--answers", type=Path, metavar="FILE", help="ask nothing: a TOML file has the answers")
    provision.add_argument("--port", action="append", metavar="PORT", help="try this serial port only; may be repeated")
    provision.add_argument(
        "--report", type=Path, metavar="FOLDER", help="where the report goes; else the state's folder"
    )
    provision.add_argument("--language", choices=("zh", "en"), default="zh", help="of the words (default zh)")


def run(args: argparse.Namespace, ask: Callable[[str], str] = input) -> int:
    """Go through the steps, and return an :class:`Exit` code.

    :param ask: prints a prompt and returns a line.
    :raises ConfigurationError: ``kiosk.toml`` is wrong.
    :raises AlreadyRunning: the terminal runs.
    """
    dialogue = _Dialogue(args.language, ask)
    try:
        begin(args.config, args.pattern)
        given = _given(args)
        answers = given if args.answers is not None else _asked(args.config, given, dialogue)
        _refuse_gaps(args.config, answers, dialogue)
        write(args.config, answers)
        dialogue.done(Text(zh=f"设置写进 {args.config}", en=f"settings are in {args.config}"))
        devices = _let_in_and_fit_out(args, answers, dialogue)
    except NotAllowed as refused:
        dialogue.say(Text(zh=f"{refused.found}。可以：{refused.allowed.zh}", en=str(refused)), wrong=True)
        return int(Exit.NOT_ALLOWED)
    except EnrolmentDenied as denied:
        dialogue.say(denied.words, wrong=True)
        return int(Exit.DENIED)
    except CentreError as error:
        words = Text(
            zh=f"没有连上中心：{error}。再运行一次，从这里接着做", en=f"no centre: {error}; run it again to go on"
        )
        dialogue.say(words, wrong=True)
        return int(Exit.NO_CENTRE)
    except OSError as error:
        told = f"{error.filename}: {error.strerror}"
        dialogue.say(Text(zh=told, en=told), wrong=True)
        return int(Exit.NOT_WRITTEN)
    except EOFError:
        words = Text(zh="没有键盘：用 --answers 给出答案", en="nobody types here: give the answers by --answers")
        dialogue.say(words, wrong=True)
        return int(Exit.NOT_ALLOWED)
    return report(args, devices)


class _Dialogue:
    """What is printed and asked, in one language."""

    def __init__(self, language: str, ask: Callable[[str], str]) -> None:
        self._chinese, self._ask = language == "zh", ask

    def of(self, words: Text) -> str:
        """The words in this language."""
        return words.zh if self._chinese else words.en

    def say(self, words: Text, *, wrong: bool = False) -> None:
        """One line; on standard error what keeps it from going on."""
        print(self.of(words), file=sys.stderr if wrong else sys.stdout, flush=True)

    def done(self, words: Text) -> None:
        """One step is whole."""
        print(f"✓ {self.of(words)}", flush=True)

    def answer(self, step: Step, stands: str) -> str:
        """What somebody types; nothing keeps what stands there."""
        known = f" [{stands}]" if stands else ""
        return self._ask(f"{self.of(step.title)} ({self.of(step.allowed)}){known}: ").strip()

    def choose(self, refused: NotAllowed) -> str:
        """One of several devices, by its name."""
        return self._ask(f"{refused.found}; {self.of(refused.allowed)}: ").strip()


def _given(args: argparse.Namespace) -> Answers:
    """What files and options answer.

    :raises NotAllowed: one of them can't be.
    """
    answers, regions = Answers(), regions_of(load_configuration(args.config))
    if args.answers is not None:
        answers = _from_file(args.answers, regions)
    if args.package is not None:
        answers = PACKAGE.take(answers, _content(args.package), regions)
    return answers


def _from_file(file: Path, regions: tuple[str, ...]) -> Answers:
    try:
        given = msgspec.toml.decode(file.read_bytes(), type=AnswerFile)
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise NotAllowed(f"{file}: {error}", Text(zh="一个 answers.toml", en="an answers.toml")) from error
    wrong = sorted(given.devices.keys() - DEVICES.keys())
    if wrong:
        listed = ", ".join(DEVICES)
        raise NotAllowed(f"{file}: devices.{wrong[0]}", Text(zh=listed, en=listed))
    answers = Answers(devices=given.devices)
    for step in (PACKAGE, *STEPS, CODE):
        told = getattr(given, step.word)
        if told:
            answers = step.take(answers, _content(file.parent / told) if step.is_file else told, regions)
    return answers


def _asked(file: Path, given: Answers, dialogue: _Dialogue) -> Answers:
    """The answers after somebody was asked for all that no file answers; each is written down as it comes."""
    answers, stands, regions = given, held(file), regions_of(load_configuration(file))
    if not given.centre and not (stands.centre and stands.ca and stands.keys):
        answers = _one(PACKAGE, answers, "", regions, dialogue)
    for step in STEPS:
        known = getattr(stands, step.word)
        if getattr(answers, step.word) or (step.is_file and known):
            continue
        answers = _one(step, answers, known, regions, dialogue)
        write(file, answers)
    return answers


def _one(step: Step, answers: Answers, stands: str, regions: tuple[str, ...], dialogue: _Dialogue) -> Answers:
    while True:
        typed = dialogue.answer(step, stands) or stands
        if step is PACKAGE and not typed:
            return answers
        try:
            return step.take(answers, _content(Path(typed)) if step.is_file else typed, regions)
        except NotAllowed as refused:
            dialogue.say(Text(zh=f"{refused.found}。可以：{refused.allowed.zh}", en=str(refused)))


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else "no text, or no path"
        raise NotAllowed(f"{file}: {told}", Text(zh="一个读得出的文件", en="a file that can be read")) from error


def _refuse_gaps(file: Path, answers: Answers, dialogue: _Dialogue) -> None:
    """Every question without an answer, all at once.

    :raises NotAllowed: there are some.
    """
    stands = held(file)
    gaps = [step for step in missing(answers) if not getattr(stands, step.word)]
    if gaps:
        words = ", ".join(f"{step.word} ({dialogue.of(step.title)})" for step in gaps)
        raise NotAllowed(f"{len(gaps)} × –", Text(zh=f"还要 {words}", en=f"also {words}"))


def _let_in_and_fit_out(args: argparse.Namespace, answers: Answers, dialogue: _Dialogue) -> tuple[Found, ...]:
    configuration = with_credentials_of(os.environ, load_configuration(args.config))
    with bootstrap.reserved_state(configuration):
        known = _enrolled(args, answers, dialogue)
        dialogue.done(Text(zh=f"中心认识这台终端：{known}", en=f"the centre knows this terminal: {known}"))
        dialogue.say(Text(zh="在找设备……", en="looking for devices …"))
        found = tuple(scan(args.port))
        chosen = dict(answers.devices)
        while True:
            try:
                devices = take_devices(args.config, found, chosen)
                break
            except NotAllowed as refused:
                several = [kind for kind in DEVICES if refused.found.endswith(f"× {kind}")]
                if args.answers is not None or not several:
                    raise
                chosen[several[0]] = dialogue.choose(refused)
    for one in devices:
        dialogue.done(Text(zh=f"{one.kind}：{one.name}：{one.told}", en=f"{one.kind}: {one.name}: {one.told}"))
    return devices


def _enrolled(args: argparse.Namespace, answers: Answers, dialogue: _Dialogue) -> str:
    """Who the centre takes this terminal for; whoever sits here is asked for a code when one is wanted."""
    configuration = with_credentials_of(os.environ, load_configuration(args.config))
    try:
        return enrol(configuration, answers.code)
    except NotAllowed:
        if args.answers is not None or answers.code:
            raise
    regions = regions_of(configuration)
    return enrol(configuration, _one(CODE, answers, "", regions, dialogue).code)
