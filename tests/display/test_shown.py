"""Every formula that a report shows is read back from its LaTeX and computed: index forms, matrix forms, closed forms."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Matrix, Program
from symbackprop.display.index_form import index_form
from symbackprop.display.matrix_form import matrix_tree
from symbackprop.display.tree_latex import tree_latex
from symbackprop.documents.steps import closed_forms, written_out
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
    closed = closed_forms(names, derived, inline)
    everything = [equation.target.name for equation in derived.program.equations]
    count = 0

    def agree(found: np.ndarray, name: str, latex: str) -> None:
        nonlocal count
        expected = arrays[name]
        found = np.full(expected.shape, np.ravel(found)[0]) if np.size(found) == 1 else found.reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8, err_msg=f"{name} = {latex}")
        count += 1

    for equation in derived.program.equations:
        name = equation.target.name
        if isinstance(equation.op, Matrix) or name in inline:
            continue
        latex = index_form(names, equation, inline)
        agree(latex_value(names, latex, equation, arrays, sizes, inline), name, latex)
        tree = matrix_tree(names, equation, inline)
        if tree is not None:
            latex = tree_latex(names, tree)
            agree(matrix_value(names.program, latex, arrays, sizes), name, latex)
    for wrt in derived.wrt:
        name = derived.gradient(wrt)
        latex = (closed.latex(name) or "").partition(" = ")[2]
        if latex and closed.tree(name) is not None:
            agree(matrix_value(names.program, latex, arrays, sizes), name, latex)
        elif latex:
            equation = derived.program.equation_of()[name]
            agree(latex_value(names, latex, equation, arrays, sizes, everything), name, latex)
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


@settings(max_examples=15)
@given(programs(steps=3), st.integers(0, 10**6))
def test_random_programs(program: Program, seed: int) -> None:
    prove(differentiate(program, "L"), seed)
