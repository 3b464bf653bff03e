"""A camera's stream: whatever a server sends where pictures are due, only named errors and whole frames come out."""

import socket
import threading
from contextlib import suppress
from typing import Final

import cv2
import numpy as np

from drivers.camera import OpenCvCamera, source_of
from drivers.ports.errors import DeviceError
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Target, always, require, tells_nothing

WIDTH: Final = 64
HEIGHT: Final = 48
SECRET: Final = "secret-of-the-address"


def _jpeg(width: int, height: int, seed: int) -> bytes:
    grain = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return cv2.imencode(".jpg", grain)[1].tobytes()


PICTURES: Final = tuple(_jpeg(WIDTH, HEIGHT, seed) for seed in range(4))
OTHER_SIZE: Final = _jpeg(32, 24, 9)
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n--b\r\n"


def stream(script: Decisions) -> bytes:
    """What the server sends to one viewer."""
    sent = bytearray(HEAD if script.number(4) else script.chunk())
    for number in range(script.number(12)):
        picture, length = PICTURES[number % len(PICTURES)], None
        match script.number(8):
            case 7:
                picture = script.chunk()
            case 6:
                picture = picture[: script.number(len(picture))]
            case 5:
                place = script.number(len(picture))
                picture = picture[:place] + script.chunk() + picture[place:]
            case 4:
                length = script.number(5000)
            case 3:
                picture = OTHER_SIZE
        size = len(picture) if length is None else length
        sent += b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % size
        sent += picture + (script.chunk() if script.chance(8) else b"\r\n--b\r\n")
    return bytes(sent)


def serve(listener: socket.socket, sent: bytes) -> None:
    """Send the same to everybody who comes, until nobody is listened to any more."""
    with suppress(OSError):
        while True:
            line, _ = listener.accept()
            with line, suppress(OSError):
                line.recv(4096)
                line.sendall(sent)


def looking(case: bytes) -> str:
    """Look through a camera that sends anything."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(listener, stream(Decisions(case))))
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/{SECRET}"
    camera = OpenCvCamera(source_of(address), width=WIDTH, height=HEIGHT)
    try:
        camera.open(1.0)
        frame = camera.frame(0.2)
    except DeviceError as error:
        tells_nothing(error, [SECRET])
        return type(error).__name__
    else:
        require(frame.pixels.shape == (HEIGHT, WIDTH, 3), "a picture of another size was handed out")
        return "picture"
    finally:
        camera.close()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


STREAM: Final = Target(
    name="camera-stream",
    engine="hypothesis",
    prepare=always(looking),
    seeds=lambda: [b"\1\x08" + bytes(20), b"\1\x04\3", b"\0\x20junk", b"\1\x06\6\0\7\6\0\x09", b"\1\5\4\0\2", b"\1\0"],
    reached=frozenset({"picture", "NotConnected", "ProtocolViolation"}),
    examples=20,
)
