"""Legends of views, W_{q,l} = W_{q,:,kl:kl+k}: what they pick, what is put together of it, and claims that are made block by block."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.program import Program, position
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.latex import latex
from symbackprop.notation.claims import View
from symbackprop.notation.claims.views import Spot

EXAMPLES = Path(__file__).parents[2] / "examples"


def places(view: View, shape: tuple[int, ...]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Which entry of the whole each entry of a view is, one by one."""
    counts = [int(n) for n in view.shape(tuple(map(sp.Integer, shape)))]
    found = {}
    for entry in product(*map(range, counts)):
        at, rest = dict(zip(view.letters, entry, strict=False)), list(entry[len(view.letters) :])
        where = []
        for spot in (*view.spots, *[None] * (len(shape) - len(view.spots))):
            first = 0 if spot is None else int(spot.start.subs({position(c): n for c, n in at.items()}))
            where.append(first + (rest.pop(0) if spot is None or spot.width is not None else 0))
        found[entry] = tuple(where)
    return found


@st.composite
def views(draw: st.DrawFn) -> tuple[View, tuple[int, ...]]:
    """A view of a matrix or a stack, and the shape of the whole, in which each of its letters stands once."""
    letters, spots, shape = list("pqrstu"), [], []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["whole", "entry", "block", "strides"]))
        step, width, offset = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(0, 1))
        if kind == "whole":
            spots.append(None)
        elif kind == "entry":
            spots.append(Spot(position(letters.pop(0))))
        elif kind == "block":
            spots.append(Spot(step * position(letters.pop(0)) + offset, sp.Integer(width)))
        else:  # every step of a stride, and what stands between
            spots.append(Spot(step * position(letters.pop(0)) + position(letters.pop(0))))
        shape.append(draw(st.integers(4, 6)))
    return View("W", tuple(c for c in "pqrstu" if c not in letters), tuple(spots)), tuple(shape)


def run(program: Program, array: np.ndarray) -> np.ndarray:
    return np.asarray(walk(program, {"W": array}, {}, FLOATS)["claim"])


@given(views())
@settings(max_examples=40, deadline=None)
def test_a_view_picks_what_its_legend_says_and_is_put_together_again(drawn: tuple[View, tuple[int, ...]]) -> None:
    view, shape = drawn
    whole, own = tuple(map(sp.Integer, shape)), places(view, shape)
    array = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    picked = run(view.picked(whole), array)
    assert picked.size == len(own)
    assert all(picked[entry] == array[where] for entry, where in own.items())
    assert view.apart(whole) == (len(set(own.values())) == len(own))
    if view.covers(whole):
        assert set(own.values()) == set(np.ndindex(*shape))
        assert view.whole(view.shape(whole)) == whole
    if view.apart(whole):
        again = run(view.assembled(view.picked(whole), whole), array)
        seen = np.zeros(shape)
        seen[tuple(zip(*own.values(), strict=True))] = 1
        assert np.array_equal(again, array * seen)
        assert view.covers(whole) == bool(seen.all())


HEADS = "X: data[N, d]\nW: parameter[d, {h}*k]\nA = X @ W\nL = sum(A**2)"
STEPS = (
    ("legend", r"W_{l} = W_{:,kl:kl+k}"),
    ("heads", r"B_{l} = X W_{l}"),
    ("W", r"\frac{\partial L}{\partial W_{l}} = 2 X^\top B_{l}"),
)
WRONG = (
    (0, "kl:kl+k", "kl+1:kl+k"),
    (1, "= X", "= -X"),
    (1, "X W", r"X \exp W"),
    (2, "2 X", "X"),
    (2, "B_{l}", "A"),
    (2, "B", "X B"),
)


@pytest.mark.parametrize("heads", [2, 3])
def test_a_claim_block_by_block_is_right(heads: int) -> None:
    judged = sb.verify(sb.read(HEADS.format(h=heads)), STEPS).claims
    assert [one.kind for one in judged] == ["abbreviation", "abbreviation", "right, identity"]
    assert "W_{l}" in latex(judged[1].formulas[0])


@pytest.mark.parametrize("change", [pytest.param(one, marks=pytest.mark.slow if k else ()) for k, one in enumerate(WRONG)])
def test_a_wrong_variant_of_a_claim_block_by_block_is_not_right(change: tuple[int, str, str]) -> None:
    place, old, new = change
    steps = [list(step) for step in STEPS]
    assert old in steps[place][1]
    steps[place][1] = steps[place][1].replace(old, new)
    judged = sb.verify(sb.read(HEADS.format(h=2)), [(name, claim) for name, claim in steps]).claims[-1]
    assert judged.kind in ("wrong", "wrong shape", "up to convention", "not understood")
    assert judged.wrong or place == 0 or "B_{l}" not in steps[2][1] or "X B" in steps[2][1]


def test_blocks_with_gaps_or_shared_entries_say_so() -> None:
    network = sb.read("x: parameter[6]\nL = sum(x[::2]**2)")
    right = [("legend", r"x_{p} = x_{2p}"), ("x", r"\frac{\partial L}{\partial x_{p}} = 2 x_{p}, \text{ 0 elsewhere}")]
    assert sb.verify(network, right).claims[-1].right
    wrong = [right[0], ("x", r"\frac{\partial L}{\partial x_{p}} = 3 x_{p}, \text{ 0 elsewhere}")]
    assert sb.verify(network, wrong).claims[-1].wrong
    everywhere = sb.read("x: parameter[6]\nL = sum(x**2)")
    assert sb.verify(everywhere, right).claims[-1].wrong  # it is not 0 elsewhere
    faults = {r"x_{2p}": "leave entries out", r"x_{p:p+2}": "share entries"}
    for legend, fault in faults.items():
        steps = [("legend", f"x_{{p}} = {legend}"), ("x", r"\frac{\partial L}{\partial x_{p}} = 2 x_{p}")]
        judged = sb.verify(network, steps).claims[-1]
        assert judged.kind == "not understood"
        assert fault in str(judged.because)


def test_a_legend_that_is_not_read_says_which_letter() -> None:
    network = sb.read(HEADS.format(h=2))
    faults = {
        r"W_{l} = W_{:,kl:kl+m}": "m is no index",
        r"W_{l} = W_{:,kl:}": "from where to where",
        r"W_{l} = W_{:,l:2l}": "one width",
    }
    for claim, fault in faults.items():
        judged = sb.verify(network, [("legend", claim)]).claims[0]
        assert judged.kind == "not understood"
        assert fault in str(judged.because)


@pytest.mark.slow
@pytest.mark.parametrize(("stem", "name"), [("conv1d", "dL/dY"), ("multi_head_attention", "dL/dS")])
def test_a_box_with_a_wrong_line_is_not_right(stem: str, name: str) -> None:
    network = sb.read(next(EXAMPLES.rglob(f"{stem}.net")))
    derivation = sb.derive(network)
    names = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    box = [(names.get(line.name, f"line {k}"), line.latex()) for k, line in enumerate(derivation.box().lines)]
    k = next(k for k, line in enumerate(derivation.box().lines) if line.name == name)
    left, right = box[k][1].split("=", 1)
    right, comma, elsewhere = right.partition(r", \text")
    changed = [*box[:k], (box[k][0], rf"{left}= \frac{{3}}{{2}} \left({right}\right){comma}{elsewhere}"), *box[k + 1 :]]
    assert any(one.wrong for one in sb.verify(network, changed).claims), changed[k]


DIFFERENCES = "u: parameter[n]\nf: data[n-2]\nr = u[2:] - 2*u[1:-1] + u[:-2] - f\nL = 1/2*sum(r**2)"


@pytest.mark.slow
def test_what_is_0_outside_of_its_axis_is_read() -> None:
    """The line of our own box was not understood."""
    line = sb.derive(DIFFERENCES).gradients["u"].latex()
    assert r"r = 0 \text{ outside}" in line
    assert sb.verify(DIFFERENCES, line).ok
    assert not sb.verify(DIFFERENCES, line.replace("- 2", "+ 2")).ok
    assert not sb.verify(DIFFERENCES, line.replace("j-2", "j-3")).ok
    (found,) = sb.verify(DIFFERENCES, line.partition(",")[0])
    assert found.kind == "not understood"
    (found,) = sb.verify(DIFFERENCES, line.replace(r"\quad r = 0", r"\quad q = 0"))
    assert "no tensor that may be 0 outside" in found.reason


def test_a_view_under_a_name_of_its_own_is_read() -> None:
    network = sb.read("X: data[N, d]\nW: parameter[d, 2*k]\nL = sum((X @ W)**2)")
    lines = [r"a = X W", r"A_{l} = a_{:,kl:kl+k}", r"W_{l} = W_{:,kl:kl+k}", r"\frac{\partial L}{\partial W_{l}} = 2 X^\top A_{l}"]
    right = sb.verify(network, [(f"line {k}", line) for k, line in enumerate(lines)])
    assert right.claims[-1].kind == "right, identity"
    lines[-1] = lines[-1].replace("2 X", "3 X")
    assert sb.verify(network, [(f"line {k}", line) for k, line in enumerate(lines)]).claims[-1].wrong


def test_names_that_stand_nowhere_beside_a_size_are_no_traceback() -> None:
    network = sb.read("X: data[N, T, d]\nW: parameter[d, 2*k]\nL = sum((X @ W)**2)")
    found = sb.verify(network, [("line 1", r"S_{nl} = \frac{1}{\sqrt{k}}\,Q_{nl} K_{nl}^{\top}"), ("W", "2*X")])
    assert found.claims[0].open
