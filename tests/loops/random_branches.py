"""Random functions of Python whose loops branch: by numbers of steps and by values, one within the other, with and without else."""

from __future__ import annotations

import random
from collections.abc import Callable

STEPS = (
    "{i} > 0",
    "{i} < T - 1",
    "{i} == 0",
    "{i} >= 2",
    "{i} != 1",
    "{i} == T - 1",
    "{i} % 2 == 0",
    "{i} % 2",
    "{i} > 0 and {i} < T - 1",
)
VALUES = ("x[{i}] > 0", "x[{i}] > y[{i}]", "0 < x[{i}] < 1", "not x[{i}] > 0", "x[{i}] > 0 and {i} > 0")
PAIRS = ("{i} < {j}", "{i} == {j}", "{i} >= {j}", "{i} + {j} < T", "abs({i} - {j}) <= 1", "({i} + {j}) % 2 == 0", "{i} < {j} and {j} < T - 1",
         "{i} == {j} or {j} == 0", "not ({i} == {j})", "x[{i}] > y[{j}]", "{i} < {j} and x[{i}] > x[{j}]", "0 < {i} < {j}")  # fmt: skip
TERMS = (
    "x[{i}]",
    "y[{i}]",
    "W[{i}, {i}]",
    "np.tanh(x[{i}])",
    "w",
    "0.5",
    "x[T - 1 - {i}]",
    "W[{i}, T - 1 - {i}]",
    "np.exp(-y[{i}]**2)",
)
MIXED = ("x[{i}]", "y[{j}]", "W[{i}, {j}]", "W[{j}, {i}]", "np.sin(x[{j}] * y[{i}])", "w", "x[{i}] * x[{j}]")


class Draft:
    """One part of a function: its lines, and what it adds to the loss.

    v   the name that it works on.
    """

    def __init__(self, chance: random.Random, v: str) -> None:
        self.chance, self.v = chance, v
        self.lines: list[str] = []
        self.end = v

    def pick(self, *texts: str) -> str:
        return self.chance.choice(texts)

    def term(self, i: str, j: str = "") -> str:
        own = [self.pick(*(MIXED if j else TERMS)).format(i=i, j=j) for _ in range(self.chance.randint(1, 3))]
        return self.pick(" * ", " + ", " - ").join(own)

    def test(self, i: str, j: str = "") -> str:
        return self.pick(*(PAIRS if j else STEPS + VALUES)).format(i=i, j=j)

    def otherwise(self, *lines: str) -> list[str]:
        return list(lines) if self.chance.random() < 0.6 else []

    def write(self, *lines: str) -> None:
        self.lines += [line.replace("@", self.v) for line in lines]


def carried(d: Draft) -> None:
    """A value that goes on in one of two ways."""
    d.write(f"@ = {d.pick('0.1', 'w', 'x[0]')}", f"for t in {d.pick('range(T)', 'range(1, T)', 'range(T - 1, -1, -1)')}:",
            f"    if {d.test('t')}:", f"        @ = np.tanh(@ + {d.term('t')})", "    else:", f"        @ = @ * {d.term('t')}")  # fmt: skip


def anew(d: Draft) -> None:
    """Names that begin on both sides, and one that stands on one of them."""
    two = d.chance.random() < 0.5
    then = [f"        p@ = {d.term('t')}", f"        a@ = p@ * {d.term('t')}"] if two else [f"        a@ = {d.term('t')}"]
    b = [f"        b@ = a@ + {d.term('t')}"] if two else []
    d.write("@ = 0.0", "for t in range(T):", f"    if {d.test('t')}:", *then, *b, "    else:", f"        a@ = {d.term('t')}", *b,
            f"    @ += a@ * y[t]{' - b@' if two else ''}")  # fmt: skip
    d.end = f"np.tanh({d.v})"


def nested(d: Draft) -> None:
    """Conditions within conditions."""
    inner = d.otherwise("        else:", f"            @ = @ + {d.term('t')}")
    outer = d.otherwise("    else:", f"        @ += {d.term('t')}")
    d.write("@ = 0.2", "for t in range(T):", f"    if {d.test('t')}:", f"        if {d.test('t')}:", f"            @ = np.tanh(@ * {d.term('t')})",
            *inner, *outer)  # fmt: skip


def added(d: Draft) -> None:
    """What is added for one pair, taken away for another, or left out."""
    last = d.otherwise("        else:", f"            @ += 0.1 * {d.term('i', 'j')}")
    way = d.pick("continue", "elif")
    if way == "continue":
        d.write("@ = 0.0", "for i in range(T):", "    for j in range(T):", f"        if {d.test('i', 'j')}:", "            continue",
                f"        @ += {d.term('i', 'j')}")  # fmt: skip
    else:
        d.write("@ = 0.0", "for i in range(T):", "    for j in range(T):", f"        if {d.test('i', 'j')}:", f"            @ += {d.term('i', 'j')}",
                f"        elif {d.test('i', 'j')}:", f"            @ -= {d.term('i', 'j')}", *last)  # fmt: skip
    d.end = f"np.tanh({d.v})"


def either(d: Draft) -> None:
    """A name of a pair that begins on both sides."""
    d.write("@ = 0.0", "for i in range(T):", "    for j in range(T):", f"        if {d.test('i', 'j')}:", f"            a@ = {d.term('i', 'j')}",
            "        else:", f"            a@ = {d.term('i', 'j')}", "        @ += a@ * W[i, j]")  # fmt: skip
    d.end = f"np.tanh({d.v})"


def filled(d: Draft) -> None:
    """Entries that are set on one side, or on both."""
    other = d.otherwise("        else:", f"            @[i, j] = {d.term('i', 'j')}")
    d.write("@ = np.zeros((T, T))", "for i in range(T):", "    for j in range(T):", f"        if {d.test('i', 'j')}:",
            f"            @[i, j] = {d.term('i', 'j')}", *other)  # fmt: skip
    d.end = f"np.sum(np.tanh({d.v}) * W)"


def short(d: Draft) -> None:
    """A condition within an expression."""
    d.write("@ = 0.3", "for t in range(T):", f"    @ = np.tanh(@ * {d.term('t')}) if {d.test('t')} else @ + {d.term('t')}")


def largest(d: Draft) -> None:
    """The largest so far, and where it was."""
    d.write(f"@, a@ = {d.pick('x[0]', '-1.0', 'w')}, 0.0", "for t in range(T):", f"    if {d.pick('x[t] > @', '@ < y[t]', 'x[t] >= @ and t > 0')}:",
            f"        @ = {d.pick('x[t]', 'y[t]')}", f"        a@ = y[t] * {d.pick('w', '@')}")  # fmt: skip
    d.end = f"{d.v} * np.tanh(a{d.v})"


def summed(d: Draft) -> None:
    """An inner sum over some of the steps, and an array of which some entries are changed once more."""
    d.write("@ = np.zeros(T)", "for i in range(T):", f"    s@ = {d.pick('0.0', 'x[i]')}", "    for j in range(T):", f"        if {d.test('i', 'j')}:",
            f"            s@ {d.pick('+=', '-=', '= s@ * 0.5 +')} {d.term('i', 'j')}", f"    if {d.test('i')}:", f"        s@ = s@ * {d.term('i')}",
            "    @[i] = np.tanh(s@)")  # fmt: skip
    d.end = f"np.sum({d.v} * y)"


KINDS: tuple[Callable[[Draft], None], ...] = (carried, anew, nested, added, either, filled, short, largest, summed)


def written(seed: int) -> str:
    """A function as a file."""
    chance, lines, ends = random.Random(seed), list[str](), list[str]()
    for k in range(chance.randint(1, 2)):
        draft = Draft(chance, f"v{k}")
        chance.choice(KINDS)(draft)
        lines += draft.lines
        ends.append(draft.end)
    head = 'import numpy as np\n\n\ndef loss(x: "parameter[T]", y: "parameter[T]", W: "parameter[T, T]", w: "parameter"):\n    T = len(x)\n'
    return head + "".join(f"    {line}\n" for line in lines) + f"    return {' + '.join(ends)}\n"
