"""The loss curve as a small SVG picture that needs nothing else, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10

from symbackprop.pictures.canvas import Canvas, number

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 74, 24, 68, 52  # margins around the plot
MIDDLE = (TOP + HEIGHT - BOTTOM) / 2
LONGEST = 76  # characters of a title
WIDE = 10  # a loss that falls by more than this factor is drawn on a logarithmic axis

STYLE = """
.paper{fill:#fffdf9}.ink{fill:#23211d}.quiet{fill:#6a645a}.grid{stroke:#ddd6c9}.axis{stroke:#6a645a}
.one{stroke:#2d4f7c}.two{stroke:#b35900}.one-text{fill:#2d4f7c}.two-text{fill:#b35900}
@media (prefers-color-scheme:dark){
.paper{fill:#191a1c}.ink{fill:#e8e4dc}.quiet{fill:#a9a398}.grid{stroke:#3a3b3e}.axis{stroke:#a9a398}
.one{stroke:#8fb4e8}.two{stroke:#f0a050}.one-text{fill:#8fb4e8}.two-text{fill:#f0a050}}
"""
FONT = "STIX Two Text, Palatino, Georgia, serif"


def draw_curve(training: Sequence[float], held_out: Sequence[float] = (), title: str = "", name: str = "loss") -> str:
    """The loss against the epoch.

    training, held_out   a finite number for each epoch; held_out may be empty.
    title                stands above the plot.
    name                 of the vertical axis.
    Returns the text of an SVG picture.
    """
    lines = [("training", "one", training)] + ([("held out", "two", held_out)] if held_out else [])
    values = [v for _, _, line in lines for v in line if isfinite(v)]
    logarithmic = min(values) > 0 and max(values) > WIDE * min(values)
    ticks = _decades(min(values), max(values)) if logarithmic else _steps(min(values), max(values))
    scale = log10 if logarithmic else float
    low, high = scale(min(ticks[0], *values)), scale(max(ticks[-1], *values))
    epochs = max(len(training), len(held_out))

    def across(epoch: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((epoch - 1) / (epochs - 1) if epochs > 1 else 0.5)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (scale(value) - low) / (high - low)

    canvas = Canvas()
    told = ", ".join(f"{legend} from {line[0]:.3g} to {line[-1]:.3g}" for legend, _, line in lines)
    root = canvas.page(WIDTH, HEIGHT, f"{title}: {name} against epoch" if title else f"{name} against epoch", told)
    canvas.add(root, "style", STYLE)
    canvas.add(root, "rect", class_="paper", width=WIDTH, height=HEIGHT, rx=6)
    if title:
        _write(canvas, LEFT, 26, title if len(title) <= LONGEST else _shortened(title), "ink", 16)
    _axes(canvas, {f"{tick:.4g}": up(tick) for tick in ticks}, {f"{tick:g}": across(tick) for tick in _epochs(epochs)})
    _write(canvas, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "epoch", "ink", 14, "middle")
    turned = {"transform": f"rotate(-90 18 {number(MIDDLE)})"}
    _write(canvas, 18, MIDDLE, f"{name} (logarithmic)" if logarithmic else name, "ink", 14, "middle", **turned)
    for x, (legend, mark, line) in zip((LEFT, LEFT + 220), lines, strict=False):
        _line(canvas, mark, [(across(epoch), up(value)) for epoch, value in enumerate(line, 1)])
        canvas.add(root, "path", class_=mark, stroke_width=2, d=f"M{x} 46h22")
        _write(canvas, x + 28, 50, f"{legend}, at last {line[-1]:.3g}", f"{mark}-text", 14)
    return canvas.finish()


def _write(
    canvas: Canvas, x: float, y: float, text: str, mark: str, size: int, anchor: str = "start", **traits: str
) -> None:  # fmt: skip
    traits |= {"class": mark, "text_anchor": anchor, "font_family": FONT}
    canvas.add(canvas.root, "text", text, x=x, y=y, font_size=size, **traits)


def _axes(canvas: Canvas, heights: dict[str, float], places: dict[str, float]) -> None:
    """The axes; heights and places: what stands at the ticks, and where they are."""
    for told, y in heights.items():
        canvas.add(canvas.root, "path", class_="grid", d=f"M{LEFT} {number(y)}H{WIDTH - RIGHT}")
        _write(canvas, LEFT - 8, y + 4, told, "quiet", 13, "end")
    for told, x in places.items():
        _write(canvas, x, HEIGHT - BOTTOM + 20, told, "quiet", 13, "middle")
        canvas.add(canvas.root, "path", class_="axis", d=f"M{number(x)} {HEIGHT - BOTTOM}v5")
    canvas.add(canvas.root, "path", class_="axis", fill="none", d=f"M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}")


def _line(canvas: Canvas, mark: str, points: list[tuple[float, float]]) -> None:
    """A line through the points; a single one is a circle."""
    traits = {"class": mark, "fill": "none", "stroke_width": "2"}
    if len(points) > 1:
        joined = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        canvas.add(canvas.root, "polyline", **traits, stroke_linejoin="round", points=joined)
    else:
        canvas.add(canvas.root, "circle", **traits, r=3, cx=points[0][0], cy=points[0][1])


def _shortened(title: str) -> str:
    cut = title[:LONGEST]
    return f"{cut.rpartition(' ')[0].rstrip(',:;') or cut} …"


def _epochs(last: int) -> list[int]:
    """The epochs at which the axis has a tick: the first, and round numbers."""
    return [int(tick) for tick in dict.fromkeys((1.0, *_steps(1, last))) if tick == int(tick) and 1 <= tick <= last]


def _steps(low: float, high: float) -> list[float]:
    """About five round numbers that enclose low and high."""
    span = high - low or abs(high) or 1.0
    power = 10.0 ** floor(log10(span / 5))
    step = power * next(f for f in (1, 2, 5, 10) if span / 5 <= f * power * (1 + 1e-9))
    first = floor(low / step)
    return [round(k * step, 12 - floor(log10(step))) for k in range(first, max(ceil(high / step), first + 1) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Round numbers on a logarithmic axis: 1, 2, 5 where there are few decades, powers of ten otherwise."""
    first, last = floor(log10(low)), ceil(log10(high))
    if last - first <= 3:
        ticks = [m * 10.0**e for e in range(first, last + 1) for m in (1, 2, 5)]
        inside = [t for t in ticks if low <= t <= high]
        return inside if len(inside) > 2 else ticks
    stride = ceil((last - first) / 8)
    return [10.0**e for e in range(first, last + 1, stride)]
