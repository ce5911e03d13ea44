"""The page that lists every function, layer and loss, made from the tables, the docstrings and the networks that show them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from sympy import Expr

import symbackprop as sb
from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, Y, slope
from symbackprop.core.functions.bessel import NAMED, Bessel
from symbackprop.core.functions.row import Row
from symbackprop.core.program import slot
from symbackprop.display.body import BodyPrinter
from symbackprop.formulas.latex import latex
from symbackprop.language import derivatives, layers, losses, operations

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = [*sorted((ROOT / "examples").rglob("*.net")), *sorted((ROOT / "tests" / "networks").rglob("*.net"))]
SPAN, POINTS = 4.0, 161
WIDTH, HEIGHT = 240, 150
MOST_LINES = 12  # of a box that a reader still takes in
LONGEST = 400  # characters of LaTeX that a reader still takes in as one formula


def formula(row: Row) -> str:
    """A row's formula in LaTeX."""
    return _printed(row, row.formula)


def slopes(row: Row) -> Iterator[str]:
    """The derivative of a row by each of its arguments, as derived, in LaTeX; y is the result."""
    for k, argument in enumerate(row.args):
        name = {"lamda": r"\lambda"}.get(argument.name, argument.name)
        name = (
            rf"\{name}"
            if name in ("alpha", "beta", "theta")
            else name
            if len(name) == 1 or name[0] == "\\"
            else rf"\mathrm{{{name}}}"
        )
        yield rf"\frac{{\partial y}}{{\partial {name}}} = {_printed(row, slope(row.name, k))}"


def _printed(row: Row, expression: Expr) -> str:
    symbols = [*row.args[1:], row.args[0], Y]
    pieces = {slot(k): BodyPrinter().formula(s) for k, s in enumerate(symbols)}
    return latex(BodyPrinter(pieces).formula(expression.xreplace({s: slot(k) for k, s in enumerate(symbols)})))


def curve(name: str) -> str:
    """An activation and its slope from -4 to 4, as an SVG."""
    row = ELEMENTWISE[name]
    further = "".join(f", {_SETTING.get(s.name, 0.5)}" for s in row.args[1:] if s not in row.defaults)
    compiled = sb.compile(sb.read(f"x: parameter[n]\ny = {name}(x{further})\nL = sum(y)"))
    x = np.linspace(-SPAN, SPAN, POINTS)
    _, gradients = compiled.value_and_grad({"x": x})
    return _plot(name, x, compiled.outputs({"x": x})["y"], gradients["x"])


_SETTING = {"low": -1, "high": 1, "theta": 0.5, "value": 0}


def _plot(name: str, x: np.ndarray, value: np.ndarray, gradient: np.ndarray) -> str:
    low, high = min(-1.2, value.min(), gradient.min()), max(1.2, value.max(), gradient.max())
    low, high = max(low, -4.2), min(high, 4.2)

    def place(a: float, b: float) -> tuple[float, float]:
        return 8 + (a + SPAN) / (2 * SPAN) * (WIDTH - 16), HEIGHT - 8 - (b - low) / (high - low) * (HEIGHT - 16)

    def line(y: np.ndarray, colour: str) -> str:
        runs: list[list[str]] = [[]]
        for k in range(len(x)):
            jump = k and abs(y[k] - y[k - 1]) > 0.4
            if jump or not low <= y[k] <= high:
                runs.append([])
            if low <= y[k] <= high:
                runs[-1].append("{:.1f},{:.1f}".format(*place(x[k], y[k])))
        return "".join(
            f'<polyline points="{" ".join(r)}" fill="none" stroke="{colour}" stroke-width="2"/>' for r in runs if len(r) > 1
        )

    (left, zero), (right, _), (middle, top), (_, bottom) = place(-SPAN, 0), place(SPAN, 0), place(0, high), place(0, low)
    axes = (
        f'<path d="M{left:.1f} {zero:.1f}H{right:.1f}M{middle:.1f} {bottom:.1f}V{top:.1f}" stroke="#8c959f" stroke-width="1"/>'
        f'<path d="M{place(1, 0)[0]:.1f} {zero - 3:.1f}v6M{middle - 3:.1f} {place(0, 1)[1]:.1f}h6" stroke="#8c959f"/>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{name} and its slope from -4 to 4</title>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#fff"/>{axes}{line(gradient, "#c42d0b")}{line(value, "#00694a")}</svg>\n'
    )


def known() -> dict[str, Row]:
    """The language's own rows, without those that a network read before has declared or asked for."""
    asked = {name for name, f in FUNCTIONS.items() if issubclass(f, Bessel) and f.order > NAMED}
    return {name: row for name, row in ELEMENTWISE.items() if not name.startswith("_") and name not in asked}


def pictured() -> list[str]:
    """The rows that have a picture: the activations."""
    return [name for name, row in known().items() if row.activation]


def shown_by() -> dict[str, Path]:
    """For each layer and loss, the network that shows it: the first that is named after it, or that calls it."""
    found: dict[str, Path] = {}
    for name in (*layers.__all__, *losses.__all__):
        own = [p for p in NETWORKS if p.stem == name]
        calling = [p for p in NETWORKS if re.search(rf"\b{name}\(", p.read_text(encoding="utf-8"))]
        found[name] = (own or calling)[0]
    return found


def entry(name: str, function: Callable[..., object], network: Path) -> str:
    """One layer or loss: its docstring, the network that shows it, and its gradients as the box has them."""
    documentation = inspect.cleandoc(function.__doc__ or "")
    derivation = sb.derive(network)
    box = derivation.box()
    forms = [line.latex() for line in box.lines]
    lines = [f"### {name}", "", "```text", f"{name}{_arguments(function)}", "", documentation, "```", "", "```python"]
    lines += [network.read_text(encoding="utf-8").strip(), "```", ""]
    short = len(forms) <= MOST_LINES and all(len(text) <= LONGEST for text in forms)
    lines += [f"$${text}$$\n" for text in forms if short]
    long = [f"`{w}`" for w in (box.missing if short else derivation.wrt)]
    if long:
        lines += [
            f"The gradient by {', '.join(long)} takes more than a few lines: `symbackprop derive {network.relative_to(ROOT)}` shows its steps.",
            "",
        ]
    return "\n".join(lines)


def _arguments(function: Callable[..., object]) -> str:
    signature = inspect.signature(function)
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def page() -> str:
    """The whole page."""
    out = [
        "# Reference", "",
        "Every function, layer and loss, with its formula and its derivative as symbackprop derives it. This page is generated.", "",
        "- [Elementwise functions](#elementwise-functions)", "- [Operations](#operations)",
        "- [Derivatives inside a network](#derivatives-inside-a-network)", "- [Layers](#layers)", "- [Losses](#losses)", "",
        "## Elementwise functions", "",
        "y is the result. In the pictures, from -4 to 4, the function is green and its slope red; the ticks are at 1.", "",
    ]  # fmt: skip
    for name, row in known().items():
        out += [f"### {name}", "", f"$$y = {formula(row)}$$", ""]
        out += [f"$${s}$$\n" for s in slopes(row)]
        if row.kink:
            out += [f"Chosen where there is no slope: {row.kink}.", ""]
        if row.defaults:
            out += ["Default: " + ", ".join(f"{s.name} = {v}" for s, v in row.defaults.items()) + ".", ""]
        if row.source:
            out += [f"Source: {row.source}.", ""]
        if row.activation:
            out += [f"![{name} and its slope](pictures/functions/{name}.svg)", ""]
    for title, unit in (("Operations", operations), ("Derivatives inside a network", derivatives)):
        out += [f"## {title}", "", "| | |", "|---|---|"]
        for name in unit.__all__:
            function = getattr(unit, name)
            if name not in ELEMENTWISE and function.__doc__:
                first = inspect.cleandoc(function.__doc__).splitlines()[0].replace("|", "\\|")
                out.append(f"| `{name}` | {first} |")
        out.append("")
    out.pop()
    networks = shown_by()
    for title, unit in (("Layers", layers), ("Losses", losses)):
        out += ["", f"## {title}", ""]
        out += [entry(name, getattr(unit, name), networks[name]) for name in unit.__all__]
    return "\n".join(line.rstrip() for line in "\n".join(out).splitlines()) + "\n"
