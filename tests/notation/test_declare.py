"""Tensors with operators: how inputs are declared, and what becomes a network."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sympy import Symbol

import symbackprop as sb
from symbackprop import verbs
from symbackprop.core.network import Network
from symbackprop.notation import NotationError, read
from symbackprop.verbs import network


def test_sizes_are_written_in_any_way() -> None:
    several = [sb.parameter("W", "h d"), sb.parameter("W", "h, d"), sb.parameter("W", "h", "d"), sb.parameter("W", ("h", "d"))]
    assert {str(t.shape) for t in several} == {"(h, d)"}
    assert [str(n) for n in sb.data("x", "h - k + 1, 3").shape] == ["h - k + 1", "3"]
    assert [str(n) for n in sb.data("x", "2*h").shape] == ["2*h"]
    assert [str(n) for n in sb.data("x", 3, "d").shape] == ["3", "d"]
    assert sb.data("x", several[0].shape).shape == several[0].shape
    assert sb.data("x", Symbol("h")).shape == several[0].shape[:1]
    assert sb.data("lam", "").shape == sb.data("lam").shape == ()


def test_kinds_and_domains() -> None:
    found = [
        sb.data("x", "n"),
        sb.labels("y", "n c"),
        sb.integers("t", "n", "v"),
        sb.positive("p", "n"),
        sb.unit("u"),
        sb.binary("m"),
    ]
    assert [(t.signature.kind, t.signature.domain) for t in found if t.signature] == [
        ("data", None), ("labels", None), ("integers", None), ("data", "positive"), ("data", "unit"), ("data", "binary"),
    ]  # fmt: skip
    assert found[2].signature is not None
    assert str(found[2].signature.bound) == "v"
    positive = sb.parameter("s", "n", domain="positive").signature
    assert positive is not None
    assert (positive.kind, positive.domain) == ("parameter", "positive")


def test_a_tensor_is_a_network() -> None:
    x, W = sb.data("x", "d"), sb.parameter("W", "h d")
    loss = (sb.relu(W @ x) ** 2).sum()
    made = network(loss)
    assert isinstance(made, Network)
    assert made.program.equations == read("x: data[d]\nW: parameter[h, d]\nL = sum(relu(W @ x)**2)").program.equations
    assert verbs.read(made) is made


def test_named_tensors_are_a_network() -> None:
    x = sb.data("x", "d")
    y = x**2
    made = verbs.read({"y": y, "L": y.sum(), "again": y})
    assert made.aliases == {"again": "y"}
    assert made.loss == "L"


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "name": (lambda: sb.data("sum", "n"), "sum is a function of the language and cannot name a tensor or a size. Write sum_1."),
    "size": (lambda: sb.data("x", "sum"), "x: 'sum' is no size: sum is a function of the language and cannot name a tensor"),
    "nothing": (lambda: sb.data("x", 0), "x: 0 is no size. A size is at least 1."),
    "float": (lambda: sb.data("x", 2.5), 'x: 2.5 is no size. Write names and whole numbers: "h d", or (3, "d").'),
    "text": (lambda: sb.data("x", "h = 3"), "x: '=' is no size. Write names and whole numbers"),
    "domain": (lambda: sb.data("x", domain="real"), "x: there is no domain 'real'. The domains are positive, unit, binary, sign, symmetric, spd, orthogonal."),
    "twice": (lambda: verbs.read(sb.data("x", "n").sum() + sb.data("x", "n").sum()), "x is declared twice; declare it once"),
    "number": (lambda: verbs.read(sb.sum(3)), "the loss is a number; nothing is to be derived. Write a tensor: sum(x**2)."),
    "clash": (lambda: verbs.read(sb.data("n", "n").sum()), "n is a tensor and a size. Give one of them another name."),
    "thing": (lambda: verbs.read(3), "int is no network. Give a text, a path, a tensor, a SymPy expression,"),
    "named": (lambda: verbs.read({"a b": sb.data("x", "n").sum()}), "'a b' is no name. A name begins with a letter"),
    "none": (lambda: verbs.read({}), 'there is no tensor. Write network({"L": loss}).'),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_the_words_of_a_refusal(case: str) -> None:
    make, words = REFUSED[case]
    with pytest.raises(NotationError, match="^" + re.escape(words)):
        make()
