"""What a network answers, as a function of each exported file: the same numbers, and no labels among its arguments."""

import inspect
import math
import re
import shutil
import subprocess
from dataclasses import dataclass
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
IMAGES = "X: data[N, 1, 8, 8]\nt: integers[N, 3]\nK: parameter[4, 1, 3, 3]\nb: parameter[4]\nW: parameter[36, 3]\n"
IMAGES += "s = max_pool2d(relu(conv2d(X, K, b)), 2).reshape(N, 36) @ W\nL = cross_entropy(s, t)"
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


@dataclass
class Told:
    """What the comment of a file in C says of one of its functions: of each argument the type, the length and what stands where."""

    types: dict[str, str]
    lengths: dict[str, int]
    places: dict[str, dict[str, tuple[int, tuple[int, ...]]]]


def told(text: str, called: str) -> Told:
    """Nothing but the comment is read."""
    words = re.search(rf"^   {called} .*?\n\n", text.partition("*/")[0], re.DOTALL | re.M)
    assert words is not None
    heads = re.findall(r"^ {7}([a-z ]+) (\w+)\[(\d+)\]$", words[0], re.M)
    places: dict[str, dict[str, tuple[int, tuple[int, ...]]]] = {}
    for array, at, name, shape in re.findall(r"^ {11}(\w+)\[(\d+)\]  (\w+) \((.*?)\)$", words[0], re.M):
        places.setdefault(array, {})[name] = int(at), tuple(map(int, re.findall(r"\d+", shape)))
    return Told({name: kind for kind, name, _ in heads}, {name: int(n) for _, name, n in heads}, places)


def main_of(text: str, values: dict[str, np.ndarray]) -> str:
    """A file of its own that calls what another one has, by what its comment says; it prints the loss, gradients and answers."""
    head = text.partition("*/")[0]
    declared = head[head.index("Another file declares:") :].split("\n\n", 1)[1]
    step, predict = told(text, "step"), told(text, "predict")
    if "parameters" not in predict.places:
        predict.places = {"parameters": step.places["parameters"]} | predict.places
    lines: dict[str, str] = {}
    for one in (step, predict):
        calls = []
        for array, places in one.places.items():
            own = f"{array}_{len(lines)}"
            kind = one.types.get(array) or step.types[array]
            filled = np.full(one.lengths.get(array) or step.lengths[array], 0 if kind == "long long" else np.nan)
            for name, (at, shape) in places.items():
                if array not in ("gradients", "answer"):
                    filled[at : at + math.prod(shape)] = np.asarray(values[name]).reshape(shape).ravel()
            numbers = ", ".join("NAN" if x != x else repr(int(x) if kind == "long long" else float(x)) for x in filled)
            lines[own] = f"static {kind} {own}[] = {{{numbers}}};"
            calls.append(own)
        one.types["call"] = ", ".join(calls)
        one.types["out"] = next(c for c in calls if c.startswith(("gradients", "answer")))
    body = [f"    {name}_memory *{name}_own = calloc(1, {name}_memory_size());" for name in ("step", "predict")]
    body += 2 * [f"    loss = step({step.types['call']}, step_own);\n    predict({predict.types['call']}, predict_own);"]
    body.append('    printf("%.17g\\n", loss);')
    for one in (step, predict):
        for at, shape in one.places["gradients" if one is step else "answer"].values():
            body.append(
                f'    for (int k = {at}; k < {at + math.prod(shape)}; k++) printf("%.17g\\n", (double){one.types["out"]}[k]);'
            )
    body.append("    free(step_own);\n    free(predict_own);\n    return 0;")
    includes = "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n\n"
    return "\n".join([includes, declared, *lines.values(), "int main(void) {\n    double loss = 0;", *body, "}\n"])


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [*ANSWERS, "loop", "images"])
def test_whoever_follows_the_comment_of_a_file_in_c_gets_the_numbers_of_the_network(name: str, dtype: str, tmp_path: Path) -> None:
    """Built strictly, under the sanitizers, in two files; what the comment calls meaningless is no number."""
    derivation = sb.derive({"loop": LOOP, "images": IMAGES}.get(name) or EXAMPLES / name)
    free = sb.compile(derivation)
    sizes = {s.name: k for k, s in enumerate(free.program.sizes(), 3)}
    _, at = at_sizes(free, sizes.values())
    answer = answer_of(derivation.forward, derivation.of)
    assert answer is not None
    text = sb.compile(derivation, sizes, dtype=dtype).c_source(predict=answer)
    tensors, asked = derivation.forward.tensors, told(text, "predict").places
    assert not [t for held in asked.values() for t in held if tensors[t].kind in ("labels", "integers")]
    (tmp_path / "net.c").write_text(text, encoding="utf-8")
    (tmp_path / "main.c").write_text(main_of(text, at), encoding="utf-8")
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-fsanitize=address,undefined"]
    files = [tmp_path / "net.c", tmp_path / "main.c"]
    subprocess.run([str(CC), *strict, "-fno-sanitize-recover=all", "-o", tmp_path / "run", *files, "-lm"], check=True)
    done = subprocess.run([tmp_path / "run"], capture_output=True, text=True, check=True)
    loss, gradients = free.value_and_grad(at)
    by_name = [gradients[name] for name in told(text, "step").places["gradients"]]
    right = np.concatenate([np.ravel(a) for a in (loss, *by_name, free.outputs(at, names=[answer])[answer])])
    rtol, atol = (1e-10, 1e-12) if dtype == "float64" else (1e-4, 1e-5)
    np.testing.assert_allclose(np.array(done.stdout.split(), float), right, rtol=rtol, atol=atol)
