"""A walk through the spellings of NumPy and SciPy: at both doors each is what NumPy makes of it, or is refused with a mend."""

from typing import Any

import numpy as np
import pytest
import scipy
import scipy.integrate
import scipy.linalg
import scipy.signal
import scipy.spatial.distance
import scipy.special
import scipy.stats

from symbackprop.notation import NotationError
from symbackprop.notation.scipy import WORDS
from tests.words.numpy_names import NUMPY_NAMES
from tests.words.numpy_words import NUMPY
from tests.words.scipy_words import SCIPY
from tests.words.walking import DOORS

MODULES = {"np": np, "scipy": scipy, "sps": scipy.special}
ALL = [*NUMPY, *NUMPY_NAMES, *SCIPY]
REFUSED: dict[tuple[str, str], str] = {
    ("text", "x.repeat(2)"): ".repeat() repeats each entry in NumPy, and the whole in torch.",
    ("text", "x // y"): "Whole division is for sizes only; write /, or floor(a / b).",
    ("text", "np.unwrap(x)"): "It adds whole turns",
    ("traced", "np.unwrap(x)"): "np.unwrap is not traced",
    ("text", "np.piecewise(x, [x < .5, x >= .5], [lambda z: z, lambda z: z**2])"): "lambda is not in the language.",
    ("text", "np.apply_along_axis(np.sum, 1, A)"): "sum is a function.",
    ("text", "np.vectorize(lambda z: z**2)(x)"): "lambda is not in the language.",
    ("text", "np.extract(np.array([1,0,1])>0, w)"): "which entries there are must be written",
    ("text", "w[np.array([True,False,True])]"): "holds no integers",
    **{(door, "np.linalg.norm(x, 0)*x[0]"): "counts the entries that are not 0, which is flat" for door in DOORS},
    **{(door, "scipy.special.jv(0.5, x)"): "orders of Bessel functions are whole numbers from 0 to 12 here" for door in DOORS},
}
"""What is refused, by its door, and the words that say why."""


def walked(door: str, expression: str) -> None:
    refusal = REFUSED.get((door, expression))
    if refusal is None:
        assert DOORS[door](expression, MODULES) == ""
        return
    with pytest.raises(NotationError) as caught:
        DOORS[door](expression, MODULES)
    assert refusal in str(caught.value)


@pytest.mark.filterwarnings("ignore")  # of NumPy, where a branch has no value
@pytest.mark.parametrize("expression", ALL[::19])
@pytest.mark.parametrize("door", DOORS)
def test_some_spellings_are_what_numpy_makes_of_them(door: str, expression: str) -> None:
    walked(door, expression)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", ALL)
@pytest.mark.parametrize("door", DOORS)
def test_every_spelling_is_what_numpy_makes_of_it(door: str, expression: str) -> None:
    walked(door, expression)


def test_what_is_refused_is_among_the_spellings() -> None:
    assert {expression for _, expression in REFUSED} <= set(ALL)


@pytest.mark.parametrize("module", WORDS)
def test_every_word_of_scipy_is_walked(module: str) -> None:
    """Each row of the table is called so in SciPy, and stands in the walk."""
    theirs: Any = scipy
    for part in module.split("."):
        theirs = getattr(theirs, part)
    for name in WORDS[module]:
        if hasattr(theirs, name):  # some words are of other versions of SciPy
            assert any(f"{module}.{name}(" in spelling for spelling in SCIPY), f"scipy.{module}.{name}"
