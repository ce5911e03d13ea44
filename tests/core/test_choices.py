"""What a person is told to write instead of a word that is not there."""

import numpy as np
import pytest

from symbackprop.backends.c.source import REALS as SPELT
from symbackprop.core.choices import DTYPES, dtype_name, mend, nearest


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("W1", ["W_1", "W_2"], "W_1"), ("SIGMOID", ["tanh", "sigmoid"], "sigmoid"), ("Sigmod", ["tanh", "sigmoid"], "sigmoid"),
        ("zzz", ["tanh"], None), ("x", [], None),
    ],
)  # fmt: skip
def test_the_nearest_name(name: str, known: list[str], near: str | None) -> None:
    assert nearest(name, known) == near


def test_where_no_name_is_near_all_are_told() -> None:
    assert mend("W1", ["W_1", "b"]) == "did you mean W_1?"
    assert mend("zzz", ["b", "a"]) == "there are a, b"
    assert mend("zzz", []) == "there are none"


def test_a_type_is_known_by_its_name_or_as_numpy_has_it() -> None:
    assert {dtype_name(d) for d in ("float32", np.float32, np.dtype("float32"))} == {"float32"}
    assert [dtype_name(d) for d in ("float16", int, None, 3)] == [None] * 4
    assert set(SPELT) == set(DTYPES)
