"""Code with loops that is followed at numbers: what comes out is what Python computes, and the verdicts are on that."""

import ast
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.judge.followed import Follower, NotFollowed
from tests.judge.backward_passes import LOGIT
from tests.judge.loops_of_code import NAIVE_SOFTMAX, NAIVE_SVM, PASSES, SOFTMAX, SVM
from tests.judge.mutants import KNOWN, mutants, oracle

NAMES = {
    "X": np.array([[1.0, 2.0, -1.0], [0.5, -2.0, 3.0]]), "y": np.array([0, 3]), "W": np.linspace(-1, 1, 12).reshape(3, 4),
    "Y": np.eye(4)[[0, 3]], "v": np.array([1.0, -2.0, 4.0]), "n": 2, "N": 2, "C": 4, "D": 3, "reg": 0.1,
    "correct": np.array([0.5, -1.0]),
}  # fmt: skip
WAYS = (
    "total = 0\nfor a, (b, c) in enumerate(zip(X, y)):\n    if a: total += b.sum() * c\n    else: continue",
    "total = v\nother = total\nother *= 2\nthird = total.copy()\nthird[0] = 7",
    "k = 0\nwhile True:\n    k += 1\n    if k > 3: break\ntotal = k",
    "several = []\nfor row in X:\n    several.append(row @ W)\ntotal = np.array(several)[::-1]",
    "def f(a, b=2, *, c=1):\n    return a\ntotal = 3",
    "def f(a, b=2):\n    return a * b\ntotal = f(v) + f(v, b=3) + (lambda t: t - 1)(v)",
    "grads = {'a': 1}\ngrads['b'] = v[-1]\ntotal = [grads[k] for k in grads]",
    "total = np.zeros((4, 4))\nnp.add.at(total, y, 1.)\ntotal[range(n), y] -= 1\ntotal[total == 0] = 9",
    "total = sum(v[i] if v[i] > 0 else -v[i] for i in range(3))",
    "total = X[:, None, :1]\ntotal = total.reshape(-1).tolist()",
    "a, b = v[:2]\n(c, d), e = (a, b), -a\ntotal = a < b < c or not d",
    "total = np.where(v > 0, v, 0) // 1 % 3\ntotal /= n",
)
PYTHON = (  # scopes, classes, generators, views as Python has them
    'n_ = 5\ndef f():\n    return n_\ndef g():\n    n_ = 7\n    return f()\ntotal = g()',
    'v2 = [v for v in X]\ntotal = v',
    'def f(a, acc=[]):\n    acc.append(a)\n    return acc\nf(1); f(2)\ntotal = f(3)',
    'c = 0\ndef f():\n    global c\n    c += 1\nf(); f()\ntotal = c',
    'def make():\n    k = 0\n    def inc(by=1):\n        nonlocal k\n        k += by\n        return k\n    return inc\ni = make()\ni(); i(3)\ntotal = i()',
    'fs = [lambda t: t * k for k in range(3)]\ntotal = [f(2) for f in fs]',
    'fs = [lambda t, k=k: t * k for k in range(3)]\ntotal = [f(2) for f in fs]',
    'class A:\n    k = 3\n    def __init__(self, a):\n        self.a = a\n    def f(self):\n        return self.a * self.k\nclass B(A):\n    def __init__(self, a, b):\n        super().__init__(a)\n        self.b = b\n    def f(self):\n        return super().f() + self.b\ntotal = B(2, 5).f()',
    'class V:\n    def __init__(self, d, ch=()):\n        self.data, self.grad, self._prev = d, 0.0, set(ch)\n        self._backward = lambda: None\n    def __add__(self, o):\n        o = o if isinstance(o, V) else V(o)\n        out = V(self.data + o.data, (self, o))\n        def _backward():\n            self.grad += out.grad\n            o.grad += out.grad\n        out._backward = _backward\n        return out\n    def __mul__(self, o):\n        o = o if isinstance(o, V) else V(o)\n        out = V(self.data * o.data, (self, o))\n        def _backward():\n            self.grad += o.data * out.grad\n            o.grad += self.data * out.grad\n        out._backward = _backward\n        return out\n    __radd__ = __add__\n    def __rmul__(self, o): return self * o\n    def __neg__(self): return self * -1\n    def backward(self):\n        topo, seen = [], set()\n        def build(w):\n            if w not in seen:\n                seen.add(w)\n                for c in w._prev: build(c)\n                topo.append(w)\n        build(self)\n        self.grad = 1.0\n        for w in reversed(topo): w._backward()\na, b = V(2.0), V(-3.0)\nc = a * b + 3 * a + a * a\nc.backward()\ntotal = [a.grad, b.grad, c.data]',
    'a, *b, c = range(5)\ntotal = (a, b, c)',
    "def f(*a, **k):\n    return len(a), sorted(k.items())\ntotal = f(1, 2, x=3, **{'z': 4})",
    "d = {k: i for i, k in enumerate('abc')}\ntotal = sorted(d.items())",
    'try:\n    x = [1][3]\nexcept (KeyError, IndexError) as e:\n    total = 5\nfinally:\n    other = 6',
    'total = 0\nfor i in range(5):\n    try:\n        if i == 2: continue\n        if i == 4: break\n        total += i\n    finally:\n        total += 10',
    'a = X\nb = a[0]\nb += 1\ntotal = X.copy()',
    'a = X\na = a + 1\ntotal = X',
    'def f(M):\n    M += 1\nf(X)\ntotal = X',
    'def f(M):\n    M = M + 1\nf(X)\ntotal = X',
    'total = [[0]*2]*2\ntotal[0][0] = 5',
    'total = list(map(lambda a, b: a*b, v, v[::-1]))',
    'total = (k := 3) + k',
    'class P:\n    @property\n    def two(self): return 2\n    @staticmethod\n    def s(a): return a + 1\n    @classmethod\n    def c(cls, a): return cls.s(a)\ntotal = P().two + P.s(1) + P().c(3)',
    'x = 1\nclass Q:\n    x = 2\n    def f(self): return x\ntotal = Q().f()',
    'total = X[X > 0].sum() + X[..., None].shape[-1]',
    't = X.reshape(-1)\nt[0] = 99\ntotal = X',
    't = X.flatten()\nt[0] = 99\ntotal = X',
    't = X.T\nt *= 2\ntotal = X',
    't = X[:, [0, 1]]\nt += 5\ntotal = X',
    'X[:, [0, 1]] += 5\ntotal = X',
    'X[[0, 0], 0] += 5\ntotal = X',
    'np.add.at(X, ([0, 0], 0), 5)\ntotal = X',
    'total = np.add.reduce(X, axis=0) + np.maximum.reduce(X)',
    'total = max(v, key=lambda t: -t)',
    'total = sorted(range(4), key=lambda i: -i)',
    'i = 0\nwhile i < 3:\n    i += 1\nelse:\n    total = i',
    'a = b = np.zeros(3)\na[0] = 1\ntotal = b',
    'W2_ = W\nW2_ -= 0.1*W\ntotal = W',
    'def f():\n    for q in range(3): pass\n    return q\ntotal = f()',
    'q = 10\nz = [q for q in range(3)]\ntotal = q',
    'q = 10\nfor q in range(3): pass\ntotal = q',
    'total = sum([[1], [2]], [])',
    'total = [*v, *range(2)]',
    's = 0\nfor k, (a, b) in zip(range(2), X[:, :2]): s += a*b*k\ntotal = s',
    'class S:\n    n = 0\n    def up(self):\n        self.n += 1\na = S(); b = S()\na.up(); a.up()\ntotal = (a.n, b.n, S.n)',
    'class S:\n    l = []\n    def up(self): self.l.append(1)\na = S(); b = S()\na.up(); b.up()\ntotal = len(S.l)',
    'def f(x, y=np.ones(2)):\n    y += x\n    return y.sum()\nf(1)\ntotal = f(1)',
    "total = 'a' if v.any() else 'b'",
    'total = not v.all() and 3 or 4',
    'total = 1 < 2 < 3 != 4',
    'class Base:\n    def forward(self, x): raise NotImplementedError\nclass D(Base):\n    def forward(self, x): return x * 2\ntotal = D().forward(3)',
    'import numpy as np\nfrom functools import reduce\ntotal = 3',
    'total = v.mean() == np.mean(v)',
    'f = np.tanh\ntotal = f(v)',
    "acts = {'t': np.tanh, 's': lambda z: z}\ntotal = acts['t'](v) + acts['s'](v)",
    'class C:\n    def __call__(self, x): return x + 1\n    def __getitem__(self, i): return i * 2\n    def __len__(self): return 7\nc = C()\ntotal = (c(1), c[4], len(c))',
    'x = v.astype(np.float32)\nx += 1\ntotal = x.dtype == np.float32',
    'k = np.int64(3)\nk /= 2\ntotal = k',
    'y[0] += 1\ntotal = y',
    'total = y / 2\ny2 = y // 2',
    'y = y + 0.5\ntotal = y',
    'a = v[:2]\nv = v * 2\na[0] = 9\ntotal = v',
    'r = range(3)\ntotal = [i for i in reversed(r)]',
    'e = enumerate(v)\ntotal = [i for i, _ in e] + [i for i, _ in e]',
    'g = (t for t in range(3))\ntotal = [sum(g), sum(g)]',
    'z = zip(v, v)\ntotal = [len(list(z)), len(list(z))]',
    'm = map(lambda t: t, [1, 2])\ntotal = [len(list(m)), len(list(m))]',
)  # fmt: skip
WRONG = {
    "no mean": ("dW /= num_train\n", "", "1/N is missing"),
    "no penalty": ("dW += 2 * reg * W", "dW = dW", "the gradient of the penalty is left out"),
    "half a penalty": ("2 * reg", "reg", "1/2"),
    "no row of the label": ("            dW[:, y[i]] -= X[i]\n", "", ""),
    "signs exchanged": ("dW[:, j] += X[i]", "dW[:, j] -= X[i]", ""),
}


def ran(code: str) -> dict[str, Any] | None:
    """What Python itself leaves in the names; None where it fails."""
    space = {**KNOWN, **{n: np.array(a)[()] if isinstance(a, np.ndarray) else a for n, a in NAMES.items()}}
    try:
        with np.errstate(all="ignore"):
            exec(code, space)
    except Exception:
        return None
    return space


def followed(code: str) -> dict[str, Any] | None:
    """What following leaves in them."""
    names = {n: np.array(a)[()] if isinstance(a, np.ndarray) else a for n, a in NAMES.items()}
    try:
        Follower(names, {"softmax": 1}.get).follow(ast.parse(code).body)
    except NotFollowed:
        return None
    return names


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    names = [n for n in one if n in other and not n.startswith("_") and not callable(one[n]) and not isinstance(other[n], ast.AST)]
    return all(
        np.array_equal(np.asarray(one[n]), np.asarray(other[n]), equal_nan=np.asarray(one[n]).dtype.kind == "f") for n in names
    )


@pytest.mark.parametrize("code", PYTHON)
def test_names_and_classes_are_those_of_python(code: str) -> None:
    one, other = ran(code), followed(code)
    assert one is not None
    assert other is not None
    assert repr(one["total"]) == repr(other["total"])


@pytest.mark.parametrize("code", WAYS)
def test_code_is_followed_as_python_runs_it(code: str) -> None:
    one, other = ran(code), followed(code)
    if "*, c" in code:
        assert other is not None
        return
    assert one is not None
    assert other is not None
    assert same(one, other)


@pytest.mark.parametrize("many", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_slips_in_code_are_followed_as_python_runs_them(many: int) -> None:
    heard = 0
    for _, code in PASSES.values():
        tried = [code, *mutants(code)]
        for slip in random.Random(many).sample(tried, min(many, len(tried))):
            one, other = ran(slip), followed(slip)
            if other is not None:
                assert one is not None, slip
                assert same(one, other), slip
                heard += one is not None
    assert heard > many


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.system('true')",
        "x = ().__class__",
        "x = np.__dict__",
        "x = open('a')",
        "x = v.__array__()",
        "x = np.zeros((100000, 100000))",
        "x = 9**9**9",
        "x = [0] * 10**9",
        "while True: pass",
        "x = eval('1')",
        "x = np.load('a')",
        "x = X.tofile('a')",
        "def f(a):\n    return f(a)\nx = f(1)",
        "x = 1\nfor i in range(1000):\n    x = x * 9",
        "x = np.outer(np.ones(90000), np.ones(90000))",
        "x = 'a' * 10**9",
        "x = f'{v:>999999999}'",
        "x = (lambda: 0).__globals__",
    ],
)
def test_what_is_no_arithmetic_is_not_followed(code: str) -> None:
    with pytest.raises(NotFollowed):
        Follower(dict(NAMES), steps=20_000).follow(ast.parse(code).body)


@pytest.mark.parametrize("way", [pytest.param(w, marks=() if w == "naive_svm" else pytest.mark.slow) for w in PASSES])
def test_loops_of_a_course_are_right(way: str) -> None:
    network, code = PASSES[way]
    assert oracle(network, code) == {"W": True}
    assert sb.verify(network, code).ok


@pytest.mark.parametrize("slip", [pytest.param(s, marks=() if s == "no penalty" else pytest.mark.slow) for s in WRONG])
def test_slips_of_a_loop_of_a_course_are_named(slip: str) -> None:
    right, wrong, mistake = WRONG[slip]
    assert right in NAIVE_SVM
    code = NAIVE_SVM.replace(right, wrong)
    assert oracle(SVM, code) == {"W": False}
    (found,) = sb.verify(SVM, code).claims
    assert found.kind == "wrong"
    assert found.counterexample is not None
    assert mistake in "".join(str(one.sentence) for one in found.mistakes)


@pytest.mark.slow
@pytest.mark.parametrize("way", PASSES)
def test_slips_in_a_loop_are_wrong_where_they_change_a_number(way: str) -> None:
    network, code = PASSES[way]
    tried = mutants(code)
    for slip in random.Random(way).sample(tried, min(10, len(tried))):
        true = oracle(network, slip)
        try:
            found = sb.verify(network, slip)
        except sb.SymbackpropError:
            continue
        if true is None:
            assert not found.ok, slip
        elif true:
            assert not [c for c in found.claims if c.name == "dW" and ((c.right and not true["W"]) or (c.wrong and true["W"]))], (
                slip
            )


@pytest.mark.slow
def test_what_a_function_returns_is_the_gradient_that_stands_in_it() -> None:
    code = "def grad(X, y, w, b):\n    m = len(y)\n    r = sigmoid(X @ w + b) - y\n    dw = X.T @ r\n    db = np.sum(r)\n    return J / m, dw / m, db"
    last = {one.name: one for one in sb.verify(LOGIT, code).claims}
    assert (last["dw"].right, last["db"].right) == (True, False)
    naive = "def softmax_loss_naive(W, X, y):\n" + "".join(f"    {line}\n" for line in NAIVE_SOFTMAX.splitlines()[:-1])
    assert sb.verify(SOFTMAX, f"{naive}    return loss, dW + 2 * reg * W").ok


@pytest.mark.slow
def test_a_gradient_of_the_loss_by_another_name_is_that() -> None:
    code = "dj_dw = np.zeros(d)\nfor i in range(m):\n    dj_dw = dj_dw + (p[i] - y[i]) * X[i]"
    assert [one.kind for one in sb.verify(LOGIT, code).claims] == ["up to convention"]
    assert sb.verify(LOGIT, f"{code}\ndj_dw = dj_dw / m").ok


LAYER = """x: data[N, D]
W: parameter[D, M]
b: parameter[M]
dout: data[N, M]
out = x @ W + b
L = sum(out*dout)"""
LINEAR = """class Linear:
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        dx, self.dW = None, None
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T"""


def test_what_a_layer_returns_beside_its_gradients_turns_out() -> None:
    found = sb.verify(LAYER, LINEAR)
    assert [(one.what, one.right) for one in found.claims] == [("dL/dW", True), ("dL/db", True), ("dL/dx", True)]
    wrong = sb.verify(LAYER, LINEAR.replace("axis=0", "axis=1"))
    assert [one.right for one in wrong.claims] == [True, False, True]


@pytest.mark.slow
def test_slopes_by_the_names_of_courses() -> None:
    net = "x: data[d]\nw: parameter[d]\nt: data[()]\nz = w @ x\na = {}(z)\nL = (a - t)**2/2"
    for function in ("sigmoid", "tanh", "softplus"):
        network = net.format(function)
        assert sb.verify(network, f"dw = (a - t) * {function}_prime(z) * x").ok
        assert sb.verify(network, f"dw = (a - t) * {function}_prime(a) * x").exit_code == 1
    loop = "dw = np.zeros(d)\nfor j in range(d):\n    dw[j] = (a - t) * sigmoid_prime(z) * x[j]"
    assert sb.verify(net.format("sigmoid"), loop).ok


@pytest.mark.slow
def test_a_verdict_on_code_names_the_line_of_the_file(tmp_path: Path) -> None:
    function = "import numpy as np\n\n\ndef loss(W, X, y):  # of a course\n" + "".join(
        f"    {line}\n" for line in NAIVE_SVM.splitlines()
    )
    path = tmp_path / "svm.py"
    path.write_text(f"{function.replace('2 * reg', 'reg')}    return loss, dW\n")
    (found,) = sb.verify(SVM, path).claims
    assert found.where == f"{path}:{5 + len(NAIVE_SVM.splitlines()) - 1}"
    assert f"written at {found.where}" in str(found)
    path.write_text(function.replace("margin > 0", "margin > foo(1)"))
    (found,) = sb.verify(SVM, path).claims
    assert found.reason.startswith(f"{path}:{5 + 11}: foo is not a function")
    straight = "r = sigmoid(X @ w + b) - y\n\ndw = X.T @ (\n    r) / m\ndb = np.sum(\n    bar(r))\n"
    path = tmp_path / "told.md"
    path.write_text(f"# Mine\n\n```python\n{straight.replace('/ m', '')}```\n")
    found = sb.verify(LOGIT, path)
    assert found["dw"].where == f"{path}:7"
    assert found["db"].reason.startswith(f"{path}:9: bar is not a function")
    assert found.facts()["claims"][1]["where"] == f"{path}:7"


def test_a_claim_that_is_zero_is_told_so() -> None:
    (found,) = sb.verify(SOFTMAX, "dW = X.T @ (scores < scores)").claims
    assert (found.kind, found.notes[-1], found.mistakes) == ("wrong", "it is 0 everywhere", ())
