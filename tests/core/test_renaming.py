"""Renaming symbols gives what SymPy's own replacement gives, and leaves to it what is more than renaming."""

import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.core.functions import Where, iverson
from symbackprop.core.program import position, slot, substituted

LETTERS = [position(c) for c in "ijkl"]
SLOTS = [slot(k) for k in range(4)]
ATOMS = [*LETTERS, *SLOTS, sp.Integer(2), sp.S.Half]
TERMS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner), st.builds(lambda a, b: a * b, inner, inner), st.builds(sp.tanh, inner),
        st.builds(lambda a, b, c: Where(sp.Eq(a, b), c, 0), st.sampled_from(LETTERS), inner, inner),
        st.builds(lambda a, b, c: c * iverson(sp.Ge(a, b)), st.sampled_from(LETTERS), inner, inner),
    ),
    max_leaves=8,
)  # fmt: skip


@given(TERMS, st.permutations(LETTERS), st.permutations(SLOTS), st.sampled_from([4, 2, 0]))
def test_symbols_are_renamed_as_sympy_does(body: sp.Expr, letters: list[sp.Symbol], slots: list[sp.Symbol], count: int) -> None:
    swap = {**dict(zip(LETTERS[:count], letters, strict=False)), **dict(zip(SLOTS, slots, strict=True))}
    assert substituted(body, swap) == body.xreplace(swap)


def test_two_symbols_that_become_one_are_looked_at_again() -> None:
    i, j = LETTERS[:2]
    assert substituted(iverson(sp.Eq(i, j)), {i: j}) == 1
    assert substituted(iverson(sp.Eq(i, j)), {i: sp.Integer(3), j: sp.Integer(4)}) == 0
