"""A derivation as a document: the gradients in a box, the network, the backward pass step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from symbackprop.core.choices import DETAILS
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.united import united
from symbackprop.core.functions import declared_names
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Program, Signature, Sum
from symbackprop.display.body import scalar
from symbackprop.display.box import UNPROVED, ShownBox, ShownLine, no_product
from symbackprop.display.index_form import counts_positions
from symbackprop.display.names import Holds, Names, unasked
from symbackprop.display.remarks import beside_steps
from symbackprop.display.softmax import softmaxes
from symbackprop.display.written_out import written_out
from symbackprop.documents import modes
from symbackprop.documents.conventions import conventions
from symbackprop.documents.definitions import definitions
from symbackprop.documents.document import (
    Block,
    Bullets,
    Code,
    Content,
    Document,
    Figure,
    Formula,
    FormulaRows,
    Link,
    Math,
    Note,
    Paragraph,
    Section,
    Span,
    StepBlock,
    Table,
)  # fmt: skip
from symbackprop.documents.elementary import elementary
from symbackprop.documents.equation_block import EquationBlocks, is_shown
from symbackprop.documents.folded import folded
from symbackprop.documents.layer_block import Lecture, Proved, beside, packed, unproved
from symbackprop.documents.layers import in_names, layers
from symbackprop.documents.loop_block import loop_blocks
from symbackprop.documents.network import WIDE, further_rows, lines_said, network_rows, with_rows
from symbackprop.documents.spoken import Spoken
from symbackprop.documents.titles import typeset
from symbackprop.documents.unspoken import to_spell, unspoken
from symbackprop.formulas.told import Told, in_line, listed, several, told
from symbackprop.formulas.tree import Node, items_of, split, walk

if TYPE_CHECKING:
    from symbackprop.pictures.picture import Page, Picture

MOST_ROWS = 16
"""Lines of a box that stand below each other in a brief report; more stand side by side."""

LEGEND = 40
"""The longest line of names of parts, in letters across the paper."""

ON_A_PAGE = 40  # equations: a larger graph has a page of its own
DRAW = "symbackprop draw NET -o graph.svg"
UPDATE = ":update"  # behind the name of a gradient: the label of its step of descent
COUNTS_FROM_0 = ("function", "trace")
"""Where a network came from whose author counts steps from 0."""

_KINDS = {
    "parameter": Told("parameter"),
    "data": Told("data"),
    "labels": Told("labels, which sum to one"),
    "rows of labels": Told("labels, each row of which sums to one"),
    "integers": Told("integers"),
    "constant": Told("constant"),
}
_SEVERAL = {"parameter": Told("parameters"), "constant": Told("constants")}
_DOMAINS = {
    "positive": Told("positive"), "unit": Told("between 0 and 1"), "binary": Told("0 or 1"), "sign": Told("-1 or 1"),
    "symmetric": Told("symmetric"), "spd": Told("symmetric and positive definite"),
    "orthogonal": Told("orthogonal"),
}  # fmt: skip


def _whole(name: str, equation: Node) -> Node:
    return equation


def report(
    derived: Derivation,
    title: Content = "",
    source: str | None = None,
    check_table: Block | None = None,
    picture: Block | None = None,
    values: Mapping[str, Any] | None = None,
    written: tuple[Node, ...] = (),
    box: ShownBox | None = None,
    detail: str = "normal",
    lang: str = "en",
    code: Mapping[str, str] | None = None,
    gaps: Callable[[str, Node], Node] = _whole,
    proved: Proved = unproved,
    holds: Holds = unasked,
) -> Document:
    """The whole derivation.

    derived       what was derived.
    title         the document's title.
    source        the network as a person wrote it.
    check_table   a block that says how the gradients were checked.
    picture       the computational graph, or what is said in its place.
    values        numbers by tensor name, shown beside the equations of scalars.
    written       a person's own function as they wrote it, shown where the equations look otherwise.
    box           the gradients as a table of definitions.
    detail        one of DETAILS: the box and the network; the backward pass layer by layer as well; or equation by equation, with
                  every index form.
    lang          the code of the language that it is written in.
    code          a person's own line for each value of a function that was traced.
    gaps          what is shown of the equation of a gradient, by its name: all of it, or all but its right side.
    proved        a gradient as one formula over some others that is proved, where there is one.
    holds         what is asked before an equation is shown in matrices.
    """
    names = Names(derived.program, holds)
    inline = written_out(derived)
    lecture = Lecture(derived, box.names if box is not None else names, inline, values or {}, gaps, proved, holds)
    steps = _steps(derived, lecture, box, detail)
    spoken = Spoken(lecture.plain, derived.forward)
    spoken.hear(steps)
    network = network_rows(lecture, detail, box, {*(code or {}), *spoken.read})
    result = _result(lecture, box, steps, detail) if box is not None else []
    is_at_steps = has_loops(derived.forward) and box is not None and not box.missing
    spoken.hear([*network, *result])
    if further := further_rows(lecture, spoken, is_at_steps):
        network[0] = with_rows(network[0], further, derived.forward)
    at_steps = derived.is_recursion and box is not None and not box.missing
    origin = derived.network.origin if derived.network else ""
    counts = has_loops(derived.forward) and (detail == "full" or origin in COUNTS_FROM_0)
    counts |= any(counts_positions(names, e) for e in derived.program.equations)
    shown = tuple(_formulas_of([*network, *steps, *result]))
    own = {part for name in derived.program.tensors for part in walk(names.in_line(name))}
    deep = {names.tensor(n): tensor.rank for n, tensor in derived.forward.tensors.items() if tensor.rank > 2}
    said = conventions(shown, derived.mode, counts, at_steps, detail == "full", own, deep)
    said += definitions(shown, {n for e in derived.program.equations if isinstance(e.op, Sum) for n in declared_names(e.op.body)})
    blocks: list[Block] = [Section(modes.result_heading(names, derived)), *result] if result else []
    blocks.append(Section(told("The network")))
    if source and detail == "full":
        blocks.append(Code(source.strip("\n"), "python"))
    is_told = detail != "full" and has_loops(derived.forward)  # an index form would count its steps from 0
    if not (is_told or set(written) <= {row.formula for block in network if isinstance(block, FormulaRows) for row in block.rows}):
        blocks += [Paragraph(told("As written:")), FormulaRows(tuple(map(Formula, written)))]
    if detail == "brief":
        given = _given(names, derived)
        return Document(_title(names, derived, title), (*blocks, given, *network), lang)
    blocks += [(_tensors if detail == "full" else _given)(names, derived), *network]
    blocks += _code(names, derived.forward, code or {})
    if any(tensor.shape for tensor in derived.program.tensors.values()) or modes.said(names, derived):
        blocks.append(Bullets((*modes.said(names, derived), *said), told("How to read it")))
    blocks += [Note(remark) for remark in beside_steps(derived)]
    if picture:
        blocks += [Section(told("The computational graph")), picture]
    blocks += [
        Section(modes.pass_heading(derived)),
        Paragraph(modes.opening(names, derived, detail == "normal")),
        *(_slopes(names, derived) if detail == "full" else []),
        *steps,
    ]
    if check_table:
        blocks += [Section(told("The check")), check_table]
    return Document(_title(names, derived, title), tuple(blocks), lang)


def _code(names: Names, program: Program, code: Mapping[str, str]) -> list[Block]:
    """Each value beside the line of a person's own function that made it."""
    rows = tuple(
        (Math(names.tensor(e.target.name)), Span(code[e.target.name], style="code"))
        for e in program.equations
        if e.target.name in code
    )
    return [Table((told("Value"), told("Line of your function")), rows)] if rows else []


def graph(derived: Derivation, draw: Callable[[Page], Picture]) -> Block:
    """The computational graph of a derivation, which `draw` gives as it fits a page; of one that fits none, how it is had."""
    if (count := len(derived.forward.equations)) > ON_A_PAGE:
        return Paragraph(told("A graph of {} equations is left out: {} draws it.", str(count), Span(DRAW, style="code")))
    caption = modes.caption(derived)
    return Figure(draw, caption, told("The computational graph of {}", derived.of))


def _title(names: Names, derived: Derivation, title: Content) -> Content:
    if isinstance(title, str) and title:
        return typeset(title, derived.forward.tensors.keys())
    return title or modes.title(names, derived)


def _steps(derived: Derivation, lecture: Lecture, box: ShownBox | None, detail: str) -> list[StepBlock]:
    is_spelled = not has_loops(derived.forward)
    match detail:
        case "brief":
            lecture.spell(to_spell(lecture, box, None) if is_spelled else frozenset())
            return []
        case "normal":
            told_ = layers(derived, lecture.names, box)
            lecture.leave_out(told_, unspoken(lecture, told_, box))
            lecture.spell(to_spell(lecture, box, lecture.gone) if is_spelled else frozenset())
            told_ = in_names(told_, lecture.names, box) if lecture.spelt else told_
            return loop_blocks(lecture, told_, box) or list(lecture.blocks(told_))
        case "full":
            backward, _ = united(derived, softmaxes(lecture.plain).named)
            shown = [equation for equation in backward if is_shown(equation)]
            lecture.anchors |= {e.target.name: e.target.name for e in shown}
            blocks = EquationBlocks(lecture, box, has_loops(derived.forward))
            return [blocks.block(e) for e in shown]
    raise ValueError(f"{detail} is none of {', '.join(DETAILS)}")


def _slopes(names: Names, derived: Derivation) -> list[Block]:
    """Where the slopes of the functions that are gone back through come from."""
    through = {e.step.through.name for e in derived.program.equations if e.step is not None and e.step.through is not None}
    rows = elementary((e for e in derived.forward.equations if e.target.name in through), names.words)
    return [FormulaRows(tuple(map(Formula, rows)), told("Elementary derivatives, from their definitions:"))] if rows else []


def _tensors(names: Names, derived: Derivation) -> Table:
    rows = tuple(
        (
            Math(names.at_layer(tensor.name)),
            _kind(derived, tensor),
            told("{}", names.dimensions(tensor.name)) if tensor.shape else told("a number"),
        )
        for tensor in derived.forward.inputs
    )
    return Table((told("Tensor"), told("What it is"), told("Shape")), rows)


def _given(names: Names, derived: Derivation) -> Bullets:
    """What is given, a kind a line, with the shapes."""
    kinds: dict[Told, list[Signature]] = {}
    for tensor in derived.forward.inputs:
        kinds.setdefault(_kind(derived, tensor), []).append(tensor)

    def shaped(tensor: Signature) -> Told:
        own = names.at_layer(tensor.name)
        return told("{} ({})", own, names.dimensions(tensor.name)) if tensor.shape else told("{}", own)

    said = [(_kind(derived, found[0], _KINDS | _SEVERAL if len(found) > 1 else _KINDS), listed(list(map(shaped, found))))
            for found in kinds.values()]  # fmt: skip
    return Bullets(tuple(told("{}: {}", kind, tensors) for kind, tensors in said))


def _kind(derived: Derivation, tensor: Signature, kinds: Mapping[str, Told] = _KINDS) -> Told:
    if tensor.name in (derived.vector, derived.upstream):
        return told("direction") if tensor.name == derived.vector else told("gradient from above")
    words = kinds["rows of labels" if tensor.kind == "labels" and len(tensor.shape) > 1 else tensor.kind]
    if tensor.kind == "integers" and tensor.bound is not None:
        return told("integers from 0, below {}", scalar(tensor.bound))
    if tensor.value is not None:
        return told("{}, {}", words, scalar(tensor.value))
    return told("{}, {}", words, _DOMAINS[tensor.domain]) if tensor.domain else words


def _result(lecture: Lecture, box: ShownBox, steps: Sequence[StepBlock], detail: str) -> list[Block]:
    """The lines of the box but those that the network itself says, and what has none, with the reason and where it is derived."""
    names, derived = lecture.plain, lecture.derivation
    slopes, read = {n for n, tensor in derived.program.tensors.items() if tensor.role}, lines_said(lecture, box)
    lines = [(line, line.name if line.name in slopes else "") for line in box.lines if line.name in read]
    lines += [(line, f"{line.name}:product") for line in box.products]
    descent = [(line, line.name + UPDATE) for line in box.updates]

    def shown(pairs: Sequence[tuple[ShownLine, str]]) -> list[Formula]:
        whole = list(_rows(names, [(replace(line, formula=lecture.gaps(line.name, line.formula)), label) for line, label in pairs]))
        return whole if detail == "full" else list(folded(whole, lecture.layer))

    rows, updates = shown(lines), shown(descent)
    if not steps and len(rows) + len(updates) > MOST_ROWS:
        whole = (lecture.product(line.name, line.formula) if label in slopes else line.formula for line, label in lines)
        rows = list(map(Formula, packed(whole, WIDE)))
    rows += updates
    blocks: list[Block] = [FormulaRows(tuple(rows), framed=True)] if rows else []
    if box.assumed and "labels" not in lecture.reasons.told:  # no step says so
        blocks.append(Paragraph(told("The entries of the labels sum to one along their last axis, which was used here.")))
    blocks += _missing(lecture, box, bool(steps))
    blocks += [Paragraph(no_product(box.names, name, why)) for name, why in box.unmultiplied.items()]
    if not box.proved:
        blocks.append(Note(UNPROVED))
    return blocks


def _missing(lecture: Lecture, box: ShownBox, has_steps: bool) -> Iterator[Paragraph]:
    """What has no short form, all of one reason together, and where it is derived."""
    names, gradient = lecture.plain, lecture.derivation.gradient
    for why in dict.fromkeys(box.missing.values()):
        ends = [wrt for wrt, reason in box.missing.items() if reason == why]
        own = several([names.tensor(gradient(wrt)) for wrt in ends])
        links = [Link(told("{}", names.tensor(wrt)), lecture.anchors[gradient(wrt)]) for wrt in ends if has_steps]
        if len(ends) == 1:
            said = told("{} has no short form: {}.", own, Told(why))
            where = told(" {} gives it.", Link(told("Its step"), links[0].anchor)) if links else ""
        else:
            said = told("Each of {} has no short form: {}.", own, Told(why))
            where = told(" They are derived in the steps back to {}.", several(links)) if links else ""
        yield Paragraph((said, where))


def _rows(names: Names, lines: Iterable[tuple[ShownLine, str]]) -> Iterator[Formula]:
    """A row for each line with what it is; what parts of tensors are called stands side by side."""
    for is_legend, group in groupby(lines, lambda pair: pair[0].name not in names.program.tensors):
        if is_legend:
            yield from _parts([line for line, _ in group])
        else:
            yield from (
                Formula(line.formula, "" if label.endswith(UPDATE) else _note(names, line), label=label) for line, label in group
            )


def _parts(lines: Sequence[ShownLine]) -> Iterator[Formula]:
    """What parts of tensors are called, side by side, beside the tensors that they are parts of."""
    waiting = list(lines)
    for group in beside((line.formula for line in lines), LEGEND):
        here, waiting = waiting[: len(group)], waiting[len(group) :]
        whole = dict.fromkeys(line.meant for line in here if line.meant is not None)
        yield Formula(packed(group, LEGEND)[0], told("parts of {}", several(list(whole))) if whole else "")


def _note(names: Names, line: ShownLine) -> Content:
    """What stands beside a line: what it is by, its shape, and at which steps of a loop it holds."""
    if line.meant is None:
        return line.about or _line_note(names, line)
    return listed([told("{}", in_line(line.meant)), *([line.about] if line.about else [])])


def _line_note(names: Names, line: ShownLine) -> Content:
    """The shape, beside what has it where that does not stand on the left: the whole of what the line gives a part of."""
    name, signature = line.name, names.signature(line.name)
    shape = told("{}", names.dimensions(name)) if signature.shape else Told()
    if shape and name in names.program.outputs and items_of(split(line.formula)[0]) != items_of(names.tensor(name)):
        return told("{} ({})", names.in_line(name), shape)
    if signature.role is None or (name in names.program.outputs and not signature.role.vector):
        return shape
    said = modes.what_it_is(names, name, signature.role)
    return told("{} ({})", said, shape) if shape else said


def _formulas_of(blocks: Iterable[Block]) -> Iterable[Node]:
    for block in blocks:
        if isinstance(block, FormulaRows):
            yield from (row.formula for row in block.rows)
        elif isinstance(block, StepBlock):
            yield from (shown for part in block.parts for shown in part.formulas)
