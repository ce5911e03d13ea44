"""Statements as people write them: what Python does with the numbers is the witness of what the reader makes of the text."""

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.notation import read
from tests.notation.values import value

X = np.array([[0.3, -0.7, 0.2], [0.9, 0.4, -0.1]])
V = np.array([0.5, -0.25, 0.125])
T = np.array([2, 0])
DECLARED = "X: parameter[n, d]\nv: parameter[d]\nt: integers[n, d]\n"
PROGRAMS = {
    "a name is given another value": "h = X @ v\nh = np.tanh(h)\nh = h * h\nL = np.sum(h)",
    "an input is given another value": "X = X - np.mean(X, axis=0)\nL = np.sum(X**3)",
    "sums are added up": "loss = 0\nloss += np.sum(X**2)\nloss += 0.5*np.sum(v**2)\nloss /= 2",
    "an array is changed under both its names": "a = 2*v\nb = a\na *= 3\nb -= 1\nL = np.sum(a * b)",
    "a copy is not changed": "a = v.copy()\na *= 3\nL = np.sum(a * v)",
    "what is computed from an array keeps its value": "a = 2*v\nb = a + 1\na *= 3\nL = np.sum(a * b)",
    "entries that a comparison picks": "a = 2*X\na[a < 0] = 0\nL = np.sum(a**2)",
    "entries that are changed": "a = 2*X\na[a < 0] *= 0.1\nL = np.sum(a**2)",
    "an input's entries": "v[v < 0] = 0\nL = np.sum(X @ v)",
    "entries under both names": "a = 2*X\nb = a\na[a > 0.5] = 0.5\nL = np.sum(b**2)",
    "several names for one value": "a = b = X @ v\nL = np.sum(a * b)",
    "several names for several values": "a, (b, c) = X @ v, (v, 2)\nL = np.sum(a) + c*np.sum(b)",
    "an array that a tuple holds is changed": "a = 2*v\nc = (a, v)\na += 1\nL = np.sum(c[0] * c[1])",
    "an array that a dict holds is changed": "a = 2*v\nc = {'a': (a, 3)}\na[a < 0] = 0\nb, k = c['a']\nL = np.sum(b**2) * k",
    "a number that a tuple holds stays": "s = np.sum(v)\nc = (s, v)\ns += 1\nL = s * c[0]",
    "two statements on a line": "a = X @ v; L = np.sum(a**2)",
    "imports": "import numpy as np\nfrom numpy import exp, tanh\nimport numpy.linalg\nL = np.sum(exp(X)) + np.linalg.norm(tanh(v))",
    "another name for a module": "import numpy as N\nimport math\nL = N.sum(N.exp(X)) * math.sqrt(2) + math.pi*np.sum(v)",
    "what says nothing of the value": '"""A network."""\nassert X.ndim == 2\npass\nL = np.sum(X @ v)\nprint(L)',
    "a loop over numbers": "h = v\nfor k in range(1, 4):\n    h = np.tanh(h) * k\nL = np.sum(h)",
    "a loop that falls": "L = 0\nfor k in range(3, 0, -1):\n    L += np.sum(v**k) / k",
    "a loop over values": "L = 0\nfor a in (X, 2*v, v[0]):\n    L += np.sum(a**2)",
    "a loop over pairs": "L = 0\nfor k, (a, c) in enumerate(zip([X, v], [2, 3])):\n    L += c * k * np.sum(a**2)",
    "loops within loops": "L = 0\nfor i in range(2):\n    for j in range(2):\n        L += np.sum(v**(i + j)) * (i + 1)",
    "a branch on a constant": "mode = 2\nif mode == 1:\n    L = np.sum(v)\nelif mode == 2:\n    L = np.sum(v**2)\nelse:\n    L = np.sum(v**3)",
    "a branch on nothing": "b = None if False else v\nif b is not None:\n    L = np.sum(X @ b)\nelse:\n    L = np.sum(X)",
    "a conditional expression": "square = True\nL = np.sum(v**2) if square else np.sum(v)",
    "a name of a function": "mean = X.mean(axis=0)\nstd = X.std(axis=0)\nL = np.sum((X - mean)**2 / std) + np.mean(std)",
    "a name that begins with _": "_z = X @ v\n_z = _z + 1\nL = np.sum(_z**2)",
    "caches": "z = X @ v\ncache = (X, v, z)\na, b, c = cache\nboth = {'z': c, 'v': b}\nL = np.sum(both['z']**2) + np.sum(both['v'])",
    "comparisons that are joined": "L = np.sum(np.where((X > 0) & (X < 0.5) | ~(X < 0.8), X**2, X))",
    "an axis that is put in": "L = np.sum((v[:, np.newaxis] - v[np.newaxis, :])**2)",
    "positions by range": "p = np.exp(X)\nL = np.sum(np.log(p[range(len(X)), t]))",
    "types of numbers": "L = np.sum(X.astype(np.float64).max(axis=np.int64(1))) / float(X.shape[0]) * np.float32(2)",
    "the number of entries": "n, d = X.shape\nm = X.shape[0]\nL = np.sum(X) / n + np.sum(v) / (m * X.size * d)",
    "a divisor of the variance": "L = np.var(v, ddof=1) + np.sum(np.std(X, axis=0, ddof=1))",
    "settings by name": "mode, mask, use = 'train', None, True\nL = np.sum(X)\nif mode == 'train' and use and not mask is not None:\n    L = L**2",
    "one of several": "kind = 'b'\nL = np.sum(v) if kind in ('a', 'b') else np.sum(v**2)",
    "lists that grow": "hs, cs = [], []\nh = v\nfor k in range(3):\n    h = np.tanh(h)\n    hs.append(h)\n    cs += [k]\nL = np.sum(hs[0] * hs[-1]) + sum(np.sum(a) for a in hs) * cs[2]",
    "comprehensions": "both = [(a, k) for k, a in enumerate([v, 2*v]) if k > 0]\nL = sum([np.sum(a**2) * k for a, k in both]) + len(both)",
    "dicts that grow": "c = {}\nfor l in range(2):\n    c[f'a{l}'] = np.tanh(v * (l + 1))\nc['a0'] *= 2\nL = np.sum(c['a0'] * c['a1']) + sum(np.sum(a) for a in c.values())",
    "entries by number": "a = 2*v\na[0] = 5\na[1:] *= 3\nL = np.sum(a**2)",
    "entries by positions": "m = np.maximum(0, X + 1)\nm[np.arange(len(X)), t] = 0\nL = np.sum(m)",
    "a row": "a = 2*X\na[:, 0] = v[0]\na[1] += v\nL = np.sum(a**3)",
    "lists of positions": "L = np.sum(X[:, [0, 2]]**2) + np.sum(v[np.array([0, 1])])",
    "rounds in reverse": "h = v\nfor k in reversed(range(1, 3)):\n    h = np.tanh(k * h)\nL = np.sum(h)",
    "types of locals": "a: np.ndarray = X @ v\ns: float = np.sum(a**2)\ndel a\nwith np.errstate(all='ignore'):\n    L = s * 2",
    "columns side by side": "L = np.sum(np.c_[np.ones(len(X)), X]**3) + np.sum(np.r_[v, v[0]])",
    "methods of functions": "L = np.sum(np.add.reduce(X)**2) + np.sum(np.maximum.reduce(X, axis=1)) + np.sum(np.multiply.outer(v, v)**3)",
    "an accuracy behind the loss": "L = np.sum(X @ v)\nacc = np.mean(X > 0)",
}  # fmt: skip


def by_python(text: str) -> float:
    """The loss that Python computes."""
    names: dict[str, Any] = {"np": np, "X": X.copy(), "v": V.copy(), "t": T.copy()}
    exec(text, names)  # a text of this file
    return float(names["L"] if "L" in names else names["loss"])


@pytest.mark.parametrize("what", PROGRAMS)
def test_a_program_means_what_python_makes_of_it(what: str) -> None:
    used = "\n".join(line for line in DECLARED.splitlines() if line[0] in PROGRAMS[what])
    network = read(f"{used}\n{PROGRAMS[what]}")
    at = {name: array for name, array in (("X", X), ("v", V), ("t", T)) if name in {t.name for t in network.program.inputs}}
    assert value(network, at, of=network.loss) == pytest.approx(by_python(PROGRAMS[what]), rel=1e-12)
    assert sb.derive(network).check()


def test_the_values_of_a_name_are_numbered_and_said() -> None:
    network = read("x: data[n]\nh = 2*x\nh = tanh(h)\nh_3 = h\nL = sum(h)\nL = L + 1")
    assert [e.target.name for e in network.program.equations] == ["h", "h_2", "L", "L_2"]
    assert network.loss == "L_2"
    assert network.notes == (
        "h is given another value on line 3: it is called h_2.", "L is given another value on line 6: it is called L_2.",
    )  # fmt: skip
    assert network.lines["h_2"] == (3, 1)


def test_a_number_that_changes_is_no_constant_of_the_network() -> None:
    network = read("x: data[n]\ns = 0\ns += 2\ns += 1\nL = s*sum(x)")
    assert [t.name for t in network.program.inputs] == ["x"]
    assert [str(e) for e in network.program.equations] == ["L = sum_{i} 3*x[i]"]


def test_a_function_with_the_idioms_of_a_course() -> None:
    def loss(X: "data[N, D]", y: "integers[N, C]", W: "parameter[D, C]", reg: "data"):  # type: ignore[no-untyped-def]  # noqa: F821
        num_train = X.shape[0]
        scores = X.dot(W)
        scores -= np.max(scores, axis=1, keepdims=True)
        p = np.exp(scores)
        p /= np.sum(p, axis=1, keepdims=True)
        loss = np.sum(-np.log(p[range(num_train), y]))
        loss /= num_train
        loss += reg * np.sum(W * W)
        cache = (X, p)
        return loss, cache

    derivation = sb.derive(loss)
    assert derivation.of == "loss_3"
    assert derivation.check()


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("θ: parameter[n]\nL = sum(θ²)", "theta: parameter[n]\nL = sum(theta**2)"),
        ("W₁: parameter[n]\nŷ = 2×W₁ − 1\nL = sum(ŷ³)", "W_1: parameter[n]\nyhat = 2*W_1 - 1\nL = sum(yhat**3)"),
        ("x: parameter[n]\nL = sum(σ(x) ⊙ x)", "x: parameter[n]\nL = sum(sigmoid(x) * x)"),
        ("λ: parameter\nX: data[n, n]\nL = λ*sum(Xᵀ @ X ≥ 0)", "lam: parameter\nX: data[n, n]\nL = lam*sum(X.T @ X >= 0)"),
        ("x̄: data[n]\nβ₁₂: parameter[n]\nL = sum(x̄*β₁₂)  # x̄·β", "xbar: data[n]\nbeta_12: parameter[n]\nL = sum(xbar*beta_12)"),
    ],
)
def test_what_a_page_prints_may_be_typed(page: str, text: str) -> None:
    assert str(read(page)) == str(read(text))


def test_what_is_called_by_an_underscore_is_thrown_away() -> None:
    net = sb.read("X: data[n, d]\nw: parameter[d]\nm, _ = X.shape\nh = X @ w\nfor _ in range(2):\n    h = tanh(h)\nL = sum(h) / m")
    assert [e.target.name for e in net.program.equations] == ["h", "h_2", "h_3", "L"]
