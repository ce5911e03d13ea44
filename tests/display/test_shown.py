"""Every formula that a report shows is read back from its LaTeX and computed: index forms, matrix forms."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Matrix, Program
from symbackprop.display.equations import equation_formula
from symbackprop.display.index_form import index_form
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.display.written_out import written_out
from symbackprop.formulas.latex import latex
from symbackprop.formulas.plain import plain
from tests.display.matrix_value import matrix_value
from tests.display.networks import MAKERS, at_random
from tests.formulas.latex_value import Numbered, latex_value
from tests.random_programs import programs

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.net"))
NETWORKS = sorted((ROOT / "tests" / "networks").rglob("*.net"))


def prove(derived: Derivation, seed: int = 0) -> int:
    """Compare every formula with the value of its equation; how many there were."""
    names = Numbered(derived.program)
    arrays, sizes = at_random(derived, seed)
    inline = written_out(derived)
    count = 0

    def agree(found: np.ndarray, name: str, text: str, expected: np.ndarray | None = None) -> None:
        nonlocal count
        expected = arrays[name] if expected is None else expected
        found = np.full(expected.shape, np.ravel(found)[0]) if np.size(found) == 1 else found.reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8, err_msg=f"{name} = {text}")
        count += 1

    for equation in derived.program.equations:
        name = equation.target.name
        if isinstance(equation.op, Matrix) or name in inline:
            continue
        text = latex(index_form(names, equation, inline))
        agree(latex_value(names, text, equation, arrays, sizes, inline), name, text)
        node = matrix_equation(names, equation, inline)
        if node is not None:
            left, _, text = latex(node).partition(" = ")
            below = left.partition("_")[2].strip("{}").replace(" ", "").split(";") if "_" in left else []
            whole = arrays[name]
            for places in np.ndindex(*whole.shape[: len(below)]):
                found = matrix_value(names.program, text, arrays, sizes, dict(zip(below, places, strict=True)))
                agree(found, name, text, whole[places])
    return count


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_networks_of_these_tests(make) -> None:
    assert prove(make())


def derive(path: Path) -> Derivation:
    network = sb.read(str(path))
    of = network.loss or list(network.program.outputs)[-1]
    return differentiate(network.program, of, jacobian=bool(network.program.shape(of)))


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_the_examples(path: Path) -> None:
    assert prove(derive(path))


@pytest.mark.slow
@pytest.mark.parametrize("path", NETWORKS, ids=[path.stem for path in NETWORKS])
def test_the_layers_and_losses(path: Path) -> None:
    assert prove(derive(path))


@pytest.mark.slow
@settings(max_examples=15)
@given(programs(steps=3), st.integers(0, 10**6))
def test_random_programs(program: Program, seed: int) -> None:
    prove(differentiate(program, "L"), seed)


ROOTS = {
    "sqrt(2 * 3.14159) * s": "√(6.28318) s",
    "2 * sqrt(6.28318) * s": "2 √(6.28318) s",
    "s * (1 / sqrt(2 * 3.14159))": "(1/√(6.28318)) s",
    "-sqrt(0.123457) * s": "−√(0.123457) s",
    "s / sqrt(6.2832)": "(1/√(6.2832)) s",
    "sqrt(6.28) * s": "√(6.28) s",
    "0.1 * sqrt(30) * s": "0.1 √(30) s",
    "sqrt(1234) * s": "√(1234) s",
    "1.23456 * s": "1.23456 s",
    "sum(log(sqrt(6.28318) * x))": "sum(log(√(6.28318) x))",
}


@pytest.mark.parametrize("text", ROOTS)
def test_decimals_are_shown_as_they_were_typed_below_roots_too(text: str) -> None:
    derived = sb.derive(f"s: parameter\nx: data[n] & positive\nL = {text}", "s" if "x" not in text else "x")
    shown = equation_formula(Names(derived.program), derived.forward.equations[-1])
    assert plain(shown) == f"L = {ROOTS[text]}"
    assert prove(derived)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sum(exp(-x**2/2))/sqrt(6.2832)", "−(x ⊙ exp(−(1/2) x^(⊙2)))/√(6.2832)"),
        ("sqrt(6.28)*sum(x**2)/2", "√(6.28) x"),
        ("sum(x**2)/(2*s*sqrt(3.14))", "x/(s √(3.14))"),
        ("sum(x**2)/sqrt(2)", "√2 x"),
    ],
)
def test_a_box_shows_them_so_as_well(text: str, line: str) -> None:
    assert str(sb.derive(f"s: parameter & positive\nx: parameter[n]\nL = {text}", wrt=["x"]).box()) == f"∂L/∂x = {line}"
