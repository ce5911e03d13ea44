r"""Sentences about a network in a document, and what a person wrote, \delta_2, as a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import sympy as sp

from symbackprop.display.body import BodyPrinter
from symbackprop.documents.document import Math, Span
from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.read_latex import FormulaError, parse
from symbackprop.formulas.told import Formula, Opening, Told, in_line, told
from symbackprop.formulas.tree import Node


def expression(body: sp.Basic, operands: Mapping[sp.Symbol, Formula]) -> Formula:
    """A body with the operands in the place of its slots, in a sentence."""
    typed = body.xreplace({s: sp.Symbol(one.typed) for s, one in operands.items()})
    printer = BodyPrinter({s: one.node for s, one in operands.items()})
    sides = {sp.Eq: "=", sp.Ne: "!="}.get(type(body))
    shown = str(typed) if sides is None else f"{typed.args[0]} {sides} {typed.args[1]}"
    return Formula(shown, in_line(printer.formula(body)))


def sentence(said: Told) -> Opening:
    """What is said as a sentence: with a capital, unless it begins with a formula or a name, and a full stop."""
    return Opening(said if str(said).endswith((".", "?")) else told("{}.", said))


def first_line(said: Told) -> Told | str:
    """What is said without the place that is drawn below it."""
    return said.parts[0] if said.pattern == "{}\n{}" else str(said).partition("\n")[0]


def without_place(said: Told) -> Told:
    """The same without where it stands in the claim as well."""
    first = first_line(said) if "\n" in str(said) else said
    if isinstance(first, Told) and first.pattern == "{}: {}" and re.fullmatch(r"<claim>(:\d+)*", str(first.parts[0])):
        return told("{}", first.parts[1])
    return first if isinstance(first, Told) else told("{}", re.sub(r"^<claim>(:\d+)*: ", "", first))


def written(text: str) -> Formula:
    """What a person wrote as a formula in a sentence, in words where it cannot be set."""
    shown = formula(text)
    return Formula(text, f.word(text) if shown is None else in_line(shown))


def typeset(text: str) -> Math | Span:
    """LaTeX that a person wrote, or the name of a tensor, as a formula in a line; as code where it cannot be set."""
    shown = formula(text)
    return Span(text, style="code") if shown is None else Math(in_line(shown))


@lru_cache(maxsize=1024)
def formula(text: str) -> Node | None:
    """The formula of LaTeX that a person wrote, of a name or of a gradient, dL/dW_1; None where it is none of these."""
    gradient = re.fullmatch(r"[d∂](\w+)/[d∂](\w+)", text.strip())
    if gradient:
        return f.over(*(f.partial(parse_name(name).formula()) for name in gradient.groups()))
    if (text.isidentifier() or re.fullmatch(r"[A-Za-z]{2}\w*\^[(\[]?\w+[)\]]?", text)) and text.isascii():  # delta_1, delta^(1)
        return parse_name(text).formula()
    if re.fullmatch(r"(hat|bar|tilde|dot|ddot) \w+", text):  # hat p_1, as a reader of claims calls a letter
        return parse_name(text).formula()
    try:
        return parse(text.strip())
    except FormulaError:
        return None
