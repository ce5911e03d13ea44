"""docs/benchmarks.md and its pictures, from the figures that benchmarks/record.py has kept: `python benchmarks/page.py`."""

import json
from collections.abc import Mapping, Sequence
from math import log10
from pathlib import Path
from typing import Any

from symbackprop.pictures.canvas import Canvas, number

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 316, 64, 112, 52, 44
LINE = 13  # from one legend to the next
WORDS = {
    "bound": "symbackprop",
    "C": "in C",
    "by hand": "NumPy by hand",
    "JAX": "JAX, jit",
    "torch": "torch, eager",
    "torch.compile": "torch.compile",
}
COLOURS = {
    "bound": "#2d4f7c",
    "C": "#5a8fc4",
    "by hand": "#b35900",
    "JAX": "#3c7a4a",
    "torch": "#8a3c6b",
    "torch.compile": "#c9822b",
}
WHAT = {
    "width": "a hidden layer of this width, 10 classes, 32 samples",
    "depth": "so many layers, 64 wide, 32 samples",
    "batch": "64-128-10, so many samples",
}


def picture(word: str, curves: Mapping[str, Mapping[str, float]]) -> str:
    """The time of a step against a size, both on logarithmic axes."""
    sizes = [int(n) for n in curves]
    times = [t for row in curves.values() for w, t in row.items() if w in WORDS]
    low, high = int(log10(min(times))), int(log10(max(times))) + 1

    def across(n: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * log10(n / sizes[0]) / log10(sizes[-1] / sizes[0])

    def up(t: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (log10(t) - low) / (high - low)

    canvas = Canvas()
    root = canvas.page(WIDTH, HEIGHT, f"Time of a step against the {word}", WHAT[word])
    canvas.add(root, "rect", fill="#fffdf9", width=WIDTH, height=HEIGHT, rx=6)

    def write(x: float, y: float, text: str, anchor: str = "start", fill: str = "#23211d", size: int = 12) -> None:
        canvas.add(root, "text", text, x=x, y=y, font_size=size, text_anchor=anchor, fill=fill, font_family="Georgia, serif")

    write(LEFT, 20, "microseconds a step")
    write(LEFT, 36, WHAT[word], fill="#6a645a", size=11)
    for power in range(low, high + 1):
        y = up(10.0**power)
        canvas.add(root, "path", d=f"M{LEFT} {number(y)}H{WIDTH - RIGHT}", stroke="#ddd6c9")
        write(LEFT - 8, y + 4, f"{10**power:,}", "end", "#6a645a")
    for n in sizes:
        write(across(n), HEIGHT - BOTTOM + 18, str(n), "middle", "#6a645a")
    write((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, word, "middle")
    lines = {w: [(across(n), up(curves[str(n)][w])) for n in sizes if w in curves[str(n)]] for w in WORDS}
    shown = sorted((w for w in WORDS if lines[w]), key=lambda w: lines[w][-1][1])  # the slowest first, which ends highest
    for w, y in zip(shown, apart([lines[w][-1][1] for w in shown], HEIGHT - BOTTOM), strict=True):
        points = " ".join(f"{number(x)},{number(y)}" for x, y in lines[w])
        canvas.add(root, "polyline", points=points, fill="none", stroke=COLOURS[w], stroke_width=2)
        write(lines[w][-1][0] + 6, y + 4, WORDS[w], fill=COLOURS[w], size=11)
    return canvas.finish()


def apart(heights: Sequence[float], lowest: float) -> list[float]:
    """Heights in their order, downwards, each a line from the next: as near to where they are as the lowest allows."""
    found: list[float] = []
    for height in heights:
        found.append(max(height, found[-1] + LINE) if found else height)
    for k in range(len(found) - 1, -1, -1):
        found[k] = min(found[k], lowest if k == len(found) - 1 else found[k + 1] - LINE)
    return found


def _time(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:.3g} µs"
    return f"{microseconds / 1000:.3g} ms"


def waits(found: Mapping[str, Any]) -> list[str]:
    """What a person waits for beside a step."""
    lines = ["", "## Beside a step", "", "Processor seconds, the least of several tries. From a text to its first gradients: read, derived, compiled and computed once, by",
             "the readable function, by a bound step, and by one in C that no cache has (the compiler's time is in it).", "",
             "| text | readable | bound | in C |", "|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {name} | {' | '.join(f'{times[way]:.2f} s' for way in ('readable', 'bound', 'C'))} |"
        for name, times in found["texts"].items()
    ]
    hand = found["training"]["NumPy by hand"]
    lines += ["", "An epoch of training on the digits, 1,437 images in batches of 32, with both losses: `sb.train`, beside a loop that is written out in NumPy.", "",
              "| | an epoch | epochs a second |", "|---|---|---|"]  # fmt: skip
    lines += [f"| {word} | {_time(1e6 * t)} | {hand / t:.2f} times |" for word, t in found["training"].items()]
    lines += ["", "`sb.check` of gradients that were derived, against the tape and the complex step, not the first of its process:", "",
              "| network | check |", "|---|---|", *(f"| {name} | {t:.2g} s |" for name, t in found["checks"].items())]  # fmt: skip
    lines += ["", "Whole processes, their compiled files there:", "",
              "| command | processor time |", "|---|---|", *(f"| `{name}` | {t:.2f} s |" for name, t in found["starts"].items())]  # fmt: skip
    lines += ["", "A page of a whole derivation, its gradients checked and its lines proved: `symbackprop derive of.net -o page.html`, a whole process.", "",
              "| network | equations | processor time |", "|---|---|---|",
              *(f"| {name} | {row['equations']:.0f} | {row['seconds']:.1f} s |" for name, row in found["reports"].items())]  # fmt: skip
    return lines


LEFT_TO_GAIN = """
By the profiler, nearly all of a step of the wide network in C is OpenBLAS, and most of one of the transformer block's. With each number in
front within its product, no copy and no turned array, little else of the block can be saved by hand. What remains are faster
products: torch has Intel's MKL, which is faster than OpenBLAS on some machines and slower on others. On Zen 4, OpenBLAS takes kernels for 512
bits, which such a processor multiplies by halves; in float32, at one thread, a step in C multiplies large matrices by its kernels for 256 bits,
which are 5 to 10 % faster there, and so may take less time than its products alone. These rows change from machine to machine, and others little.
"""
PRODUCTS_ALONE = ("784-256-128-10, batch 128", "2048-2048-2048-1000, batch 256")


def left_to_gain(steps: Mapping[str, Mapping[str, float]]) -> list[str]:
    """What the steps could still gain: nothing where the products alone take as long."""
    lines = LEFT_TO_GAIN.rstrip("\n").split("\n")
    for name in PRODUCTS_ALONE:
        times = steps[name]
        best = min(t for word, t in times.items() if word not in ("bound", "readable", "C", "products"))
        lines.append(
            f"Of {name}, the products alone take {_time(times['products'])} and the whole step in C {_time(times['C'])}, "
            f"{best / times['C']:.2f} times as fast as the best of the others; by the products that NumPy takes, no step is more "
            f"than {best / times['products']:.2f} times."
        )
    return lines


def page(results: Mapping[str, Any]) -> str:
    """The page as Markdown."""
    told, state = results["machine"], results["state"]
    lines = [
        "# How fast a training step is", "",
        "One step computes the loss and all gradients. `symbackprop` is a bound step in NumPy, `sb.compile(net, sizes).bind(arrays)`; beside it the",
        'same step bound in C (`backend="c"`), as a careful student writes it in NumPy, under JAX\'s jit, in eager torch and, where it can, with its loss',
        "compiled by torch, each of them held against ours before it is timed. The least processor time of an interleaved run, one thread, float32 but for the two scalar networks.",
        "Above 1.0, the other takes so many times as long; below, it is faster. `products` are the matrix products of the step alone, by the",
        "OpenBLAS that NumPy ships: where they are near 1, nothing is left to gain but a faster BLAS. The wide network is nothing else.", "",
        f"Machine: {told['processor']}, {told['system']}, one of {state['cores']} cores, on which {state['load']} processes of other work waited as "
        "measuring began (the load average of a minute), which takes caches",
        f"and memory from all contenders alike; Python {told['Python']}, "
        + ", ".join(f"{package} {told[package]}" for package in ("numpy", "jax", "torch") if package in told) + ".",
        "Ratios differ from machine to machine, times more so: `pip install symbackprop[bench]`, `python benchmarks/record.py` and",
        "`python benchmarks/page.py` write this page anew.", "",
        "| network | symbackprop | in C | products | NumPy by hand | JAX, jit | torch, eager | torch.compile |", "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, times in results["steps"].items():
        ours = times["bound"]
        others = [
            f"{times[w] / ours:.2f}" if w in times else "" for w in ("C", "products", "by hand", "JAX", "torch", "torch.compile")
        ]
        lines.append(f"| {name} | {_time(ours)} | {' | '.join(others)} |")
    lines += [*left_to_gain(results["steps"]), "", "## Memory", "", "Parameters, gradients, data and everything between: all that a bound step holds, and by how much the resident memory of the",
              "process is larger at its peak where torch makes the step and runs it three times.", "",
              "| network | symbackprop | torch, eager |", "|---|---|---|"]  # fmt: skip
    for name, used in results["memory"].items():
        lines.append(f"| {name} | {used['bound'] / 1e6:.1f} MB | {used['torch'] / 1e6:.1f} MB |")
    lines += waits(results["waits"])
    lines += ["", "## Growth", ""]
    lines += [f"![Time of a step against the {word}: {WHAT[word]}](pictures/growth_{word}.svg)\n" for word in results["growth"]]
    return "\n".join(lines).rstrip("\n") + "\n"


def written(results: Mapping[str, Any]) -> dict[str, str]:
    """The text of every file that is written, by its path."""
    files = {"docs/benchmarks.md": page(results)}
    return files | {f"docs/pictures/growth_{word}.svg": picture(word, curves) for word, curves in results["growth"].items()}


if __name__ == "__main__":
    for path, text in written(json.loads(RESULTS.read_text(encoding="utf-8"))).items():
        (ROOT / path).write_text(text, encoding="utf-8")
