"""What the stand needs of the machine, named before anything is started."""

import os
import shutil
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]

_PROGRAMS: Final = {
    "pcscd": "pcscd",
    "systemd-socket-activate": "systemd",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
_FILES: Final = {"/usr/lib/pcsc/drivers/serial/libifdvpcd.so": "vsmartcard-vpcd"}
_MADE: Final = (
    "assets/fonts/interface.otf",
    "assets/fonts/interface-bold.otf",
    "assets/translations/en/LC_MESSAGES/kiosk.mo",
)


def missing(*, display: bool) -> list[str]:
    """What is not there, one line each, with what to do about it; empty when the stand can start.

    :param display: an X display is there, so that no virtual one is needed.
    """
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    programs = _PROGRAMS if display else {**_PROGRAMS, "Xvfb": "xvfb"}
    lines = [
        f"program {program}: apt-get install {package}"
        for program, package in programs.items()
        if shutil.which(program, path=path) is None
    ]
    lines += [f"{file}: apt-get install {package}" for file, package in _FILES.items() if not Path(file).exists()]
    lines += [f"{file}: made by deploy/setup.sh" for file in _MADE if not (REPOSITORY / file).exists()]
    if os.geteuid() != 0:
        lines.append("root: pcscd gets mount and network namespaces of its own, so that the host's is not touched")
    return lines
