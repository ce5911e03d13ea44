"""Steps speak of what has a name: what nobody named is gone back through with what reads it, and the numbers stay the same."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Equation, Sum
from symbackprop.display.written_out import written_out
from symbackprop.documents.layer_block import Lecture
from symbackprop.documents.layers import Layer, Line, path_of
from symbackprop.documents.ways import Summed, by_ways
from symbackprop.formulas import build
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import letter
from symbackprop.formulas.read_latex import parse
from tests.display.networks import at_random
from tests.display.test_local_form import ALL, FEW, derive, local_value
from tests.documents.test_layers import prove as layer_by_layer
from tests.documents.test_layers import prove_chain, sides
from tests.formulas.latex_value import AXES, Numbered, Reader, latex_value, text_of

SHORT = ("gaussian_process", "digits", "skip_gram_loss")


def lecture_of(derived: Derivation) -> tuple[Lecture, list[Line]]:
    """What tells a derivation without the values that nobody named, as far as that goes, and a line for each that has a name."""
    lecture = Lecture(derived, Numbered(derived.program), written_out(derived), {}, lambda _, formula: formula)
    forward, backward = derived.forward, {e.target.name: e for e in derived.backward}
    named = {n for n, tensor in forward.tensors.items() if tensor.named or tensor.called or tensor.kind != "value"}
    roles = {n: derived.program.tensors[n].role for n in backward}
    known = {n for n, role in roles.items() if role is not None and role.via is None and role.wrt in named}
    place = {n: k for k, n in enumerate(backward)}
    lines = [Line(n, build.ONE, path_of(backward, place, known, n)) for n in known]
    uses = forward.uses()
    wanted = {n for n in forward.tensors if n not in named and uses[n] == 1} - set(lecture.softmaxes)
    lecture.leave_out([Layer("", tuple(lines), ())], wanted)
    return lecture, lines


def prove(derived: Derivation) -> int:
    """Multiply the local derivatives that stand in the steps along the way of each line: the gradient; how many were put together."""
    lecture, lines = lecture_of(derived)
    arrays, sizes = at_random(derived, 0)
    count = 0
    for line in lines:
        path = lecture.reasons.path(line)
        if path is line.path or derived.program.shape(derived.of) or not all(map(_is_multiplied, path)):
            continue
        told = dict(arrays)
        for equation in path:
            told[equation.target.name] = _value(lecture, equation, told, sizes)
        np.testing.assert_allclose(told[line.name], arrays[line.name], rtol=1e-7, atol=1e-8, err_msg=str(line.path))
        for ways in by_ways(path):
            if len(ways) > 1:
                _prove_summed(lecture, ways, told, sizes)
        count += 1
    return count


def _is_multiplied(equation: Equation) -> bool:
    step = equation.step
    if step is None or step.wrt is None or not isinstance(equation.op, Sum):
        return False
    return step.rule == "copy" or step.local is not None


def _prove_summed(lecture: Lecture, ways: list[Equation], arrays: dict[str, np.ndarray], sizes: dict[str, int]) -> None:
    """What comes from above times the local derivative of several ways, as it is printed, is what all of them bring back."""
    names, first = lecture.names, ways[0].step
    assert isinstance(names, Numbered)
    assert first is not None
    summed = Summed(names, ways, [n for n in lecture.gone if isinstance(names.written[n].op, Sum)])
    letters = list(dict.fromkeys((*summed.through.index, *summed.wrt.index)))
    extents = {c: arrays[r.name].shape[k] for r in (summed.through, summed.wrt) for k, c in enumerate(r.index)}
    reader = Reader(names.program, arrays, sizes)
    reader.extents = {text_of(letter(c)): n for c, n in extents.items()}
    for c in letters:
        reader.bind(text_of(letter(c)))
    found = np.broadcast_to(
        reader.read(parse(latex(summed.right())).items), [extents[c] for c in letters] + [1] * (AXES - len(letters))
    )
    above = np.ones([extents[c] for c in summed.through.index]) if first.upstream is None else arrays[first.upstream.name]
    number = {c: k for k, c in enumerate(letters)}
    sides = [above, [number[c] for c in summed.through.index], found.reshape([extents[c] for c in letters]), [*number.values()]]
    whole = _multiplied(sides, number, summed.wrt.index)
    np.testing.assert_allclose(
        whole, sum(arrays[e.target.name] for e in ways), rtol=1e-7, atol=1e-8, err_msg=latex(summed.formula())
    )


def _value(lecture: Lecture, equation: Equation, arrays: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    step = equation.step
    assert step is not None
    if step.rule == "copy":
        return sum((arrays[ref.name] for ref in equation.operands), np.zeros(()))
    assert step.through is not None
    assert step.wrt is not None
    assert isinstance(lecture.names, Numbered)
    written = lecture.names.written  # functions of matrices are read by their names
    inline = {n for n in lecture.gone if n in written and isinstance(written[n].op, Sum)}
    local = local_value(lecture.names, equation, arrays, sizes, inline)
    index = tuple(dict.fromkeys((*step.through.index, *step.wrt.index)))
    above = np.ones([n for c, n in zip(index, local.shape, strict=True) if c in step.through.index])
    above = above if step.upstream is None else arrays[step.upstream.name]
    number = {c: k for k, c in enumerate(index)}
    sides = [above, [number[c] for c in step.through.index], local, [number[c] for c in index]]
    return _multiplied(sides, number, step.wrt.index)


def _multiplied(sides: list[Any], number: dict[str, int], index: tuple[str, ...]) -> np.ndarray:
    """The sum of products at the letters of an index; where one comes again, entries are tied, and the others are 0."""
    own = list(dict.fromkeys(index))
    found = np.einsum(*sides, [number[c] for c in own])
    whole = np.zeros([found.shape[own.index(c)] for c in index])
    whole[tuple(np.indices(found.shape)[own.index(c)] for c in index)] = found
    return whole


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem, marks=[] if p.stem in SHORT else pytest.mark.slow) for p in (*FEW, *ALL)]
)
def test_steps_that_are_put_together_are_the_gradient(path: Path) -> None:
    counted = prove(derive(str(path)))
    assert counted or path.stem not in SHORT


JACOBIANS = {
    "a hessian": ("w: parameter[n]\nX: data[N, n]\ny: data[N]\nL = sum(softplus(X @ w)) - y @ X @ w", "w", None, "w"),
    "a hessian of powers": ("w: parameter[n]\nX: data[N, n]\nL = sum(tanh(X @ w)**2)", "w", None, "w"),
    "a hessian of layers": ("W: parameter[m, n]\nv: parameter[m]\nx: data[n]\nL = log(1 + (v @ tanh(W @ x))**2)", "W", None, "W"),
    "a mixed one": ("w: parameter[n]\nX: data[N, n]\nL = sum(exp(X @ w))", "w", None, "X"),
    "a product of cubes": ("X: data[N, n]\nw: parameter[n]\nz = X @ w\ng = 2*X.T @ (tanh(z)**3)", "w", "g", None),
    "functions entry by entry": ("X: data[N, n]\nw: parameter[n]\nz = X @ w\np = sigmoid(exp(z))", "w", "p", None),
    "entries alone": ("w: parameter[n]\ns: parameter[n]\na = w*s\np = sigmoid(exp(a)*w + sin(a))", "w", "p", None),
    "two products": ("A: data[p, q]\nB: data[q, n]\nw: parameter[n]\nv = B @ w\ng = sigmoid(A @ tanh(v))", "w", "g", None),
    "a row of softmax": ("X: data[N, n]\nW: parameter[n, m]\nz = X @ W\ng = softmax(z, axis=1)", "W", "g", None),
    "a matrix": ("X: data[N, n]\nW: parameter[n, m]\nV: data[m, p]\nZ = X @ W\nY = tanh(exp(Z) @ V)", "W", "Y", None),
    "a gram matrix": ("W: parameter[n, m]\nG = exp(W.T @ W)", "W", "G", None),
    "a number for all": ("x: data[n]\nw: parameter\nz = exp(tanh(w*x) + w)", "w", "z", None),
    "a scaled vector": ("A: data[p, n]\nw: parameter[n]\nu = w/sum(w**2)\ng = A @ u", "w", "g", None),
}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "wrt", "of", "then"), JACOBIANS.values(), ids=JACOBIANS)
def test_the_lines_of_jacobians_and_hessians(text: str, wrt: str, of: str | None, then: str | None) -> None:
    """The identity that a Jacobian begins with stays in what is put together."""
    derived = sb.derive(text, wrt, of=of)
    twice = derived if then is None else sb.derive(derived, then)
    layer_by_layer(twice, twice.box())
    lecture, lines = lecture_of(twice)
    arrays, sizes = at_random(twice, 0)
    assert sum(prove_chain(lecture, line, arrays, sizes) for line in lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A: parameter[n, n] & spd\ny: data[n]\nL = y @ inverse(A) @ y", "∂L/∂Aₖₗ"),
        ("w: parameter[d]\nX: data[n, d]\ny: data[n]\nL = mse_loss(X @ w, y) + 0.1*l2_penalty(w)", "∂L/∂wⱼ = (1/5) wⱼ"),
    ],
)
def test_no_step_speaks_of_what_nobody_named(text: str, said: str) -> None:
    words = sb.derive(text).text()
    assert "u₁" not in words
    assert "u₂" not in words
    assert said in words


WAYS = {
    "a trace": "X: parameter[n, m]\nB: data[n, n]\nL = trace(X.T @ B @ X)",
    "a power": "X: parameter[n, n]\nL = trace(X @ X @ X)",
    "a product": "X: parameter[n, n]\nB: data[n, n]\nY = X @ X.T @ B @ X\nL = sum(Y**2)",
    "a diagonal": "S: parameter[n, n]\nL = -trace(log_softmax(S)) - trace(log_softmax(S.T))",
    "a quotient": "x: parameter[n]\nA: data[n, n]\nL = (x @ A @ x)/(x @ x)",
    "a centre": "X: parameter[n, d]\nB: data[n, n]\nY = B @ (X - mean(X, axis=0))\nL = sum(Y**3)",
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_several_ways_between_two_values_are_one_local_derivative(text: str) -> None:
    derived = derive(text)
    assert prove(derived)
    assert not re.search("u[₁₂₃₄_]", sb.derive(text).text())


def test_two_ways_through_what_nobody_named_are_one_local_derivative() -> None:
    """mean(logsumexp(S) - sum(Y S)): S is read by two values that have no names, and the step says softmax - Y at once."""
    words = sb.derive("S: parameter[n, c]\nY: labels[n, c]\nL = mean(logsumexp(S, axis=1) - sum(Y*S, axis=1))").text()
    assert "∂L/∂Sᵢⱼ = (1/n)(softmax(S)ᵢⱼ − Yᵢⱼ)" in words
    assert "acts through" not in words


THROUGH_SOFTMAX = {
    "attention": "X: data[t, d]\nA: parameter[d, d]\nV: parameter[d, c]\nY: data[t, c]\nP = softmax(X @ A @ X.T)\nO = P @ (X @ V)\n"
    "L = sum((O - Y)**2)",
    "mixture": "x: data[n]\nm: parameter[k]\na: parameter[k]\np = softmax(a)\n"
    "L = -sum(logsumexp(-(x[:, None] - m)**2/2 + log(p), axis=1))",
    "policy": "S: data[n, d]\na: integers[n, k]\nA: data[n]\nW: parameter[d, k]\np = softmax(S @ W)\n"
    "L = -mean(tanh(p[arange(n), a]*A)*A)",
}


@pytest.mark.parametrize("text", THROUGH_SOFTMAX.values(), ids=THROUGH_SOFTMAX)
def test_what_is_gone_back_through_together_with_a_softmax_has_a_chain_rule(text: str) -> None:
    derived = sb.derive(text)
    lecture, lines = lecture_of(derived)
    arrays, sizes = at_random(derived, 0)
    everything = [e.target.name for e in derived.program.equations]
    softened = 0
    for line in lines:
        rows = lecture.chain(line)
        softened += any(r.name in lecture.softmaxes for e in line.path for r in e.operands) and bool(rows)
        for row in rows:
            for side in sides(row.formula):
                found = latex_value(lecture.names, side, row.equation, arrays, sizes, everything)
                np.testing.assert_allclose(
                    found, arrays[row.equation.target.name], rtol=1e-7, atol=1e-8, err_msg=latex(row.formula)
                )
    assert softened


def test_the_sum_behind_a_softmax_is_told_by_the_value_that_is_a_product_with_it() -> None:
    text = sb.derive(THROUGH_SOFTMAX["attention"]).text()
    assert "rowsum(P ⊙ δ_O Vᵀ Xᵀ) = rowsum(δ_O ⊙ O), since O = P X V." in " ".join(text.split())


def test_values_of_one_kind_are_written_out_together() -> None:
    """Both variances of two layer norms stand in the network, though the box reads one of them."""
    net = (Path(__file__).parents[2] / "examples" / "layers" / "transformer_block.net").read_text(encoding="utf-8")
    said = sb.derive(net).report("latex", detail="brief")
    assert all(
        rf"s_{{{k},n}} &= \operatorname{{rowmean}}" in said or rf"s_{{{k},n}} = \operatorname{{rowmean}}" in said for k in (1, 2)
    )
