"""Random functions of Python whose loops read slices that begin or end at the step: x[:t+1], W[t, t:], x[max(0, t-2):t+1]."""

from __future__ import annotations

import random

PARTS = ("[:t + 1]", "[:t]", "[t:]", "[t + 1:]", "[max(0, t - 2):t + 1]", "[max(0, t - 1):]", "[:T - t]", "[t::-1]", "[:t + 1][::-1]", "[t:][::-1]",
         "[1:t + 1]", "[max(1, t):]", "[t:min(T, t + 2)]", "[t:t + 2]", "[0:t + 1]")  # fmt: skip
SAME_LENGTH = (("[:t + 1]", "[t::-1]"), ("[:t]", "[1:t + 1]"), ("[t:]", "[:T - t]"), ("[t + 1:]", "[t:][1:]"), ("[:t + 1]", "[:t + 1][::-1]"),
               ("[t:]", "[t:][::-1]"), ("[max(0, t - 2):t + 1]",) * 2, ("[1:t + 1]", "[t:0:-1]"))  # fmt: skip
VECTORS = ("x{}", "y{}", "W[t{,}]", "W[:, t]{}", "np.tanh(x{})", "np.exp(-y{}**2)", "(x{} - x[t])", "x{} * w")
SUMS = (
    "np.sum({})",
    "({}).sum()",
    "np.sum(({}) ** 2)",
    "np.prod(1 + 0.1 * ({}))",
    "logsumexp({})",
    "np.log(np.sum(np.exp({})) + 1)",
)
FULL = (
    "np.mean({})",
    "np.max({})",
    "np.min({})",
    "({}).mean()",
    "np.sum(np.exp({}) / np.sum(np.exp({})) * ({}))",
    "np.linalg.norm({})",
)  # of one entry at least
ONE = {"[:t + 1]", "[t:]", "[max(0, t - 2):t + 1]", "[max(0, t - 1):]", "[:T - t]", "[t::-1]", "[:t + 1][::-1]", "[t:][::-1]", "[0:t + 1]", "[t:min(T, t + 2)]",
       "[t:t + 2]"}  # fmt: skip


def _of(chance: random.Random, part: str) -> str:
    text = chance.choice(VECTORS)
    if "{,}" in text:
        first, *rest = part[1:].split("]", 1)
        return text.replace("{,}", f", {first}") + rest[0] if rest else text
    return text.format(part)


def _of_row(chance: random.Random, part: str) -> str:
    """An entry of W, whose row is one stretch."""
    found = _of(chance, part)
    return found.replace("[t, :t + 1][::-1]", "[t, :t + 1][::-1]")


def one(chance: random.Random) -> str:
    """A number of a step, of one stretch or of two."""
    if chance.random() < 0.4:
        a, b = chance.choice(SAME_LENGTH)
        if "][1" in b:
            b = a
        pair = _of_row(chance, a), _of_row(chance, b)
        return chance.choice(("np.dot({}, {})", "({}) @ ({})", "np.sum(({}) * ({}))", "np.sum(np.tanh(({}) - ({})))")).format(*pair)
    part = chance.choice(PARTS)
    sums = SUMS + FULL if part in ONE else tuple(s for s in SUMS if "logsumexp" not in s)
    text = _of_row(chance, part)
    if chance.random() < 0.4:
        text = f"{text} {chance.choice('+-*')} {_of_row(chance, part)}"
    return chance.choice(sums).replace("{}", text)


def written(seed: int) -> str:
    """A function as a file."""
    chance = random.Random(seed)
    head = "import numpy as np\nfrom scipy.special import logsumexp\n\n\n"
    head += 'def loss(x: "parameter[T]", y: "parameter[T]", W: "parameter[T, T]", w: "parameter"):\n    T = len(x)\n'
    kind, a, b = chance.choice(("total", "filled", "carried", "matrix", "named")), one(chance), one(chance)
    match kind:
        case "total":
            body = f"L = 0.0\nfor t in range(T):\n    L += np.tanh({a}) * y[t] + {b}\nreturn L"
        case "filled":
            read = chance.choice(("np.sum(v[:t])", "v[:t] @ y[:t]", "W[t, :t] @ v[:t]", "np.sum(np.tanh(v[:t] + W[t, :t]))"))
            body = f"v = np.zeros(T)\nfor t in range(T):\n    v[t] = np.tanh({read} + {a})\nreturn np.sum(v * y)"
        case "carried":
            body = (
                f"h = w\nfor t in {chance.choice(('range(T)', 'range(T - 1, -1, -1)'))}:\n    h = np.tanh(h + {a}) * y[t]\nreturn h"
            )
        case "matrix":
            part = chance.choice(("[:t + 1]", "[t:]", "[max(0, t - 2):t + 1]"))
            body = f"L = 0.0\nfor t in range(T):\n    s = W{part} @ y\n    p = np.exp(s - np.max(s))\n    L += np.sum(((p / p.sum()) @ W{part} - x)**2)\nreturn L"
        case _:
            part = chance.choice(("[:t + 1]", "[t:]"))
            body = f"L = 0.0\nfor t in range(T):\n    u = x{part} - y{part}\n    m = u.mean()\n    L += np.sum((u - m)**2) / len(u) + {a}\nreturn L"
    return head + "".join(f"    {line}\n" for line in body.split("\n"))
