"""Networks from text in Python's syntax and NumPy's vocabulary: parsed, never executed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain, count
from textwrap import dedent

from symbackprop.core.network import Network
from symbackprop.language.layers.stepped import all_written_out
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import Tensor, as_tensor, number_of
from symbackprop.notation.arrays import copied
from symbackprop.notation.asking import require_numbers
from symbackprop.notation.errors import NotationError, Place, Source
from symbackprop.notation.grammar import parsed
from symbackprop.notation.loops.prepared import prepared
from symbackprop.notation.loops.widened import with_widths
from symbackprop.notation.networks import made
from symbackprop.notation.reader import Reader
from symbackprop.notation.sized import sized, told_apart
from symbackprop.notation.statements import statement

LOSSES = ("L", "loss", "Loss", "cost", "J", "C", "E")  # what people call what they minimise


@told_apart
def read_text(
    text: str,
    file: str = "<text>",
    loss: str | None = None,
    gates: str = "auto",
    name: str = "network",
    numbers: Mapping[str, int | Sequence[int]] | None = None,
    declarations: Sequence[str] = (),
    called: Mapping[str, str] | None = None,
) -> Network:
    """The network that a text declares and defines. Where it declares nothing, its names are scalar parameters.

    file      what error messages call the text.
    loss      the name of the loss; None: the last scalar.
    gates     "auto", "whole" or "elementary", as `trace` takes it.
    numbers   of sizes: every loop is written out, its block once for each step; None: loops are kept.
    declarations   beside those of the text, such as "W: parameter[h, d]".
    called    what sizes are called whose names are values as well.

    Raises NotationError, with the line, the column, the fault and the mend, where the text is not in the language.
    """
    flush = dedent(text)  # what stands within code may stand further right as a whole
    tree, source = parsed(flush, file, indent=_first(text) - _first(flush))
    if not text.strip():
        raise NotationError("the text is empty.", "Write declarations, x: data[n], and equations, L = sum(x**2).", Place(file))
    reader = Reader(source, numbers=numbers, called=called)
    _declare(reader, declarations)
    _reread(reader, source)
    reader.scalars = not declarations and not any(isinstance(node, ast.AnnAssign) for node in ast.walk(tree))
    body = prepared(reader, sized(reader, tree.body))
    reader.foresee(body)
    with all_written_out(numbers is not None):
        for node in body:
            statement(reader, node)
    if reader.taken:
        reader.remarks.append(
            f"Nothing is declared: {', '.join(t.name for t in reader.inputs if t.name in reader.taken)} are taken to be numbers."
        )
    again = partial(read_text, text, file, loss, gates, name, declarations=declarations, called=called)
    whole = "\n".join([*declarations, text])
    return finished(reader, loss, gates, written_out=again, name=name, title=first_comment(text), source=whole, origin="text")


def _first(text: str) -> int:
    """Where the first letter of a text stands in its line, from 0."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return len(line) - len(line.lstrip())


@told_apart
def read_expression(
    text: str, declarations: Sequence[str] = (), loss: str | None = None, gates: str = "auto",
    called: Mapping[str, str] | None = None,
) -> Network:  # fmt: skip
    """The network of one expression, such as "sum((W @ x - y)**2)".

    declarations   such as "W: parameter[h, d]"; names that are not declared are scalar parameters.
    called         what sizes are called whose names are values as well.

    Raises NotationError like `read_text`.
    """
    tree, source = parsed(text.strip(), "<expression>", around="\n".join(declarations))
    reader = Reader(source, called=called)
    _declare(reader, declarations)
    _reread(reader, source)
    reader.scalars = True
    reader.foresee(sized(reader, tree.body))
    for node in tree.body:
        if isinstance(node, ast.Expr) and node is tree.body[-1]:
            loss = name_loss(reader, node.value) if loss is None else loss
        else:
            statement(reader, node)
    return finished(reader, loss, gates, source="\n".join([*declarations, text.strip()]), origin="text")


def _declare(reader: Reader, declarations: Sequence[str]) -> None:
    """Read declarations that stand beside a text: "W: parameter[h, d]", or several, parted by semicolons."""
    reader.scalars = False
    for number, line in enumerate(declarations, 1):
        tree, source = parsed(line.strip(), f"<declaration {number}>", around="\n".join(declarations))
        _reread(reader, source)
        if not tree.body or not all(isinstance(node, ast.AnnAssign | ast.Assign) for node in tree.body):
            raise NotationError("this is no declaration.", 'Write "W: parameter[h, d]".', source.at(1, 0))
        reader.foresee(tree.body)
        for node in tree.body:
            statement(reader, node)
    reader.lines = dict.fromkeys(reader.lines, (0, 0))  # on no line of the text


def _reread(reader: Reader, source: Source) -> None:
    """Go on with another text."""
    reader.source = reader.evaluator.source = source


def name_loss(reader: Reader, node: ast.expr) -> str:
    """Make an expression without a name the loss, as L, or f where L is taken; the name that it has then."""
    value = as_tensor(reader.evaluator.numeric(node, reader.evaluator.value(node)))
    if number_of(value) is not None or (value.signature is not None and value.signature.kind == "constant"):
        raise reader.fault(node, "the loss is a number; nothing is to be derived.", "Write a tensor: sum(x**2).")
    if value.signature is not None:
        raise reader.fault(node, f"the loss is the input {value.name} itself.", f"Write an expression: sum({value.name}**2).")
    if value.name is None:
        name = next(n for n in chain(("L", "f", "loss"), (f"L_{k}" for k in count(1))) if not reader.known(n))
        reader.define(node, name, value)
        return name
    reader.outputs.setdefault(value.name, value)
    return value.name


def finished(reader: Reader, loss: str | None, gates: str, **about: object) -> Network:
    """The network of what was read.

    Raises NotationError where there is no equation, or the loss is not there.
    """
    require_numbers(reader)
    reader.steps.finish()
    loss = _last_name(reader, loss) if loss is None or loss not in reader.names else _called(reader, loss)
    if loss is None:
        loss = _conventional(reader)
    if not reader.outputs:
        what = "there are declarations only, no equation." if reader.inputs else "there is no equation."
        raise NotationError(what, "Write the loss: L = sum(...).", Place(reader.source.file))
    try:
        network = made(
            reader.outputs,
            reader.inputs,
            loss,
            gates,
            reader.aliases,
            (*reader.remarks, *reader.evaluator.said),
            lines=reader.lines,
            **about,
        )
    except NotationError as error:
        raise NotationError(error.fault, error.mend, error.place or Place(reader.source.file)) from None
    network = with_widths(network, reader)
    reader.let_go()
    return network


def _called(reader: Reader, name: str) -> str:
    """What the last value of a name is called."""
    value = reader.names[name]
    return value.name if isinstance(value, Tensor) and value.name in reader.outputs else name


def _conventional(reader: Reader) -> str | None:
    """The scalar that is called as losses are, where scalars that follow are not made of it, such as an accuracy; else None."""
    scalars = [name for name, tensor in reader.outputs.items() if not tensor.shape]
    named = [reader.names[n].name for n in LOSSES if isinstance(reader.names.get(n), Tensor) and reader.names[n].name in scalars]
    if not named:
        return None
    chosen = max(named, key=scalars.index)
    later = scalars[scalars.index(chosen) + 1 :]
    if not later or any(reader.outputs[chosen] is needed for needed in ordered(reader.outputs[name] for name in later)):
        return None
    reader.remarks.append(f"{chosen} is taken as the loss, not {later[-1]}, which stands last and is not made of it.")
    return chosen


def _last_name(reader: Reader, loss: str | None) -> str | None:
    """The loss where the last line is a second name for a scalar, as L = sum(w) is for w; that for an input becomes an equation."""
    value = reader.names.get(reader.last)
    if reader.last not in reader.aliases or not isinstance(value, Tensor) or value.shape:
        return loss
    if value.signature is not None and value.signature.kind != "constant":
        del reader.aliases[reader.last]
        reader.outputs[reader.last] = copied(value).named(reader.last)
    return reader.last if loss is None else loss


def first_comment(text: str) -> str | None:
    """The first line, where it is a comment, without its #."""
    for line in text.removeprefix("\ufeff").splitlines():
        if line.strip():
            comment = line.strip()
            return comment.lstrip("#! ").strip() or None if comment.startswith("#") else None
    return None
