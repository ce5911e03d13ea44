"""Random functions of Python with loops over steps, put together of what people do in them: lists, tuples, dicts, loops in loops."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

HEAD = """import numpy as np


def cell(v, w):
    u = np.tanh(v * 0.5 + w)
    return u, u * v


def turned(rows):
    out = np.zeros_like(rows)
    for k in range(len(rows)):
        out[k] = rows[len(rows) - 1 - k] * 2
    return out


def loss(x: "data[T, d]", y: "data[T, d]", V: "parameter[K, d, d]", W: "parameter[d, d]", b: "parameter[d]", h0: "parameter[d]"):
    T, d = x.shape
    K = V.shape[0]
"""
ALL = ["x[t]", "y[t]", "y[T - 1 - t]"]
LOOPS = {  # the first line, what a step reads, how many steps there are
    "for t in range(T):": (ALL, "T"), "for t in reversed(range(T)):": (ALL, "T"), "for t in range(T - 1, -1, -1):": (ALL, "T"),
    "for t in range(0, T, 1):": (ALL, "T"), "for t in range(1, T):": (["x[t]", "x[t - 1]", "y[t]"], "T - 1"),
    "for t in range(T - 1):": (["x[t]", "x[t + 1]"], "T - 1"), "for t in range(T - 2, -1, -1):": (["x[t + 1]", "y[t]"], "T - 1"),
    "for t in range(1, T + 1):": (["x[t - 1]", "y[T - t]"], "T"), "for xt in x:": (["xt"], "T"), "for xt in x[1:]:": (["xt"], "T - 1"),
    "for xt in reversed(x):": (["xt"], "T"), "for xt in x[::-1]:": (["xt"], "T"), "for xt, yt in zip(x, y):": (["xt", "yt"], "T"),
    "for xt, yt in zip(x[1:], y[:-1]):": (["xt", "yt"], "T - 1"), "for t, xt in enumerate(x):": (["xt", *ALL], "T"),
    "for t, (xt, yt) in enumerate(zip(x, y)):": (["xt", "yt", "y[T - 1 - t]"], "T"),
    "for t, xt in enumerate(x, 1):": (["xt", "y[t - 1]"], "T"), "for t, xt in enumerate(x[1:], start=1):": (["xt", "x[t - 1]"], "T - 1"),
    "for xt, yt in zip(x, y[1:]):": (["xt", "yt"], "T - 1"),
}  # fmt: skip
ENDS = {  # the first step and the last of loops that count
    "for t in range(T):": ("0", "T - 1"), "for t in reversed(range(T)):": ("T - 1", "0"), "for t in range(T - 1, -1, -1):": ("T - 1", "0"),
    "for t in range(0, T, 1):": ("0", "T - 1"), "for t, xt in enumerate(x):": ("0", "T - 1"), "for t, xt in enumerate(x, 1):": ("1", "T"),
    "for t in range(1, T + 1):": ("1", "T"),
}  # fmt: skip


@dataclass
class Draft:
    """A loop that is being written.

    names   of vectors that a step reads.
    above   lines above it, and `below`; `body` its parts, each of which stands where it may; @ is a vector, ~ a number.
    terms   of the loss.
    """

    rng: random.Random
    header: str
    steps: str
    names: list[str]
    count: int = 0
    above: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)

    def own(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def begin(self, *lines: str) -> None:
        self.above.append(self.rng.choice(lines))

    def step(self, *parts: str) -> None:
        self.body.append(self.rng.choice(parts))

    def end(self, *terms: str) -> None:
        self.terms.append(self.rng.choice(terms))

    @property
    def at(self) -> str:
        """The row of an array of T rows that a step writes."""
        return "t - 1" if "T + 1" in self.header or "enumerate(x, 1)" in self.header else "t"

    @property
    def counts(self) -> bool:
        return self.header.startswith("for t")


def vector(rng: random.Random, names: list[str], depth: int = 2) -> str:
    """A vector of some names."""
    if not depth:
        return rng.choice(names)
    a, b = vector(rng, names, depth - 1), vector(rng, names, depth - 1)
    return rng.choice([f"np.tanh({a})", f"({a} + {b})", f"({a} * {b})", f"W.dot({rng.choice(names)})", f"({a} - 0.5 * {b})", a])


def scalar(rng: random.Random, names: list[str]) -> str:
    a = vector(rng, names)
    return rng.choice([f"np.sum({a})", f"np.sum({a}**2)", f"({a})[0]", f"np.mean({a})", f"np.dot({rng.choice(names)}, {a})"])


def plain(d: Draft) -> None:
    h = d.own("h")
    d.begin(f"{h} = h0", f"{h} = np.zeros(d)", f"{h} = b.copy()\n{h}[0] = 1.0")
    d.step(f"{h} = np.tanh(@)", f"{h} = np.maximum({h}, @)", f"{h} = np.concatenate([{h}[1:], {h}[:1]]) * 0.5 + @",
           f"{h} = np.where({h} > 0, {h}, 0.1 * {h}) + @", f"old = {h}\n{h} = np.tanh(@)\n{h} = {h} + old * 0.5")  # fmt: skip
    d.end(f"np.sum({h}**2)", f"np.sum({h} * b)")
    d.names.append(h)


def in_place(d: Draft) -> None:
    h = d.own("h")
    d.begin(f"{h} = h0.copy()", f"{h} = np.zeros(d)")
    d.step(f"{h}[0] = {h}[0] * 0.5 + (@)[1]", f"{h} += @", f"{h} *= 0.5\n{h} -= @", f"{h}[1] = np.tanh({h}[0] + (@)[0])")
    d.end(f"np.sum({h}**2) + np.sum(h0)")


def gated(d: Draft) -> None:
    h, g = d.own("h"), d.own("g")
    d.begin(f"{h} = h0")
    d.step(f"{g} = 1 / (1 + np.exp(-(@)))\n{h} = {g} * {h} + (1 - {g}) * @", f"{h}, {g} = cell({h}, @)")
    d.end(f"np.sum({h} + {g})")
    d.names.append(h)


def added(d: Draft) -> None:
    s = d.own("total")
    d.begin(f"{s} = 0", f"{s} = 0.0", f"{s} = np.sum(b)")
    d.step(f"{s} += ~", f"{s} = {s} - ~ / T", f"{s} = {s} * 0.5 + ~", f"{s} = np.tanh({s} + ~)", f"{s} -= ~\n{s} += ~")
    d.end(s, f"{s} / T")


def matrix(d: Draft) -> None:
    m = d.own("M")
    d.begin(f"{m} = np.eye(d)", f"{m} = W.copy()", f"{m} = np.zeros((d, d))")
    d.step(f"{m} = np.tanh({m} @ W) + np.outer(@, b)", f"{m} = 0.5 * {m} + np.outer(@, @)", f"{m} += np.outer(@, b)")
    d.end(f"np.sum({m}.dot(b))")
    d.names.append(f"{m}.dot(b)")


def several(d: Draft) -> None:
    s, u, v = d.own("s"), d.own("u"), d.own("v")
    d.begin(f"{s} = (h0, b * 0.5)", f"{s} = [h0, b]", f"{s} = h0, np.zeros(d)")
    d.step(f"{s} = (np.tanh(@), {s}[0] + b)", f"{u}, {v} = {s}\n{u} = np.tanh(@)\n{s} = ({u}, {v} * 0.5 + {u})",
           f"{s} = cell(*{s})", f"{s} = ({s}[1], np.tanh({s}[0]))", f"{s} = [np.tanh(@), {s}[0]]")  # fmt: skip
    d.end(f"np.sum({s}[0] * {s}[1])")
    d.names += [f"{s}[0]", f"{s}[1]"]


def swapped(d: Draft) -> None:
    u, v = d.own("u"), d.own("v")
    d.begin(f"{u}, {v} = h0, b", f"{u} = {v} = h0", f"{u} = h0\n{v} = {u}")
    d.step(
        f"{u}, {v} = np.tanh({v}), {u} * 0.9 + @",
        f"keep = {u}\n{u} = np.tanh({v} + @)\n{v} = keep",
        f"{v}, {u} = {u}, np.tanh({v})",
    )
    d.end(f"np.sum({u} + {v}**2)")


def keyed(d: Draft) -> None:
    s = d.own("s")
    d.begin(f'{s} = {{"h": h0, "c": np.zeros(d)}}', f"{s} = dict(h=h0, c=b)")
    h, c = f'{s}["h"]', f'{s}["c"]'
    d.step(f"{h} = np.tanh(@)\n{c} = {c} * 0.5 + @", f'{s} = {{"h": np.tanh(@), "c": {h} * 0.5}}', f'{s} = {{**{s}, "h": np.tanh(@)}}',
           f"{s} = dict({s}, c=np.tanh(@))", f"{s}.update(h=np.tanh(@))", f'other = dict({s})\nother["h"] = np.tanh(@)\n{s} = other',
           f"{h}, {c} = cell({c}, {h})")  # fmt: skip
    d.end(f"np.sum({h} * {c} + {h})")
    d.names += [h, c]


def listed(d: Draft) -> None:
    o = d.own("out")
    d.begin(f"{o} = []", f"{o} = list()")
    d.step(f"{o}.append(np.tanh(@))", f"{o} += [@]", f"{o} = {o} + [np.tanh(@)]", f"{o} = [*{o}, @]")
    d.end(f"np.sum({o}[-1])", f"np.sum(np.stack({o})**2)", f"np.sum(np.array({o})**3)", f"np.sum({o}[0] * b)",
          f"np.sum(np.stack({o}, axis=1) @ np.arange({d.steps}))", f"np.sum(np.stack({o}[::-1])[0] * b)",
          f"sum(np.sum(o**2) for o in {o})", f"np.sum(np.mean({o}, axis=0)**2)", f"np.sum(list(reversed({o}))[0] * b)",
          f"np.sum(sum({o})**2)", f"np.sum(np.concatenate({o})**2)", f"np.sum(np.vstack({o})**2)", f"np.sum({o}[len({o}) - 1] * b)",
          f"np.sum(np.stack({o} + [b])**2)", f"np.sum(np.stack({o} * 2)**2)", f"np.sum(np.stack([np.tanh(o) * k for k, o in enumerate({o})])**2)",
          f"sum(np.dot(o, p) for o, p in zip({o}, {o}[::-1]))", f"len({o}) * np.sum({o}[-1])", f"max([np.sum(o) for o in {o}])")  # fmt: skip


def grown(d: Draft) -> None:
    o = d.own("hs")
    d.begin(f"{o} = [h0]", f"{o} = [b, h0]")
    front = d.rng.random() < 0.3
    last = f"{o}[0]" if front else f"{o}[-1]"
    if front:
        d.step(f"{o}.insert(0, np.tanh({last} + @))", f"{o} = [np.tanh({last} * @)] + {o}", f"{o} = [np.tanh({last} - @), *{o}]")
    else:
        d.step(f"{o}.append(np.tanh({last} + @))", f"{o} += [np.tanh({last} * @)]", f"{o} = {o} + [np.tanh({last} - @)]")
    d.end(f"np.sum({last}**2)", f"np.sum(np.stack({o}[1:])**2)", f"np.sum(np.stack({o}) ** 2)", f"np.sum({o}[-2] * {o}[1])",
          f"np.sum({o}[0] * {o}[-1])", f"np.sum(np.stack({o}[:-1]) * b)", f"sum(k * np.sum(o) for k, o in enumerate({o}))")  # fmt: skip
    d.names.append(last)


def pairs(d: Draft) -> None:
    o = d.own("pairs")
    d.begin(f"{o} = []")
    d.step(f"{o}.append((np.tanh(@), @))", f"{o} = {o} + [(np.tanh(@), b)]")
    d.end(f"np.sum({o}[-1][0] * {o}[0][1])", f"sum(np.sum(p * q) for p, q in {o})", f"np.sum(np.stack([p for p, q in {o}])**2)",
          f"np.sum(np.stack(list(zip(*{o}))[0]) * b)", f"np.sum(np.array({o})**2)")  # fmt: skip


def filled(d: Draft) -> None:
    if not d.counts:
        return
    o, at = d.own("rows"), d.at
    d.begin(f"{o} = np.zeros((T, d))", f"{o} = np.zeros_like(x)")
    d.step(f"{o}[{at}] = @")
    d.end(f"np.sum({o}**2)", f"np.sum({o}[-1])", f"np.sum({o}[0])", f"np.sum({o}[1:] * {o}[:-1])", f"np.sum({o}[::-1] * x)",
          f"np.sum(turned({o}) * x)")  # fmt: skip


def shifted(d: Draft) -> None:
    shift = {"for t in range(T):": 1, "for t in range(T - 1):": 1, "for t in range(1, T):": 0, "for t in range(1, T + 1):": 0}.get(
        d.header
    )
    if shift is None:
        return
    o, now, before = d.own("rows"), "t + 1" if shift else "t", "t" if shift else "t - 1"
    d.begin(f"{o} = np.zeros((T + 1, d))\n{o}[0] = h0", f"{o} = np.zeros((T + 1, d))")
    d.step(f"{o}[{now}] = np.tanh({o}[{before}] + @)")
    d.end(f"np.sum({o}**2)", f"np.sum({o}[-1] + {o}[T - 1])", f"np.sum({o}[1:] * {o}[:-1])")


def columns(d: Draft) -> None:
    """Arrays whose steps stand second."""
    if not d.counts:
        return
    o, at = d.own("cols"), d.at
    if d.rng.random() < 0.5:
        d.begin(f"{o} = np.zeros((d, T))", f"{o} = np.zeros_like(x.T)")
        d.step(f"{o}[:, {at}] = @")
        d.end(f"np.sum({o}**2)", f"np.sum({o}[:, -1] * b)", f"np.sum({o}[0])", f"np.sum({o}[:, 1:] * {o}[:, :-1])", f"np.sum({o}.T[::-1] * x)",
              f"np.sum((W @ {o})**2)", f"{o}[1, 0]", f"np.sum(turned({o}.T) * x)", f"np.sum({o}.mean(axis=1)**2)", f"np.sum({o}[:, ::-1] * x.T)",
              f"sum(np.sum({o}[:, k]**2) * k for k in range({o}.shape[1]))")  # fmt: skip
    else:
        d.begin(f"{o} = np.zeros((2, T, d))")
        d.step(f"{o}[:, {at}] = np.stack([@, @])", f"{o}[:, {at}, :] = np.outer(np.array([1.0, 2.0]), @)")
        d.end(f"np.sum({o}**2)", f"np.sum({o}[:, -1] * b)", f"np.sum({o}[0] * x)", f"np.sum({o}[1, 1:] * {o}[0, :-1])", f"np.sum({o}[:, 0, 1])",
              f"np.sum(({o} @ W)**2)", f"np.sum({o}.mean(axis=1)[1] * b)", f"np.sum({o}[1].T[0])", f"np.sum({o}.sum(axis=0)[::-1] * x)",
              f"np.sum(np.swapaxes({o}, 0, 1)[0, 1] * b)", f"np.sum({o}[..., 0]**2)")  # fmt: skip


def columns_shifted(d: Draft) -> None:
    shift = {"for t in range(T):": 1, "for t in range(T - 1):": 1, "for t in range(1, T):": 0, "for t in range(1, T + 1):": 0}.get(
        d.header
    )
    if shift is None:
        return
    o, now, before = d.own("cols"), "t + 1" if shift else "t", "t" if shift else "t - 1"
    d.begin(f"{o} = np.zeros((d, T + 1))\n{o}[:, 0] = h0", f"{o} = np.zeros((d, T + 1))")
    d.step(f"{o}[:, {now}] = np.tanh({o}[:, {before}] + @)", f"{o}[:, {now}] = {o}[:, {before}] * {o}[0, {before}] + @")
    d.end(
        f"np.sum({o}**2)",
        f"np.sum({o}[:, -1] + {o}[:, T - 1])",
        f"np.sum({o}[:, 1:] * {o}[:, :-1])",
        f"np.sum({o}[0, 1:] - {o}[1, :-1]**2)",
    )
    d.names.append(f"{o}[:, {before}]")


def inner(d: Draft) -> None:
    h = d.own("h")
    d.begin(f"{h} = h0")
    d.step(f"for k in range(2):\n    {h} = {h} * 0.7 + b / (k + 1)", f"for k in range(1, 3):\n    {h} = np.tanh({h} * k + @)",
           f"for k, w in enumerate([b, h0]):\n    {h} = {h} * w + k")  # fmt: skip
    d.end(f"np.sum({h})")
    d.names.append(h)


def nested(d: Draft) -> None:
    h, s = d.own("h"), d.own("total")
    d.begin(f"{h} = h0\n{s} = 0.0")
    d.step(f"for k in range(K):\n    {h} = np.tanh(V[k].dot({h}) + @)\n    {s} += np.sum({h})",
           f"for w in V:\n    {h} = np.tanh(w.dot({h}))\n{s} = {s} * 0.5 + np.sum({h})",
           f"z = {h}\nfor k in range(K - 1, -1, -1):\n    z = np.tanh(V[k].dot(z) + {h})\n{h} = {h} * 0.5 + z\n{s} += np.sum(z * b)")  # fmt: skip
    d.end(f"{s} + np.sum({h})")
    d.names.append(h)


def layered(d: Draft) -> None:
    s = d.own("states")
    d.begin(f"{s} = np.zeros((K, d))")
    layer = f"z = np.tanh(V[k].dot(z) + {s}[k])"
    d.step(f"z = @\nnew = []\nfor k in range(K):\n    {layer}\n    new.append(z)\n{s} = np.stack(new)",
           f"z = @\nnew = np.zeros((K, d))\nfor k in range(K):\n    {layer}\n    new[k] = z\n{s} = new", f"{s} = np.tanh({s} + @ + V @ b)",
           f"{s} = {s} * 0.5 + np.outer(V[:, 0, 0], @)")  # fmt: skip
    d.end(f"np.sum({s}**2)")


def booked(d: Draft) -> None:
    """Lists in a dict."""
    o = d.own("book")
    d.begin(f'{o} = {{"h": [], "s": []}}', f"{o} = dict(h=[], s=[])")
    d.step(f'{o}["h"].append(np.tanh(@))\n{o}["s"].append(@)', f'{o}["h"] += [@]\n{o}["s"].append(np.tanh({o}["h"][-1]))')
    d.end(f'np.sum(np.stack({o}["h"])**2) + np.sum({o}["s"][-1])', f'sum(np.dot(p, q) for p, q in zip({o}["h"], {o}["s"]))')


def numbered(d: Draft) -> None:
    """Dicts of steps."""
    if not d.counts or "T + 1" in d.header or "1)" in d.header or d.header not in ENDS:
        return
    o, (first, last) = d.own("hs"), ENDS[d.header]
    before, way = ("-1", "t - 1") if first == "0" else ("T", "t + 1")
    d.begin(f"{o} = {{}}\n{o}[{before}] = h0", f"{o} = {{}}\n{o}[{before}] = np.zeros(d)")
    d.step(f"{o}[t] = np.tanh(@ + {o}[{way}])", f"{o}[t] = {o}[{way}] * 0.5 + @")
    d.end(f"np.sum({o}[{last}]**2)", f"np.sum({o}[{last}] * {o}[{first}])")
    d.names.append(f"{o}[{way}]")


def rowed(d: Draft) -> None:
    """Rows with a colon."""
    if not d.counts or d.steps != "T":
        return
    o, at = d.own("rows"), d.at
    d.begin(f"{o} = np.zeros((T, d))", f"{o} = np.empty_like(x)")
    d.step(f"{o}[{at}, :] = @", f"{o}[{at}, ...] = @")
    d.end(f"np.sum({o}**2)", f"np.mean({o}[:, 0])", f"np.sum(np.tanh({o} - x))", f"np.sum(({o} @ W - y)**2)")


def ending(d: Draft) -> None:
    """Steps that differ from the others."""
    if d.header not in ENDS:
        return
    first, last = ENDS[d.header]
    h, s = d.own("h"), d.own("total")
    d.begin(f"{h} = h0\n{s} = 0.0")
    falls = "reversed" in d.header or "-1)" in d.header
    after, before = ("<", ">") if falls else (">", "<")
    d.step(f"if t == {first}:\n    {h} = np.tanh(@)\nelse:\n    {h} = np.tanh({h} + @)", f"if t != {last}:\n    {h} = np.tanh({h})\n{h} = {h} * @",
           f"{h} = {h} * 0.5 + @\nif t {after} {first}:\n    {s} += ~", f"{h} = np.tanh(@) if t {before} {last} else {h} * @",
           f"if t == {first}:\n    {h} = b * 0.5\n{h} = np.tanh({h} + @)", f"{h} = np.tanh({h} + @)\nif {last} == t:\n    {s} = np.sum({h})",
           f"{h} = {h} + @\nif t {after}= {first} + 1:\n    {h} = {h} * 0.5" if not falls else f"{h} = {h} - @",
           f"{h} = {h} * @\nif t == {first} or t == {last}:\n    continue\n{s} += ~")  # fmt: skip
    d.end(f"np.sum({h}**2) + {s}")


def begun(d: Draft) -> None:
    """Lists and values that the first step begins."""
    o, h = d.own("out"), d.own("h")
    d.begin(f"{o} = []\n{h} = None")
    d.step(f"{h} = {o}[-1] if {o} else b\n{o}.append(np.tanh({h} + @))", f"{h} = h0 if len({o}) == 0 else {o}[-1] * 0.5\n{o}.append({h} * @)",
           f"if {h} is None:\n    {h} = np.tanh(@)\nelse:\n    {h} = np.tanh({h} * @)\n{o}.append({h})")  # fmt: skip
    d.end(f"np.sum(np.stack({o})**2)", f"np.sum({o}[-1]) + np.sum({h})", f"sum(np.sum(o**2) for o in {o})")


def refilled(d: Draft) -> None:
    """Arrays that held something before the loop fills them, whole rows or parts, once or again."""
    if not d.counts or d.steps != "T":
        return
    o, at = d.own("rows"), d.at
    d.begin(
        f"{o} = np.ones((T, d))",
        f"{o} = np.tanh(x)",
        f"{o} = np.full((T, d), 0.5)\n{o}[0] = b",
        f"{o} = x @ W\nfor k in range(T):\n    {o}[k] = {o}[k] * b",
        f"{o} = np.zeros((T, d))\nfor k in range(T):\n    {o}[k] = x[k] * h0\n{o}[-1] = b",
        f"{o} = np.zeros((T, d))\n{o}[0] = h0\n{o}[1, 1:] = 0.5",
    )
    row = f"{o}[{at}]"
    d.step(f"{row} = np.tanh({row} + @)", f"{row} += @", f"{row} = {row} * 0.5\n{row} -= @\n{row} = np.tanh({row})", f"{o}[{at}, 0] = (@)[1]",
           f"{o}[{at}, :1] = (@)[:1]\n{o}[{at}, 1:] = np.tanh({row}[1:] + {row}[:1])")  # fmt: skip
    d.end(f"np.sum({o}**2)", f"np.sum({o}[-1] * b) + np.sum({o}[0])", f"np.sum(np.tanh({o} - x))", f"np.sum({o}[1:] * {o}[:-1])")


def passed_on(d: Draft) -> None:
    """Rows that read those beside them, as they are now and as they were."""
    ways = {"for t in range(1, T):": "t - 1", "for t in range(T - 2, -1, -1):": "t + 1", "for t in range(T - 1):": "t + 1"}
    if d.header not in ways:
        return
    o, other = d.own("rows"), ways[d.header]
    d.begin(f"{o} = np.tanh(x)", f"{o} = np.ones((T, d))", f"{o} = x * b\n{o}[0] = h0", f"{o} = np.zeros((T, d))\n{o}[0] = h0")
    d.step(f"{o}[t] = {o}[t] + 0.5 * {o}[{other}] * @", f"{o}[t] += np.tanh({o}[{other}])", f"{o}[t] = np.tanh({o}[{other}] + @)")
    d.end(f"np.sum({o}**2)", f"np.sum({o}[-1] * b) + np.sum({o}[0])", f"np.mean({o} * x)")


def layers(d: Draft) -> None:
    """States of several layers, which a loop within changes one by one."""
    h = d.own("h")
    d.begin(f"{h} = np.zeros((K, d))", f"{h} = [np.zeros(d) for _ in range(K)]", f"{h} = [h0 * (k + 1) for k in range(K)]")
    d.step(f"z = @\nfor k in range(K):\n    {h}[k] = np.tanh(V[k].dot(z) + {h}[k])\n    z = {h}[k]",
           f"z = @\nfor k in range(K):\n    {h}[k] = {h}[k] * 0.5 + z")  # fmt: skip
    d.end(f"np.sum({h}[-1] * b)", f"sum(np.sum(z**2) for z in {h})")


PARTS: list[Callable[[Draft], None]] = [
    plain, in_place, gated, added, matrix, several, swapped, keyed, listed, grown, pairs, filled, shifted, inner, nested, layered,
    columns, columns_shifted, booked, numbered, rowed, ending, begun, refilled, passed_on, layers,
]  # fmt: skip


def written(
    rng: random.Random, loops: Mapping[str, tuple[list[str], str]] = LOOPS, parts: Sequence[Callable[[Draft], None]] = PARTS
) -> str:
    """A function with one or two loops, each of some parts."""
    count, lines, terms, vectors = 0, list[str](), list[str](), ["h0", "b"]
    for _ in range(rng.choice([1, 1, 1, 2])):
        header = rng.choice(list(loops))
        reads, steps = loops[header]
        draft = Draft(rng, header, steps, [*vectors, *reads, *reads], count)
        for part in rng.sample(parts, rng.randrange(1, 5)):
            part(draft)
        if not draft.body:
            continue
        count = draft.count
        rng.shuffle(draft.body)
        body = [_filled(rng, part, draft.names) for part in draft.body]
        lines += [line for part in draft.above for line in part.split("\n")]
        lines += [header, *("    " + line for part in body for line in part.split("\n"))]
        lines += [line for part in draft.below for line in part.split("\n")]
        terms += draft.terms
    lines.append(f"return {' + '.join(terms or ['np.sum(h0)'])}")
    return HEAD + "".join(f"    {line}\n" for line in lines).replace("@@", "@")


def _filled(rng: random.Random, part: str, names: list[str]) -> str:
    """A part with vectors and numbers in its places."""
    part = part.replace("@@", "\0").replace(" @ W", " \0 W").replace("V @", "V \0")
    while "@" in part:
        part = part.replace("@", vector(rng, names, rng.choice([1, 2])), 1)
    while "~" in part:
        part = part.replace("~", scalar(rng, names), 1)
    return part.replace("\0", "@")
