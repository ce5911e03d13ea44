"""Further parts of random loops: loops over layers and states, two steps back, layers over a whole course, rows by other indices."""

from __future__ import annotations

from tests.loops.random_loops import LOOPS, PARTS, Draft

OVER = {  # loops over layers, and over steps with other bounds
    "for k in range(K):": (["V[k].dot(b)", "V[k][0]", "V[k, :, 1]", "np.diag(V[k])"], "K"),
    "for w in V:": (["w.dot(b)", "w[0]", "w.T[1]"], "K"), "for w in reversed(V):": (["w.dot(b)", "w[-1]"], "K"),
    "for k, w in enumerate(V):": (["w.dot(b)", "V[k].T.dot(b)", "w.sum(axis=0)"], "K"), "for k in range(K - 1, -1, -1):": (["V[k].dot(b)", "V[k][-1]"], "K"),
    "for t in range(0, T - 1):": (["x[t]", "x[t + 1] - x[t]"], "T - 1"), "for t in range(len(x)):": (["x[t]", "y[-1 - t]", "y[-(t + 1)]"], "T"),
    "for t in range(x.shape[0] - 1):": (["x[t]", "y[-t - 1]"], "T - 1"), "for t in np.arange(T):": (["x[t]", "y[t]"], "T"),
    "for t, (a, c) in enumerate(zip(x[:-1], x[1:])):": (["a", "c", "y[t + 1]"], "T - 1"), "for a, c in zip(x, x[1:]):": (["a", "c", "(c - a)"], "T - 1"),
    "for a in x[:-1]:": (["a"], "T - 1"), "for a in x[1:][::-1]:": (["a"], "T - 1"), "for a in np.flip(x, axis=0):": (["a"], "T"),
    "for a, c in zip(x, reversed(y)):": (["a", "c"], "T"), "for t in range(-1, T - 1):": (["x[t + 1]"], "T"), "for t in list(range(T)):": (["x[t]"], "T"),
    "for t, a in reversed(list(enumerate(x))):": (["a", "y[t]"], "T"), "for t in range(T)[::-1]:": (["x[t]", "y[t]"], "T"),
    "for row in np.hstack([x, y]):": (["row[:d]", "row[d:]"], "T"), "for a in x * 2 + b:": (["a"], "T"),
    "for a, c in zip(x[:-1:], y[1:]):": (["a", "c"], "T - 1"), "for t, a in zip(range(T), x):": (["x[t]", "a", "y[T - 1 - t]"], "T"),
    "for a, t in zip(x[1:], range(1, T)):": (["x[t - 1]", "a", "y[t]"], "T - 1"),
}  # fmt: skip


def two_back(d: Draft) -> None:
    """States that read the one before the last."""
    h, p = d.own("h"), d.own("prev")
    d.begin(f"{h}, {p} = h0, b", f"{p} = np.zeros(d)\n{h} = h0", f"{h} = {p} = h0 * 0.5")
    d.step(f"{h}, {p} = np.tanh({h} - 0.3 * {p} + @), {h}", f"new = {h} + 0.5 * ({h} - {p}) - 0.1 * (@)\n{p} = {h}\n{h} = new",
           f"({h}, {p}) = (np.tanh(@ + {p}), {h} * 0.9)", f"{p}, {h} = {h}, {h} * 0.5 + {p} * @")  # fmt: skip
    d.end(f"np.sum({h} * {p})", f"np.sum({h}**2) - np.sum({p})")
    d.names += [h, p]


def grown_twice(d: Draft) -> None:
    """Lists of which a step reads the last two."""
    o = d.own("hs")
    d.begin(f"{o} = [h0, b]", f"{o} = [np.zeros(d), h0 * 0.5]", f"{o} = [h0] * 2", f"{o} = [b for _ in range(2)]")
    d.step(f"{o}.append(np.tanh({o}[-1] + 0.5 * {o}[-2] + @))", f"u = {o}[-2]\n{o}.append(u * 0.5 + {o}[-1] * @)",
           f"p, q = {o}[-2], {o}[-1]\n{o}.append(np.tanh(p - q + @))", f"p, q = {o}[-2:]\n{o}.append(np.tanh(p - q + @))",
           f"{o}.append({o}[len({o}) - 1] * 0.5 + @)")  # fmt: skip
    d.end(f"np.sum({o}[-1] * {o}[-2])", f"sum(np.sum(u * v) for u, v in zip({o}[1:], {o}[:-1]))", f"np.sum(np.diff(np.stack({o}), axis=0)**2)",
          f"np.sum(np.array({o})[1:-1]**2)", f"np.sum(np.cumsum(np.stack({o}), axis=0)**2)")  # fmt: skip


def read_again(d: Draft) -> None:
    """A second loop over what a first one made."""
    o, s = d.own("hs"), d.own("cost")
    d.begin(f"{o} = []")
    d.step(f"{o}.append(np.tanh(@))")
    again = d.rng.choice([
        f"{s} = 0\nfor o in {o}:\n    {s} += np.sum(o * b)", f"{s} = 0.0\nfor o, p in zip({o}[:-1], {o}[1:]):\n    {s} += np.dot(o, p)",
        f"{s} = h0\nfor o in reversed({o}):\n    {s} = np.tanh({s} + o)", f"{s} = 0\nfor k, o in enumerate({o}):\n    {s} = {s} + k * np.sum(o)",
        f"{s} = 0\nfor k in range(len({o})):\n    {s} += np.sum({o}[k]**2)", f"{s} = b\nfor o in {o}[::-1]:\n    {s} = {s} * 0.5 + o",
        f"{s} = []\nfor o in {o}:\n    {s}.append(np.exp(-np.sum(o**2)))\n{s} = np.array({s})\n{s} = {s} / {s}.sum()",
        f"{s} = np.stack({o})\nfor k in range(1, len({s})):\n    {s}[k] = {s}[k] + 0.5 * {s}[k - 1]",
        f"{s} = 0\nfor k in range(1, len({o})):\n    {s} += np.sum(({o}[k] - {o}[k - 1])**2)",
        f"{s} = 0\nfor k, (o, p) in enumerate(zip({o}, {o}[::-1]), 1):\n    {s} += np.dot(o, p) / k",
    ])  # fmt: skip
    d.below.append(again)
    d.end(f"np.sum({s})", f"np.sum({s}**2)")


def towers(d: Draft) -> None:
    """Layers that go over a whole course one after another."""
    z = d.own("z")
    d.begin(f"{z} = x", f"{z} = x @@ W")
    d.step(f"{z} = np.tanh({z} @@ W + @)", f"h, new = h0, []\nfor u in {z}:\n    h = np.tanh(u + 0.5 * h)\n    new.append(h)\n{z} = np.stack(new)",
           f"new = []\nfor j in range(T):\n    new.append(np.tanh({z}[j] * @))\n{z} = np.array(new)",
           f"h = h0\nnew = np.zeros((T, d))\nfor j in range(T):\n    h = np.tanh(W @@ {z}[j] + h)\n    new[j] = h\n{z} = new",
           f"{z} = np.array([np.tanh(u) + @ for u in {z}])", f"{z} = np.vstack([{z}[1:], {z}[:1]]) * 0.5",
           f"s = {z} @@ {z}.T\ns = np.exp(s - s.max(axis=1, keepdims=True))\n{z} = (s / s.sum(axis=1, keepdims=True)) @@ {z}")  # fmt: skip
    d.end(f"np.sum({z}**2)", f"np.sum({z}[-1] * b)", f"np.sum({z}[0] * {z}[-1])", f"np.mean({z}[1:] - {z}[:-1])")


def attended(d: Draft) -> None:
    """Steps that read all of an array, or what stands before them."""
    c, s = d.own("c"), d.own("s")
    d.begin(f"{c} = h0")
    d.step(f"{s} = x @@ {c}\n{s} = np.exp({s} - np.max({s}))\n{s} /= np.sum({s})\n{c} = np.tanh({s} @@ x + @)", f"{c} = np.tanh(np.mean(x, axis=0) + {c} * @)",
           f"{c} = np.tanh({c} + sum(V[j] @@ {c} for j in range(K)) + @)", f"{c} = np.max(np.stack([{c}, @]), axis=0)",
           f"{c} = np.hstack([{c}[-1:], (@)[:-1]])",
           f"{c} = np.einsum('ij,j->i', W, {c}) * 0.5 + @", f"{c} = {c} / np.sqrt(np.sum({c}**2) + 1) + @", f"{c} = np.clip({c} + @, -1, 1)",
           f"{c} = x[-1] * 0.1 + {c} * x[0] + @")  # fmt: skip
    d.end(f"np.sum({c}**2)", f"{c}.sum()", f"({c} @@ b)")
    d.names.append(c)


def parameters(d: Draft) -> None:
    """Dicts and lists of parameters that a step reads, and tuples of states in lists."""
    p, h = d.own("p"), d.own("h")
    d.begin(f'{p} = {{"W": W, "b": b}}\n{h} = [h0, b]', f"{p} = dict(W=W, b=b)\n{h} = [h0, np.zeros(d)]")
    d.step(f'{h} = [np.tanh({p}["W"] @@ u + {p}["b"]) for u in {h}]', f'for j in range(2):\n    {h}[j] = np.tanh({h}[j] * {p}["b"] + @)',
           f'{h}[0], {h}[1] = {h}[1], np.tanh({p}["W"] @@ {h}[0])', f'{h} = [{h}[-1], {p}["W"] @@ {h}[0] * 0.5]', f"{h} = [u + v for u, v in zip({h}, [b, @])]",
           f'{h} = list(reversed({h}))\n{h}[0] = {h}[0] * {p}["b"]', f'u, v = {h}\n{h} = [v, u * {p}["b"]]', f"{h} = [*{h}[1:], np.tanh(@)]",
           f"{h} = {h}[1:] + [np.tanh(@ + {h}[0])]")  # fmt: skip
    d.end(f"np.sum({h}[0] * {h}[1])", f"sum(np.sum(u**2) for u in {h})", f"np.sum(np.concatenate({h})**2)")


def counted(d: Draft) -> None:
    """Steps whose number counts."""
    h, g = d.own("h"), d.own("gamma")
    d.begin(f"{h} = h0\n{g} = 1.0", f"{h} = np.zeros(d)\n{g} = 1")
    number = "t" if d.header.startswith(("for t in", "for t, ")) else "k" if d.header.startswith(("for k in", "for k, ")) else None
    steps = [f"{g} *= 0.9\n{h} = {h} + {g} * @", f"{g} = {g} * 0.5\n{h} = {h} * (1 - {g}) + {g} * @"]
    if number is not None:
        steps += [f"{h} = {h} + 0.9**{number} * @", f"{h} = {h} * 0.5 + @ / ({number} + 2)", f"{h} = {h} + ({number} % 2) * @", f"{g} = {number} / T\n{h} = np.tanh({h} + {g} * @)"]  # fmt: skip
    d.step(*steps)
    d.end(f"np.sum({h}**2) * {g}", f"np.sum({h})")


def best(d: Draft) -> None:
    """The largest so far, and what changes where something holds."""
    m, h = d.own("m"), d.own("h")
    d.begin(f"{m} = np.zeros(d)\n{h} = b", f"{m} = h0 - 1\n{h} = h0")
    d.step(f"{m} = np.maximum({m}, @)", f"{h} = np.where(@ > {h}, {h} * 0.5, {h} + @)", f"mask = (@) > 0\n{h} = mask * {h} + (1 - mask) * np.tanh(@)",
           f"{h} = {h} + np.tanh(@) * ({h} > 0)", f"{m} = np.logaddexp({m}, @)", f"{h} = np.where({m} < 0, {h}, np.tanh({h}))\n{m} = {m} + @")  # fmt: skip
    d.end(f"np.sum({m} * {h})", f"np.sum({m}) + np.sum({h}**2)")


def blocks(d: Draft) -> None:
    """Loops in loops, of states that both carry, and lists in lists."""
    h, o = d.own("h"), d.own("outs")
    d.begin(f"{h} = h0\n{o} = []")
    d.step(f"z, seen = {h}, []\nfor w in V:\n    z = np.tanh(w @@ z + @)\n    seen.append(z)\n{h} = seen[-1]\n{o}.append(sum(seen))",
           f"line = []\nfor j in range(K):\n    line.append(np.sum(V[j] @@ {h}) + (@)[0])\n{o}.append(np.array(line))\n{h} = {h} * 0.9",
           f"for j in range(K):\n    for i in range(2):\n        {h} = np.tanh(V[j] @@ {h} + i)\n{o}.append({h})",
           f"for j in range(1, K):\n    {h} = V[j] @@ {h} + V[j - 1] @@ b\n{o}.append({h} * @)", f"acc = 0\nfor u, v in zip(x, y):\n    acc = acc + u * v\n{o}.append(acc * @)",
           f"for j in range(K):\n    if j < K - 1:\n        {h} = np.tanh(V[j] @@ {h})\n    else:\n        {h} = V[j] @@ {h}\n{o}.append({h})")  # fmt: skip
    d.end(f"np.sum({o}[-1]**2)", f"np.sum(np.stack({o}))", f"np.sum(np.array({o})**2) + np.sum({h})")


MORE = [*PARTS, two_back, grown_twice, read_again, towers, attended, parameters, counted, best, blocks]
EVERY = {**LOOPS, **OVER}
