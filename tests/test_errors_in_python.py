"""Mistakes in Python: each is one message that says the fault and the mend, from whatever part it comes."""

from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError

TWO_LAYER = Path(__file__).parent.parent / "examples" / "two_layer.net"
x, W = sb.parameter("x", "n"), sb.parameter("W", "h d")
ARRAYS = {"W_1": np.ones((3, 4)), "W_2": np.ones((2, 3)), "x": np.ones(4), "y": np.ones(2)}


def set_an_entry() -> None:
    x[0] = 3


MISTAKES = {
    "a gradient that was not asked for": (
        lambda: sb.derive(TWO_LAYER).gradients["W1"], "there is no gradient by W1; there are those by W_1, W_2. For others give wrt"
    ),
    "names that are none": (lambda: sb.derive(TWO_LAYER, wrt=["x", 3]), 'give names, such as wrt=["W_1", "x"] or wrt="W_1, x"'),
    "one name that is none": (lambda: sb.derive(TWO_LAYER, wrt=3), 'give names, such as wrt=["W_1", "x"] or wrt="W_1, x"'),
    "no names": (lambda: sb.derive(TWO_LAYER, wrt=[]), "no parameter and no input to differentiate by; declare one"),
    "a vector as the loss": (lambda: sb.derive(x), "x has the shape (n,), a loss is a scalar. Write L = sum(x)"),
    "shapes": (lambda: W @ x, "W @ x: the inner sizes differ: W is (h, d), x is (n,)."),
    "an axis": (lambda: sb.sum(x, axis=2), "sum: axis 2 is out of range: x is (n,), its axes are 0 to 0"),
    "a truth value": (lambda: 1 if x > 0 else 2, "a tensor has no truth value here; write where(condition, a, b)"),
    "an entry that is set": (set_an_entry, "an entry cannot be set; write the whole tensor, with where or concatenate"),
    "a function of NumPy": (lambda: np.exp(x), "np.exp computes with arrays; write the function of symbackprop: sb.exp"),
    "a reduction of NumPy": (lambda: np.add.reduce(x), "np.add computes with arrays"),
    "an array": (lambda: np.ones(3) * x, "an array stands beside a tensor; declare it as data, and give it to the compiled function"),
    "an array as an argument": (lambda: sb.sigmoid(np.ones(3)), "ndarray is not a tensor or a number; declare it as data"),
    "a length": (lambda: len(x), "x is (n,): its length is no number; write x.shape[0]"),
    "a loop over entries": (lambda: list(x), "x is (n,): it has no number of entries to go through; sum over an axis instead"),
    "a lambda": (lambda: sb.network(lambda x: x), "a lambda has no names for its values. Write def."),
    "a text for SymPy": (lambda: sb.from_sympy("x + y"), "'x + y' is no expression of SymPy. Give an Expr or a MatrixExpr."),
    "a comparison": (lambda: sb.from_sympy(sp.Symbol("x") > 0), "x > 0 is no expression of SymPy."),
    "a seed": (lambda: sb.check(TWO_LAYER, seed=-1), "seed=-1: give a whole number from 0 on"),
    "a seed to draw": (lambda: sb.draw(TWO_LAYER, seed="a"), "seed='a': give a whole number from 0 on"),
    "no point": (lambda: sb.check(TWO_LAYER, points=0), "points=0: give a whole number from 1 on"),
    "a type": (lambda: sb.compile(TWO_LAYER, dtype="int32"), "dtype='int32': write one of float64, float32"),
    "a size": (lambda: sb.compile(TWO_LAYER, sizes={"h": 2.5}), "the size h must be a whole number from 1 on, not 2.5"),
    "arrays without names": (lambda: sb.compile(TWO_LAYER).value_and_grad(np.ones(3)), "give the arrays by name, in a dict"),
    "an array too few": (lambda: sb.compile(TWO_LAYER).value_and_grad({"W_1": np.ones((3, 4))}), "the array W_2 is missing"),
    "an array that does not fit": (
        lambda: sb.compile(TWO_LAYER).value_and_grad(ARRAYS | {"W_2": np.ones((2, 5))}), "W_2 has shape (2, 5), but it is declared as (c, h) with h = 3 by W_1"
    ),
    "an array too many": (lambda: sb.compile(TWO_LAYER).value_and_grad(ARRAYS | {"w": 3}), "w is no input of this network"),
    "two sizes for one": (lambda: sb.eye((2, 3)), "eye: 2 sizes are given, it takes one; write eye(n)"),
    "several axes for one": (lambda: sb.cumsum(W, axis=(0, 1)), "cumsum: axis=(0, 1) names 2 axes of W, it takes one; write axis=0"),
    "no axis for one": (lambda: sb.cumprod(W, axis=()), "cumprod: axis=() names 0 axes of W, it takes one; write axis=0"),
    "an order that is a size": (lambda: sb.norm(x, sp.Symbol("n", positive=True)), "norm: ord must be a number or 'fro', not n"),
    "a word of Python": (lambda: sb.parameter("lambda", "n"), "lambda is a word of Python and cannot name a tensor. Write lam."),
}  # fmt: skip


@pytest.mark.parametrize(("mistake", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_explained(mistake, words):
    with pytest.raises(SymbackpropError) as refused:
        mistake()
    assert words in str(refused.value)


def test_numbers_of_numpy_are_numbers():
    for made in (np.float64(2) * x, np.float32(2) * x, np.int64(2) * x, np.array(2.0) * x, x * np.float64(2)):
        point = {"x": np.array([1.0, 3.0])}
        assert sb.compile(sb.network({"L": sb.sum(made)})).value_and_grad(point)[0] == 8


def test_an_axis_whose_size_is_a_number_can_be_taken_apart():
    first, second = sb.parameter("V", "2 n")
    assert str(first.shape) == str(second.shape) == "(n,)"
    assert len(sb.parameter("V", "2 n")) == 2


LONG = 10**5000  # Python refuses to print it
PLACES = {
    "wrt": lambda: sb.derive(TWO_LAYER, wrt=LONG),
    "of": lambda: sb.derive(TWO_LAYER, of=LONG),
    "a network": lambda: sb.read(LONG),
    "an expression": lambda: sb.from_sympy(LONG),
    "a type": lambda: sb.compile(TWO_LAYER, dtype=LONG),
    "a seed": lambda: sb.check(TWO_LAYER, seed=-LONG),
    "points": lambda: sb.check(TWO_LAYER, points=-LONG),
    "a size": lambda: sb.parameter("x", -LONG),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_number_too_long_to_print_is_refused_in_words(place):
    with pytest.raises(SymbackpropError) as refused:
        PLACES[place]()
    assert "digits" not in str(refused.value)
    assert len(str(refused.value)) < 400
