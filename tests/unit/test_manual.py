"""Pages of the manual and the shell's completion, made of the commands' own words."""

import argparse
import contextlib
import gzip
import importlib.util
import os
import pty
import select
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kiosk.__main__ import command_parser
from kiosk.command_line import doctor

ROOT = Path(__file__).parents[2]
GIVEN_S = 10.0


def tool() -> ModuleType:
    """deploy/build_manual.py, which is a script."""
    found = importlib.util.spec_from_file_location("build_manual", ROOT / "deploy" / "build_manual.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manual")
    tool().write(folder, epoch=0)
    return folder


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, bool]]:
    """Every command below, and whether it is one that can be run."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                below = list(commands(command))
                yield command, not below
                yield from below


def page(made: Path, command: str) -> str:
    packed = (made / "man1" / f"{command.replace(' ', '-')}.1.gz").read_bytes()
    return gzip.decompress(packed).decode().replace("\\-", "-")


def test_every_command_has_its_page_and_no_page_has_none(made: Path) -> None:
    wanted = {"kiosk", *(command.prog for command, _ in commands(command_parser()))}
    assert {file.name.removesuffix(".1.gz") for file in (made / "man1").iterdir()} == {
        name.replace(" ", "-") for name in wanted
    }
    for name in wanted - {"kiosk"}:
        assert f"\\fB{name}\\fR\n" in page(made, name.rpartition(" ")[0]), "its parent's page lists it"
        assert "\n.SH DESCRIPTION\n" in page(made, name)


def test_every_command_that_can_be_run_tells_its_options_its_exit_codes_and_examples_that_hold(made: Path) -> None:
    parser = command_parser()
    for command, can_be_run in commands(parser):
        if not can_be_run:
            continue
        told = page(made, command.prog)
        assert "\n.SH EXIT STATUS\n" in told, command.prog
        for action in command._actions:
            assert all(f"\\fB{option}\\fR" in told for option in action.option_strings if action.dest != "help")
        _, _, examples = told.partition("\n.SH EXAMPLES\n")
        lines = [line for line in examples.splitlines() if line.startswith(f"\\fB{command.prog}")]
        assert lines, f"{command.prog} has no example"
        for line in lines:
            words = shlex.split(line.removeprefix("\\fB").removesuffix("\\fR"))
            assert f"{parser.prog} {' '.join(words[1:])}".startswith(command.prog)
            parser.parse_args(words[1:])


def test_help_and_page_say_the_same(made: Path) -> None:
    """The meaning of a code stands in one place, at the code."""
    helped = " ".join(
        next(one for one, _ in commands(command_parser()) if one.prog == "kiosk doctor").format_help().split()
    )
    assert doctor.Exit.WARNING.meaning
    for code in doctor.Exit:
        words = f"{code.name.lower()}: {code.meaning}" if code.meaning else code.name.lower()
        assert f" {code.value} {words} " in f"{helped} "
        assert f"\\fB{code.value}\\fR\n{words}\n" in page(made, "kiosk doctor")
    assert "/etc/kiosk/kiosk.toml" in page(made, "kiosk doctor")


def test_troff_finds_nothing_to_complain_of(made: Path) -> None:
    pages = [gzip.decompress(file.read_bytes()) for file in (made / "man1").iterdir()]
    shown = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-Kutf8", "-P-cbou"], input=b"".join(pages), capture_output=True, check=True
    )
    assert shown.stderr == b""
    assert shown.stdout.count(b"SEE ALSO") == len(pages)


def typed(script: Path, keys: str, until: str) -> str:
    """What bash writes on its terminal when somebody types; ends as soon as it has what is waited for."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "PS1": "$ ", "LC_ALL": "C.UTF-8"}
    command = ["bash", "--noprofile", "--norc", "-i"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as bash:
        os.close(theirs)
        try:
            os.write(ours, f". {shlex.quote(str(script))}; printf 're%s\\n' ady\n".encode())
            heard = _heard(ours, "\nready")
            os.write(ours, keys.encode())
            heard = _heard(ours, until)
        finally:
            bash.kill()
            os.close(ours)
    return heard


def _heard(line: int, until: str) -> str:
    heard, ends = "", time.monotonic() + GIVEN_S
    while until not in heard and (left := ends - time.monotonic()) > 0:
        if select.select([line], [], [], left)[0]:
            with contextlib.suppress(OSError):  # bash has gone
                heard += os.read(line, 4096).decode(errors="replace").replace("\r", "")
    return heard


@pytest.mark.parametrize(
    ("keys", "until"),
    [
        ("kiosk do\t", "kiosk doctor"),
        ("kiosk doctor --la\t", "kiosk doctor --language"),
        ("kiosk doctor --language e\t", "kiosk doctor --language en"),
        ("kiosk stock hand\t", "kiosk stock hand-over"),
        ("kiosk config check --config {made}/man1/kiosk-do\t", "kiosk-doctor.1.gz"),
    ],
)
def test_the_shell_completes_what_is_begun(made: Path, keys: str, until: str) -> None:
    heard = typed(made / "completions" / "kiosk", keys.format(made=made), until)
    assert until in heard.replace("\b", "")
