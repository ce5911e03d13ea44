"""Names that nobody declared: what would fit how a text or a function uses them, and how a person is asked for declarations."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from symbackprop.notation.errors import NotationError, NotDeclared
from symbackprop.notation.inference import Proposal, Sought, kind_of, mostly_arrays, others, proposed
from symbackprop.notation.vocabulary import CONSTANTS, name_fault
from symbackprop.notation.words import NUMBERS

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader


def asked(reader: Reader, node: ast.AST, shapes: Mapping[str, str]) -> NotationError:
    """What is said where names that nobody declared are used as arrays; `shapes` is a shape that would fit each."""
    likely = {name: found for name, found in proposed(sought(reader)).items() if found.sizes or reader.later}
    given = {name: Proposal(kind_of(name), (shape,)) for name, shape in shapes.items()}
    found = likely if any(one.sizes for one in likely.values()) else given | likely
    declarations = _declarations(reader, found)
    are, it = ("is used as an array", "it") if len(declarations) == 1 else ("are used as arrays", "them")
    *first, last = declarations
    fault = f"{' and '.join(filter(None, (', '.join(first), last)))} {are} but not declared."
    if reader.function is not None:
        annotated = ", ".join(f"{name}: {_quoted(one)}" for name, one in declarations.items())
        number = next((name for name in declarations if name not in reader.entries), None)
        mend = f"Annotate {it} in def {reader.function}(...): {annotated}{f'; a number is {number}: float' if number else ''}."
        return NotDeclared(
            fault, mend, reader.source.place(node), declarations=declarations, others=lambda: _others(reader, declarations)
        )
    lines = [f"{name}: {one}" for name, one in declarations.items()]
    if reader.later:
        mend = f"Declare {it}: {'; '.join(lines)}."
    else:
        lets = " ".join(f'--let "{line}"' for line in lines)
        mend = f"Declare {it}: {'; '.join(lines)} (on the command line {lets})."
    return reader.evaluator.unread(node, fault, mend)


def _declarations(reader: Reader, found: Mapping[str, Proposal]) -> dict[str, str]:
    """A declaration for each argument; of a dict whose entries are inputs, {"W": "parameter[h, d]", ...}."""
    held = {entry: name for name, entries in reader.entries.items() for entry in entries.values()}
    result: dict[str, str] = {}
    for name in found:
        own = held.get(name, name)
        if own == name:
            result[name] = str(found[name])
        elif own not in result:
            parts = {key: str(_learnt(found.get(entry))) for key, entry in reader.entries[own].items()}
            result[own] = f"{{{', '.join(f'{_quoted(key)}: {_quoted(part)}' for key, part in parts.items())}}}"
    return result


def _learnt(proposal: Proposal | None) -> Proposal:
    """An entry of a dict, which is learnt where nothing says that it is not: dicts hold parameters, as traced ones do."""
    if proposal is None or proposal.kind == "data":
        return Proposal("parameter", () if proposal is None else proposal.sizes)
    return proposal


def _quoted(text: str) -> str:
    return text if text.startswith("{") else f'"{text}"'


def _others(reader: Reader, declarations: Mapping[str, str]) -> list[dict[str, str]] | None:
    """Declarations by every way that fits; None where there are too many."""
    ways = others(sought(reader))
    if ways is None:
        return None
    several = [_declarations(reader, way) for way in ways]
    return [{name: one for name, one in way.items() if "[" in one or name in declarations} for way in several]


def sought(reader: Reader) -> Sought:
    """What the shapes of names are sought in: of a function, for its arguments."""
    statements = reader.above[0] if reader.above else reader.statements
    missing = [name for name in dict.fromkeys(name for name, _ in uses(reader, statements)) if _is_open(reader, name)]
    if reader.callers:
        missing += [t.name for t in reader.inputs if t.name in reader.taken and t.name not in missing]
    shapes = {t.name: t.shape for t in reader.inputs if t.name and t.name not in reader.taken}
    helpers = {name: one.function for name, one in reader.evaluator.helpers.items()}
    return Sought(statements, shapes, missing, reader.described, helpers, reader.entries)


def _is_open(reader: Reader, name: str) -> bool:
    """Whether nobody declared a name; of a text, one that is nothing yet may be declared."""
    if name in reader.taken:
        return True
    meant = {*reader.later, *CONSTANTS, *reader.evaluator.functions, *reader.evaluator.modules}
    return reader.function is None and not reader.known(name) and name not in meant and name_fault(name) is None


def uses(reader: Reader, statements: list[ast.stmt]) -> list[tuple[str, ast.expr]]:
    """The names that are read, and where, in the order of writing; params["W"] by the name of that input."""
    nodes = [n for s in statements for n in ast.walk(s)]
    apart = {id(n) for one in nodes if isinstance(one, ast.AnnAssign) for n in ast.walk(one.annotation)}
    apart |= {id(one.func) for one in nodes if isinstance(one, ast.Call)}
    found: list[tuple[str, ast.expr]] = []
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if id(node) not in apart:
                found += [(own, node) for own in reader.entries.get(name, {}).values()] or [(name, node)]
    return sorted(found, key=lambda one: (one[1].lineno, one[1].col_offset))


def declarations(reader: Reader, name: str) -> str:
    """What to write for a name that is not defined, and for others that are not."""
    shapes = proposed(sought(reader))
    if name in shapes and not shapes[name].sizes and mostly_arrays(name):
        return f"Declare it: {name}: {shapes[name]}."
    if name not in shapes or not shapes[name].sizes:
        shape = "" if name in NUMBERS else "[n]"
        return f"Declare it: {name}: data{shape} or {name}: parameter{shape}."
    lines = [f"{own}: {proposal}" for own, proposal in shapes.items()]
    return f"Declare {'it' if len(lines) == 1 else 'them'}: {'; '.join(lines)}."


def require_numbers(reader: Reader) -> None:
    """Raise NotationError for a name that was taken to be a number and stands where an array belongs; others are said."""
    if not reader.arrays and (not reader.taken or not any(t.shape for t in reader.inputs)):
        return
    found = proposed(sought(reader))
    shapes = {name: ", ".join(own.sizes) for name, own in found.items() if own.sizes and name in reader.taken}
    shapes |= dict.fromkeys(sorted(reader.arrays - shapes.keys()), "n")
    used = [(name, node) for name, node in uses(reader, reader.statements) if name in reader.taken]
    if shapes:
        raise asked(reader, next((node for name, node in used if name in shapes), reader.statements[-1]), shapes)
    numbers = list(dict.fromkeys(name for name, _ in used))
    if numbers:
        are, what = ("is", "a number") if len(numbers) == 1 else ("are", "numbers")
        reader.remarks.append(f"{' and '.join(numbers)} {are} not declared, and taken to be {what}.")
