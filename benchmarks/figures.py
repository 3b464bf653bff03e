"""One measured figure beside its target and its peer, and the table of all of them."""

import statistics
import unicodedata
from collections.abc import Sequence
from typing import Any, Self

import msgspec

_HEAD = ("figure", "unit", "median", "min–max", "target", "met", "beside, in the same run")


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the table."""

    name: str
    unit: str
    median: float
    low: float | None = None
    high: float | None = None
    at_most: float | None = None
    """The target; None where there is none."""
    at_least: float | None = None
    """A target that is reached from below; beside the other there is none."""
    beside: str = ""
    """The floor or the peer, measured in the same run, or the parts that the figure is made of."""

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        samples: Sequence[float],
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        beside: str = "",
    ) -> Self:
        """The figure of several rounds."""
        return cls(
            name=name,
            unit=unit,
            median=statistics.median(samples),
            low=min(samples),
            high=max(samples),
            at_most=at_most,
            at_least=at_least,
            beside=beside,
        )

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the target; None without a target."""
        if self.at_least is not None:
            return self.median >= self.at_least
        return None if self.at_most is None else self.median <= self.at_most


def report(figures: Sequence[Figure], samples: dict[str, Any]) -> dict[str, Any]:
    """What a benchmark's ``run`` gives back, ready for JSON."""
    return {"figures": msgspec.to_builtins(figures), "samples": samples}


def figures_in(results: dict[str, dict[str, Any]]) -> list[Figure]:
    """The figures of every benchmark that ran, by the name of its module."""
    readers = {"window": _window, "ledger": _ledger}
    found: list[Figure] = []
    for module, result in results.items():
        if "figures" in result:
            found += msgspec.convert(result["figures"], list[Figure])
        else:
            found += readers[module](result)
    return found


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns. A missed target is called so; it is no error."""
    rows = [_HEAD, *(_row(figure) for figure in figures)]
    widths = [max(_columns(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "─" * max(map(_columns, lines)), *lines[1:]])


def _row(figure: Figure) -> tuple[str, ...]:
    spread = "" if figure.low is None or figure.high is None else f"{_short(figure.low)}–{_short(figure.high)}"
    target = "" if figure.at_most is None else f"≤ {_short(figure.at_most)}"
    if figure.at_least is not None:
        target = f"≥ {_short(figure.at_least)}"
    met = {None: "", True: "yes", False: "MISSED"}[figure.met]
    return figure.name, figure.unit, _short(figure.median), spread, target, met, figure.beside


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))


def _window(result: dict[str, Any]) -> list[Figure]:
    return [
        Figure(
            name="a screen built from its view",
            unit="ms",
            median=result["screen_built_median_ms"],
            beside=f"worst {_short(result['screen_built_worst_ms'])} ms; a frame at 30 a second has 33 ms",
        ),
        Figure(
            name="memory of the bare window after every screen",
            unit="MB",
            median=result["resident_after_every_screen_mb"],
            beside=f"{_short(result['resident_after_start_mb'])} MB after the first",
        ),
    ]


def _ledger(result: dict[str, Any]) -> list[Figure]:
    appends = result["append"]
    ours = appends["ledger"]
    peers = ", ".join(
        f"{kind} {one['x_floor']:.2f} ×" for kind, one in appends.items() if kind not in ("floor", "ledger")
    )
    figures = [
        Figure(
            name="ledger: append, durable",
            unit="× floor",
            median=ours["x_floor"],
            low=ours.get("x_floor_low"),
            high=ours.get("x_floor_high"),
            at_most=1.9,
            beside=f"write + fdatasync 1 × = {appends['floor']['p50_us']:,.0f} µs, {peers}",
        )
    ]
    sizes = list(result["by_size"].items())
    base = sizes[0][1]["p50_ms"]
    for size, one in sizes:
        figures += [
            Figure(
                name=f"ledger: append at {int(size):,} entries",
                unit="× floor",
                median=one["append_x_floor"],
                beside=f"{one['append_to_first']:.2f} × of {int(sizes[0][0]):,}; write + fdatasync 1 × = "
                f"{one['floor_p50_us']:,.0f} µs; memory beyond the bare process {one['memory_mb']:.0f} MB at most",
            ),
            Figure(
                name=f"ledger: open at {int(size):,} entries",
                unit="ms",
                median=one["p50_ms"],
                at_most=None if size == sizes[0][0] else base + 10,
                beside=f"then read by 500: {one['read_by_500_per_s']:,} entries/s",
            ),
        ]
    return figures
