"""What a network answers, as a function of each exported file: the same numbers, and no labels among its arguments."""

import inspect
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.arguments import ArgumentError
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
CC = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
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
    assert answer is not None
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
    c = ["--format", "c", "--size", "n=4"]
    assert "void predict(const real *restrict parameters, real *restrict answer, const real" in run("compile", digits, *c).out
    assert "predict" not in run("compile", digits, *c, "--wrt", "b_2", "--then", "b_2").out
    assert "def predict" not in run("compile", digits, "--wrt", "b_2", "--then", "b_2").out


@pytest.mark.parametrize("style", ["source_with", "layers_source", "fast_source", "c_source"])
def test_an_answer_that_is_no_value_is_refused(style: str) -> None:
    compiled = sb.compile("w: parameter[3]\nx: data[3]\np = w * x\nL = sum(p**2)")
    with pytest.raises(ArgumentError, match="there is no value q; "):
        getattr(compiled, style)(predict="q")


CALLER = """
#include <stdio.h>
{tables}static {real} answer_[{length}];
static predict_memory memory_;
int main(void) {{
    for (int k = 0; k < 2; k++) predict({arguments});
    for (int k = 0; k < {length}; k++) printf("%.17g\\n", (double)answer_[k]);
    return 0;
}}
"""


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [*ANSWERS, "loop"])
def test_the_answer_in_c_is_that_of_the_network(name: str, dtype: str, tmp_path: Path) -> None:
    """Built strictly, under the sanitizers, beside the step, with the flat parameters of a bound step."""
    derivation = sb.derive(LOOP if name == "loop" else EXAMPLES / name)
    free = sb.compile(derivation, dtype=dtype)
    sizes = {s.name: k for k, s in enumerate(free.program.sizes(), 3)}
    _, at = at_sizes(free, sizes.values())
    answer = answer_of(derivation.forward, derivation.of)
    assert answer is not None
    compiled, step = sb.compile(derivation, sizes, dtype=dtype), free.bind(at)
    text, right = compiled.c_source(predict=answer), free.outputs(at, names=[answer])[answer]
    words = re.search(r"predict answers.*?\*/", text, re.DOTALL)
    assert words is not None
    takes = re.findall(r"^ +data_\d+  (\w+)", words[0], re.M)
    assert takes
    assert not [t for t in takes if derivation.forward.tensors[t].kind in ("labels", "integers")]
    real = "float" if dtype == "float32" else "double"
    arrays = {"parameters_": step.flat, **{f"in_{k}": step.data[t] for k, t in enumerate(takes)}}
    tables = "".join(f"static {real} {n}[] = {{{', '.join(map(repr, a.ravel().tolist()))}}};\n" for n, a in arrays.items())
    called = ", ".join(["parameters_", "answer_", *(n for n in arrays if n != "parameters_"), "&memory_"])
    path = tmp_path / "step.c"
    path.write_text(text + CALLER.format(tables=tables, real=real, length=right.size, arguments=called), encoding="utf-8")
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-fsanitize=address,undefined"]
    subprocess.run([str(CC), *strict, "-fno-sanitize-recover=all", "-o", tmp_path / "step", path, "-lm"], check=True)
    done = subprocess.run([tmp_path / "step"], capture_output=True, text=True, check=True)
    found = np.array(done.stdout.split(), float).reshape(right.shape)
    np.testing.assert_allclose(found, right, rtol=1e-10 if dtype == "float64" else 1e-4, atol=1e-12 if dtype == "float64" else 1e-5)
