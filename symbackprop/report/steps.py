"""A derivation as a document: the network, the backward pass step by step, the gradients in closed form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from symbackprop.gradients import Derived
from symbackprop.program import Equation, Program, Signature, letter_sizes
from symbackprop.report.body import scalar
from symbackprop.report.closed_form import LIMIT, ClosedForms
from symbackprop.report.conventions import conventions
from symbackprop.report.document import (
    Block, Bullets, Code, Content, Document, Figure, Formula, FormulaRows, Math, Note, Paragraph, Section, StepBlock, Table, formulas,
)  # fmt: skip
from symbackprop.report.index_form import counts_positions, index_equation
from symbackprop.report.matrix_form import matrix_equation
from symbackprop.report.names import Names
from symbackprop.report.step_block import shown_value, step_block

_KINDS = {"parameter": "parameter", "data": "data", "labels": "labels, which sum to one", "integers": "integers", "constant": "constant"}
_DOMAINS = {"positive": "positive", "unit": "between 0 and 1", "binary": "0 or 1", "sign": "-1 or 1"}
_SHORT = 3  # operands of an equation that may be written out where its value is read


def report(
    derived: Derived,
    title: Content = "",
    source: str | None = None,
    check_table: Block | None = None,
    picture: Figure | None = None,
    values: Mapping[str, Any] | None = None,
) -> Document:
    """The whole derivation.

    derived       what was derived.
    title         the document's title.
    source        the network as a person wrote it.
    check_table   a block that says how the gradients were checked.
    picture       the computational graph.
    values        numbers by tensor name, shown beside the equations of scalars.
    """
    names = Names(derived.program)
    inline = written_out(derived)
    network = _network(names, derived.forward, inline, values or {})
    steps = [step_block(names, equation, inline, values) for equation in derived.backward]
    closed = _closed(names, derived, inline)
    said = conventions(_formulas_of([*network, *steps, *closed]), bool(derived.forward.shape(derived.of)),
                       any(counts_positions(names, e) for e in derived.program.equations))  # fmt: skip
    blocks: list[Block] = [Section("The network")]
    if source:
        blocks.append(Code(source.strip("\n"), "python"))
    blocks += [_tensors(names, derived.forward), *network]
    if any(tensor.shape for tensor in derived.program.tensors.values()):
        blocks += [Section("How to read it", 2), Bullets(said)]
    blocks += [Note(remark) for remark in derived.remarks]
    if picture:
        blocks += [Section("The computational graph"), picture]
    blocks += [Section("The backward pass"), *_opening(names, derived), *steps, *_softmax(names)]
    if closed:
        blocks += [Section("The gradients in closed form"), *closed]
    if check_table:
        blocks += [Section("The check"), check_table]
    return Document(title or ("The gradients of ", Math(names.tensor(derived.of))), tuple(blocks))


def written_out(derived: Derived) -> frozenset[str]:
    """The values that are printed where they are read and not by name: unnamed, short, read once, and not needed on the way back."""
    forward = derived.forward
    uses = forward.uses()
    mentioned: set[str] = set()
    for equation in derived.backward:
        mentioned |= {r.name for r in equation.operands}
        step, role = equation.step, derived.program.tensors[equation.target.name].role
        if role is not None:
            mentioned |= {role.of, role.wrt, (role.via or "").partition(" (")[0]}
        if step is not None:
            mentioned |= {r.name for r in (step.through, step.wrt, *step.local_operands) if r is not None}
    found: set[str] = set()
    for equation in forward.equations:
        name = equation.target.name
        depth = any(r.name in found for r in equation.operands)
        if not forward.tensors[name].named and uses[name] == 1 and name not in mentioned and len(equation.operands) <= _SHORT and not depth:
            found.add(name)
    return frozenset(found)


def _tensors(names: Names, program: Program) -> Table:
    rows = tuple(
        (Math(names.tensor(tensor.name)), _kind(tensor), names.shape(tensor.name) if tensor.shape else "a number") for tensor in program.inputs
    )
    return Table(("Tensor", "What it is", "Shape"), rows)


def _kind(tensor: Signature) -> Content:
    words = _KINDS[tensor.kind]
    if tensor.kind == "integers" and tensor.bound is not None:
        return (f"{words} from 0, below ", Math(scalar(tensor.bound)))
    if tensor.value is not None:
        return (f"{words}, ", Math(scalar(tensor.value)))
    return f"{words}, {_DOMAINS[tensor.domain]}" if tensor.domain else words


def _network(names: Names, forward: Program, inline: frozenset[str], values: Mapping[str, Any]) -> list[Block]:
    """The equations in matrix notation where there is one, and all that were, again in index notation."""
    first, second = [], []
    for equation in forward.equations:
        name = equation.target.name
        if name in inline:
            continue
        note = f"shape {names.shape(name)}" if forward.shape(name) else ""
        index = index_equation(names, equation, inline)
        matrix = matrix_equation(names, equation, inline) if _has_letters(names.program, equation, inline) else None
        first.append(Formula((matrix or index) + shown_value(names, name, values), note))
        if matrix:
            second.append(Formula(index))
    blocks: list[Block] = [FormulaRows(tuple(first))]
    if second:
        blocks += [Paragraph("The same entry by entry:"), FormulaRows(tuple(second))]
    return blocks


def _has_letters(program: Program, equation: Equation, inline: frozenset[str]) -> bool:
    written = [equation, *[e for e in program.equations if e.target.name in inline and e.target.name in {r.name for r in equation.operands}]]
    return any(extent != 1 for e in written for extent in letter_sizes(program, e).values())


def _opening(names: Names, derived: Derived) -> list[Block]:
    of = Math(names.tensor(derived.of))
    text: Content = ("The equations are read from the last to the first. Each step multiplies the gradient that comes from above by the "
                     "local derivative of one equation; what comes out is what the next step receives. It begins with the derivative of ",
                     of, " by itself, which is 1.")  # fmt: skip
    return [Paragraph(text)]


def closed_forms(names: Names, derived: Derived, inline: frozenset[str], limit: int = LIMIT) -> ClosedForms:
    """The closed forms of a derivation, with its gradients and the values of `inline` written out."""
    program = derived.program
    hidden = {e.target.name for e in program.equations if program.tensors[e.target.name].role or (e.step and e.step.rule == "inverse")}
    return ClosedForms(names, hidden | inline, limit)


def _closed(names: Names, derived: Derived, inline: frozenset[str]) -> list[Block]:
    """The closed forms of the gradients that were asked for."""
    forms = closed_forms(names, derived, inline)
    rows = []
    for wrt in derived.wrt:
        name = derived.gradient(wrt)
        latex = forms.latex(name)
        if latex:
            rows.append(Formula(latex, f"shape {names.shape(name)}" if names.signature(name).shape else ""))
    return [FormulaRows(tuple(rows))] if rows else []


def _softmax(names: Names) -> list[Block]:
    """The derivative of every softmax that the network has, for the same index and for different ones."""
    blocks: list[Block] = []
    for (o, total), named in list(names.softmax.named.items())[:1]:
        written = names.written[total]
        over = [c for c, _ in written.op.over]
        if len(over) != 1:
            continue
        index = written.operands[0].index
        k = over[0]
        i = next(c for c in "ijklmpqrst" if c not in index)
        sizes = letter_sizes(names.program, written)

        def letters(c: str, index: Sequence[str] = index, k: str = k, sizes: Mapping[str, Any] = sizes) -> list[str]:
            return ["" if sizes[x] == 1 else names.letter(c if x == k else x) for x in index]

        def p(c: str, named: str = named) -> str:
            return names.entry(named, letters(c)) if named else f"p_{{{Names.index(letters(c))}}}"

        meaning = "" if named else (Math(rf"p = \operatorname{{softmax}}\left({names.tensor(o)}\right)"), ". ")
        left = rf"\frac{{\partial {p(k)}}}{{\partial {names.entry(o, letters(i))}}}"
        cases = rf"\begin{{cases}} {p(k)} \left(1 - {p(k)}\right) & \text{{if }} {k} = {i} \\ -{p(k)} {p(i)} & \text{{if }} {k} \ne {i} \end{{cases}}"
        blocks.append(Paragraph(("The derivative of the softmax, ", *(meaning or ()), "for the same index and for different ones:")))
        blocks.append(Formula(f"{left} = {cases}"))
    return blocks


def _formulas_of(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        if isinstance(block, FormulaRows):
            yield from (row.latex for row in block.rows)
        elif isinstance(block, StepBlock):
            yield from (*formulas(block.rule), *formulas(block.local), *formulas(block.upstream), *formulas(block.result))

