"""The language as text: what it declares and defines, and the words of every refusal."""

import time
from pathlib import Path

import numpy as np
import pytest

from symbackprop.notation import NotationError, read, read_expression
from symbackprop.notation.grammar import DEEPEST, LARGEST
from tests.notation.values import value

TWO_LAYERS = """\
# L = (yhat - y)^2 through sigma(W_1 x) and W_2
x: data[d]
y: data[c]
W_1: parameter[h, d]
W_2: parameter[c, h]

a = sigmoid(W_1 @ x)
yhat = W_2 @ a  # the prediction
L = sum((yhat - y)**2)
"""


def equations(text: str, **options: str) -> list[str]:
    return [str(equation) for equation in read(text, **options).program.equations]


def test_the_two_layer_network() -> None:
    network = read(TWO_LAYERS)
    assert str(network).splitlines() == [
        "x: data[d]",
        "y: data[c]",
        "W_1: parameter[h, d]",
        "W_2: parameter[c, h]",
        "z[i] = sum_{j} W_1[i j]*x[j]",
        "a[i] = sigmoid(z[i])",
        "yhat[k] = sum_{i} W_2[k i]*a[i]",
        "L = sum_{k} (-y[k] + yhat[k])**2",
    ]
    assert network.loss == "L"
    assert network.title == "L = (yhat - y)^2 through sigma(W_1 x) and W_2"
    assert network.source == TWO_LAYERS
    assert network.lines["yhat"] == (8, 1)
    assert network.notes == ()


def test_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "two_layers.txt"
    file.write_text("\ufeff" + TWO_LAYERS.replace("\n", "\r\n"), encoding="utf-8")
    assert read(file).name == "two_layers"
    assert str(read(str(file))) == str(read(TWO_LAYERS))


SIZED = {
    "parameter(n, m)": "parameter[n, m]",
    "parameter[n x m]": "parameter[n, m]",
    "parameter n m": "parameter[n, m]",
    "positive{n}": "positive[n]",
    "data<3 × m>": "data[3, m]",
    "n x m": "data[n, m]",
    "(n, m)": "data[n, m]",
    "R^n": "data[n]",
    "R**(n, m)": "data[n, m]",
    "vector[n]": "data[n]",
    "scalar": "data",
}  # how paper and other languages say sizes, and what mends it


@pytest.mark.parametrize(("written", "meant"), SIZED.items(), ids=SIZED)
def test_sizes_as_on_paper_are_told_their_mend(written: str, meant: str) -> None:
    line = f"x: {written}"
    with pytest.raises(NotationError) as refused:
        read(f"{line}\ny: parameter\nL = y*sum(x)")
    place = refused.value.place
    assert place is not None
    assert place.line == 1
    start = place.column - 1
    assert f"{line[:start]}{refused.value.write}{line[start + place.length :]}" == f"x: {meant}"
    assert f"Write {meant}" in str(refused.value) or f"data{meant[4:]} for what is given" in str(refused.value) or "[" in written


def test_sizes_are_read_as_a_page_prints_them() -> None:
    assert str(read("W: parameter[h × d]\nL = sum(W)")).splitlines()[0] == "W: parameter[h, d]"


def test_the_last_scalar_is_the_loss_unless_one_is_named() -> None:
    text = "x: data[n]\na = sum(x)\nb = sum(x**2)\nc = x + a + b"
    assert read(text).loss == "b"
    named = read(text, loss="a")
    assert named.loss == "a"
    assert named.program.outputs[-1] == "a"
    assert read("x: data[n]\ny = x + 1").loss == "y"


def test_kinds_and_domains() -> None:
    network = read(
        "x: positive[n]\ny: labels[n, c]\nt: integers[n, v]\ns: parameter[2*n, 3] & positive\nm: binary[()]\nu: unit & data[n]\n"
        "g: sign\nlam: data\nmu = 2e-3\nL = sum(x) + sum(s)*m*g*lam*mu + sum(u) + sum(y) + sum(one_hot(t, v))"
    )
    found = {t.name: (t.kind, t.domain, str(t.shape)) for t in network.program.inputs}
    assert found == {
        "x": ("data", "positive", "(n,)"), "y": ("labels", None, "(n, c)"), "t": ("integers", None, "(n,)"),
        "s": ("parameter", "positive", "(2*n, 3)"), "m": ("data", "binary", "()"), "u": ("data", "unit", "(n,)"),
        "g": ("data", "sign", "()"), "lam": ("data", None, "()"), "mu": ("constant", None, "()"),
    }  # fmt: skip
    assert str(network.program.tensors["t"].bound) == "v"
    assert str(network.program.tensors["mu"].value) == "1/500"


def test_sizes_are_numbers_too() -> None:
    x = np.arange(6.0).reshape(2, 3)
    text = "X: data[n, d]\n{}\nL = sum(X) * m"
    for line, m in {
        "m = n*d": 6,
        "m = len(X)": 2,
        "m = X.shape[1]": 3,
        "p, m = X.shape": 3,
        "m = X.ndim + X.size // 2": 5,
        "m = n - 1": 1,
    }.items():
        assert value(read(text.format(line)), {"X": x}) == 15 * m


def test_a_whole_constant_is_a_size() -> None:
    network = read("k = 3\nx: data[k, h]\nL = sum(x[:k-1])/k")
    assert str(network.program.shape("x")) == "(3, h)"


def test_what_a_size_must_be_is_a_condition() -> None:
    network = read("x: data[h - k + 1, n // 2]\nL = sum(x)")
    assert set(map(str, network.program.conditions)) == {"h - k", "floor(n/2) - 1"}


def test_a_second_name_is_an_alias() -> None:
    network = read("x: data[n]\nv = x\ny = 2*v\nw = y\nL = sum(w*v)")
    assert network.aliases == {"v": "x", "w": "y"}
    assert equations("x: data[n]\nv = x\ny = 2*v\nw = y\nL = sum(w*v)") == ["y[i] = 2*x[i]", "L = sum_{i} x[i]*y[i]"]
    assert read("x: data[n]\ny = sum(x)\nL = y", loss="L").loss == "y"


def test_functions_are_called_by_any_of_their_names() -> None:
    lines = [
        "np.sum(np.exp(x))",
        "sum(exp(x))",
        "np.exp(x).sum()",
        "sb.sum(numpy.exp(x), axis=0)",
        "np.sum(np.exp(x), 0, keepdims=False)",
    ]
    assert len({tuple(equations(f"x: data[n]\nL = {line}")) for line in lines}) == 1


def test_a_size_may_be_given_what_it_is() -> None:
    plain = read("x: data[n, d]\nL = sum(x)/n").program
    for said in ("n, d = x.shape", "n = len(x)", "n = x.shape[0]\nd = x.shape[-1]"):
        assert read(f"x: data[n, d]\n{said}\nL = sum(x)/n").program == plain
    for other in ("d = x.shape[0]", "n = n + 1", "n = 3"):
        with pytest.raises(NotationError, match=r"[nd] is a size already\."):
            read(f"x: data[n, d]\n{other}\nL = sum(x)/n")


def test_names_of_values_do_not_meet_names_of_sizes() -> None:
    assert equations("x: data[a, z]\nL = sum(sigmoid(2*x) @ x.T)")[0].startswith("s[")


def test_one_declaration_may_be_of_several() -> None:
    several = read("x,y ,  z: data[n] & positive\nW, V : parameter[n, n]\nL = sum(W @ x * V @ y * z)")
    assert (
        several.program
        == read(
            "x: data[n] & positive\ny: data[n] & positive\nz: data[n] & positive\nW: parameter[n, n]\nV: parameter[n, n]\nL = sum(W @ x * V @ y * z)"
        ).program
    )
    assert (several.lines["y"], several.lines["z"], several.lines["V"]) == ((1, 3), (1, 8), (2, 4))


def test_a_text_that_declares_nothing_is_of_numbers() -> None:
    network = read("z = w*x + b; a = sigmoid(z)\nL = (a - y)**2")
    assert [(t.name, t.kind, t.shape) for t in network.program.inputs] == [(name, "parameter", ()) for name in "wxby"]
    assert network.notes == ("Nothing is declared: w, x, b, y are taken to be numbers.",)
    assert (
        read("w: parameter\nx: parameter\nb: parameter\ny: parameter\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2").program
        == network.program
    )


def test_what_nothing_reads_is_noted() -> None:
    assert read("x: data[n]\ny: data[m]\nL = sum(x)").notes == ("y: nothing reads it.",)


def test_gates() -> None:
    neuron = "w0: parameter\nx0: data\nw1: parameter\nf = 1/(1 + exp(-(w0*x0 + w1)))"
    assert equations(neuron) == ["u_1 = w0*x0", "u_2 = u_1 + w1", "u_3 = -u_2", "u_4 = exp(u_3)", "u_5 = u_4 + 1", "f = 1/u_5"]
    assert equations(neuron, gates="whole") == ["f = 1/(exp(-w0*x0 - w1) + 1)"]
    assert [str(e) for e in read(neuron, gates="whole").program.equations] == ["f = 1/(exp(-w0*x0 - w1) + 1)"]


def test_an_expression() -> None:
    network = read_expression(
        "sum((W_2 @ sigmoid(W_1 @ x) - y)**2) + lam", ["W_1: parameter[h, d]", "W_2: parameter[c, h]", "x: data[d]", "y: data[c]"]
    )
    assert network.loss == "L"
    assert network.program.tensors["lam"].kind == "parameter"
    assert network.program.shape("lam") == ()
    assert str(read_expression("(x + y)*z")).splitlines()[-2:] == ["u = x + y", "L = u*z"]
    assert read_expression("L*x").loss == "f"
    assert read_expression("q = a*b").loss == "q"
    assert read_expression("sum(x)/n", ["x: data[n]"]).program.inputs[0].name == "x"


def test_a_tuple_of_values_is_unpacked() -> None:
    assert equations("x: data[2*n]\na, b = split(x, 2)\nL = sum(a*b)")[-1] == "L = sum_{i} a[i]*b[i]"


D = "x: data[n]\n"
WORDS = {  # text -> line, column, the words
    "L = sum(x)": (1, 5, "x is used as an array but not declared. Declare it: x: data[n]."),
    "L = sum((w*x - y)**2)/n": (1, 5, "w, x and y are used as arrays but not declared. Declare them: w: parameter; x: data[n]; y: data[n]."),
    "z = w*x\nL = Z**2": (2, 5, "Z is not defined. Did you mean z?"),
    "yhat = w*x\nL = yaht**2": (2, 5, "yaht is not defined. Did you mean yhat?"),
    "x = data[n]\nL = x": (1, 5, "data is not defined. A declaration has a colon: x: data[n]."),
    "x, x: data[n]\nL = sum(x)": (1, 4, "x is defined twice (first on line 1). A name keeps its value: write x_2."),
    "x, y: dat[n]\nL = sum(x)": (1, 7, "dat is no kind of tensor. Did you mean data?"),
    D + "L = (w^T x)^2": (2, 7, "^T is no transpose here. Write .T, and @ for the product: X.T @ y."),
    "f(x, y) = x**2*y": (1, 2, "a value needs no arguments. Leave them out: f = ..."),
    "L = -y*log(p), p = w*x": (1, 14, "a comma stands between equations. Give each a line of its own, or part them by semicolons."),
    D + "L = sum(X)": (2, 9, "X is not defined. Did you mean x?"),
    D + "L = sum(sigmod(x))": (2, 9, "sigmod is not a function of the language. Did you mean sigmoid?"),
    D + "L = sum(sigma(x))": (2, 9, "sigma is not a function of the language. Did you mean sigmoid?"),
    D + "L = np.summ(x)": (2, 5, "summ is not a function of the language. Did you mean sum?"),
    D + "L = x.summ()": (2, 5, ".summ() is not in the language. Did you mean .sum()?"),
    D + "L = x.hinge_loss()": (2, 5, ".hinge_loss() is not in the language. Write hinge_loss(x)."),
    D + "L = x.t": (2, 5, ".t is a method. Write x.t()."),
    D + "L = x.sum": (2, 5, ".sum is a method. Write x.sum()."),
    D + "L = sum": (2, 5, "sum is a function. Write sum(...)."),
    D + "L = np.exp": (2, 5, "exp is a function. Write exp(...)."),
    D + "L = x(2)": (2, 5, "x is a tensor, not a function. Write x * (...) for a product."),
    D + "L = (x+1)(2)": (2, 6, "x+1 is not a function. Write * for a product."),
    D + "L = sum(x, dtype=1)": (2, 5, "sum: got an unexpected keyword argument 'dtype'. It is written sum(x, axis=None, keepdims=False)"),
    D + "L = sum(x, axis=1)": (2, 5, "sum: axis 1 is out of range: x is (n,), its axes are 0 to 0"),
    D + "L = sum(x, axis=x)": (2, 5, "sum: axis must be a plain value, not a tensor. It is written sum(x, axis=None, keepdims=False)"),
    D + "L = swapaxes(x, 0, True)": (2, 5, "swapaxes: b must be a whole number, not True. It is written swapaxes(x, a, b)"),
    D + "__import__('os').system('true')": (2, 1, "__import__ is not a function of the language. Write it with the operations of the language."),
    D + "L = x.__class__.__mro__": (2, 5, ".__class__ is not in the language. There are .T, .mT, .shape, .ndim, .size, .sum,"),
    D + f"L = np.array({[0] * 101})": (2, 5, "array: 101 numbers are written out; declare the array as data: x: data[n]"),
    D + "L = x*np.nan": (2, 7, "nan is not a word of the language. Write a number."),
    D + "x: parameter[n]\nL = sum(x)": (2, 1, "x is defined twice (first on line 1). A name keeps its value: write x_2."),
    D + "n = 3": (2, 1, "n is a size already. Give the tensor or the size another name."),
    "n: data[n]\nL = sum(n)": (1, 1, "n is a tensor and a size. Give one of them another name."),
    D + "y: data[x]": (2, 9, "x is a tensor, not a size. Give the size a name of its own."),
    D + "L = 2*y\ny = sum(x)": (2, 7, "y is used before line 3 defines it. Move that line up."),
    "sum: data[n]": (1, 1, "sum is a function of the language and cannot name a tensor or a size. Write sum_1."),
    D + "np = 3": (2, 1, "np is the name of a package and cannot name a tensor or a size. Write np_1."),
    "lambda: data": (1, 1, "lambda is a word of Python and cannot name a tensor. Write lam: data."),
    "lambda = 3": (1, 1, "lambda is a word of Python and cannot name a tensor. Write lam."),
    "ж: parameter": (1, 1, "ж is not written in ASCII. Write it with the letters a to z."),
    "_a: data": (1, 1, "'_a' is no name. A name begins with a letter and goes on with letters, digits and _: W_1."),
    D + "L = x·x": (2, 5, "· is not in the language. Write * between numbers, dot(x, y) between vectors."),
    D + "L = sum(x^2)": (2, 10, "^ is not in the language. Write ** for a power."),
    D + "L = x ^ 2": (2, 7, "^ is not in the language. Write ** for a power."),
    D + "L = x // 2": (2, 5, "// is not in the language. Whole division is for sizes only; write /, or floor(a / b)."),
    D + "L = x > 0 and x < 1": (2, 5, "and, or are not in the language. Comparisons are 0 or 1: write (a > 0) & (b > 0) for and,"),
    D + "L = 0 < x < 1": (2, 5, "a chain of comparisons is not in the language. Write (0 < x) * (x < 1), with your signs."),
    D + "L = not x": (2, 5, "not is not in the language. Comparisons are 0 or 1: write ~(a > 0), or a <= 0."),
    D + "L = x if x else 1": (2, 10, "x is not known before the numbers are. Write np.where(condition, a, b)."),
    D + "L = x & (x > 0)": (2, 5, "x is no comparison. Put brackets around each: (a > 0) & (b > 0)."),
    D + "L = ~x": (2, 6, "x is no comparison. Put brackets around each: (a > 0) & (b > 0)."),
    D + "L = [v for v in x if v > 0]": (2, 5, "a condition picks among as many values as a size. Weigh "),
    D + "L = (lambda v: v)(x)": (2, 6, "lambda v: v is not a function. Write * for a product."),
    D + "L = f'{x}'": (2, 5, "an f-string of tensors is not in the language. Write a plain string, or a number."),
    D + "L = (y := x)": (2, 6, ":= is not in the language. Give the value a line of its own."),
    D + "L += x": (2, 1, "L has no value yet. Write L = ... above."),
    D + "y = x[:2]\nx *= 2": (3, 1, "x and y share their entries: NumPy changes both. Write x = x + ... for a new array, or y = ....copy() above."),
    D + "x += x[:, None]": (2, 1, "x is (n,), and would be (n, n): NumPy refuses this. Write x = ..."),
    D + "a = 2*x\nc = (a[1:], x)\na += 1": (4, 1, "a and c share their entries: NumPy changes both."),
    D + "a = 2*x\na[a < 0] = x": (3, 1, "an entry cannot be set. Write the whole tensor, with np.where or np.concatenate."),
    D + "a = 2*x\na[a < 0] *= x": (3, 1, "an entry cannot be set. Write the whole tensor, with np.where or np.concatenate."),
    D + "n += 1": (2, 1, "n is a size already. Give the tensor or the size another name."),
    D + "x[x.T > 0] = x": (2, 1, "an entry cannot be set. Write the whole tensor, with np.where or np.concatenate."),
    D + "a, b = x": (2, 1, "the right side is one value. Write a line for each name."),
    D + "np.sum(x)": (2, 1, "the value has no name. Write L = np.sum(x)."),
    D + "L = [x, x]\nM = L + 1": (3, 5, "a list is no tensor. Write np.stack(...) or np.concatenate(...), or declare the entries as data."),
    D + 'c = {"x": x}\nL = c["y"]': (3, 5, 'c["y"]: there is no such key. The keys are x.'),
    "import os": (1, 1, "os is not imported: code is read here, and never run. Write its functions out."),
    "from numpy import sum as total": (1, 1, "sum is given another name. Write from numpy import sum."),
    "def f(x):\n    return x": (1, 1, "def is not in the language. Write the equations alone, or decorate the function with @sb.network."),
    D + "for i in range(x):\n    y = x": (2, 16, "how often the loop goes round depends on the value of x. Bounds are whole numbers and sizes"),
    D + "for i in range(10**6):\n    y = x": (2, 10, "the loops go round more than 1,000 times. Write a sum over an axis: sum(x, axis=0)."),
    D + "for i in range(9**99):\n    y = x": (2, 10, "the loops go round more than 1,000 times."),
    D + "for i in range(99):\n    for j in range(99):\n        y = x*i": (2, 10, "the loops go round more than 1,000 times."),
    D + "for i in 3:\n    y = x": (2, 10, "a loop goes over range(...), or several values. Write for k in range(3):"),
    D + "if x:\n    y = x": (2, 4, "x is not known before the numbers are. Write np.where(condition, a, b)."),
    D + "  L = sum(x)": (2, 2, "the line is indented. Begin every line at the left margin."),
    D + "L = sum(x": (2, 8, "this is not the syntax of the language: '(' was never closed. A ) is missing."),
    D + "L = x = ": (2, 9, "this is not the syntax of the language: invalid syntax. A line is a declaration, x: data[n], or an equation, y = W @ x."),
    "x: dat[n]": (1, 4, "dat is no kind of tensor. Did you mean data?"),
    "x: data[2.5]": (1, 9, "2.5 is no size. A size is a whole number, a name, or an expression of these: h - k + 1."),
    "x: data[n/2]": (1, 9, "a size is a whole number. Write n // 2."),
    "x: data[0]": (1, 4, "x: 0 is no size. A size is at least 1."),
    "x: data[n**9]": (1, 9, "the exponent of a size is a whole number from 1 to 8."),
    "x: data[n][m]": (1, 4, "the sizes stand in one pair of brackets. Write parameter[h, d]."),
    "x: data & parameter": (1, 4, "data & parameter says the same thing twice. Write s: parameter[n] & positive."),
    "x: data[n] = 3": (1, 14, "a declaration has no value. Write x = ... for a constant or an equation."),
    "t: integers": (1, 4, "t: integers need the size that they stay below. Write t: integers[n, v] for n numbers below v, t: integers[v] for one."),
    "y: labels": (1, 4, "y: labels sum to one along their last axis, so they need an axis. Write y: labels[n, c]."),
    "W: parameter[h, d]\nX: data[n, d]\nL = W @ X": (3, 5, "W @ X: the inner sizes differ: W is (h, d), X is (n, d). Did you mean W @ X.T?"),
    "W: parameter[h, d]\nx: data[h]\nL = W @ x": (3, 5, "W @ x: the inner sizes differ: W is (h, d), x is (h,). Did you mean W.T @ x?"),
    "x: data\nL = x @ x": (2, 5, "x @ x: a scalar has no axes to multiply along; write * instead"),
    "X: data[n, d]\nb: data[n]\nL = X + b": (3, 5, "X + b: the shapes do not broadcast: X is (n, d) and b is (n,). Did you mean b[:, None]?"),
    "W: parameter[h, d]\nV: parameter[d, c]\nL = sum(W * V)": (3, 9, "W * V: the shapes do not broadcast: W is (h, d) and V is (d, c). Did you mean W @ V?"),
    "W: parameter[c, d]\nx: data[d]\ny: data[c]\nyhat = W * x\nL = sum((yhat - y)**2)": (5, 10, "yhat - y: the shapes do not broadcast: yhat is (c, d) and y is (c,). W * x multiplies entry by entry: for the product of a matrix write W @ x."),
    "X: data[n, d]\nY: data[d, n]\nL = 2*X*Y": (3, 5, "2*X*Y: the shapes do not broadcast: (2*X) is (n, d) and Y is (d, n). Did you mean Y.T?"),
    "x: data[n]\ny: data[m]\nL = (x + 1) / exp(y)": (3, 5, "(x + 1) / exp(y): the shapes do not broadcast: (x + 1) is (n,) and exp(y) is (m,)."),
    D + "L = sum(x[1 - n:1])": (2, 9, "indexing x, which is (n,): [1 - n:1] does not fit an axis of size n"),
    "x: data[3]\nL = x[3]": (2, 5, "indexing x, which is (3,): 3 is out of range for an axis of size 3"),
    D + "L = x[0, 1]": (2, 5, "indexing x, which is (n,): more indices than axes"),
    D + "L = x[0.5]": (2, 5, "indexing x, which is (n,): 1/2 is no position: write whole numbers, sizes, slices, None, ..."),
    D + "L = x[x > 0]": (2, 5, "indexing x, which is (n,): (x > 0) holds no integers; declare it as integers[n, v], or write where(mask, x, 0)"),
    "t: integers[n, v]\nE: parameter[v, d]\nL = sum(E[t + 1])": (3, 9, "indexing E, which is (v, d): (t + 1) holds no integers: it is computed; declare such positions, s: integers[n, v]"),
    "W: matrix[n, d]\nL = sum(W)": (1, 4, "matrix does not say whether it is learnt. Write data[n, d] for what is given, parameter[n, d] for what is learnt."),
    "s = X @ W\np = softmax(s)\nL = -mean(log(p[range(n), y]))": (1, 5, "X, W and y are used as arrays but not declared. Declare them: X: data[n, d]; W: parameter[d, h]; y: integers[n, h]."),
    D + "L = sum(e**x)": (2, 9, "e is not defined. Write exp(x) for its powers, exp(1) for the number."),
    D + "L = sum(x^T @ x)": (2, 11, "^T is no transpose here. Write x.T."), D + "L <- sum(x)": (2, 1, "<- gives no name here. Write L = ..."),
    D + "L = sum(x)\ndL/dx": (3, 1, "dL/dx is derived. Leave the line out: every gradient is."),
    "w: parameter[d]\nx: data[d]\nL = (w . x)**2": (3, 6, ".x is not in the language. Write w @ x for a product."),
    D + "L = x.shape[1]*x": (2, 5, "x.shape[1]: there are 1 entries, counted from 0."),
    D + 'L = np.einsum("ij->", x)': (2, 5, 'einsum "ij->": "ij" has 2 letters, x is (n,)'),
    D + "L = x/0": (2, 5, "division by zero"),
    D + "L = log(-1)*x": (2, 5, "log of -1 is not a real number that a float64 holds"),
    D + "L = x*9**9**9**9": (2, 10, "the exponent 387420489 is beyond 1000"),
    D + "L = x**1000000": (2, 5, "the exponent 1000000 is beyond 1000"),
    D + "L = x*exp(exp(exp(100)))": (2, 11, "exp of exp(100) is not a real number that a float64 holds"),
    D + "L = 1e999*x": (2, 5, "1e999 is too large for a float64."),
    D + "L = 1e-999*x": (2, 5, "1e-999 is too small for a float64."),
    D + "L = 2j*x": (2, 5, "complex numbers are not in the language."),
    D + "L = " + "9" * 60 + "*x": (2, 5, "a number of 60 digits; at most 50 are read."),
    D + "L = " + "y" * 120: (2, 5, "a name of 120 characters; at most 100 are read."),
    D + "L = sum(x)\0": (2, 1, "a null byte is no text. Is this the right file?"),
    D + "L = " + "(" * 10_000 + "x" + ")" * 10_000: (2, 105, "the expression is nested deeper than 100. Name its parts on lines of their own."),
    D + "L = " + "-" * 2_000 + "x": (2, 105, "the expression is nested deeper than 100. Name its parts on lines of their own."),
    D + "L = " + "-" * 10_000 + "x": (2, 2504, "one statement has more than 2,500 operations. Name its parts on lines of their own."),
    D + "L = x" + ".T" * 200: (2, 5, "the expression is nested deeper than 100. Name its parts on lines of their own."),
    D + "L = " + "+".join(["x"] * 10_000): (2, 5004, "one statement has more than 2,500 operations. Name its parts on lines of their own."),
}  # fmt: skip


@pytest.mark.parametrize("text", WORDS, ids=lambda text: repr(text[-40:]))
def test_the_words_of_a_refusal(text: str) -> None:
    line, column, words = WORDS[text]
    start = time.perf_counter()
    with pytest.raises(NotationError) as caught:
        read(text + "\n")
    assert time.perf_counter() - start < 5
    error = caught.value
    head, *drawn = str(error).split("\n")
    assert head.removeprefix(f"<text>:{line}:{column}: ").startswith(words)
    assert (error.file, error.line, error.column) == ("<text>", line, column)
    if drawn:
        shown, carets = drawn
        assert len(shown) == len(shown.rstrip("\n")) <= 104
        assert set(carets.strip()) == {"^"}


def test_the_caret_stands_under_the_fault() -> None:
    with pytest.raises(NotationError) as caught:
        read("W_1: parameter[h, d]\nx: data[n]\na = 2 * tanh(W_1 @ x)\n")
    assert str(caught.value).split("\n")[1:] == ["    a = 2 * tanh(W_1 @ x)", "                 ^^^^^^^"]


def test_columns_count_characters() -> None:
    with pytest.raises(NotationError) as caught:
        read("x: data[n]\nL = np.einsum('ü', q)\n")
    assert caught.value.column == 20


WHOLE = {
    "": "<text>: the text is empty. Write declarations, x: data[n], and equations, L = sum(x**2).",
    "\n \n": "<text>: the text is empty. Write declarations, x: data[n], and equations, L = sum(x**2).",
    "# a comment\n": "<text>: there is no equation. Write the loss: L = sum(...).",
    "x: data[n]\n": "<text>: there are declarations only, no equation. Write the loss: L = sum(...).",
}


@pytest.mark.parametrize("text", WHOLE)
def test_a_text_without_equations(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        read(text)
    assert str(caught.value) == WHOLE[text]


def test_a_loss_that_is_not_there() -> None:
    with pytest.raises(NotationError, match=r"there is no loss to be the loss. The values are: a, b\.$"):
        read("x: data\na = x**2\nb = x**3", loss="loss")
    with pytest.raises(NotationError, match=r"there is no Loss to be the loss. Did you mean loss\?$"):
        read("x: data\nloss = x**2", loss="Loss")


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "large.txt"
    file.write_bytes(b"# 10 MB\n" * 1_310_720)
    start = time.perf_counter()
    with pytest.raises(NotationError, match=rf"large.txt: the file has 10,485,760 bytes; a network has at most {LARGEST:,}\."):
        read(file)
    assert time.perf_counter() - start < 1
    with pytest.raises(NotationError, match=r"the text has 1,000,001 characters; a network has at most 1,000,000\."):
        read("#" * LARGEST + "\n")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotationError, match=r"there is no file .*missing.txt\.$"):
        read(tmp_path / "missing.txt")
    with pytest.raises(NotationError, match=r" is a folder\. Name a file in it\.$"):
        read(tmp_path)
    (tmp_path / "latin.txt").write_bytes("x: data\n# größe\n".encode("latin-1"))
    with pytest.raises(NotationError, match=r"latin.txt:2:5: the byte 0xf6 is not UTF-8. Save the file as UTF-8 text\."):
        read(tmp_path / "latin.txt")
    (tmp_path / "empty.txt").touch()
    with pytest.raises(NotationError, match=r"empty.txt: the text is empty\."):
        read(tmp_path / "empty.txt")


@pytest.mark.slow
def test_what_is_long_but_not_deep_is_read() -> None:
    assert equations("x: data[n]\nL = sum(" + " + ".join(["x"] * 50) + ")") == ["L = sum_{i} 50*x[i]"]
    text = "\n".join(f"x{k}: data[n]" for k in range(1_000)) + "\nL = sum(" + " + ".join(f"x{k}" for k in range(1_000)) + ")"
    assert value(read(text), {f"x{k}": np.ones(2) for k in range(1_000)}) == 2_000
    loop = "\ns[0] = 0\nfor t in 1..3:\n    s[t] = s[t-1] + sum(x999)"
    assert value(read(text.replace("\nL =", f"{loop}\nL = s[3] +")), {f"x{k}": np.ones(2) for k in range(1_000)}) == 2_006
    deep = "tanh(" * (DEEPEST - 20) + "x" + ")" * (DEEPEST - 20)
    assert len(equations(f"x: data[n]\nL = sum({deep})")) == DEEPEST - 20 + 1


def test_declarations_of_an_expression_are_declarations() -> None:
    with pytest.raises(NotationError, match=r'<declaration 1>:1:1: this is no declaration. Write "W: parameter\[h, d\]"\.'):
        read_expression("sum(x)", ["x"])
    with pytest.raises(NotationError, match=r"<expression>:1:5: W @ x: the inner sizes differ"):
        read_expression("sum(W @ x)", ["W: parameter[h, d]", "x: data[n]"])


def test_a_text_in_the_middle_of_code_may_stand_further_right() -> None:
    text = "x: data[n]\nL = sum(x**2)\n"
    moved = "\n" + "".join(f"        {line}\n" for line in text.splitlines()) + "    "
    assert read(moved).program == read(text).program
