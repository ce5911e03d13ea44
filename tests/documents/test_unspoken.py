"""Steps speak of what has a name: what nobody named is gone back through with what reads it, and the numbers stay the same."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Equation, Sum
from symbackprop.display.written_out import written_out
from symbackprop.documents.layer_block import Lecture
from symbackprop.documents.layers import Layer, Line, path_of
from symbackprop.formulas import build
from tests.display.networks import at_random
from tests.display.test_local_form import ALL, FEW, derive, local_value
from tests.formulas.latex_value import Numbered

SHORT = ("gaussian_process", "digits", "skip_gram_loss")


def lecture_of(derived: Derivation) -> tuple[Lecture, list[Line]]:
    """What tells a derivation without the values that nobody named, as far as that goes, and a line for each that has a name."""
    lecture = Lecture(derived, Numbered(derived.program), written_out(derived), {}, lambda _, formula: formula)
    forward, backward = derived.forward, {e.target.name: e for e in derived.backward}
    named = {n for n, tensor in forward.tensors.items() if tensor.named or tensor.called or tensor.kind != "value"}
    roles = {n: derived.program.tensors[n].role for n in backward}
    known = {n for n, role in roles.items() if role is not None and role.via is None and role.wrt in named}
    lines = [Line(n, build.ONE, tuple(path_of(backward, known, n))) for n in known]
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
        count += 1
    return count


def _is_multiplied(equation: Equation) -> bool:
    step = equation.step
    if step is None or step.wrt is None or not isinstance(equation.op, Sum) or len(set(step.wrt.index)) < len(step.wrt.index):
        return False
    return step.rule == "copy" or step.local is not None


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
    return np.einsum(*sides, [number[c] for c in step.wrt.index])


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem, marks=[] if p.stem in SHORT else pytest.mark.slow) for p in (*FEW, *ALL)]
)
def test_steps_that_are_put_together_are_the_gradient(path: Path) -> None:
    counted = prove(derive(str(path)))
    assert counted or path.stem not in SHORT


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


def test_two_ways_through_what_nobody_named_are_one_local_derivative() -> None:
    """mean(logsumexp(S) - sum(Y S)): S is read by two values that have no names, and the step says softmax - Y at once."""
    words = sb.derive("S: parameter[n, c]\nY: labels[n, c]\nL = mean(logsumexp(S, axis=1) - sum(Y*S, axis=1))").text()
    assert "∂L/∂Sᵢⱼ = (1/n)(softmax(S)ᵢⱼ − Yᵢⱼ)" in words
    assert "acts through" not in words
