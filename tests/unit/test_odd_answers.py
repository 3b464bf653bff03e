"""Answers to a new terminal's questions as nobody honest gives them: each is refused in words and ends nothing."""

import argparse
import base64
import contextlib
import datetime
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.__main__ import INTERRUPTED
from kiosk.command_line.provision import Exit, add_parser, run
from kiosk.configuration import load_configuration
from kiosk.technician.configuring import set_values
from kiosk.technician.provisioning import STEPS, Answers, NotAllowed
from tests.unit.test_configuration import WHOLE, written

ROOT = Path(__file__).parents[2]
TAKE = {step.word: step.take for step in STEPS}


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers(), Path("kiosk.toml"))
    return parser.parse_args(["provision", *words])


def certificate(*, is_authority: bool = True, version: int = 3) -> str:
    """PEM of a certificate of its own making, of X.509's version."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "centre")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    data = made.public_bytes(serialization.Encoding.DER)
    data = data.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01" + bytes([version - 1]), 1)
    text = base64.encodebytes(data).decode("ascii")
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "\udc80",
        certificate(is_authority=False),
        certificate(version=9),
        certificate() + certificate(),
    ],
    ids=["nothing", "no text", "no authority's", "of no version", "two"],
)
def test_one_authority_is_trusted_and_nothing_else_is_one(given: str) -> None:
    assert TAKE["ca"](Answers(), certificate(), ()).ca
    with pytest.raises(NotAllowed, match=r"ca\.pem"):
        TAKE["ca"](Answers(), given, ())


@pytest.mark.parametrize("given", ["大厅\u2028[centre]", "大厅\u202e", "大厅\n", "大厅\x00", "\ud800", "大" * 61, " "])
def test_a_place_is_one_line_of_what_can_be_read(given: str) -> None:
    if given.strip() == "大厅":
        assert TAKE["place"](Answers(), given, ()).place == "大厅"
        return
    with pytest.raises(NotAllowed, match="1 to 60"):
        TAKE["place"](Answers(), given, ())


@pytest.mark.parametrize("given", ['市"人社局"\\', "'''", "[centre]", 'url = "https://elsewhere"'])
def test_what_toml_means_by_a_sign_means_nothing_in_an_answer(tmp_path: Path, given: str) -> None:
    file = written(tmp_path, WHOLE)
    set_values(file, {"terminal.place": given})
    stands = load_configuration(file)
    assert (stands.terminal.place, stands.centre.url) == (given, "https://centre")


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"place = " + b"[" * 100_000, b'package = "\\u0000"', b'package = "."'],
    ids=["no text", "without end", "no path", "a folder"],
)
def test_a_file_of_answers_that_is_none_is_told(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, (ROOT / "deploy" / "kiosk.toml").read_text("utf-8"))
    (tmp_path / "answers.toml").write_bytes(content)
    words = ["--config", str(tmp_path / "kiosk.toml"), "--answers", str(tmp_path / "answers.toml"), "--language", "en"]
    assert run(parsed(*words)) == Exit.NOT_ALLOWED
    assert "allowed: " in capsys.readouterr().err


def test_the_code_is_no_word_of_a_command_line_that_everybody_sees() -> None:
    with pytest.raises(SystemExit):
        parsed("--code", "ACDEF")


def test_ctrl_c_at_a_question_ends_it_without_a_word_of_python(tmp_path: Path) -> None:
    written(tmp_path, (ROOT / "deploy" / "kiosk.toml").read_text("utf-8"))
    words = ["provision", "--config", str(tmp_path / "kiosk.toml"), "--language", "en"]
    asking = subprocess.Popen(
        # A shell's background job ignores Ctrl-C, and hands that down to whoever it starts.
        ["env", "--default-signal=INT", sys.executable, "-m", "kiosk", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with asking:
        assert asking.stdout is not None
        assert b"enrolment file" in os.read(asking.stdout.fileno(), 4096)
        for _ in range(10):
            asking.send_signal(signal.SIGINT)
            # It may have come just before the answer is waited for, which Python then waits for first: pressed anew.
            with contextlib.suppress(subprocess.TimeoutExpired):
                asking.wait(5)  # with its input still open: an answer that ends would end it too
                break
        _, said = asking.communicate()
    assert (asking.returncode, b"Traceback" in said) == (INTERRUPTED, False), said
