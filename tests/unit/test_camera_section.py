"""The camera's section of ``kiosk.toml``: left out, right, wrong."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from drivers.ports.errors import NotConnected, PictureFrozen
from kiosk.configuration import ConfigurationError
from kiosk.credentials import CentreKeys
from kiosk.equipment import devices
from kiosk.equipment.studio import open_likeness_check, open_studio
from kiosk.journeys.faults import fault_view
from kiosk.journeys.wording import say
from kiosk.portrait.errors import ModelsMissing
from kiosk.runtime.likeness import LikenessCheck
from kiosk.runtime.viewfinder import Viewfinder
from simulators.camera import CameraSimulator
from simulators.id_reader.photo import StandInDecoder
from tests.centre import REPOSITORY
from tests.journeys.world import region
from tests.unit.test_receipt_printer_section import configured


def test_a_terminal_may_have_no_camera(tmp_path: Path) -> None:
    assert devices.open_camera(configured(tmp_path, "")) is None


def test_a_camera_that_is_named_looks_when_it_is_opened_and_not_before(tmp_path: Path) -> None:
    with CameraSimulator(width=640, height=480) as simulator:
        section = f'[camera]\nsource = "{simulator.url}"\nwidth = 640\nheight = 480'
        camera = devices.open_camera(configured(tmp_path, section))
        assert camera is not None
        camera.identify()
        assert simulator.sent == 0
        camera.open(5.0)
        assert camera.frame(1.0).pixels.shape == (480, 640, 3)
        camera.close()


def test_opencv_is_not_loaded_before_somebody_wants_a_picture(tmp_path: Path) -> None:
    """It would cost a quarter of a second on the way to the first screen."""
    configured(tmp_path, '[camera]\nsource = "/dev/null"')
    words = (
        "import contextlib, pathlib, sys\n"
        "from kiosk import configuration\nfrom kiosk.equipment import devices\n"
        "from drivers.ports.errors import DeviceError\n"
        "camera = devices.open_camera(configuration.load_configuration(pathlib.Path(sys.argv[1])))\n"
        "with contextlib.suppress(DeviceError): camera.identify()\n"
        "print(sorted({'cv2', 'numpy'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", words, str(tmp_path / "kiosk.toml")]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_without_a_camera_there_is_no_studio_and_with_one_no_model_is_loaded(tmp_path: Path) -> None:
    opening = X25519PrivateKey.generate().public_key().public_bytes_raw()
    public = CentreKeys(key_id="k", signing_key=bytes(32), opening_key=opening)
    (tmp_path / "public.json").write_bytes(msgspec.json.encode(public))
    assert open_studio(configured(tmp_path, ""), region("beijing"), Viewfinder()) is None
    section = '[camera]\nsource = "/dev/null"'
    studio = open_studio(configured(tmp_path, section, tmp_path / "no-assets"), region("beijing"), Viewfinder())
    assert studio is not None
    with pytest.raises(ModelsMissing):
        studio.darkroom()


def compared(tmp_path: Path, decoder: str, rest: str = '[camera]\nsource = "/dev/null"\n') -> LikenessCheck | None:
    section = f'{rest}[id_reader]\nport = "/dev/null"\n[comparison]\nphoto_decoder = "{decoder}"'
    return open_likeness_check(configured(tmp_path, section))


def test_nobody_is_compared_unless_somebody_has_switched_it_on(tmp_path: Path) -> None:
    both = '[camera]\nsource = "/dev/null"\n[id_reader]\nport = "/dev/null"'
    assert open_likeness_check(configured(tmp_path, both)) is None
    for shipped in (REPOSITORY / "config").rglob("*.toml"):
        assert "[comparison]" not in shipped.read_text(encoding="utf-8")


def test_a_decoder_is_brought_by_its_name_and_no_model_is_loaded(tmp_path: Path) -> None:
    check = compared(tmp_path, "simulators.id_reader.photo:StandInDecoder")
    assert check is not None
    assert isinstance(check.decoder, StandInDecoder)


@pytest.mark.parametrize(
    "decoder", ["no.such.module:Decoder", "json:NoSuchClass", "json:dumps", "json", "os.system('x'):y", ""]
)
def test_a_decoder_that_is_none_is_a_mistake_of_the_file(tmp_path: Path, decoder: str) -> None:
    with pytest.raises(ConfigurationError, match="photo_decoder"):
        compared(tmp_path, decoder)


def test_a_comparison_wants_a_camera(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="camera"):
        compared(tmp_path, "simulators.id_reader.photo:StandInDecoder", "")


def test_a_device_that_is_not_there_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    camera = devices.open_camera(configured(tmp_path, f'[camera]\nsource = "{tmp_path}/video0"'))
    assert camera is not None
    with pytest.raises(NotConnected):
        camera.identify()


@pytest.mark.parametrize(
    "section",
    [
        "[camera]",
        '[camera]\nsource = "video0"',
        "[camera]\nsource = 0",
        '[camera]\nsource = "ftp://camera/stream"',
        '[camera]\nsource = "/dev/video0"\nwidth = 64',
        '[camera]\nsource = "/dev/video0"\nquality = 3',
    ],
)
def test_a_wrong_camera_section_is_refused_at_start(tmp_path: Path, section: str) -> None:
    with pytest.raises(ConfigurationError, match="camera"):
        configured(tmp_path, section)


@pytest.mark.parametrize("source", ["http://", "rtsp://camera:port/live"])
def test_an_address_that_is_none_is_refused_at_start(tmp_path: Path, source: str) -> None:
    configuration = configured(tmp_path, f'[camera]\nsource = "{source}"')
    with pytest.raises(ConfigurationError, match=r"camera\.source"):
        devices.open_camera(configuration)


def test_a_fault_of_the_camera_is_told_in_its_own_words() -> None:
    view = fault_view(PictureFrozen("camera", "the same picture"), "12333", say("您的卡和钱都没有变动。"))
    assert (view.title.text, view.code) == ("摄像头的画面不动了", "V-07")
