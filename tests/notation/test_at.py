"""x.at[items].set(v) and its like, as text: what NumPy's assignment to a copy makes of it."""

from collections.abc import Callable

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape
from symbackprop.notation import NotationError

RNG = np.random.default_rng(2)
AT = {
    "x": RNG.uniform(0.2, 0.9, 5),
    "A": RNG.normal(size=(3, 4)),
    "u": RNG.normal(size=3),
    "i": np.array([2, 0, 2]),
    "t": np.array([1, 0, 3]),
}
DECLARED = "x: parameter[5]\nA: parameter[3, 4]\nu: parameter[3]\ni: integers[3, 3]\nt: integers[3, 4]\n"


def _edit(
    name: str, items: object, change: Callable[[np.ndarray, dict[str, np.ndarray]], object]
) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    def edited(at: dict[str, np.ndarray]) -> np.ndarray:
        y = at[name].copy()
        y[items] = change(y[items], at)  # type: ignore[index]
        return y

    return edited


def _added(at: dict[str, np.ndarray]) -> np.ndarray:
    y = at["x"].copy()
    np.add.at(y, at["i"], at["u"])
    return y


CASES: dict[str, Callable[[dict[str, np.ndarray]], np.ndarray]] = {
    "x.at[0].set(2.0)": _edit("x", 0, lambda y, at: 2.0),
    "x.at[-1].add(x[0])": _edit("x", -1, lambda y, at: y + at["x"][0]),
    "x.at[1:4].multiply(u)": _edit("x", slice(1, 4), lambda y, at: y * at["u"]),
    "x.at[::2].divide(u)": _edit("x", slice(None, None, 2), lambda y, at: y / at["u"]),
    "x.at[:2].power(2)": _edit("x", slice(0, 2), lambda y, at: y**2),
    "x.at[:3].max(u)": _edit("x", slice(0, 3), lambda y, at: np.maximum(y, at["u"])),
    "x.at[1:].min(0.5)": _edit("x", slice(1, None), lambda y, at: np.minimum(y, 0.5)),
    "x.at[3].get() + 0*x": lambda at: at["x"][3] + 0 * at["x"],
    "x.at[i].add(u)": _added,
    "x.at[i].set(0.5)": _edit("x", AT["i"], lambda y, at: 0.5),
    "A.at[:, 1].subtract(u)": _edit("A", (slice(None), 1), lambda y, at: y - at["u"]),
    "A.at[arange(3), t].set(u)": _edit("A", (np.arange(3), AT["t"]), lambda y, at: at["u"]),
    "A.at[[2, 0]].multiply(A[:2])": _edit("A", [2, 0], lambda y, at: y * at["A"][:2]),
    "A.at[A > 0].set(0.0)": lambda at: np.where(at["A"] > 0, 0, at["A"]),
    "A.at[A > 0].multiply(2.0)": lambda at: np.where(at["A"] > 0, 2 * at["A"], at["A"]),
}  # fmt: skip


@pytest.mark.parametrize("text", CASES)
def test_it_is_a_copy_with_some_entries_changed(text: str) -> None:
    network = sb.read(f"{DECLARED}R = {text}\nL = sum(R)")
    used = {t.name: AT[t.name] for t in network.program.inputs}
    found = tape.forward(network.program, used)
    np.testing.assert_allclose(found["R"], CASES[text](AT), rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x.at[i].set(u)", "x.at[i] may name an entry twice, and which value stays is by chance. Write .add"),
        ("x.at[[0, 0, 1]].multiply(u)", "may name an entry twice"),
        ("x.at[0].apply(sin)", ".at[...].apply() is not in the language."),
        ("x.at[:2].set(u)", "the shapes do not broadcast"),
        ("x.at[x > 0.5].set(u)", "how many entries a mask takes is not known. Write where(mask, values, x)."),
    ],
)
def test_what_has_several_meanings_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotationError) as caught:
        sb.read(f"{DECLARED}L = sum({text})")
    assert words in str(caught.value)
