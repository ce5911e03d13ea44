"""Backward passes that are run on numbers: right ones are right, planted mistakes are found, named, and shown at an entry."""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symbackprop.judge.functions import FunctionJudgeError, FunctionVerdict, verify_function, verify_layer
from symbackprop.judge.functions.second import Second
from symbackprop.judge.functions.truth import fine_slope
from tests.judge.functions import forms

FORMS: dict[str, tuple[Callable[..., Any], Callable[..., Any] | None, Callable[[np.random.Generator], tuple[Any, ...]]]] = {
    "columns": (forms.columns_loss, forms.columns_gradients, forms.columns_arguments),
    "classifier": (forms.Classifier(np.random.default_rng(3)).loss, None, forms.classifier_arguments),
    "neuron": (
        forms.neuron_loss,
        forms.neuron_gradients,
        lambda rng: (list(rng.normal(size=2)), 0.3, rng.normal(size=(5, 2)).tolist(), [1.0, -1.0, 1.0, 1.0, -1.0]),
    ),
    "dropout": (forms.dropout_loss, forms.dropout_gradients, forms.dropout_arguments),
    "rnn": (forms.rnn_loss, forms.rnn_gradients, forms.rnn_arguments),
}


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize("form", FORMS)
def test_a_right_backward_pass_is_right(form: str) -> None:
    loss, gradient, arguments = FORMS[form]
    verdict = verify_function(loss, gradient, *arguments(rng()))
    assert verdict.verdict == "right, numeric", verdict
    assert verdict.ok
    assert not verdict.mistakes
    assert all(finding.points >= 3 for finding in verdict.findings)


class Mutation(ast.NodeTransformer):
    """The k-th place where a person slips: += made =, a transpose, a term, a factor or a divisor lost, a sign turned."""

    def __init__(self, k: int) -> None:
        self.left = k
        self.what = ""

    def here(self, what: str) -> bool:
        self.left -= 1
        if self.left == -1:
            self.what = what
        return self.left == -1

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Sub) and self.here("+= made ="):
            return ast.copy_location(ast.Assign([node.target], node.value), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        return node.value if node.attr == "T" and self.here("a transpose lost") else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        losses = {ast.Add: "a term lost", ast.Mult: "a factor lost", ast.Div: "a divisor lost"}
        if type(node.op) in losses and self.here(losses[type(node.op)]):
            return node.left
        if isinstance(node.op, ast.Sub) and self.here("a sign turned"):
            return ast.copy_location(ast.BinOp(node.left, ast.Add(), node.right), node)
        return node


def mutants(function: Callable[..., Any]) -> list[tuple[str, Callable[..., Any]]]:
    tree = ast.parse(inspect.getsource(function))
    found: list[tuple[str, Callable[..., Any]]] = []
    while True:
        mutation, changed = Mutation(len(found)), copy.deepcopy(tree)
        mutation.visit(changed)
        if not mutation.what:
            return found
        scope = dict(vars(forms))
        exec(compile(ast.fix_missing_locations(changed), "<mutant>", "exec"), scope)
        found.append((mutation.what, scope[function.__name__]))


def flat(result: Any) -> np.ndarray | None:
    """All numbers of a result in one row."""
    parts = result.values() if isinstance(result, dict) else result if isinstance(result, list | tuple) else [result]
    rows = [flat(part) if isinstance(part, dict | list | tuple) else np.ravel(np.asarray(part, dtype=float)) for part in parts]
    return np.concatenate(rows)


def differs(mutant: Callable[..., Any], right: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    np.random.seed(0)  # noqa: NPY002
    expected = flat(right(*copy.deepcopy(arguments)))
    np.random.seed(0)  # noqa: NPY002
    try:
        found = flat(mutant(*copy.deepcopy(arguments)))
    except (ValueError, IndexError, TypeError):
        return True
    return found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-9, atol=1e-12)


SLOWER = [pytest.param(form, marks=pytest.mark.slow) for form in ("dropout", "rnn")]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["columns", "neuron", *SLOWER])
def test_every_planted_mistake_is_found_and_no_right_pass_is_blamed(form: str) -> None:
    loss, gradient, arguments = FORMS[form]
    planted = 0
    for what, mutant in mutants(gradient):
        wrong = any(differs(mutant, gradient, arguments(np.random.default_rng(seed))) for seed in range(8))
        planted += wrong
        verdict = verify_function(loss, mutant, *arguments(rng()))
        assert verdict.ok != wrong, f"{what}: {verdict}"
    assert planted >= 4


def quadratic(W: Any, x: Any) -> Any:
    return np.sum((W @ x) ** 2)


def right_quadratic(W: Any, x: Any) -> Any:
    return 2 * np.outer(W @ x, x)


SQUARE = (np.arange(9.0).reshape(3, 3) - 2, np.array([1.0, -2.0, 0.5]))


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        (lambda g: g.T, "up to convention: transpose", "transpose"),
        (lambda g: -g, "up to convention: sign", "negative"),
        (lambda g: g / 2, "up to convention: factor 2", "half"),
        (lambda g: 2 * g, "up to convention: factor 2", "twice"),
        (lambda g: g / 3, "up to convention: 1/N", "1/3 of the gradient, 3 being the number of rows of W"),
        (lambda g: 3 * g, "up to convention: 1/N", "1/3 is missing"),
        (lambda g: -2 * g.T, "wrong", "transpose, and it is -2 times"),
        (lambda g: 1.7 * g, "wrong", "1.7 times"),
        (lambda g: 0 * g, "wrong", "zero everywhere"),
        (lambda g: g + (np.arange(9).reshape(3, 3) == 4), "wrong", "1 of 9 entries"),
        (lambda g: g[:2], "wrong shape: (2, 3)", ""),
        (lambda g: g + 1e-5 * np.abs(g).max(), "wrong", ""),
    ],
)
def test_the_sub_case_is_named(change: Callable[[Any], Any], verdict: str, words: str) -> None:
    found = verify_function(quadratic, lambda W, x: change(right_quadratic(W, x)), *SQUARE, wrt="W")
    assert found.verdict.startswith(verdict)
    assert words in found["W"].mistake
    assert not found.ok
    assert found.mistakes


def test_a_convention_may_be_allowed() -> None:
    def turned(W: Any, x: Any) -> Any:
        return -right_quadratic(W, x).T

    assert verify_function(quadratic, turned, *SQUARE, wrt="W", allow=("transpose", "sign")).ok
    assert not verify_function(quadratic, turned, *SQUARE, wrt="W", allow=("sign",)).ok
    with pytest.raises(FunctionJudgeError, match="there is no convention 'signs'"):
        verify_function(quadratic, turned, *SQUARE, allow=("signs",))


def test_a_counterexample_shows_the_worst_entry() -> None:
    def off(W: Any, x: Any) -> Any:
        g = right_quadratic(W, x)
        g[1, 2] = 7.0
        return g

    finding = verify_function(quadratic, off, *SQUARE, wrt="W")["W"]
    assert finding.entry == (1, 2)
    assert finding.claimed == 7.0
    assert np.isclose(finding.true, right_quadratic(*SQUARE)[1, 2])
    assert "entry [1, 2]" in str(finding)


def test_one_wrong_entry_of_a_large_array_is_found_by_halving() -> None:
    def loss(W: Any) -> Any:
        return np.sum(np.sin(W))

    def off(W: Any) -> Any:
        g = np.cos(W)
        g[17, 23] += 0.5
        return g

    W = rng().normal(size=(40, 50))
    assert verify_function(loss, lambda W: np.cos(W), W).verdict == "right, numeric"
    assert verify_function(loss, off, W)["W"].entry == (17, 23)


def test_a_kink_blames_nobody() -> None:
    """At a start of zeros every entry stands at relu's kink: any subgradient may be claimed there."""

    def loss(W: Any, x: Any) -> Any:
        return np.sum(np.maximum(0, W @ x))

    def gradient(W: Any, x: Any) -> Any:
        return np.outer(W @ x > 0, x).astype(float)

    assert verify_function(loss, gradient, np.zeros((3, 2)), np.ones(2), wrt="W").ok


@pytest.mark.slow
@pytest.mark.parametrize("real", [False, True])
def test_kinks_within_every_step_blame_nobody(real: bool) -> None:
    """13,000 units, of which differences of usual steps switch many: the right pass is right, one off by 1e-5 is wrong."""
    X, W, v = rng().normal(size=(64, 200)), rng().normal(size=(200, 200)) / 4, rng().normal(size=200)

    def loss(W: Any, X: Any) -> Any:
        total = np.sum(np.maximum(0, X @ W) @ v)
        return float(total) if real else total

    def right(W: Any, X: Any) -> Any:
        return X.T @ ((X @ W > 0) * v)

    assert verify_function(loss, right, W, X, wrt="W").verdict == "right, numeric"
    assert verify_function(loss, lambda W, X: right(W, X) * (1 + 1e-5), W, X, wrt="W").verdict == "wrong"


@pytest.mark.parametrize("seed", range(20))
def test_a_fine_slope_knows_its_error(seed: int) -> None:
    """Of many kinks, some of them near, on a curve of some height: the true slope is within the error that is told."""
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, 10 ** random.integers(1, 5)))
    b[: seed % 4] *= 1e-7
    height, bend = 10.0 ** random.integers(-3, 4), random.normal()

    def f(t: Any) -> Any:
        return np.sum(np.maximum(0, a * t + b)) + height * np.cos(bend + t)

    found = fine_slope(f, f(0.0))
    assert abs(found.value - np.sum(a[b > 0]) + height * np.sin(bend)) <= found.error
    assert seed % 4 or found.error <= 1e-6 * max(height, len(a))


def test_mistakes_that_zeros_and_ones_hide_are_found() -> None:
    """At zero weights this claim equals the truth; at points of the judge it does not."""
    verdict = verify_function(
        lambda W, x: np.sum(np.tanh(W @ x)), lambda W, x: np.outer(np.ones(len(W)), x), np.zeros((3, 2)), np.ones(2), wrt="W"
    )
    assert verdict.verdict == "wrong"
    assert "right at 1 of" in verdict["W"].mistake


def test_single_precision_is_judged_in_doubles() -> None:
    W, x = SQUARE[0].astype(np.float32), SQUARE[1].astype(np.float32)
    assert verify_function(quadratic, right_quadratic, W, x, wrt="W").ok


def test_arguments_stay_as_they_were_and_writing_into_them_is_told() -> None:
    def gradient(p: dict[str, Any]) -> dict[str, Any]:
        g = {"W": 2 * p["W"]}
        p["W"] -= 0.1 * g["W"]
        return g

    p = {"W": np.ones((2, 3))}
    verdict = verify_function(lambda p: np.sum(p["W"] ** 2), gradient, p)
    assert verdict.ok
    assert np.array_equal(p["W"], np.ones((2, 3)))
    assert any('p["W"]' in note and "write" in note for note in verdict.notes)


def test_the_random_generators_of_the_person_are_left_as_they_were() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    verify_function(*FORMS["dropout"][:2], *forms.dropout_arguments(rng()))
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_what_is_printed_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    def gradient(W: Any, x: Any) -> Any:
        print("backward", "x" * 10_000)
        return right_quadratic(W, x)

    verdict = verify_function(quadratic, gradient, *SQUARE, wrt="W")
    assert capsys.readouterr().out == ""
    assert any(note.startswith("it printed: backward") for note in verdict.notes)


def test_an_exception_is_told_with_its_line() -> None:
    def gradient(W: Any, x: Any) -> Any:
        return {"W": np.outer(W @ x, missing)}  # noqa: F821 # type: ignore[name-defined]

    verdict = verify_function(quadratic, gradient, *SQUARE)
    assert verdict.verdict.startswith("not understood: ")
    assert "NameError" in verdict.verdict
    assert re.search(r"line \d+: return .*missing", verdict.verdict)
    assert not verdict.ok


@pytest.mark.parametrize(
    ("wrt", "names"),
    [
        (None, ["x"]),
        ("x", ["x"]),
        (["W", "x"], ["W", "x"]),
        (lambda W, x: {"weights": W, "input": x}, ["weights", "input"]),
    ],
)
def test_the_variables_may_be_said(wrt: Any, names: list[str]) -> None:
    def gradient(W: Any, x: Any) -> Any:
        both = [right_quadratic(W, x), 2 * W.T @ W @ x]
        return {"dx": both[1]} if wrt is None else both[1] if wrt == "x" else both

    found = verify_function(quadratic, gradient, *SQUARE, wrt=wrt)
    assert found.ok
    assert [finding.name for finding in found.findings] == names


@pytest.mark.parametrize(
    ("loss", "gradient", "wrt", "message"),
    [
        (lambda W, x: W @ x, right_quadratic, None, r"the loss returned of shape \(3,\); it must return one number"),
        (lambda W, x: "no", right_quadratic, None, "the loss returned a str"),
        (lambda W, x: W["x"], right_quadratic, None, "the loss has no value at the given arguments"),
        (lambda W, x: np.log(-1.0), right_quadratic, None, "the loss is nan at the given arguments"),
        (quadratic, lambda W, x: None, None, "returned no array"),
        (quadratic, lambda W, x: (1.0, 2.0, 3.0, 4.0), None, "is not clear"),
        (quadratic, right_quadratic, "V", "there is no float array V in the arguments; there are W, x"),
        (quadratic, right_quadratic, lambda W, x: [W], "gives a dictionary"),
        (quadratic, right_quadratic, lambda W, x: {"W": W + 1}, "no float array that the arguments hold"),
        (quadratic, None, None, "it returns \\(number, gradients\\)"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_mend(loss: Any, gradient: Any, wrt: Any, message: str) -> None:
    with pytest.raises(FunctionJudgeError, match=message):
        verify_function(loss, gradient, *SQUARE, wrt=wrt)


def test_a_verdict_is_no_boolean() -> None:
    verdict = verify_function(quadratic, right_quadratic, *SQUARE, wrt="W")
    with pytest.raises(TypeError, match=r"read \.verdict"):
        bool(verdict)
    assert "right, numeric" in verdict._repr_html_()
    assert "W" in repr(verdict)


# Layers: a vector-Jacobian product
def norm_arguments() -> tuple[Any, ...]:
    r = rng()
    return r.normal(size=(6, 3)), r.normal(size=3), r.normal(size=3)


def test_a_right_layer_is_right() -> None:
    verdict = verify_layer(forms.norm_forward, forms.norm_backward, *norm_arguments())
    assert verdict.ok, verdict
    assert [finding.name for finding in verdict.findings] == ["x", "gamma", "beta"]


def test_a_layer_that_keeps_its_cache_on_itself_is_right() -> None:
    layer = forms.Dense(rng())
    verdict = verify_layer(layer.forward, layer.backward, rng().normal(size=(4, 3)), wrt="inputs")
    assert verdict.ok, verdict
    assert not hasattr(layer, "dweights"), "the person's own object is left alone"


def test_gradients_that_are_written_on_the_object_are_found() -> None:
    class Silent(forms.Dense):
        def backward(self, dvalues: Any) -> None:
            super().backward(dvalues)

    silent = Silent(rng())
    verdict = verify_layer(silent.forward, silent.backward, rng().normal(size=(4, 3)))
    assert verdict.ok, verdict
    assert {finding.name for finding in verdict.findings} == {"self.weights", "self.biases"}


@pytest.mark.slow
def test_every_planted_mistake_of_a_layer_is_found() -> None:
    right = forms.norm_backward
    forward = forms.norm_forward
    out, cache = forward(*norm_arguments())
    dout = np.random.default_rng(5).normal(size=out.shape)
    found = 0
    for what, mutant in mutants(right):
        wrong = differs(mutant, right, (dout, cache))
        verdict = verify_layer(forward, mutant, *norm_arguments())
        assert verdict.ok != wrong, f"{what}: {verdict}"
        found += wrong
    assert found >= 6


def test_the_sum_over_the_batch_that_a_bias_lacks_is_told() -> None:
    def forward(x: Any, b: Any) -> tuple[Any, Any]:
        return np.tanh(x + b), np.tanh(x + b)

    def backward(dout: Any, y: Any) -> tuple[Any, Any]:
        return dout * (1 - y**2), dout * (1 - y**2)

    finding = verify_layer(forward, backward, rng().normal(size=(5, 3)), np.zeros(3))["b"]
    assert finding.verdict.startswith("wrong shape: (5, 3)")
    assert "not summed over axis 0" in finding.mistake


def test_a_layer_of_two_outputs_with_a_cache() -> None:
    def forward(x: Any, h: Any) -> tuple[Any, Any, Any]:
        n = np.tanh(x * h)
        return n, n + h, (x, h, n)

    def backward(dn: Any, dm: Any, cache: Any) -> tuple[Any, Any]:
        x, h, n = cache
        dz = (dn + dm) * (1 - n**2)
        return dz * h, dz * x + dm

    assert verify_layer(forward, backward, rng().normal(size=4), rng().normal(size=4)).ok


def test_a_layer_without_a_float_output_is_refused() -> None:
    with pytest.raises(FunctionJudgeError, match="forward must return an array of floats"):
        verify_layer(lambda x: x > 0, lambda d: d, np.ones(3))


@pytest.mark.slow
def test_the_judgement_is_the_same_every_time() -> None:
    def once() -> FunctionVerdict:
        return verify_function(*FORMS["rnn"][:2], *forms.rnn_arguments(rng()))

    assert once() == once()


def read_loss(W: np.ndarray, b: np.ndarray, x: np.ndarray, k: int) -> float:
    z = W @ x + b
    a = np.tanh(z)
    return k * np.sum(a**2)


def read_gradient(W: np.ndarray, b: np.ndarray, x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    a = np.tanh(W @ x + b)
    delta = 2 * k * a * (1 - a**2)
    return np.outer(delta, x), delta


def at_a_point() -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    rng = np.random.default_rng(3)
    return rng.standard_normal((3, 2)), rng.standard_normal(3), rng.standard_normal(2), 2


def test_a_loss_that_can_be_read_is_a_second_truth() -> None:
    result = verify_function(read_loss, read_gradient, *at_a_point())
    assert result.verdict == "right, numeric"
    assert result.notes == ("the loss could be read or traced: the gradients derived from it agree with its differences",)

    def called(W: np.ndarray, b: np.ndarray, x: np.ndarray, k: int) -> float:
        return read_loss(W, b, x, k)

    assert verify_function(called, read_gradient, *at_a_point()).notes == result.notes  # it is traced

    def leaking(W: np.ndarray, b: np.ndarray, x: np.ndarray, k: int) -> float:
        return float(repr(float(read_loss(W, b, x, k))))

    assert not verify_function(leaking, read_gradient, *at_a_point()).notes


class Dense:
    """A layer that returns one gradient and keeps the others on itself; `mean` where it averages the bias's."""

    def __init__(self, mean: bool = False) -> None:
        rng = np.random.default_rng(4)
        self.W, self.b, self.mean = rng.standard_normal((3, 2)), rng.standard_normal(2), mean

    def forward(self, X: np.ndarray) -> np.ndarray:
        self.X, self.A = X, np.tanh(X @ self.W + self.b)
        return self.A

    def backward(self, dA: np.ndarray) -> np.ndarray:
        dZ = dA * (1 - self.A**2)
        self.dW, self.db = self.X.T @ dZ, dZ.mean(axis=0) if self.mean else dZ.sum(axis=0)
        return dZ @ self.W.T


def test_a_layer_has_a_second_truth_by_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(2).standard_normal((4, 3))
    traced = ("the loss could be read or traced: the gradients derived from it agree with its differences",)
    layer = Dense()
    assert verify_layer(layer.forward, layer.backward, X).notes == traced

    def forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = np.exp(x) / np.sum(np.exp(x))
        return p, p

    assert verify_layer(forward, lambda dp, p: p * (dp - np.sum(dp * p)), X[0]).notes == traced
    derived = Second.gradient
    monkeypatch.setattr(Second, "gradient", lambda self, scene, name, value: 1.001 * derived(self, scene, name, value))
    assert verify_layer(layer.forward, layer.backward, X).verdict.startswith("undecided")


def test_gradients_that_a_layer_keeps_are_judged_beside_those_it_returns() -> None:
    X = np.random.default_rng(2).standard_normal((4, 3))
    right, wrong = Dense(), Dense(mean=True)
    found = verify_layer(right.forward, right.backward, X)
    assert [(f.name, f.verdict) for f in found.findings] == [(n, "right, numeric") for n in ("X", "self.W", "self.b")]
    assert verify_layer(right.forward, right.backward, X, wrt=["X", "W", "b"]).ok
    found = verify_layer(wrong.forward, wrong.backward, X)
    assert [f.name for f in found.findings if not f.verdict.startswith("right")] == ["self.b"]


def test_arrays_in_containers_have_a_second_truth_by_tracing() -> None:
    def loss(params: dict[str, np.ndarray], x: np.ndarray) -> float:
        for name in sorted(params):
            x = np.tanh(params[name] @ x)
        return float(x @ x)

    def gradient(params: dict[str, np.ndarray], x: np.ndarray) -> dict[str, np.ndarray]:
        h = np.tanh(params["a"] @ x)
        y = np.tanh(params["b"] @ h)
        dy = 2 * y * (1 - y**2)
        return {"b": np.outer(dy, h), "a": np.outer((params["b"].T @ dy) * (1 - h**2), x)}

    rng = np.random.default_rng(0)
    result = verify_function(loss, gradient, {"a": rng.normal(size=(3, 2)), "b": rng.normal(size=(2, 3))}, rng.normal(size=2))
    assert result.ok
    assert result.notes == ("the loss could be read or traced: the gradients derived from it agree with its differences",)


def test_two_truths_that_differ_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    derived = Second.gradient
    monkeypatch.setattr(Second, "gradient", lambda self, scene, name, value: 1.001 * derived(self, scene, name, value))
    result = verify_function(read_loss, read_gradient, *at_a_point())
    assert result.verdict.startswith("undecided: the gradient derived from the loss as it was read does not agree")
    assert not result.ok


def test_a_loss_whose_source_says_something_else_is_no_truth() -> None:
    other = functools.wraps(read_loss)(lambda W, b, x, k: float(np.sum(W) * k))  # its source is found to be that of read_loss
    result = verify_function(other, lambda W, b, x, k: {"W": np.full(W.shape, float(k))}, *at_a_point())
    assert result.verdict == "right, numeric"
    assert not result.notes
