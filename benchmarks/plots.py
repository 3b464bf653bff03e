"""Pictures of what was measured, beside the table."""

import statistics
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_OURS, _PEER, _OTHER, _LIMIT = "#1b5e9c", "#8a8f98", "#c98a1b", "#b3261e"


def draw(results: dict[str, dict[str, Any]], folder: Path) -> list[Path]:
    """One PNG a benchmark that ran and has something to show; the files written."""
    drawings = {
        "card": _card,
        "terminal": _terminal,
        "touch": _touch,
        "ledger": _ledger,
        "endurance": _endurance,
        "ingest": _ingest,
        "portrait": _portrait,
    }
    written = []
    for module, drawing in drawings.items():
        if module in results:
            path = folder / f"{module}.png"
            drawing(results[module], path)
            written.append(path)
    return written


def _card(result: dict[str, Any], path: Path) -> None:
    samples = result["samples"]
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    alone, whole = figure.subplots(1, 2)
    _dots(alone, {"our driver": (samples["ours"], _OURS), "bare pyscard": (samples["bare"], _PEER)})
    alone.set(title=f"a card read: {samples['commands']} commands", ylabel="ms")
    numbers = range(1, len(samples["visits"]) + 1)
    below = [0.0] * len(samples["visits"])
    for name, title, colour in (
        ("prompt", "card in → PIN prompt", _OURS),
        ("card_back", "green key → take your card", _OTHER),
        ("record", "card out → record", _PEER),
    ):
        heights = [one[name] for one in samples["visits"]]
        whole.bar(numbers, heights, bottom=below, label=title, color=colour)
        below = [low + height for low, height in zip(below, heights, strict=True)]
    whole.set(title="what a citizen waits for, card to record", xlabel="citizen", ylabel="ms")
    whole.xaxis.get_major_locator().set_params(integer=True)
    whole.set_ylim(top=1.25 * max(below))
    whole.legend(loc="upper right", ncols=3, fontsize="small")
    figure.savefig(path, dpi=110)


def _terminal(result: dict[str, Any], path: Path) -> None:
    samples = result["samples"]
    figure = Figure(figsize=(14, 4.5), layout="constrained")
    start, memory, idle = figure.subplots(1, 3)
    _dots(start, {"terminal": (samples["start"], _OURS), "bare Kivy": (samples["bare_start"], _PEER)})
    start.set(title="exec → first frame", ylabel="s")
    _limit(start, 3)
    memory.plot(samples["memory_by_citizen"], color=_OURS, marker="o", label="terminal")
    memory.axhline(statistics.median(samples["bare_memory"]), color=_PEER, label="bare Kivy")
    memory.xaxis.get_major_locator().set_params(integer=True)
    memory.set(title="resident memory", xlabel="citizens served", ylabel="MB", ylim=(0, 330))
    _limit(memory, 300)
    memory.legend(loc="lower right")
    _dots(
        idle,
        {
            "terminal": (samples["idle"], _OURS),
            "bare Kivy": (samples["bare_idle"], _PEER),
            "uplink": (samples["uplink_idle"], _OTHER),
        },
    )
    idle.set(title="idle", ylabel="% of a core")
    _limit(idle, 3)
    figure.savefig(path, dpi=110)


def _ledger(result: dict[str, Any], path: Path) -> None:
    kinds, sizes = result["append"], result["by_size"]
    figure = Figure(figsize=(15, 4.5), layout="constrained")
    axes, growth, opening = figure.subplots(1, 3)
    axes.bar(kinds.keys(), [one["x_floor"] for one in kinds.values()],
             color=[_OURS if kind == "ledger" else _PEER for kind in kinds])  # fmt: skip
    axes.set(title="one durable append", ylabel="× floor (write 1 KiB, fdatasync)")
    axes.tick_params("x", labelrotation=20)
    _limit(axes, 1.9)
    entries = [int(size) for size in sizes]
    growth.plot(entries, [one["append_x_floor"] for one in sizes.values()], color=_OURS, marker="o")
    growth.set(title="append as the ledger grows", xlabel="entries", ylabel="× floor", xscale="log", ylim=(0, None))
    opening.plot(entries, [one["p50_ms"] for one in sizes.values()], color=_OURS, marker="o")
    opening.set(title="open as the ledger grows", xlabel="entries", ylabel="ms", xscale="log", ylim=(0, None))
    figure.savefig(path, dpi=110)


def _touch(result: dict[str, Any], path: Path) -> None:
    samples = result["samples"]
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    places = list(dict.fromkeys(samples["touched"]))
    kinds = (("pressed", "finger down → the button shows it"), ("next", "finger up → the next screen"))
    for axes, (kind, title) in zip(figure.subplots(1, 2, sharey=True), kinds, strict=True):
        for number, words in enumerate(places, 1):
            times = [one for one, touched in zip(samples[kind], samples["touched"], strict=True) if touched == words]
            axes.scatter([number] * len(times), times, color=_OURS, s=18)
        axes.axhline(statistics.median(samples["look"]), color=_PEER, label="one look of the eye")
        axes.set_xticks(range(1, len(places) + 1))
        axes.set(title=title, xlabel="button of the walk", ylabel="ms", ylim=(0, None))
        _limit(axes, 100)
        axes.legend(loc="upper right")
    figure.savefig(path, dpi=110)


def _endurance(result: dict[str, Any], path: Path) -> None:
    samples = result["samples"]
    every = samples["every"]
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    memory, times = figure.subplots(1, 2)
    served = [every * number for number in range(1, len(samples["resident_kib"]) + 1)]
    memory.plot(served, [kib / 1024 for kib in samples["resident_kib"]], color=_OURS)
    memory.set(title="resident memory", xlabel="citizens served", ylabel="MiB", ylim=(0, None))
    medians = [statistics.median(samples["ms"][end - every : end]) for end in served]
    times.plot(served, medians, color=_OURS)
    times.set(title=f"a citizen, medians of {every}", xlabel="citizens served", ylabel="ms", ylim=(0, None))
    figure.savefig(path, dpi=110)


def _ingest(result: dict[str, Any], path: Path) -> None:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for kind, colour in (("sqlite", _OTHER), ("postgresql", _OURS)):
        for way, line in (("centre", "-"), ("https", "--")):
            rates = [result[kind][size][way] for size in result[kind]]
            axes.plot(list(result[kind]), rates, line, color=colour, marker="o", label=f"{kind}, {way}")
    axes.plot(list(result["copy"]), list(result["copy"].values()), ":", color=_PEER, marker="o", label="bare COPY")
    axes.set(title="entries the centre takes in", xlabel="entries a batch", ylabel="entries/s", yscale="log")
    axes.legend()
    figure.savefig(path, dpi=110)


def _portrait(result: dict[str, Any], path: Path) -> None:
    samples = result["samples"]
    figure = Figure(figsize=(15, 4.5), layout="constrained")
    frames, finishing, mattes = figure.subplots(1, 3)
    _dots(
        frames,
        {
            "decode, copy": (samples["floor_ms"], _PEER),
            "guidance": (samples["frame_ms"], _OURS),
            "beside the window": (samples["preview"]["frame_ms"], _OURS),
            "Haar alone": (samples["detect_ms"]["Haar"], _PEER),
        },
    )
    frames.set(title="a frame of 1280 × 720", ylabel="ms", yscale="log", ylim=(1, None))
    _limit(frames, 33)
    _dots(
        finishing,
        {
            "finished": (samples["finish_ms"], _OURS),
            "with a plate": (samples["finish_with_plate_ms"], _OURS),
            "GrabCut alone": (samples["matte_ms"]["GrabCut"], _PEER),
        },
    )
    finishing.set(title="capture → finished", ylabel="ms")
    _limit(finishing, 200)
    colours = {"ours": _OURS, "with the plate": _OTHER, "GrabCut": _PEER}
    _dots(mattes, {name: (samples["matte_error"][name], colour) for name, colour in colours.items()})
    mattes.set(title="error of the matte, known mattes", ylabel="‰ of a pixel's share")
    figure.savefig(path, dpi=110)


def _dots(axes: Axes, kinds: dict[str, tuple[list[float], str]]) -> None:
    """Every round as a dot, the median as a bar."""
    for place, (samples, colour) in enumerate(kinds.values()):
        axes.bar(place, statistics.median(samples), width=0.6, color=colour, alpha=0.45)
        spread = [place + 0.4 * (number / max(1, len(samples) - 1) - 0.5) for number in range(len(samples))]
        axes.scatter(spread, samples, color=colour, s=18, zorder=3)
    axes.set_xticks(range(len(kinds)), list(kinds))
    axes.set_ylim(bottom=0)


def _limit(axes: Axes, at_most: float) -> None:
    axes.axhline(at_most, color=_LIMIT, linestyle="--", linewidth=1)
    axes.set_ylim(top=max(axes.get_ylim()[1], 1.1 * at_most))
