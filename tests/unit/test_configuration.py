"""A wrong kiosk.toml names file, line, key, what was found and what is allowed; all that is wrong, at once."""

from pathlib import Path

import pytest

from kiosk.configuration import ConfigurationError, load_configuration

WHOLE = """\
[terminal]
id = "zmd-0001"
region = "zhumadian"
state = "state"
credentials = "credentials"

[display]
width = 1080

[card_reader]
name = "reader"

[pin_pad]
port = "/dev/pad"

[centre]
url = "https://centre"
ca = "ca.pem"
keys = "public.json"

[paths]
regions = "regions"
handbook = "handbook"
outlets = "outlets"
assets = "assets"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(ConfigurationError) as error:
        load_configuration(path)
    return [fault.removeprefix(f"{path}:") for fault in error.value.faults]


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    configuration = load_configuration(written(tmp_path, WHOLE))
    assert configuration.terminal.state == tmp_path / "state"
    assert configuration.pin_pad.port == Path("/dev/pad")
    assert configuration.display.width == 1080


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = WHOLE.replace('state = "state"', "state = 7").replace("width = 1080", 'width = "wide"\nlanguage = "fr"')
    text = text.replace('port = "/dev/pad"', 'port = "/dev/pad"\nbaud = 9600').replace('keys = "public.json"\n', "")
    assert faults(tmp_path, text) == [
        "4: terminal.state: 7 does not fit; wanted is a path in quotes",
        '8: display.width: "wide" does not fit; wanted is a whole number from 0 to 16384',
        '9: display.language: "fr" does not fit; allowed: en, zh',
        "16: pin_pad.baud: unknown key; allowed: port, dialect",
        "18: centre.keys: missing; wanted is a path in quotes",
    ]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('[camera]\nsource = "video0"', 'camera.source: "video0" does not fit; wanted is a device file'),
        ('[camera]\nsource = "/dev/video0"\nwidth = 9', "camera.width: 9 does not fit; wanted is a whole number"),
        ('[card_printer]\nline = "lp0"\ncontact_station = "x"', 'card_printer.line: "lp0" does not fit; wanted for'),
        (
            '[receipt_printer]\nport = "/dev/p"\nbaud_rate = 9600',
            "receipt_printer.baud_rate: 9600 does not fit; allowed",
        ),
        ('[id_reader]\nport = "a\\u0000b"', "id_reader.port: "),
        ('[comparison]\nphoto_decoder = "x"', 'comparison.photo_decoder: "x" does not fit; wanted is module:Class'),
        ("[screen]", "screen: unknown key; allowed: terminal, display"),
    ],
)
def test_each_kind_of_value_says_what_is_allowed(tmp_path: Path, section: str, told: str) -> None:
    (fault,) = faults(tmp_path, WHOLE + section + "\n")
    line, _, rest = fault.partition(": ")
    assert int(line) > WHOLE.count("\n")
    assert rest.startswith(told)


@pytest.mark.parametrize("width", ["-5", "16385", f"1{'0' * 30}", "1e400", "nan"])
def test_a_window_has_the_size_of_one(tmp_path: Path, width: str) -> None:
    (fault,) = faults(tmp_path, WHOLE.replace("width = 1080", f"width = {width}"))
    assert fault.endswith("does not fit; wanted is a whole number from 0 to 16384")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "centre.example",
        "http://centre.example",
        "https://",
        "https://centre..example",
        "https://.example",
        f"https://{'x' * 70}.example",
        "https://[::1",
        "https://centre.example:99999",
        "https://centre.example:0",
        "https://centre.example/v1",
        "https://centre.example?",
        "https://somebody@centre.example",
        "https://centre example",
        "https://centre\\nexample",
        "https://\\u200b",
    ],
)
def test_an_address_under_which_there_can_be_no_centre_is_told_before_anybody_asks_there(
    tmp_path: Path, url: str
) -> None:
    (fault,) = faults(tmp_path, WHOLE.replace("https://centre", url))
    assert fault.startswith("17: centre.url: ")
    assert "does not fit; wanted is https://" in fault


@pytest.mark.parametrize(
    "url", ["https://centre", "https://centre.example:8443/", "https://[::1]:1", "https://中心.例"]
)
def test_an_address_is_a_name_or_a_number_with_a_port_or_without(tmp_path: Path, url: str) -> None:
    assert load_configuration(written(tmp_path, WHOLE.replace("https://centre", url))).centre.url == url


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    assert faults(tmp_path, WHOLE + "[paths\n")[0].startswith("26: not TOML")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"kiosk\.toml: can't be read: No such file"):
        load_configuration(tmp_path / "kiosk.toml")
