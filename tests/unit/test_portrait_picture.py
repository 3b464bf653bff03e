"""Pictures of every kind, damaged and absurd ones among them: one clear error each, and never much memory."""

import hashlib
import struct
import subprocess
import sys
import warnings
import zlib
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image

from kiosk.portrait.errors import (
    ModelsMissing,
    PictureTooLarge,
    PictureTooSmall,
    PortraitError,
    TruncatedPicture,
    UnreadablePicture,
)
from kiosk.portrait.models import MODELS, Models
from kiosk.portrait.picture import LONGEST_EDGE, MOST_PIXELS, read_picture
from tests import portrait_verdicts, portraits

REPOSITORY: Final = Path(__file__).parents[2]


def saved(image: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def face() -> Image.Image:
    return Image.open(portraits.FACES / "portrait-a.webp").convert("RGB")


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size and has next to nothing in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"GIF89a" + bytes(40), b"not a picture", bytes(5000)])
def test_what_is_no_picture_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        read_picture(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_a_picture_that_breaks_off_is_unreadable(kind: str, share: float) -> None:
    whole = saved(face(), kind)
    with pytest.raises(UnreadablePicture):
        read_picture(whole[: int(share * len(whole))])


def test_a_jpeg_that_breaks_off_is_said_to_break_off() -> None:
    whole = saved(face())
    with pytest.raises(TruncatedPicture):
        read_picture(whole[: len(whole) // 2])


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (63, 63)])
def test_a_picture_of_a_few_pixels_is_too_small(size: tuple[int, int]) -> None:
    with pytest.raises(PictureTooSmall):
        read_picture(saved(Image.new("RGB", size), "PNG"))


@pytest.mark.parametrize("size", [(10_000, 10_000), (60_000, 60_000), (2_000_000, 21)])
def test_a_picture_of_a_hundred_megapixels_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with pytest.raises(PictureTooLarge):
            read_picture(png_header(*size))


def test_refusing_a_hundred_megapixels_takes_no_memory(tmp_path: Path) -> None:
    """In a process of its own, which may not have the 300 MB that decoding takes."""
    picture = tmp_path / "large.png"
    picture.write_bytes(png_header(10_000, 10_000))
    program = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from kiosk.portrait.picture import read_picture\n"
        "from kiosk.portrait.errors import PictureTooLarge\n"
        "def peak(): return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
        "before = peak()\n"
        "try: read_picture(open(sys.argv[1], 'rb').read())\n"
        "except PictureTooLarge: print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(picture)], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    assert int(done.stdout) < 20_000  # KiB


def test_the_largest_picture_that_is_opened_comes_smaller() -> None:
    edge = int(MOST_PIXELS**0.5)
    picture = read_picture(saved(Image.new("RGB", (edge, edge), "grey")))
    assert (picture.width, picture.height) == (edge, edge)
    assert max(picture.pixels.shape) <= LONGEST_EDGE


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB", "P", "1", "LA", "RGBA"])
def test_every_kind_of_colour_becomes_rgb(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    picture = read_picture(saved(face().convert(mode), kind))
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.shape == (1146, 764, 3)


def test_how_many_channels_a_file_has_is_told() -> None:
    assert read_picture(saved(face().convert("L"))).channels == 1
    assert read_picture(saved(face())).channels == 3
    assert read_picture(saved(face().convert("CMYK"))).channels == 4


def test_a_see_through_background_is_white() -> None:
    clear = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    assert (read_picture(saved(clear, "PNG")).pixels == 255).all()


@pytest.mark.parametrize(("orientation", "turn"), [(1, 0), (3, 2), (6, 1), (8, 3)])
def test_a_telephones_picture_is_turned_upright(orientation: int, turn: int) -> None:
    upright = np.array(face())
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(upright, turn)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(saved(lying, "PNG", exif=exif))
    assert np.array_equal(picture.pixels, upright)


@pytest.mark.parametrize("density", [(350, 350), None, (350, 300)])
def test_the_density_is_told_where_the_file_says_one(density: tuple[int, int] | None) -> None:
    content = saved(face()) if density is None else saved(face(), dpi=density)
    assert read_picture(content).density == (350 if density == (350, 350) else None)


def test_noise_in_a_file_ends_in_our_errors_only() -> None:
    whole = bytearray(saved(face().resize((200, 300)), "JPEG"))
    random = np.random.default_rng(5)
    for _ in range(150):
        broken = bytearray(whole)
        for place in random.integers(0, len(broken), 12):
            broken[place] = random.integers(0, 256)
        try:
            read_picture(bytes(broken))
        except PortraitError:
            continue


def test_models_that_are_missing_or_changed_are_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ModelsMissing, match="fetch_models"):
        Models(tmp_path)
    for name in MODELS:
        (tmp_path / f"{name}.tflite").write_bytes((portraits.MODELS / f"{name}.tflite").read_bytes())
    Models(tmp_path)
    spoilt = tmp_path / "iris_landmark.tflite"
    spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"\0\0")
    with pytest.raises(ModelsMissing, match="not the model"):
        Models(tmp_path)


def test_the_first_screen_waits_for_no_model() -> None:
    program = "import sys, kiosk.__main__, kiosk.bootstrap, kiosk.ui.window; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert {"cv2", "numpy", "ai_edge_litert"}.isdisjoint(done.stdout.split())


def test_every_face_in_the_repository_has_its_licence_and_is_the_one_it_was() -> None:
    page = (portraits.ROOT / "data" / "LICENSES.md").read_text(encoding="utf-8")
    for file in portraits.FACES.iterdir():
        (row,) = (line for line in page.splitlines() if f"`faces/{file.name}`" in line)
        assert hashlib.sha256(file.read_bytes()).hexdigest() in row
    assert {file.stem for file in portraits.FACES.iterdir()} == set(portrait_verdicts.IDENTITIES)
