"""Entries in order: values as NumPy's, derivatives by the permutation, of both orders as the witnesses' and as JAX's."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.display.remarks import remarks
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward
from symbackprop.judge.witnesses.crosscheck import check

D = "x: parameter[n]\nw: parameter[n]\nX: parameter[n, m]\ns: parameter\n"
CASES: dict[str, tuple[str, Callable[..., Any]]] = {
    "sort(x)": ("x", np.sort),
    "sort(X, axis=0)": ("X", lambda X: np.sort(X, axis=0)),
    "sort(X, axis=None)": ("X", lambda X: np.sort(X, axis=None)),
    "sort(x, descending=True)": ("x", lambda x: np.sort(x)[::-1]),
    "x*argsort(w)": ("xw", lambda x, w: x * np.argsort(w)),
    "x[argsort(w)]": ("xw", lambda x, w: x[np.argsort(w)]),
    "topk(x, 2)[0]": ("x", lambda x: np.sort(x)[::-1][:2]),
    "topk(X, 2, axis=1, largest=False)[1]*sum(X)": ("X", lambda X: np.argsort(X, axis=1)[:, :2] * X.sum()),
    "median(x)": ("x", np.median),
    "median(X, axis=1)": ("X", lambda X: np.median(X, axis=1)),
    "median(X, axis=0, keepdims=True) * X": ("X", lambda X: np.median(X, axis=0, keepdims=True) * X),
    "quantile(x, 0.3)": ("x", lambda x: np.quantile(x, 0.3)),
    "percentile(X, 75, axis=0)": ("X", lambda X: np.percentile(X, 75, axis=0)),
    "quantile(x, 1) - quantile(x, 0)": ("x", np.ptp),
    "x[argmax(w)]": ("xw", lambda x, w: x[np.argmax(w)]),
    "argmin(X, axis=1)*x": ("Xx", lambda X, x: np.argmin(X, axis=1) * x),
    "argmax(X, axis=0, keepdims=True)*X": ("Xx", lambda X, x: np.argmax(X, axis=0, keepdims=True) * X),
    "argmax(X)*x": ("Xx", lambda X, x: np.argmax(X) * x),
    "max(X, axis=(0, 1))*x": ("Xx", lambda X, x: X.max() * x),
    "max(0, x)": ("x", lambda x: np.maximum(0, x)),
    "min(s, 1, 2)*x": ("xs", lambda x, s: min(s, 1) * x),
    "max(x, w)": ("xw", np.maximum),
}


@pytest.mark.parametrize("expression", CASES)
@pytest.mark.slow
def test_values_are_numpys_and_derivatives_of_both_orders_the_witnesses(expression: str) -> None:
    names, theirs = CASES[expression]
    first = sb.derive(f"{D}r = {expression}\nL = sum(sin(r) * r)", wrt=list(names))
    for n in (4, 5):
        sizes, at = defined(first.forward, {"n": n, "m": 3}, seed=1)
        np.testing.assert_allclose(forward(first.forward, at)["r"], theirs(*(at[name] for name in names)), rtol=1e-12, atol=1e-14)
        assert first.check(sizes=sizes), first.check(sizes=sizes)
    second = differentiate(first.program, first.gradient(names[0]), list(names), jacobian=True)
    assert check(second, sizes=sizes, points=1), str(check(second, sizes=sizes, points=1))


@pytest.mark.parametrize("expression", ["sort(x)*w", "topk(x, 3)[0]", "median(X, axis=1)", "quantile(x, 0.4)", "x[argsort(w)]*w"])
def test_gradients_are_those_of_jax(jax: ModuleType, expression: str) -> None:
    from tests.jax_words import value_and_gradients

    text = f"{D}L = sum(sin({expression}))"
    derivation = sb.derive(text)
    sizes, at = defined(derivation.program, {"n": 5, "m": 4}, 2)
    value, expected = value_and_gradients(text, "L", derivation.wrt, at, sizes)
    found, gradients = sb.compile(derivation).value_and_grad(at)
    np.testing.assert_allclose(found, value, rtol=1e-10)
    for wrt in derivation.wrt:
        np.testing.assert_allclose(gradients[wrt], expected[wrt], rtol=1e-9, atol=1e-12)


def test_equal_entries_stay_in_their_order_and_the_report_says_so() -> None:
    derivation = sb.derive("x: parameter[n]\nw: data[n]\nL = sum(sort(x)*w)")
    _, gradients = sb.compile(derivation).value_and_grad({"x": np.array([2.0, 1.0, 2.0, 1.0]), "w": np.arange(4.0)})
    np.testing.assert_array_equal(gradients["x"], [2, 0, 3, 1])
    assert any("equal ones as they stand" in str(remark) for remark in remarks(derivation))


def test_traced_code_that_sorts() -> None:
    def loss(x: Any, w: Any) -> Any:
        order = np.argsort(x)
        return np.sum(np.sort(x) * w) + np.median(x * w) + x[order][-1] * w[np.argmax(w)] + np.percentile(x, 40)

    x, w = np.array([0.3, -1.2, 2.0, 0.7]), np.array([0.5, 1.5, 4.0, -2.0])
    assert sb.derive(sb.trace(loss, x, w)).check()


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("torch.argsort(x, dim=0)*x", "argsort(x, axis=0)*x"), ("torch.topk(x, 2)[0]", "topk(x, 2)[0]"),
        ("jax.lax.top_k(x, 2)[0]", "topk(x, 2)[0]"), ("x.argmax()*x", "argmax(x)*x"), ("np.median(X)", "median(X)"),
        ("max(0, x)", "maximum(x, 0)"), ("max(1, s)", "maximum(s, 1)"), ("min(x, w)", "minimum(x, w)"),
    ],
)  # fmt: skip
def test_words_of_other_libraries(theirs: str, ours: str) -> None:
    assert str(sb.read(f"{D}L = sum({theirs})")) == str(sb.read(f"{D}L = sum({ours})"))


REFUSED = {
    "max(x, 0)": "max(x, 0) has two meanings. Write maximum(x, 0) entry by entry, or max(x, axis=0)",
    "torch.sort(x)": "these are several values, values, indices. Write .values, or [0], for the first.",
    "torch.median(x)": "median: axis 0 has the size n, so that its parts cannot be counted",
    "unique(x)": "unique is not a function of the language. How many entries it has depends on their values",
    "quantile(x, 1.5)": "quantile: q must be a number from 0 to 1, not 3/2",
    "topk(x, 0)[0]": "topk: k must be 1 or more, not 0",
    "sort(s)": "sort: s is a scalar; it needs an axis to run along",
    "sort(x, axis=1)": "sort: axis 1",
}


@pytest.mark.parametrize("text", REFUSED)
def test_the_words_of_a_refusal(text: str) -> None:
    with pytest.raises(sb.NotationError) as caught:
        sb.read(f"{D}L = sum({text})")
    assert REFUSED[text] in str(caught.value)
