"""Whatever stands in a text, reading it either works or ends in one NotationError, at once."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.core.functions import FUNCTIONS
from symbackprop.notation import NotationError, read_expression
from symbackprop.notation.dialects import METHODS
from symbackprop.notation.python_text import read_text
from symbackprop.notation.vocabulary import functions

FIXED = "x: data[n]\nW: parameter[h, n]\nt: integers[n, n]\ns: parameter\nlam = 0.5\n"
SECONDS = 10  # far above what reading takes; a loop without end takes longer

odd = st.one_of(
    st.sampled_from(
        [
            "1e400",
            "1e-400",
            "0x1f",
            "1j",
            "1_000",
            "y",
            "np",
            "L",
            "sum",
            "lambda",
            "__class__",
            "None",
            "True",
            "...",
            "'x'",
            "np.pi",
        ]
    ),
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
plain = st.sampled_from(["x", "x", "W", "W", "W.T", "t", "s", "s", "lam", "n", "h", "0", "1", "2", "-1", "0.5", "1e-3"])
leaves = st.integers(0, 9).flatmap(lambda k: plain if k else odd)
elementwise = [name for name in sorted(functions()) if name in FUNCTIONS]
called = st.one_of(
    st.sampled_from([*elementwise, "sum", "np.mean", "softmax", "sqrt", "logsumexp"]),
    st.sampled_from([*sorted(functions()), "eval", "__import__", "len", "np.linalg.norm"]),
)


def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    often = st.sampled_from(["+", "-", "*", "/", "@", "**", ">"])
    operators = st.one_of(often, often, often, st.sampled_from(["<=", "==", "//", "%", "and", "&", ",", ":", ":="]))
    lists = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(called, inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(called, lists).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, st.sampled_from([*METHODS, "foo", "__class__"]), lists).map(lambda p: f"{p[0]}.{p[1]}({p[2]})"),
        st.tuples(inner, st.sampled_from(["T", "shape", "ndim", "size", "shape[0]", "mro"])).map(lambda p: f"{p[0]}.{p[1]}"),
        st.tuples(inner, lists).map(lambda p: f"{p[0]}[{p[1]}]"),
        st.tuples(called, inner, st.sampled_from(["axis", "keepdims", "dtype", "alpha"]), inner).map(
            lambda p: f"{p[0]}({p[1]}, {p[2]}={p[3]})"
        ),
        inner.map(lambda p: f"-{p}"),
        lists.map(lambda p: f"[{p}]"),
    )


expressions = st.recursive(leaves, wider, max_leaves=8)
lines = st.one_of(
    st.tuples(st.sampled_from(["y", "z", "L"]), expressions).map(" = ".join),
    st.tuples(st.sampled_from(["y", "z", "L"]), expressions).map(" = ".join),
    st.tuples(
        st.sampled_from(["y", "z", "L", "x"]), st.sampled_from(["data", "labels", "integers", "unit", "float"]), expressions
    ).map(lambda p: f"{p[0]}: {p[1]}[{p[2]}]"),
    expressions,
)


def refused_or_read(text: str, read: object = read_text) -> None:
    start = time.perf_counter()
    try:
        read(text)  # type: ignore[operator]
    except NotationError as error:
        assert error.fault  # noqa: PT017
        assert len(str(error)) < 3_000  # noqa: PT017
    assert time.perf_counter() - start < SECONDS


@settings(max_examples=150)
@given(st.lists(lines, min_size=1, max_size=4))
def test_programs_in_the_words_of_the_language(several: list[str]) -> None:
    refused_or_read(FIXED + "\n".join(several))


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    refused_or_read(text)
    refused_or_read(FIXED + text)
    refused_or_read(text, read_expression)


@settings(max_examples=100)
@given(st.text(alphabet="xy()[]{}.,:;=+-*/@#'\"\\ \n\t0123456789e_", max_size=80))
def test_any_text_of_the_alphabet(text: str) -> None:
    refused_or_read(FIXED + text)
