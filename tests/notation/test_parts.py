# ruff: noqa: F821, F722, UP031, UP032
# pyright: reportUndefinedVariable=false, reportInvalidTypeForm=false, reportGeneralTypeIssues=false
"""Dicts and lists of arrays as arguments of a function that is read: each array is an input of its own."""

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape
from symbackprop.notation.errors import NotationError
from symbackprop.notation.python_function import read_function
from tests.notation.trace.courses import COURSES

RUN = (
    "modules_that_remember",
    "layers_zipped_with_biases",
    "a_batch_of_pairs",
    "modules_over_columns",
)  # objects, which are called


def declared(value: Any) -> str:
    """The declaration that has the shape of an example."""
    match value:
        case dict():
            return "{" + ", ".join(f'"{key}": {declared(one)}' for key, one in value.items()) + "}"
        case list() | tuple() if not all(isinstance(one, int) for one in value):
            return "[" + ", ".join(map(declared, value)) + "]"
    array = np.asarray(value)
    kind, sizes = ("integers", [*array.shape, int(array.max()) + 1]) if array.dtype.kind in "iu" else ("parameter", array.shape)
    return f"{kind}[{', '.join(map(str, sizes))}]" if sizes else kind


def leaves(value: Any) -> list[np.ndarray]:
    several = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else None
    if several is None or all(isinstance(one, int) for one in several):
        return [np.asarray(value)]
    return [leaf for one in several for leaf in leaves(one)]


@pytest.mark.parametrize("name", sorted({*COURSES} - {*RUN}))
def test_a_form_of_a_course_is_read_unchanged_where_shapes_are_said(name: str) -> None:
    function, *args = COURSES[name](np.random.default_rng(0), 0)
    names = list(inspect.signature(function).parameters)
    network = read_function(function, given={name: declared(one) for name, one in zip(names, args, strict=False)})
    inputs = [t.name for t in network.program.inputs if t.kind != "constant"]
    found = tape.forward(network.program, dict(zip(inputs, leaves(args), strict=False)))[network.loss]
    value = function(*args)
    np.testing.assert_allclose(found, value[0] if isinstance(value, tuple) else value, rtol=1e-12)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X, p):
    W1, b1 = p["W1"], p["b1"]
    Z = np.dot(W1, X) + b1
    return sigmoid(np.dot(p["W2"], np.tanh(Z)) + p["b2"])


def by_helpers(X: Any, Y: Any, parameters: dict):
    A2 = forward(X, parameters)
    m = Y.shape[1]
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m


def squares(p, X, y):
    e = X @ p["w"] - y
    return np.sum(e**2)


def typed(params: dict[str, np.ndarray], X: "data[n, d]", y: "data[n]"):
    w, b = [params[key] for key in ("w", "b")]
    return np.sum((X @ w + b - y) ** 2)


@pytest.mark.parametrize("function", [by_helpers, squares, typed], ids=lambda f: f.__name__)
def test_what_is_asked_for_reads_when_it_is_obeyed(function: Callable[..., Any]) -> None:
    with pytest.raises(NotationError, match=r"Annotate") as refused:
        sb.network(function)
    mend = str(refused.value).split("\n")[0].partition("(...): ")[2]
    annotated = re.split(r"; a number is|\. Or let", mend)[0]
    arguments = ast.parse(f"def f({annotated}): ...").body[0].args.args  # type: ignore[attr-defined]
    given = {one.arg: ast.literal_eval(one.annotation) for one in arguments if one.annotation is not None}
    network = read_function(function, given={name: str(one) for name, one in given.items()})
    learnt = [t.name for t in network.program.inputs if t.kind == "parameter"]
    assert learnt == {"by_helpers": ["W1", "b1", "W2", "b2"], "squares": ["w"], "typed": ["w", "b"]}[function.__name__]
    assert network.program.shape(network.loss) == ()


def reused(params: ["parameter[h, d]", "parameter[h]"], X: "data[d]"):
    W, b = params
    W = W * 2
    return np.sum((W @ X + b) ** 2)


def argument(params: ["parameter[h, d]", "parameter[h]"], W: "data[d]"):
    return np.sum((params[0] @ W + params[-1]) ** 2)


def local(p: {"W": "parameter[d]"}, X: "data[n, d]"):
    W = X.T @ X
    return np.sum((W @ p["W"]) ** 2)


def nested(net: {"layers": [{"W%": "parameter[d, d]"}, {"W%": "parameter[d, d]"}]}, X: "data[d]"):
    for layer in net["layers"]:
        X = np.tanh(layer["W%"] @ X)
    return np.sum(X)


def keyed(p: {"W1": "parameter[d, d]", "W2": "parameter[d, d]"}, x: "data[d]"):
    for k in range(1, len(p) + 1):
        x = np.tanh(p["W" + str(k)] @ x) + p["W%d" % k] @ x + p["W{}".format(k)] @ x
    return np.sum(x)


NAMES = {
    reused: ["params_0", "b", "X"],
    argument: ["params_0", "params_1", "W"],
    local: ["p_W", "X"],
    nested: ["net_layers_0_W_", "net_layers_1_W_", "X"],
    keyed: ["W1", "W2", "x"],
}


@pytest.mark.parametrize("function", NAMES, ids=lambda f: f.__name__)
def test_an_entry_has_the_name_of_its_key_where_that_is_free(function: Callable[..., Any]) -> None:
    network = sb.network(function)
    assert [t.name for t in network.program.inputs] == NAMES[function]
    rng = np.random.default_rng(0)
    numbers = {str(size): 3 for size in network.program.sizes()}
    values = {t.name: rng.normal(size=[numbers[str(n)] for n in t.shape]) for t in network.program.inputs}
    *held, last = (values[name] for name in NAMES[function])
    packed = {local: dict(zip("W", held, strict=False)), keyed: dict(zip(("W1", "W2"), held, strict=False))}
    packed |= {nested: {"layers": [{"W%": one} for one in held]}}
    found = tape.forward(network.program, values)[network.loss]
    np.testing.assert_allclose(found, function(packed.get(function, held), last), rtol=1e-12)


@pytest.mark.parametrize(
    "key", ['"W%03d" % 1', '"W%d%d" % 1', '"W%d" % (1, 2)', '"{:d}".format(1)', '"{}{}".format(1)', "f'{1:03d}'"]
)
def test_a_text_that_would_be_formatted_is_refused(key: str) -> None:
    with pytest.raises(NotationError, match=r"formatted|there is no such key"):
        sb.read(f'W: parameter[d]\np = {{"W1": W}}\nL = sum(p[{key}]**2)')
