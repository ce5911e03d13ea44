"""Loops in the language: what a block means, how entries are counted, and what is refused."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from symbackprop.core.loops import For, schedule
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.evaluate.tape import forward
from symbackprop.notation import NotationError, read, read_function, read_text

MLP = """\
x: data[h]
y: data[h]
W: parameter[n, h, h]
b: parameter[n, h]
z[0] = x
for l in 1..n:
    u[l] = W[l] @ z[l-1] + b[l]
    z[l] = sigmoid(u[l])
L = sum((z[n] - y)**2)
"""
RNN = """\
x: data[T, d]
y: data[T, c]
U: parameter[m, m]
W: parameter[m, d]
V: parameter[c, m]
s[0] = zeros(m)
for t in 1..T:
    s[t] = tanh(W @ x[t] + U @ s[t-1])
    e[t] = sum((V @ s[t] - y[t])**2)
L = sum(e)
"""


def lines(program: Program) -> list[str]:
    return [str(equation) for equation in program.equations]


def loops(network: Network) -> list[For]:
    return [item for item in schedule(network.program) if isinstance(item, For)]


def test_a_block_becomes_whole_tensors_with_the_letter_of_its_loop() -> None:
    assert lines(read_text(MLP).program) == [
        "z_prev[l i] = z[l-1 i], first x[i]",
        "r_1[l i] = sum_{j} W[l i j]*z_prev[l j]",
        "u[l i] = b[l i] + r_1[l i]",
        "z[l i] = sigmoid(u[l i])",
        "r_2[i] = sum_{l} z[l i]*Where(Eq(l, n - 1), 1, 0)",
        "L = sum_{i} (r_2[i] - y[i])**2",
    ]


@pytest.mark.parametrize(
    "header", ["range(1, n + 1)", "range(1, 1 + n)", "reversed(range(n, 0, -1))", "(1)..(n)", "1 .. n", "reversed(n..1)"]
)
def test_the_same_steps_in_other_words(header: str) -> None:
    assert read_text(MLP.replace("1..n", header)).program == read_text(MLP).program


def test_what_no_step_needs_of_another_is_in_no_loop() -> None:
    network = read_text(RNN)
    (loop,) = loops(network)
    assert loop.extent == network.program.shape("x")[0]
    assert [e.target.name for e in loop.equations()] == ["s_prev", "u_2", "z", "s"]
    assert "u_1[t i] = sum_{j} W[i j]*x[t j]" in lines(network.program)
    assert "s_prev[t i] = s[t-1 i], first 0" in lines(network.program)


def test_a_number_of_steps() -> None:
    network = read_text(MLP.replace("[n, h", "[3, h").replace("1..n", "1..3").replace("z[n]", "z[3]"))
    assert [str(loop.extent) for loop in loops(network)] == ["3"]


def test_falling_steps_keep_the_order_of_the_array() -> None:
    network = read_text("r: data[T]\ng: parameter\nG[T+1] = 0\nfor t in T..1:\n    G[t] = r[t] + g * G[t+1]\nL = sum(G**2)")
    assert lines(network.program)[:2] == ["G_next[t] = G[t+1], first 0", "G[t] = G_next[t]*g + r[t]"]
    assert loops(network)[0].step == -1


def test_layers_and_time_at_once() -> None:
    text = (
        "x: data[T, m]\nk: data[n, m]\nW: parameter[n, m, m]\nU: parameter[n, m, m]\nh[0] = x\nfor l in 1..n:\n    h[l, 0] = k[l]\n"
        "    for t in 1..T:\n        h[l, t] = tanh(W[l] @ h[l-1, t] + U[l] @ h[l, t-1])\n    q[l] = sum(h[l, T])\nL = sum(q) + sum(h[n, 1])"
    )
    (outer,) = loops(read_text(text))
    (inner,) = (item for item in outer.items if isinstance(item, For))
    assert (str(outer.extent), str(inner.extent)) == ("n", "T")
    assert [str(e) for e in (*outer.carries, *inner.carries)] == [
        "h_prev_1[l t i] = h[l-1 t i], first x[t i]", "h_prev_2[l t i] = h[l t-1 i], first k[l i]",
    ]  # fmt: skip


def test_two_steps_back_are_two_carries() -> None:
    text = "x: data[h]\ny: data[h]\nA: parameter[h, h]\nz[-1] = x\nz[0] = y\nfor l in 1..n:\n    z[l] = A @ z[l-1] - z[l-2]\nL = sum(z[n])"
    assert lines(read_text(text).program)[:3] == [
        "z_prev_1[l i] = z[l-1 i], first y[i]",
        "u[l i] = sum_{j} A[i j]*z_prev_1[l j]",
        "z_prev_2[l i] = z_prev_1[l-1 i], first x[i]",
    ]


def test_a_loop_tells_how_many_there_are() -> None:
    network = read_text(
        MLP.replace("W: parameter[n, h, h]", "W[l]: parameter[h, h]").replace("b: parameter[n, h]", "b[k]: parameter[h]")
    )
    assert network.program.equations == read_text(MLP).program.equations
    assert {t.name: str(t.shape) for t in network.program.inputs} == {
        "x": "(h,)", "y": "(h,)", "W": "(n, h, h)", "b": "(n, h)",
    }  # fmt: skip


def test_the_number_of_a_step_is_a_value() -> None:
    text = "x: data[T]\ns[0] = 0\nfor t in 1..T:\n    s[t] = s[t-1] + x[t] / t\nL = s[T]"
    assert "s[t] = s_prev[t] + x[t]/(t + 1)" in lines(read_text(text).program)


def test_entries_are_counted_as_the_loop_counts() -> None:
    text = "x: data[T]\nfor t in 2..T:\n    d[t] = x[t] - x[t-1]\nL = sum(d) + x[1] + d[2]"
    program = read_text(text).program
    assert [str(c) for c in program.conditions] == ["T - 2"]
    assert "d[t] = -u_2[t] + u_1[t]" in lines(program) or "d[t] = u_1[t] - u_2[t]" in lines(program)


def network(x: "data[h]", W: "parameter[n, h, h]", b: "parameter[n, h]"):  # type: ignore[no-untyped-def]  # noqa: F821
    z = a = x
    for l in range(len(W)):  # noqa: E741
        a = W[l] @ z + b[l]
        z = np.tanh(a)
    return sum(z) + sum(a)


def entries(x: "data[h]", W: "parameter[n, h, h]", b: "parameter[n, h]"):  # type: ignore[no-untyped-def]  # noqa: F821
    z = a = x
    for w, c in zip(W, b, strict=True):
        a = w @ z + c
        z = np.tanh(a)
    return sum(z) + sum(a)


def test_another_value_of_a_name_is_carried() -> None:
    assert lines(read_function(network).program) == [
        "z_prev[l i] = z[l-1 i], first x[i]",
        "u_1[l i] = sum_{j} W[l i j]*z_prev[l j]",
        "a[l i] = b[l i] + u_1[l i]",
        "z[l i] = tanh(a[l i])",
        "u_2 = sum_{i l} z[l i]*Where(Eq(l, n - 1), 1, 0)",
        "u_3 = sum_{i l} a[l i]*Where(Eq(l, n - 1), 1, 0)",
        "L = u_2 + u_3",
    ]
    assert len(read_function(entries).program.equations) == 7


ADDED = RNN.replace("    e[t] = ", "    L += ").replace("L = sum(e)\n", "").replace("for t", "L = 0\nfor t")


@pytest.mark.parametrize("line", ["L += ", "L = L + ", "L = sum(0 * b) + L + "])
def test_what_each_step_adds_is_a_sum(line: str) -> None:
    text = ADDED.replace("L += ", line).replace("U: ", "b: parameter[2]\nU: ")
    network = read_text(text)
    assert network.loss == "L"
    assert [[e.target.name for e in loop.equations()] for loop in loops(network)] == [["s_prev", "u_2", "z", "s"]]
    assert not network.program.shape("L")
    assert not read_text(text + "L_2 = L + sum(s)\n").program.shape("L")


def test_a_sum_that_begins_with_a_number_has_the_shape_of_its_terms() -> None:
    program = read_text("x: data[T, d]\na: parameter[d]\nq = 1\nfor t in 1..T:\n    q = q + x[t] * a\nL = sum(q**2)\n").program
    x, a = np.arange(6.0).reshape(3, 2), np.array([0.5, -1.0])
    np.testing.assert_allclose(forward(program, {"x": x, "a": a})["L"], ((1 + (x * a).sum(0)) ** 2).sum(), rtol=1e-14)


def filled(x: "data[T, d]", W: "parameter[d, d]", h0: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    T, d = x.shape
    h = np.zeros((T + 1, d))
    h[0] = h0
    e = np.zeros(T)
    for t in range(T):
        h[t + 1] = np.tanh(W @ h[t] + x[t])
        e[t] = np.sum(h[t + 1] ** 2)
    return np.sum(e) + np.sum(h[-1]) + np.sum(h) + h[0, 0]


def test_an_array_of_zeros_is_filled_by_a_loop() -> None:
    found = lines(read_function(filled).program)
    assert found[:4] == [
        "h_prev[t i] = h[t-1 i], first h0[i]",
        "u_1[t i] = sum_{j} W[i j]*h_prev[t j]",
        "z[t i] = u_1[t i] + x[t i]",
        "h[t i] = tanh(z[t i])",
    ]
    arrays = {"x": np.arange(6.0).reshape(3, 2) / 6, "W": np.eye(2) / 2, "h0": np.array([0.5, -0.25])}
    written = read_function(filled).written_out
    assert written is not None
    for program, sizes in ((read_function(filled).program, {"T": 3, "d": 2}), (written(numbers={"T": 3, "d": 2}).program, {})):
        assert np.isclose(forward(program, arrays, sizes)["L"], filled(**arrays))


def test_a_loop_is_written_out_for_numbers() -> None:
    for net in (read_text(MLP), read_function(network)):
        again = pickle.loads(pickle.dumps(net))
        assert again.program == net.program
        assert again.written_out is not None
        written = again.written_out(numbers={"n": 3, "h": 2})
        assert not loops(written)
        assert [t.name for t in written.program.inputs] == [t.name for t in net.program.inputs]
        assert not written.program.sizes()


START = "x: data[h]\nW: parameter[n, h, h]\nU: parameter[h, h]\nV: parameter[k, h]\n"
Z = "z[0] = x\nfor l in 1..n:\n    z[l] = "
REFUSED = {
    Z + "W[l+1] @ z[l-1]\nL = sum(z)": (7, 12, "W[l+1] is outside at l = n: it is number n + 1, W has 1 to n. Change the index, or the bounds of the loop over l (line 6)."),
    Z + "W[l-1] @ z[l-1]\nL = sum(z)": (7, 12, "W[l-1] is outside at l = 1: it is number 0, W has 1 to n."),
    Z + "U @ z[l-1]\nL = sum(z[n+1])": (8, 9, "z[n+1]: there is no number n + 1; the entries are 1 to n. The last is [n]."),
    Z + "U @ z[l-1]\nL = sum(z[1:3])": (8, 9, "z[1:3]: the entries are counted from 1, and a part of them has two meanings. Write z.copy()[...], counted from 0."),
    Z + "W[l] @ z[l-1] + W[0] @ x\nL = sum(z)": (7, 28, "W[0]: there is no number 0; the entries are 1 to n. The last is [n]."),
    "for l in 1..n:\n    z[l] = U @ z[l-1]\nL = sum(z)": (6, 16, "z[l-1] is z[0] at l = 1, and z[0] is not given. Write z[0] = ... above the loop over l (line 5)."),
    Z + "U @ z[l-1] + z[l-2]\nL = sum(z)": (7, 25, "z[l-2] is z[-1] at l = 1, and z[-1] is not given."),
    Z + "U @ z[l+1]\nL = sum(z)": (7, 16, "z[l+1] is not known yet: the loop over l (line 6) rises. Write z[l-1], or a loop that falls: for l in n..1:"),
    Z + "U @ z[l-1] + z[l+1]\nL = sum(z)": (7, 25, "z[l+1] and earlier steps of z are read in the loop over l (line 6): a loop goes one way. Write a loop for each direction."),
    Z + "V @ z[l-1]\nL = sum(z)": (6, 1, "z[0] is (h,), and z is (k,) after a step of the loop over l (line 6). What a loop carries keeps its shape."),
    "z[0] = 0\nfor l in 1..n:\n    z[l] = x + z[l-1]\nL = sum(z)": (6, 1, "z[0] is (), and z is (h,) after a step of the loop over l (line 6). Write z[0] = zeros(h)."),
    Z + "U @ a[l]\n    a[l] = z[l-1]\nL = sum(z)": (7, 16, "a[l] is used before line 8 of the loop over l (line 6) writes it. Move that line up."),
    Z + "U @ z\nL = sum(z)": (7, 16, "z is written step by step in the loop over l (line 6). Write z[l-1] of the step before, z[l], or read all of z below the loop."),
    Z + "W[n-l] @ z[l-1]\nL = sum(z)": (7, 12, "W[n-l] is outside at l = n: it is number 0, W has 1 to n."),
    "s[0] = W[1]\nfor l in 1..n:\n    s[l, 0] = x\n    for t in 1..h:\n        s[l, t] = U @ s[l-1, t-1]\nL = sum(s)": (9, 23, "s[l-1, t-1] is s[0, 0] at the first step of both loops, and s[0, 0] is not given. Write s[0, 0] = ... above the loop over l (line 6)."),
    "s[0] = W[1]\ns[0, 0] = zeros(k)\nfor l in 1..n:\n    s[l, 0] = x\n    for t in 1..h:\n        s[l, t] = U @ s[l-1, t-1]\nL = sum(s)": (10, 23, "s[0, 0] is (k,), and s[l, 0] is (h,). All starts have one shape."),
    Z + "U @ z[n-l]\nL = sum(z)": (7, 18, "[n-l] is no fixed number of steps away. Write [l], or [l-1]."),
    Z + "x\n    z[l] = x\nL = sum(z)": (8, 5, "z[l] is written twice in a step. Give one another name."),
    Z + "x\nfor l in 1..n:\n    z[l] = x\nL = sum(z)": (9, 5, "z is written already, by the loop on line 6. Go on with another name: z_2."),
    Z + "x\n    z[l+1] = x\nL = sum(z)": (8, 5, "z is written at two numbers in the loop over l (line 6). Give each a name of its own."),
    "L = sum(z)\n" + Z + "x": (5, 9, "z is written by the loop on line 7. Read it below that line."),
    "z[0] = x\nz[0] = x\nfor l in 1..n:\n    z[l] = U @ z[l-1]\nL = sum(z)": (6, 1, "z[0] is given twice. Leave one out."),
    "for l in 1..n:\n    x[l] = U @ W[l]\nL = sum(x)": (6, 5, "x has a value already, and an entry cannot be set."),
    "for l in 1..n:\n    z[l, 0] = x\nL = sum(z)": (6, 5, "an entry cannot be set. Write the whole tensor of a step: z[l] = ..."),
    "y = ones((n + 1, h))\nfor l in 1..n:\n    y[l] = x\nL = sum(y)": (7, 5, "y has a value already, and an entry cannot be set."),
    "y = zeros((n + 1, k))\nfor l in 1..n:\n    y[l] = x\nL = sum(y)": (6, 1, "a row of y is (k,), and the loop over l (line 6) writes (h,) to it. Write y = zeros of that shape."),
    "for n in 1..n:\n    z[n] = x\nL = sum(z)": (5, 5, "n is a size already. Give the loop another letter."),
    "for l in 1..sum(x):\n    z[l] = x\nL = sum(z)": (5, 13, "how often the loop goes round depends on the value of sum(x). Bounds are whole numbers and sizes"),
    "for l in 1..n:\n    for t in 1..l:\n        z[t] = x\nL = sum(x)": (6, 17, "how often the loop goes round depends on the value of l."),
    "for l in k..n:\n    z[l] = x\nL = sum(z)": (5, 10, "whether the loop from k to n rises or falls depends on the sizes. Write range(k, n + 1), or reversed(range(n, k + 1))."),
    "for l in range(0, n, 2):\n    z[l] = x\nL = sum(z)": (5, 10, "the loop goes in steps of 2. Write steps of 1, or of -1."),
    "for l in 1 << n:\n    z[l] = x\nL = sum(z)": (5, 10, "a loop that writes z[l] goes over numbers. Write for l in 1..n:"),
    "for l in range(3, 3):\n    z[l] = x\nL = sum(z)": (5, 10, "the loop has 0 steps. A loop has one step at least."),
    "for t in 1..n:\n    z[1:, t] = x\nL = sum(z)": (6, 5, "the steps of z do not stand first. Let the steps stand first, z[t] = ..., and read z so."),
    "for t in n:\n    z[t] = x\nL = sum(z)": (5, 10, "a loop that writes z[t] goes over numbers. Write for t in 1..n:"),
    "for t in 1..n\n    z[t] = x\nL = sum(z)": (5, 13, "the line of a loop ends with a colon. Write : at its end."),
    "for t in 1..n:\nz[t] = x\nL = sum(z)": (6, 1, "the lines of a loop are indented. Begin them with four blanks."),
    "for t in 1..n:\n    z = tanh(U @ z)\nL = sum(z)": (6, 18, "z has no value before the first step of the loop over t (line 5). Write above it what z begins with: z = zeros(n), say."),
    Z.replace("1..n", "range(n)") + "U @ z[l-1]\nL = sum(z)": (7, 16, "z[l-1] is z[-1] at l = 0, and z[-1] is not given. Write z[-1] = ... above the loop over l (line 6). Or, as z[0] is given, let it begin at l = 1."),
    "z[0] = h0\nfor l in 1..n:\n    z[l] = U @ z[l-1]\nL = sum(z)": (5, 8, "h0 is not defined. Declare it: h0: data[n] or h0: parameter[n]. Or did you mean the size h?"),
    "z_t = U @ z_{t-1}": (5, 11, "braces are no subscript here. Write z[t-1]."),
    "t: integers[]\nL = sum(x)": (5, 12, "the brackets are empty. Write none, or the sizes of its axes: [n]."),
    "for l in 1..n:\n    z[l] = U @ z[l-1]\nz[0] = x\nL = sum(z)": (6, 16, "z[l-1] is z[0] at l = 1, and z[0] is not given above the loop, but on line 7. Move that line above the loop over l (line 5)."),
    "z = 2*x\nfor l in 1..n:\n    z[l] = U @ z[l-1]\nL = sum(z)": (7, 5, "z has a value already, and an entry cannot be set. Write z_2[...], or leave the line above out; if that is the start, z[0] = ... above the loop."),
    "z[0] = x\nfor l in 1..n:\n    z = U @ z\nL = sum(z)": (5, 1, "z has no value yet: no entry of it can be set. Write z = ..., or set z[...] step by step in a loop."),
    "z[0] = 0\nfor l in 1..n:\n    z[l] = U @ z[l-1]\nL = sum(z)": (7, 12, "U @ z[l-1]: a scalar has no axes to multiply along; write * instead, or let it begin as zeros(h). z[0] is the number 0: write z[0] = zeros(...), of the shape of a step"),
    Z + "U @ z[l]\nL = sum(z)": (7, 16, "z[l] is used before line 7 of the loop over l (line 6) writes it. Write z[l-1], of the step before."),
    Z + "U @ z[l-1]\nL = sum(z[l])": (8, 11, "l counts the steps of the loop on line 6, and has no value below it. Write n for the last step, or sum(... for l in range(1, n + 1)) for all."),
    "z[0] = x\nwhile l < n:\n    z[l] = U @ z[l-1]\nL = sum(z)": (6, 1, "while is not in the language. Write for t in 1..T:"),
    "B[l]: parameter[h, h]\nL = sum(x)": (5, 1, "no loop reads B[l]: nothing tells how many there are. Declare B with that size, or leave it out."),
    "B[l]: parameter[g[l], g[l-1]]\nL = sum(x)": (5, 1, "no loop reads B[l]: nothing tells how many there are. Declare B with that size, or leave it out."),
    "B[l]: parameter[x[l], x[l-1]]\nL = sum(x)": (5, 17, "x is a tensor, not a size. Give the size a name of its own."),
    "B[2]: parameter[h, h]\nL = sum(x)": (5, 1, "a declaration has letters of loops in its brackets. Write W[l]: parameter[h, h]."),
    "q = sum(x)\nfor l in range(n):\n    q = q + x\nL = sum(q)": (6, 1, "q is (), and q is (h,) after a step of the loop over l (line 6). What a loop carries keeps its shape."),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_and_where(text: str) -> None:
    line, column, words = REFUSED[text]
    with pytest.raises(NotationError) as caught:
        read_text(START + text)
    assert (caught.value.line, caught.value.column) == (line, column), str(caught.value)
    assert f"{caught.value.fault} {caught.value.mend}".startswith(words), str(caught.value)


def test_zeros_that_are_filled_before_they_are_read_are_no_value(tmp_path: Path) -> None:
    (path := tmp_path / "f.py").write_text(
        'def f(y: "data[T]", w: "parameter"):\n'
        "    F = np.zeros((T, T))\n"
        "    for j in range(T):\n"
        "        F[0, j] = w * y[j]\n"
        "    for t in range(1, T):\n"
        "        for j in range(T):\n"
        "            F[t, j] = F[t - 1, j] * w\n"
        "    return np.sum(F**2)\n"
    )
    network = read(f"{path}:f")
    assert set(network.program.outputs) == {"F_0", "F", "L"}  # F_0 was zeros, and its row F_0_2
    assert network.notes == ()
    assert str(network.program.equation_of()["F_0"]) == "F_0[j] = w*y[j]"
