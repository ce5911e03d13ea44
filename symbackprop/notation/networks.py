"""Networks from named tensors: the way in that every other way in ends with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain, count
from typing import Any

import sympy as sp

from symbackprop.core.choices import nearest
from symbackprop.core.expressions import parts_in
from symbackprop.core.functions import Declared, TableFunction, declared_names
from symbackprop.core.network import Network
from symbackprop.core.program import Program, Sum
from symbackprop.language.lower.nodes import Outputs, ordered
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, number_of
from symbackprop.notation.errors import NotationError
from symbackprop.notation.notes import notes
from symbackprop.notation.vocabulary import name_fault

ORDINARY, FARTHEST = 64, 4096  # exponents of 2: of numbers that people write, and of a product that is still printed


def made(
    outputs: Mapping[str, Tensor],
    declared: Iterable[Tensor] = (),
    loss: str | None = None,
    gates: str = "auto",
    aliases: Mapping[str, str] | None = None,
    remarks: tuple[str, ...] = (),
    **about: Any,
) -> Network:
    """The network that computes `outputs`.

    outputs   the named values in the order of writing.
    declared  the inputs, in the order of their declaration.
    loss      the name of the loss; None: the last scalar, or the last value where there is none.
    remarks   what a person should know of the names, one sentence each.
    about     further fields of the network.

    Raises NotationError where the loss is no value of the network.
    """
    outputs, called = _without_overwritten(outputs, about["source"]) if about.get("source") else (outputs, {})
    loss = None if loss is None else called.get(loss, loss)
    aliases = {name: called.get(own, own) for name, own in (aliases or {}).items()}
    if called and "lines" in about:
        about["lines"] = {called.get(name, name): place for name, place in about["lines"].items()}
    remarks = tuple(said for said in remarks if not any(said.endswith(f" {own}.") for own in called))
    declared = tuple(declared)
    if loss is None:
        scalars = [name for name, tensor in outputs.items() if not tensor.shape]
        chosen = (scalars or list(outputs))[-1]
    else:
        chosen = aliases.get(loss, loss)
        known = [*outputs, *aliases, *(t.name for t in declared if t.name)]
        if chosen not in known:
            near = nearest(loss, known)
            mend = f"Did you mean {near}?" if near else f"The values are: {', '.join(outputs)}."
            raise NotationError(f"there is no {loss} to be the loss.", mend)
    ordered = {name: tensor for name, tensor in outputs.items() if name != chosen}
    ordered |= {name: tensor for name, tensor in outputs.items() if name == chosen}  # the loss comes last
    try:
        program = trace(ordered, declared, gates)
    except LanguageError as error:
        raise NotationError(str(error)) from None
    clash = sorted(program.tensors.keys() & set(map(str, program.sizes())))
    if clash:
        raise NotationError(f"{clash[0]} is a tensor and a size.", "Give one of them another name.")
    _require_numbers_of_floats(program)
    _require_told_apart(program)
    said = (*remarks, *notes(program, chosen, ordered.values()))
    return Network(program, chosen, gates=gates, aliases=aliases, notes=said, outputs=Outputs(ordered), declared=declared, **about)


def _without_overwritten(outputs: Mapping[str, Tensor], source: str) -> tuple[Mapping[str, Tensor], dict[str, str]]:
    """The values without those of which nothing is made before their name has another, F_2, which then is called F.

    They are numbers alone, such as zeros, or what nobody named, such as a row that a loop fills; F_2 is no name in the source.
    Returned with them: what those that take such a name were called, and are called now.
    """
    written, called = {*re.findall(r"\w+", source)}, dict[str, str]()
    for name, own in outputs.items():
        later = outputs.get(again := f"{name}_2")
        if later is None or f"{name}_3" in outputs or again in written:
            continue
        if name in written and any(one.signature for one in ordered([own])):
            continue
        if not any(one is own for one in ordered(tensor for tensor in outputs.values() if tensor is not own)):
            called[again] = name
            own.name, later.name = None, name
    kept = {called.get(name, name): tensor for name, tensor in outputs.items() if name not in called.values()}
    return (kept if called else outputs), called


def _require_numbers_of_floats(program: Program) -> None:
    """Raise NotationError for exact numbers whose product, as a report may write it, is as far from one as no float is."""
    exponents = {-1: 0, 1: 0}
    for equation in program.equations:
        for number in parts_in(equation.op.body, sp.Rational) if isinstance(equation.op, Sum) else ():
            exponent = int(number.p).bit_length() - int(number.q).bit_length()
            exponents[1 if exponent > 0 else -1] += abs(exponent) if abs(exponent) > ORDINARY else 0
    sign = max(exponents, key=exponents.__getitem__)
    if exponents[sign] > FARTHEST:
        about = f"the numbers of the network multiply to about 1e{sign * round(exponents[sign] * 0.30103)}."
        raise NotationError(about, "Float64 ends at 1e-308 and 1e308: scale them.")


def _require_told_apart(program: Program) -> None:
    """Raise NotationError for a declared function that is printed as one of the language that stands beside it."""
    bodies = [e.op.body for e in program.equations if isinstance(e.op, Sum)]
    names = [name for body in bodies for name in declared_names(body)]
    if not names:
        return
    from symbackprop.formulas.latex import latex
    from symbackprop.formulas.names import parse_name
    from symbackprop.formulas.plain import plain

    known = {f.row.latex: f.row.name for body in bodies for f in body.atoms(TableFunction) if not isinstance(f, Declared)}
    for name in names:
        shown = parse_name(name).formula()
        if latex(shown) in known:
            fault = f"{name} and {known[latex(shown)]} are both written {plain(shown)} in formulas."
            raise NotationError(fault, "Give the function that is declared another name, such as phi.")


def with_gates(network: Network, gates: str) -> Network:
    """The same network with its expressions as whole equations, or as elementary gates."""
    return replace(network, program=trace(network.outputs, network.declared, gates), gates=gates)


def from_tensors(thing: Tensor | Mapping[str, Tensor], loss: str | None = None, gates: str = "auto") -> Network:
    """The network of a tensor (called L where it has no name), or of named tensors in the order of writing."""
    if isinstance(thing, Tensor):
        if number_of(thing) is not None:
            raise NotationError("the loss is a number; nothing is to be derived.", "Write a tensor: sum(x**2).")
        taken = {t.name for t in ordered([thing])}
        thing = {thing.name or next(n for n in chain(["L"], (f"L_{k}" for k in count(2))) if n not in taken): thing}
    outputs: dict[str, Tensor] = {}
    aliases: dict[str, str] = {}
    names: dict[int, str] = {}
    for name, value in thing.items():
        fault = name_fault(name)
        if fault:
            raise NotationError(*fault)
        tensor = as_tensor(value)
        own = tensor.name or names.setdefault(id(tensor), name)
        if own != name:
            aliases[name] = own
        outputs[own] = tensor
    if not outputs:
        raise NotationError("there is no tensor.", 'Write network({"L": loss}).')
    return made(outputs, (), loss, gates, aliases)
