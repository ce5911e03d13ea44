"""A decorated function is read from its source: arguments, local names, the returned loss, and what is refused where."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop import verbs
from symbackprop.core.network import Network
from symbackprop.notation import NotationError, read


@sb.network
def two_layers(x: "data[d]", y: sb.data["c"], W_1: sb.parameter["h, d"], W_2: sb.parameter["c", "h"], lam=0.01):  # noqa: F821
    """The two-layer network.

    With a regulariser.
    """
    a = sb.sigmoid(W_1 @ x)
    yhat = W_2 @ a
    return np.sum((yhat - y) ** 2) + lam * np.sum(W_1**2)


def test_a_decorated_function_is_a_network() -> None:
    network: Any = two_layers
    assert isinstance(network, Network)
    assert str(network).splitlines() == [
        "x: data[d]",
        "y: data[c]",
        "W_1: parameter[h, d]",
        "W_2: parameter[c, h]",
        "lam: constant",
        "z[i] = sum_{j} W_1[i j]*x[j]",
        "a[i] = sigmoid(z[i])",
        "yhat[k] = sum_{i} W_2[k i]*a[i]",
        "u_1 = sum_{k} (-y[k] + yhat[k])**2",
        "u_2 = sum_{i j} W_1[i j]**2*lam",
        "L = u_1 + u_2",
    ]
    assert (network.name, network.title, network.loss, network.origin) == ("two_layers", "The two-layer network.", "L", "function")
    assert network.source.startswith("def two_layers(x:")
    assert network.function.__name__ == "two_layers"
    lines = Path(__file__).read_text(encoding="utf-8").split("\n")
    line, column = network.lines["yhat"]
    assert lines[line - 1][column - 1 :].startswith("yhat = W_2 @ a")


def test_arguments_without_a_declaration_are_scalars() -> None:
    @sb.network(gates="whole")
    def neuron(w, x, b: float = 2):  # type: ignore[no-untyped-def]
        f = 1 / (1 + np.exp(-(w * x + b)))
        return f  # noqa: RET504

    assert [str(e) for e in neuron.program.equations] == ["f = 1/(exp(-b - w*x) + 1)"]
    assert neuron.loss == "f"
    assert [t.kind for t in neuron.program.inputs] == ["parameter", "parameter", "constant"]


def test_declarations_may_stand_in_the_body_and_in_quotes() -> None:
    def f(t: "integers[n, v]", s: sb.parameter["v"] & sb.positive["v"], E: "parameter[v, d] & unit") -> Any:  # type: ignore  # noqa: F821, PGH003
        m: data[()]  # type: ignore[name-defined]  # noqa: F821
        return (E[t] * s[t][:, None]).sum() * m  # noqa: F821

    network = sb.network(f)
    assert {n.name: (n.kind, n.domain) for n in network.program.inputs} == {
        "t": ("integers", None), "s": ("parameter", "positive"), "E": ("parameter", "unit"), "m": ("data", None),
    }  # fmt: skip


def settings(x: "data[n]", y: "data[n]" = None, w=2.5, mode="sum", train=True, mask=None):  # type: ignore[no-untyped-def]  # noqa: F821
    z = w * x if mask is None else w * x * mask
    if not train:
        return np.mean(z)
    return np.sum((z - y) ** 2) if mode == "sum" else np.mean((z - y) ** 2)


def test_a_default_that_is_no_number_is_a_setting_which_is_said() -> None:
    network = sb.network(settings)
    assert [t.name for t in network.program.inputs] == ["x", "y", "w"]
    assert network.notes == (
        "mode is 'sum', as its default says.",
        "train is True, as its default says.",
        "mask is None, as its default says.",
    )
    assert [str(e) for e in network.program.equations] == ["z[i] = w*x[i]", "L = sum_{i} (-y[i] + z[i])**2"]


def loop(x: "data[n]"):  # type: ignore[no-untyped-def]  # noqa: F821
    for k in range(x):
        y = x * k
    return y


def branch(x: "data[n]"):  # type: ignore[no-untyped-def]  # noqa: F821
    if x:
        return x
    return 2 * x


def nothing(x: "data[n]") -> None:  # noqa: F821
    y = x  # noqa: F841


def early(x):  # type: ignore[no-untyped-def]
    return x**2
    y = x  # noqa: F841


def several(x):  # type: ignore[no-untyped-def]
    return x, x**2


def starred(*x):  # type: ignore[no-untyped-def]
    return x


def undeclared(x: "dat[n]"):  # type: ignore[no-untyped-def]  # noqa: F821
    return x


def other(x):  # type: ignore[no-untyped-def]
    return unheard(x)  # type: ignore[name-defined]  # noqa: F821


def constant(x):  # type: ignore[no-untyped-def]
    return 3


REFUSED: list[tuple[Callable[..., Any], str, str]] = [
    (
        loop,
        "x):",
        "how often the loop goes round depends on the value of x. Bounds are whole numbers and sizes: for l in 1..n. Or let it run: sb.trace(loop, x).",
    ),
    (
        branch,
        "x:",
        "x is not known before the numbers are. Write np.where(condition, a, b). Or let it run: sb.trace(branch, x).",
    ),
    (nothing, "def nothing", "nothing returns nothing. End it with return L."),
    (early, "y = x", "nothing follows the return. Leave the line out, or move it up."),
    (several, "x, x**2", "the loss is the input x itself. Write an expression: sum(x**2)."),
    (starred, "x)", "* before an argument is not in the language. Name each input. Or let it run: sb.trace(starred, *arrays)."),
    (undeclared, '"dat[n]"', "dat is no kind of tensor. Did you mean data?"),
    (
        other,
        "unheard(x)",
        "unheard is not a function of the language. Write it with the operations of the language. "
        "Or let it run: sb.trace(other, x).",
    ),
    (constant, "3", "the loss is a number; nothing is to be derived. Write a tensor: sum(x**2)."),
]


@pytest.mark.parametrize(("function", "place", "words"), REFUSED, ids=lambda part: getattr(part, "__name__", ""))
def test_what_is_refused_and_where(function: Callable[..., Any], place: str, words: str) -> None:
    with pytest.raises(NotationError) as caught:
        sb.network(function)
    error = caught.value
    assert str(error).split("\n")[0] == f"{__file__}:{error.line}:{error.column}: {words}"
    assert error.line is not None
    assert error.column is not None
    line = Path(__file__).read_text(encoding="utf-8").split("\n")[error.line - 1]
    assert line[error.column - 1 :].startswith(place)


def test_a_lambda_and_a_function_without_source_are_refused() -> None:
    with pytest.raises(NotationError, match=re.escape("a lambda has no names for its values. Write def. Or let it run: sb.trace(")):
        sb.network(lambda x: x**2)
    scope: dict[str, Any] = {}
    exec("def typed(x): return x**2", scope)
    with pytest.raises(NotationError, match=r"the source of typed cannot be found. Write the function in a file"):
        sb.network(scope["typed"])


FILE = """\
import os
import symbackprop as sb

raise RuntimeError("this file is never executed")

def helper(x):
    return x

@sb.network
def small(x: sb.data["n"]):
    L = sb.sum(x**2); return L

@sb.network
def bad(x: "data[n]"):
    y = (1 +
         2*x)
    return sum(y @ z)
"""


def test_a_function_of_a_file_is_read_and_nothing_is_executed(tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    file.write_text(FILE.replace("; ", "\n    "), encoding="utf-8")
    network = read(f"{file}:small")
    assert [str(e) for e in network.program.equations] == ["L = sum_{i} x[i]**2"]
    assert str(verbs.read(f"{file}:small")) == str(network)
    cases = {
        "": ":0: there are 2 functions: small, bad. Name one: nets.py:small.",
        ":smal": ":0: there is no function smal. Did you mean small?",
        ":bad": ":18:20: z is not defined.",
    }
    for suffix, words in cases.items():
        with pytest.raises(NotationError, match=re.escape(f"{file}{words.removeprefix(':0')}")):
            read(f"{file}{suffix}")
    file.write_text("def broken(:\n", encoding="utf-8")
    with pytest.raises(NotationError, match=r"nets.py:1:12: this is not Python: "):
        read(f"{file}:broken")


def test_nothing_of_the_file_was_imported() -> None:
    assert "nets" not in sys.modules


def test_an_object_is_called_and_not_read() -> None:
    class Model:
        def __call__(self, x):
            return x

    with pytest.raises(sb.NotationError, match=r"(?s)Model is an object, which is called and not read.*sb\.trace\(model, x\)"):
        sb.read(Model())


def by_defaults_of_a_dict(x, options):
    return np.sum(x) * {}.get("eps", 1e-5)


def unpacked(params):
    W, b = params
    return np.sum(W) + b


def indices(x, first):
    return np.sum(x[[first] + list(range(2))])  # noqa: RUF005


@pytest.mark.parametrize("function", [by_defaults_of_a_dict, unpacked, indices], ids=lambda f: f.__name__)
def test_python_that_is_not_read_is_run_instead(function: Callable[..., Any]) -> None:
    with pytest.raises(NotationError, match=re.escape(f"et it run: sb.trace({function.__name__}, ")):
        sb.network(function)


class Caller:
    def loss(self, X):
        return np.sum(self(X))


def test_a_method_that_calls_its_object_is_run_instead() -> None:
    with pytest.raises(NotationError, match=re.escape("Let it run: sb.trace(model.loss, X)")):
        sb.network(Caller.loss)


def test_what_runs_instead_of_a_function_that_is_decorated_needs_it_bare() -> None:
    with pytest.raises(NotationError, match=re.escape("Let it run: sb.trace(loss, params, X), without @sb.network above loss.")):

        @sb.network
        def loss(params, X):  # type: ignore[no-untyped-def]
            return np.sum(np.tanh(X.dot(params["W"]))) + len(params)
