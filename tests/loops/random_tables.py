"""Random tables of T by T that nested loops fill and read while they fill them, row by row, some of them twice."""

from __future__ import annotations

import random

OUTER = {"range(T)": (), "range(1, T)": ("{F}[i - 1, j]", "{F}[0, j]"), "range(T - 1, -1, -1)": (), "reversed(range(T))": ()}
INNER = {
    "range(T)": (), "range(1, T)": ("{F}[i, j - 1]",), "range(T - 1, -1, -1)": (), "range(i)": ("{F}[i, :j] @ {F}[j, :j]",),
    "range(i + 1)": ("{F}[j, j]",), "range(i, T)": (), "reversed(range(0, T, 2))": (),
}  # fmt: skip
READ = (
    "np.sum({F}[i])", "np.sum({F}[:, j])", "np.sum({F}[i, :j])", "np.sum({F}[:i, j])", "np.sum({F})", "{F}[i, 0]", "{F}[i, j]",
    "{F}[j, i]", "{F}[i, i]", "np.sum({F}[j])",
)  # fmt: skip
BEGUN = ("np.zeros((T, T))", "np.ones((T, T))", "W.copy()", "np.full((T, T), 0.3)", "[[0.0] * T for _ in range(T)]")
FIRST = ("{F}[i] = W[i] * w", "{F}[i, 0] = x[i]", "{F}[i, T - 1] = w * x[i]", "{F}[i] = {F}[i] * y")
LAST = (
    "{F}[i, 0] += np.sum({F}[i]) * w", "{F}[i, T - 1] = {F}[i, 0] - x[i]", "{F}[i, i] = np.sum({F}[i]) - x[i]", "{F}[i] = {F}[i] * w",
)  # fmt: skip
END = ("np.sum({F}**2)", "np.sum({F} @ y)", "{F}[T - 1, 0]", "np.trace({F})")
VALUE = ("np.tanh({})", "np.sin({})", "0.5 * ({})", "({0}) / (2 + ({0})**2)")


def written(seed: int) -> str:
    """A function as a file."""
    rng = random.Random(seed)
    begun = rng.choice(BEGUN)
    table = "{F}" if begun.startswith("[") else "F"
    several, lines = rng.choice(list(OUTER)), []
    if rng.random() < 0.2:
        lines += ["for j in range(T):", "    F[0, j] = np.sin(w + j)"]
    lines += [f"for i in {several}:"]
    if rng.random() < 0.3:
        lines.append("    " + rng.choice(FIRST))
    for _ in range(rng.choice((1, 1, 2))):
        lines += [f"    {line}" for line in _inner(rng, several)]
    if rng.random() < 0.4:
        lines.append("    " + rng.choice(LAST))
    body = [f"F = {begun}", *lines, f"return {rng.choice(END)}"]
    if table == "{F}":  # a list of lists is read by its entries alone
        body = [f"F = {begun}", f"for i in {several}:", *_listed(rng, several), "return np.sum(np.array(F)**2) + F[-1][-1]"]
    text = "".join(f"    {line}\n" for line in body).replace("{F}", "F")
    return f'import numpy as np\n\n\ndef loss(x: "parameter[T]", y: "parameter[T]", W: "parameter[T, T]", w: "parameter"):\n    T = len(x)\n{text}'


def _value(rng: random.Random, *parts: str) -> str:
    return rng.choice(VALUE).format(" + ".join(parts))


def _leaf(rng: random.Random) -> str:
    return rng.choice(("W[i, j]", "x[i] * y[j]", "w * W[j, i]", "x[i] - y[j]"))


def _inner(rng: random.Random, outer: str) -> list[str]:
    """A loop over the entries of a row."""
    several = rng.choice(list(INNER))
    reads = rng.sample([*READ, *OUTER[outer], *INNER[several] * 2], rng.choice((0, 1, 2)))
    head, pad = f"for j in {several}:", "    "
    if rng.random() < 0.2 and "0, T, 2" not in several:
        return [
            head,
            f"{pad}c = {_leaf(rng)}",
            f"{pad}for k in range(j):",
            f"{pad}    c -= F[i, k] * y[k]",
            f"{pad}F[i, j] = {_value(rng, 'c')}",
        ]
    if rng.random() < 0.2:
        condition = rng.choice(("i == j", "i > 0 and j > 0", "j > i", "(i + j) % 2 == 0"))
        return [head, f"{pad}if {condition}:", f"{pad}    F[i, j] = {_value(rng, _leaf(rng), *reads)}"]
    return [head, f"{pad}F[i, j] {rng.choice(('=', '=', '+=', '*='))} {_value(rng, _leaf(rng), *reads)}"]


def _listed(rng: random.Random, outer: str) -> list[str]:
    several = rng.choice(("range(T)", "range(1, T)"))
    reads = ["F[i - 1][j]"] * (outer == "range(1, T)") + ["F[i][j - 1]"] * (several == "range(1, T)")
    return [f"    for j in {several}:", f"        F[i][j] = {_value(rng, _leaf(rng), *reads)}"]
