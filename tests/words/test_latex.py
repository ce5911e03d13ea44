r"""A walk through losses in LaTeX: each is what NumPy makes of it, value and gradients, or is refused with a mend."""

import math
import re
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.evaluate import tape
from tests.words.latex_spellings import LATEX
from tests.words.walking import slopes


def _point() -> dict[str, Any]:
    rng = np.random.default_rng(11)
    M = rng.normal(size=(4, 4))
    p, q = rng.uniform(0.1, 0.9, 4), rng.uniform(0.1, 0.9, 4)
    return {
        "x": rng.normal(size=4), "y": rng.normal(size=4), "b": rng.normal(size=4), "p": p, "q": q, "A": M @ M.T + np.eye(4),
        "B": rng.normal(size=(4, 4)), "W": rng.normal(size=(3, 4)), "c": rng.normal(size=3), "X": rng.normal(size=(5, 2)),
        "w": rng.normal(size=2), "t": rng.normal(size=5), "lam": np.array(0.3), "s": np.array(0.6), "eps": np.array(0.1),
        "gam": np.array(2.0), "alp": np.array(0.25),
    }  # fmt: skip


POINT = _point()
CALLED = {"eps": "epsilon", "gam": "gamma", "alp": "alpha"}  # the names that the letters of LaTeX have
SIZES = {
    "x": "n",
    "y": "n",
    "b": "n",
    "p": "n",
    "q": "n",
    "A": "n, n",
    "B": "n, n",
    "W": "m, n",
    "c": "m",
    "X": "N, d",
    "w": "d",
    "t": "N",
}


def used(expression: str) -> list[str]:
    """The arrays that an expression names."""
    return [name for name in POINT if re.search(rf"(?<![\w.]){name}(?![\w(])", expression)]


def number(expression: str, at: Any) -> float:
    """What NumPy makes of it."""
    return float(eval(expression, {"np": np, "math": math, "range": range, "sum": sum, "abs": abs, **at}))


def rows() -> list[tuple[str, str]]:
    """Each loss in LaTeX, with what NumPy makes of it."""
    return [(tex.strip(), text.strip()) for tex, text in (row.rsplit(" |", 1) for row in LATEX)]


REFUSED = {
    r"L = \sum_i q_i - p_i \log q_i": "i runs in a sum, and stands behind it as well.",
    r"L = \operatorname{Var}(x)": "Var is not declared.",
    r"L = \|x_{1:3}\|^2": "x is not declared.",
    r"L = \operatorname{vec}(A)^\top \operatorname{vec}(B)": "vec is not read",
    r"L = \int_0^1 s\,dt": r"\int is not read",
    r"L = x^\top A^2 x": r"the power 2 of a square matrix may be a product, or a power of its entries. Write A A for the product, A^{\odot 2}",
    r"L = \operatorname{tr}(A^3)": "the power 3 of a square matrix",
    r"L = \sum_i \log_b q_i": "a logarithm to the base b is not read.",
    r"L = \sum_i \operatorname{ELU}_{\beta}(x_i)": "the subscript beta of elu is not read.",
    r"L = \|A\|_\infty": r"has two meanings. Write \max_{i,j} |A_{ij}| for the norm of all entries, \max_i \sum_j |A_{ij}| for that",
    r"L = \|A\|_1": r"has two meanings. Write \sum_{i,j} |A_{ij}| for the norm of all entries, \max_j \sum_i |A_{ij}| for that",
    r"L = \|A - I\|_2^2": r"has two meanings. Write \|A\|_F for the norm of all entries, \sigma_{\max}(A) for that of the operator",
    r"L = \|A\|_3": "the norm of a matrix with 3 below it is not read.",
    r"L = \|x\|_*": "the norm with * below it is one of matrices.",
    r"L = \|A\|_{2,1}": r"the norm with 2,1 below it is not read. Norms are 1, 2, F, \infty, op and *.",
}
"""What is refused, and words of the refusal."""


def declared(names: list[str]) -> str:
    return "\n".join(f"{CALLED.get(n, n)}: parameter" + (f"[{SIZES[n]}]" if n in SIZES else "") for n in names)


def walked(tex: str, text: str) -> None:
    names = used(text)
    written = tex if "\\" in tex else f"$${tex}$$"
    at = {name: POINT[name] for name in names}
    derivation = sb.derive(f"{declared(names)}\n{written}", [CALLED.get(n, n) for n in names])
    found = tape.forward(derivation.program, {CALLED.get(n, n): a for n, a in at.items()})
    assert float(found[derivation.of]) == pytest.approx(number(text, at), rel=1e-9)
    for name, slope in slopes(lambda point: number(text, point), at).items():
        scale = max(1, np.max(np.abs(slope)))
        np.testing.assert_allclose(found[derivation.gradient(CALLED.get(name, name))], slope, rtol=0, atol=1e-6 * scale)


@pytest.mark.parametrize(("tex", "text"), [(tex, text) for tex, text in rows() if tex not in REFUSED][::9])
def test_some_losses_are_what_is_meant(tex: str, text: str) -> None:
    walked(tex, text)


@pytest.mark.slow
@pytest.mark.parametrize(("tex", "text"), [(tex, text) for tex, text in rows() if tex not in REFUSED])
def test_a_loss_is_what_is_meant(tex: str, text: str) -> None:
    walked(tex, text)


@pytest.mark.parametrize("tex", REFUSED)
def test_what_has_several_meanings_or_none_is_refused(tex: str) -> None:
    with pytest.raises(SymbackpropError) as caught:
        sb.derive(f"{declared(['x', 'y', 'q', 'p', 'A', 'B', 's'])}\n{tex}")
    assert REFUSED[tex] in str(caught.value)
