"""``python -m simulators.stand demo``: the whole terminal on this machine, until Ctrl-C."""

import argparse
import os
import signal
import sys
import threading
import unicodedata
from pathlib import Path

from simulators.bench.server import BenchServer
from simulators.pcscd import PcscdUnavailable
from simulators.stand.programs import ProgramDied
from simulators.stand.requirements import REPOSITORY
from simulators.stand.stand import CanNotStart, Stand, StandSettings
from simulators.stand.terminals import TERMINALS


def main() -> int:
    """Run the stand; 0 when it was ended, 2 when it could not start."""
    options = _parser().parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    settings = StandSettings(
        state=options.state,
        region=options.region,
        landscape=options.landscape,
        keep=options.keep,
        motor=not options.hand,
        sound=options.sound,
        display=os.environ.get("DISPLAY") or None,
    )
    try:
        with Stand(settings, say=lambda line: print(f"  {line}", flush=True)) as stand:
            bench = BenchServer(stand, options.port).start()
            try:
                print(table(stand, bench.url), flush=True)
                ended.wait(options.seconds)
            finally:
                print("正在停止 stopping …", flush=True)
                bench.stop()
    except (CanNotStart, ProgramDied, PcscdUnavailable) as refusal:
        print(f"stand: {refusal}", file=sys.stderr)
        return 2
    print("都停了 all stopped")
    return 0


def table(stand: Stand, bench_url: str) -> str:
    """What runs and where to look."""
    rows = [
        ("硬件台 hardware bench", bench_url),
        ("中心系统 central system", stand.centre.url),
        ("终端 terminal", f"{stand.place.id} ({stand.region}) · {stand.place.config}"),
        ("屏幕 display", stand.surroundings.display),
        ("读卡器 reader", f"{stand.pcscd.reader_name} · PCSCLITE_CSOCK_NAME={stand.pcscd.socket_path}"),
        ("密码键盘 PIN pad", stand.pad.path),
        ("摄像头 camera", stand.camera.url),
        ("网线 network cable", f"127.0.0.1:{stand.cable.port} → 127.0.0.1:{stand.centre.port}"),
        ("状态 state", str(stand.state)),
        ("日志 logs", str(stand.logs)),
    ]
    rows += [(f"进程 {name}", f"pid {pid}") for name, pid, _, _ in stand.programs()]
    width = max(_columns(name) for name, _ in rows)
    rule = "─" * (width + max(_columns(where) for _, where in rows) + 3)
    lines = [f" {name}{' ' * (width - _columns(name))}  {where}" for name, where in rows]
    return "\n".join([rule, *lines, rule, " Ctrl-C 结束 ends it"])


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators.stand", description=__doc__)
    demo = parser.add_subparsers(required=True).add_parser("demo", help="run until Ctrl-C")
    demo.add_argument("--region", choices=sorted(TERMINALS), default="zhumadian")
    demo.add_argument("--state", type=Path, default=REPOSITORY / "build" / "demo", help="where everything is written")
    demo.add_argument("--keep", action="store_true", help="go on with the state of the last run")
    demo.add_argument("--hand", action="store_true", help="a card slot without a motor")
    demo.add_argument("--sound", action="store_true", help="let the terminal's signals be heard on this machine")
    demo.add_argument("--landscape", action="store_true", help="1920×1080 instead of 1080×1920")
    demo.add_argument("--port", type=int, default=0, help="of the bench; the system chooses without it")
    demo.add_argument("--seconds", type=float, help="end by itself after so long")
    return parser


if __name__ == "__main__":
    sys.exit(main())
