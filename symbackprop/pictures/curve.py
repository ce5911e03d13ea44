"""The loss curve as a small SVG picture that needs nothing else, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, isfinite, log10

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 74, 24, 68, 52  # margins around the plot
LONGEST = 76  # characters of a title
WIDE = 10  # a loss that falls by more than this factor is drawn on a logarithmic axis

STYLE = """
.paper{fill:#fffdf9}.ink{fill:#23211d}.quiet{fill:#6a645a}.grid{stroke:#ddd6c9}.axis{stroke:#6a645a}
.one{stroke:#2d4f7c}.two{stroke:#b35900}.one-text{fill:#2d4f7c}.two-text{fill:#b35900}
@media (prefers-color-scheme:dark){
.paper{fill:#191a1c}.ink{fill:#e8e4dc}.quiet{fill:#a9a398}.grid{stroke:#3a3b3e}.axis{stroke:#a9a398}
.one{stroke:#8fb4e8}.two{stroke:#f0a050}.one-text{fill:#8fb4e8}.two-text{fill:#f0a050}}
"""
FONT = 'font-family="STIX Two Text, Palatino, Georgia, serif"'


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

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
        f"<title>{escape(_description(title, lines, name))}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
    ]
    if title:
        short = title if len(title) <= LONGEST else f"{title[:LONGEST].rpartition(' ')[0].rstrip(',:;') or title[:LONGEST]} …"
        parts.append(_text(LEFT, 26, short, "ink", 16))
    for tick in ticks:
        parts.append(f'<path class="grid" d="M{LEFT} {up(tick):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 8, up(tick) + 4, f"{tick:.4g}", "quiet", 13, "end"))
    for tick in dict.fromkeys((1, *(_steps(1, epochs) if epochs > 1 else ()))):
        if tick == int(tick) and 1 <= tick <= epochs:
            parts.append(_text(across(tick), HEIGHT - BOTTOM + 20, f"{tick:g}", "quiet", 13, "middle"))
            parts.append(f'<path class="axis" d="M{across(tick):.1f} {HEIGHT - BOTTOM}v5"/>')
    parts.append(f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "epoch", "ink", 14, "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    label = f"{name} (logarithmic)" if logarithmic else name
    parts.append(_text(18, middle, label, "ink", 14, "middle", f' transform="rotate(-90 18 {middle:.0f})"'))
    for k, (legend, mark, line) in enumerate(lines):
        points = " ".join(f"{across(epoch):.1f},{up(value):.1f}" for epoch, value in enumerate(line, 1))
        if len(line) > 1:
            parts.append(f'<polyline class="{mark}" fill="none" stroke-width="2" stroke-linejoin="round" points="{points}"/>')
        else:
            parts.append(f'<circle class="{mark}" fill="none" stroke-width="2" r="3" cx="{across(1):.1f}" cy="{up(line[0]):.1f}"/>')
        x = LEFT + 220 * k
        parts.append(f'<path class="{mark}" stroke-width="2" d="M{x} 46h22"/>')
        parts.append(_text(x + 28, 50, f"{legend}, at last {line[-1]:.3g}", f"{mark}-text", 14))
    return "\n".join([*parts, "</svg>\n"])


def _text(x: float, y: float, text: str, mark: str, size: int, anchor: str = "start", more: str = "") -> str:
    at = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text class="{mark}" {at} {FONT}{more}>{escape(text)}</text>'


def _description(title: str, lines: Sequence[tuple[str, str, Sequence[float]]], name: str) -> str:
    told = ", ".join(f"{legend} from {line[0]:.3g} to {line[-1]:.3g}" for legend, _, line in lines)
    return f"{title}: {name} against epoch, {told}" if title else f"{name} against epoch, {told}"


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
