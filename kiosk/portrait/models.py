"""The models, as set-up brought them: find faces, landmarks, irises, and the person before the background.

Apache-2.0, from MediaPipe (docs/portrait.md); one more, from OpenCV's zoo, is loaded by whoever compares two faces.
They run on the processor; nothing leaves the machine.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.portrait.errors import ModelsMissing

Pixels = npt.NDArray[np.uint8]
"""A picture: height × width × 3, RGB."""
Floats = npt.NDArray[np.float32]

MODELS: Final = {
    "face_detection_short_range": "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    "face_landmark": "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    "iris_landmark": "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
    "selfie_segmentation": "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
}
"""Name and SHA-256 of each file."""
RECOGNISER: Final = "face_recognition_sface_2021dec_int8bq.onnx"
MODEL_FILES: Final = {f"{name}.tflite": digest for name, digest in MODELS.items()} | {
    RECOGNISER: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"
}
"""All files with their SHA-256; ``deploy/fetch_models.py`` takes them from here."""


def read_model(directory: Path, file: str) -> bytes:
    """A model's file, whole and as it should be.

    :raises ModelsMissing: it is not there, or another.
    """
    path = directory / file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelsMissing(f"{path} is missing; bring it with: python deploy/fetch_models.py") from error
    if hashlib.sha256(content).hexdigest() != MODEL_FILES[file]:
        raise ModelsMissing(f"{path} is not the model it should be; remove it and run deploy/fetch_models.py")
    return content


class Model:
    """One model, loaded; not to be shared between threads.

    :raises ModelsMissing: the file is not there or not the one it should be.
    """

    def __init__(self, directory: Path, name: str) -> None:
        content = read_model(directory, f"{name}.tflite")
        # Here and not above: nobody pays for the runtime before the first picture.
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

        self._interpreter: Any = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {each["name"]: each["index"] for each in self._interpreter.get_output_details()}

    def run(self, picture: Floats, wanted: Sequence[str]) -> list[Floats]:
        """The outputs of these names for a picture of the model's own size."""
        self._interpreter.set_tensor(self._input, picture[None])
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_tensor(self._outputs[name])[0], np.float32) for name in wanted]


class Models:
    """The four that measure, loaded.

    :raises ModelsMissing: one is not there or not the one it should be.
    """

    def __init__(self, directory: Path) -> None:
        # One thread each, here and in OpenCV: pictures and models are so small that a second one only waits for the
        # first, and that core draws the preview.
        cv2.setNumThreads(1)
        self.detector = Model(directory, "face_detection_short_range")
        self.landmarks = Model(directory, "face_landmark")
        self.iris = Model(directory, "iris_landmark")
        self.person = Model(directory, "selfie_segmentation")
