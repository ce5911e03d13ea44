"""Every local derivative that a report shows has no letter that is neither on its left nor summed, and the chain rule holds with it."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.through import put_together
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Equation, Program, letter_sizes
from symbackprop.display.local_form import local_equation, local_formula
from symbackprop.display.names import Names
from symbackprop.display.own_value import by_own_value
from symbackprop.documents.document import StepBlock
from symbackprop.documents.step_block import step_letters, told_whole
from symbackprop.documents.steps import report
from symbackprop.evaluate.extents import extent
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import letter
from symbackprop.formulas.read_latex import parse
from tests.display.networks import MAKERS, at_random
from tests.formulas.latex_value import AXES, Numbered, Reader, text_of
from tests.random_programs import programs

ROOT = Path(__file__).parent.parent.parent
FEW = sorted((ROOT / "examples").rglob("*.net"))
ALL = sorted((ROOT / "tests" / "networks").rglob("*.net"))


def derive(text: str) -> Derivation:
    network = sb.read(text)
    of = network.loss or list(network.program.outputs)[-1]
    return differentiate(network.program, of, jacobian=bool(network.program.shape(of)))


def local_value(
    names: Numbered, equation: Equation, arrays: dict[str, np.ndarray], sizes: dict[str, int], inline: Collection[str] = ()
) -> np.ndarray:
    """The local derivative as it is printed, over the letters of what it leads through and of what it is by."""
    assert equation.step is not None
    holder, ranges = local_equation(names, equation, equation.step)
    shown = {c: None if n == 1 else letter(c) for c, n in ranges.items()}
    reader = Reader(names.program, arrays, sizes)
    reader.extents = {text_of(letter(c)): extent(n, sizes) for c, n in ranges.items()}
    for c in holder.target.index:
        reader.bind(text_of(letter(c)))
    shape = tuple(extent(ranges[c], sizes) for c in holder.target.index)
    result = reader.read(parse(latex(local_formula(names, equation, shown, inline))).items)
    return np.broadcast_to(result, shape + (1,) * (AXES - len(shape)) if np.ndim(result) else shape).reshape(shape)


def chained(derived: Derivation, seed: int = 0) -> int:
    """Multiply every printed local derivative with what comes from above: the part of the gradient; how many there were."""
    names = Numbered(derived.program)
    arrays, sizes = at_random(derived, seed)
    rank = len(derived.program.shape(derived.of))
    count = 0
    for equation in (told_whole(names, e) for e in derived.backward):
        step = equation.step
        if step is None or step.local is None or step.through is None or step.wrt is None:
            continue
        if rank or len({*step.wrt.index}) < len(step.wrt.index):
            continue
        local = local_value(names, equation, arrays, sizes)
        index = tuple(dict.fromkeys((*step.through.index, *step.wrt.index)))
        above = np.ones([n for c, n in zip(index, local.shape, strict=True) if c in step.through.index])
        if step.upstream is not None:
            above = arrays[step.upstream.name]
            assert step.upstream.index == step.through.index
        number = {c: k for k, c in enumerate(index)}
        terms = [above, [number[c] for c in step.through.index], local, [number[c] for c in index]]
        found = np.einsum(*terms, [number[c] for c in step.wrt.index])
        want = arrays[equation.target.name]
        lost = [c for c in step.wrt.index if c not in equation.target.index]
        if lost:  # the only step of a loop where the part is not zero is what the loop of the gradient begins with
            axes = tuple(step.wrt.index.index(c) for c in lost)
            rest = tuple(k for k in range(found.ndim) if k not in axes)
            assert np.count_nonzero(np.any(found != 0, axis=rest)) <= 1
            found = found.sum(axis=axes)
        np.testing.assert_allclose(found, want, rtol=1e-7, atol=1e-8, err_msg=str(equation))
        count += 1
    return count


COUNTED = {
    "a number": ("x: data[n]\nk: parameter[()]\nv = sin(k)\nL = sum(x - v)", "∂L/∂v = −n"),
    "of each column": ("x: data[n, m]\nk: parameter[m]\nv = sin(k)\nL = sum(v*x - v**2)", "∂L/∂vᵢ = Σ_j xⱼᵢ − 2 n vᵢ"),
    "of each row": ("x: data[n, m]\nk: parameter[n]\nv = sin(k)\nr = sum(x - v[:, None], axis=1)\nL = sum(r**2)", "∂rᵢ/∂vᵢ = −m"),
    "within a sum": ("X: data[n, d]\nw: parameter[d]\nb: parameter[()]\nL = sum(X @ w - 2*b**2)", "∂L/∂wⱼ = Σ_i Xᵢⱼ"),
}


@pytest.mark.parametrize(("text", "said"), COUNTED.values(), ids=COUNTED)
def test_what_every_term_of_a_sum_has_is_counted(text: str, said: str) -> None:
    assert chained(derive(text))
    assert said in sb.derive(text).text()


def test_positions_of_positions_are_said_once() -> None:
    """A[i - 2m + 2m] is A[i]: what is printed so is the same derivative."""
    derived = derive("A: parameter[2, 3, 4, 6]\nY = max_pool2d(A, 2)\nL = sum(Y**2)")
    arrays, sizes = at_random(derived, 0)
    names = Numbered(derived.program)
    whole = put_together(derived.program, derived.backward, {"u"})
    (through,) = [e for e in whole if e.step and e.step.through and e.step.through.name == "Y" and e.step.rule == "chain"]
    plain, written_out = (local_value(names, through, arrays, sizes, inline) for inline in ((), ("u",)))
    np.testing.assert_allclose(written_out, plain)
    shown = {c: letter(c) for c in letter_sizes(derived.program, through)}
    assert r"\mathbf{1}[A_{" in (said := latex(local_formula(Names(derived.program), through, shown, ("u",))))
    assert "2 m +" not in said.split("[A_{")[1]


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_networks_of_these_tests(make) -> None:
    chained(make())


@pytest.mark.parametrize("path", FEW, ids=[path.stem for path in FEW])
def test_the_examples(path: Path) -> None:
    chained(derive(str(path)))


@pytest.mark.slow
@pytest.mark.parametrize("path", ALL, ids=[path.stem for path in ALL])
def test_the_layers_and_losses(path: Path) -> None:
    chained(derive(str(path)))


@settings(max_examples=15)
@given(programs(steps=4), st.integers(0, 10**6))
def test_random_programs(program: Program, seed: int) -> None:
    chained(differentiate(program, "L"), seed)


def local_lines(text: str, anchor: str) -> tuple[str, ...]:
    blocks = {b.anchor: b for b in report(derive(text), detail="full").blocks if isinstance(b, StepBlock)}
    return tuple(latex(shown) for part in blocks[anchor].parts if str(part.label) == "Local derivative" for shown in part.formulas)


def test_a_letter_of_neither_side_is_summed() -> None:
    text = "X: data[n, d]\ny: data[n]\nW: parameter[d, 1]\nyhat = X @ W\nL = mean((yhat - y)**2)"
    (line,) = local_lines(text, "dL/dyhat")
    assert line == r"\frac{\partial L}{\partial \hat{y}_{i}} = \frac{2}{n^{2}} \sum_{m} \left(\hat{y}_{i} - y_{m}\right)"
    assert chained(derive(text))


def test_a_window_is_an_entry_and_no_indicator() -> None:
    lines = local_lines(str(ROOT / "examples" / "layers" / "conv2d.net"), "dL/dK")
    assert "X_{n,c,k+2i-1,l+2j-1}" in lines[0]
    assert r"\mathbf{1}[h" not in lines[0]


@pytest.mark.parametrize("reduced", ["logsumexp(w, axis=1)", "max(w, axis=1)", "sum(softmax(w, axis=1), axis=1)"])
def test_what_is_reduced_along_an_axis_of_size_one(reduced: str) -> None:
    assert chained(derive(f"w: parameter[n, 1]\nu = {reduced}\nL = sum(tanh(u)**2 + tanh(u))"))
    assert chained(derive(f"w: parameter[1, 1]\nu = {reduced}\nL = sum(tanh(u)**2 + tanh(u))"))


def test_a_logsumexp_of_one_entry_has_the_slope_one() -> None:
    text = "w: parameter[n, 1]\nu = logsumexp(w, axis=1)\nL = sum(tanh(u)**2 + tanh(u))"
    assert local_lines(text, "dL/dw") == (r"\frac{\partial u_{i}}{\partial w_{i}} = 1",)


@pytest.mark.parametrize(
    "text",
    [
        "x: parameter[n]\nL = sum(exp(x[:, None] * x))",
        "x: parameter[n]\nL = sum(exp(outer(x, x)))",
        "x: parameter[n, n]\nL = sum(tanh(x) * x.T)",
    ],
)
def test_a_second_derivative_through_two_uses_is_printed(text: str) -> None:
    first = differentiate(sb.read(text).program, "L", ["x"])
    second = differentiate(first.program, "dL/dx", ["x"], jacobian=True)
    assert [b for b in report(second, detail="full").blocks if isinstance(b, StepBlock)]


@pytest.mark.parametrize(
    ("value", "short"),
    [
        ("A @ B.T / t", 1), ("(A @ B.T)**2 / (1 + t)", 1), ("(A @ B.T) / s[:, None]", 1), ("(A @ B.T).T / s", 1),
        ("t * (A @ B.T) * s", 0),  # S/t, which t = 0 would spoil
    ],
)  # fmt: skip
def test_a_slope_in_terms_of_the_value_is_the_same(value: str, short: int) -> None:
    text = f"A: data[n, k]\nB: data[n, k]\nt: parameter & positive\ns: parameter[n] & positive\nS = {value}\nL = sum(S**3)"
    derived = derive(text)
    names = Numbered(derived.program)
    arrays, sizes = at_random(derived, 0)
    inline = {n for n, tensor in derived.forward.tensors.items() if tensor.kind == "value" and not tensor.named}
    count = 0
    for equation in derived.backward:
        own = by_own_value(names, equation, inline)
        if own is not equation and own.step is not None:
            assert r"\sum" not in latex(local_formula(names, own, step_letters(names, own, own.step), inline))
            np.testing.assert_allclose(
                local_value(names, own, arrays, sizes, inline), local_value(names, equation, arrays, sizes, inline), rtol=1e-9
            )
            count += 1
    assert count == short
