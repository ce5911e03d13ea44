"""What a network answers, as a function of each exported file: the same numbers, and no labels among its arguments."""

import inspect

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.executed import executed
from symbackprop.training.using import answer_of
from tests.command import Run
from tests.plan.test_plan import EXAMPLES, at_sizes

ANSWERS = {
    "classifier.net": "P",
    "digits.net": "S",
    "mlp_3_4_4_1.net": "yhat",
    "residual.net": "s",
    "svm.net": "S",
    "two_layer_columns.net": "Yhat",
    "two_layer_rows.net": "Yhat",
    "xor.net": "p",
}
NONE = ["sigmoid_neuron.net", "squared_norm.net", "branches.net"]
LOOP = "X: data[N, T, 3]\nt: integers[N, 4]\nW: parameter[3, 8]\nU: parameter[2, 8]\nb: parameter[8]\nV: parameter[2, 4]\n"
LOOP += "h = lstm(X, W, U, b)\ns = h @ V\nL = cross_entropy(s, t)"


@pytest.mark.parametrize("style", ["source_with", "layers_source", "fast_source", pytest.param("jax", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [*ANSWERS, "loop"])
def test_the_answer_is_that_of_the_network(name: str, style: str) -> None:
    derivation = sb.derive(LOOP if name == "loop" else EXAMPLES / name)
    free = sb.compile(derivation)
    sizes = {s.name: k for k, s in enumerate(free.program.sizes(), 3)}
    _, at = at_sizes(free, sizes.values())
    answer = answer_of(derivation.forward, derivation.of)
    assert answer == ("s" if name == "loop" else ANSWERS[name])
    compiled = sb.compile(derivation, sizes, backend="jax" if style == "jax" else "numpy")
    text = getattr(compiled, "source_with" if style == "jax" else style)(answer)
    predict = executed(text, "predict")
    takes = list(inspect.signature(predict).parameters)
    assert not [t for t in takes if derivation.forward.tensors[t].kind in ("labels", "integers")]
    found = np.asarray(predict(**{k: at[k] for k in takes}))
    np.testing.assert_allclose(found, free.outputs(at, names=[answer])[answer], rtol=1e-5 if style == "jax" else 1e-10)
    executed(text, "value_and_grad")  # which is there as well


@pytest.mark.parametrize("name", NONE)
def test_a_network_without_an_answer_has_no_such_function(name: str, run: Run) -> None:
    derivation = sb.derive(EXAMPLES / name)
    assert answer_of(derivation.forward, derivation.of) is None
    assert "predict" not in run("compile", EXAMPLES / name).out


def test_the_command_writes_it_and_second_derivatives_have_none(run: Run) -> None:
    digits = EXAMPLES / "digits.net"
    for options in ([], ["--style", "layers"], ["--style", "fast", "--size", "n=4"], ["--format", "jax"]):
        code, out, _ = run("compile", digits, *options)
        assert code == 0
        assert "def predict(W_1, b_1, W_2, b_2, X):" in out
    assert "def predict" not in run("compile", digits, "--wrt", "b_2", "--then", "b_2").out
