"""From the tensors that a person wrote to the program that computes them: order, names, letters, and which gates are fused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from sympy import Expr, Symbol

from symbackprop.core.grammar import Alike, check
from symbackprop.core.guards import fixed_letters
from symbackprop.core.letters import FURTHER, KEPT, LETTERS, NAMELESS, given, letters_of, pool
from symbackprop.core.passes.simplify import renamed
from symbackprop.core.program import Equation, Gradient, Program, Reduce, Ref, Signature, Sum, letter_sizes
from symbackprop.language.lower.differences import NAME as DIFFERENCE
from symbackprop.language.lower.differences import is_difference
from symbackprop.language.lower.fuse import fuse, is_activation, is_softmax, squeeze
from symbackprop.language.lower.nodes import Nodes, asked_for, nodes_of, ordered
from symbackprop.language.lower.shared import shared
from symbackprop.language.lower.standardised import standardised
from symbackprop.language.tensors import LanguageError, Tensor


def trace(outputs: Mapping[str, Tensor], inputs: Iterable[Tensor] = (), gates: str = "auto") -> Program:
    """The program that computes `outputs`.

    outputs   the tensors that a person named, in the order of writing; the last is the loss.
    inputs    declared tensors, which the program lists even where nothing reads them.
    gates     "whole": what is written as one expression stays one equation, entry by entry; "elementary": an equation for
              each operation; "auto": elementary where every tensor is a scalar.
    """
    for name, tensor in outputs.items():
        tensor.named(tensor.name or name)
    order = ordered(outputs.values())
    if gates == "auto":
        gates = "whole" if any(t.shape for t in order) else "elementary"
    if gates not in ("whole", "elementary"):
        raise LanguageError(f'gates is "auto", "whole" or "elementary", not "{gates}"')
    kept = asked_for(order)
    nodes = shared(squeeze(nodes_of(order), kept), kept)
    if gates == "whole":
        nodes = fuse(standardised(nodes, kept), kept)
    declared = list({id(t): t for t in (*inputs, *order) if t.is_input}.values())
    program = written(nodes, declared, outputs.values(), every_value_named=gates == "elementary")
    conditions = tuple(dict.fromkeys(c for t in order for c in t.conditions))
    return check(with_letters(replace(program, conditions=conditions)))


def written(nodes: Nodes, declared: Iterable[Tensor], outputs: Iterable[Tensor], every_value_named: bool = False) -> Program:
    """The equations of the nodes, with names, in the letters of the nodes.

    declared            the inputs, which the program lists even where nothing reads them.
    outputs             the tensors whose values are wanted.
    every_value_named   whether the names that are generated count as names of a person.
    """
    declared = list(declared)
    tensors = {t.signature.name: t.signature for t in declared if t.signature}
    if len(tensors) < len(declared):
        twice = Counter(t.name for t in declared).most_common(1)[0][0]
        raise LanguageError(f"{twice} is declared twice; declare it once, and use that tensor in both places")
    shapes = [*(t.shape for t in declared), *(node.shape for node in nodes.values())]
    sizes = {str(s) for extent in {n for shape in shapes for n in shape} for s in extent.free_symbols}
    names = _names(nodes, set(tensors) | sizes) | {id(t): t.signature.name for t in declared if t.signature}
    for key, node in nodes.items():
        own = node.tensor.name is not None
        called, counted = (node.tensor.stem or node.tensor.role) is not None, every_value_named and not own
        inner = _inner(node.tensor, names)
        tensors[names[key]] = Signature(names[key], node.shape, named=own or counted, called=called, counted=counted, inner=inner)
    equations = tuple(
        Equation(Ref(names[key], node.index), node.op, tuple(Ref(names[id(t)], index) for t, index in node.operands))
        for key, node in nodes.items()
    )
    return Program(tensors, equations, tuple(dict.fromkeys(names[id(t)] for t in outputs)))


def _inner(tensor: Tensor, names: Mapping[int, str]) -> Gradient | None:
    """What a derivative inside the network is, by names; None where the value that it is by has no equation."""
    if tensor.inner is None or not all(id(t) in names for t in tensor.inner.tensors()):
        return None
    of, wrt, upstream, vector, _ = (names[id(t)] if isinstance(t, Tensor) else t for t in tensor.inner)
    return Gradient(str(of), str(wrt), upstream=str(upstream), vector=str(vector))


_OTHERS = {"z": "zsq", "a": "ahg", "P": "PQR", "p": "pqr", "Z": "ZSQ", "A": "AHG"}
"""What a value is called by what it is for, and otherwise where the author calls something so."""
_APART = {"v": "s"}
"""What layers call a value, and otherwise beside one of another role: a variance, beside the values of attention."""


def _names(nodes: Nodes, taken: set[str]) -> dict[int, str]:
    """A name for each value: the person's, a layer's, else z for what an activation or softmax reads, a or P for what it gives.

    A matrix is Z where its author writes matrices so, A_1 = tanh(Z_1).
    """
    order = [node.tensor for node in nodes.values()]
    are_capital = {t.name[0].isupper() for t in order if t.name is not None and len(t.shape) > 1} == {True}
    names = {id(t): t.name for t in order if t.name is not None}
    clash = [n for n, count in Counter(names.values()).items() if n in taken or count > 1]
    if clash:
        raise LanguageError(f"{clash[0]} is defined twice")
    taken = taken | set(names.values())
    stems: dict[int, tuple[str, str]] = {}
    for key, node in nodes.items():
        if isinstance(node.op, Sum) and is_activation(node.op.body) and len(node.op.slots) == 1:
            own = node.tensor.name or ""
            stems[id(node.operands[0][0])] = ("z", own.partition("_")[2])
            stems.setdefault(key, ("a", ""))
        elif isinstance(node.op, Reduce) and node.op.kind == "logsumexp":  # the logits of a softmax
            stems.setdefault(id(node.operands[0][0]), ("z", ""))
        elif is_difference(node, nodes):
            stems.setdefault(key, (DIFFERENCE, ""))
        elif is_softmax(node, nodes):
            stems.setdefault(key, ("P" if len(node.shape) > 1 else "p", ""))
    own = {name.partition("_")[0].rstrip("0123456789") for name in names.values()} | taken
    matrices = {id(t) for t in order if len(t.shape) > 1} if are_capital else set[int]()
    stems = {key: (stem.upper() if key in matrices else stem, subscript) for key, (stem, subscript) in stems.items()}
    free = {stem: next((c for c in others if c not in own), stem) for stem, others in _OTHERS.items()}
    stems = {key: (free.get(stem, stem), subscript) for key, (stem, subscript) in stems.items()}
    roles = {t.role for t in order if t.stem is None}
    apart = {stem: other for stem, other in _APART.items() if stem in roles and other not in own}
    stems |= {id(t): (apart.get(t.stem, t.stem), "") for t in order if t.stem is not None}
    stems |= {id(t): (t.role, "") for t in order if t.stem is None and t.role is not None}
    taken |= {str(s) for extent in {n for t in order for n in t.shape} for s in extent.free_symbols}
    unnamed = [t for t in order if t.name is None]
    proposed = {stem for stem, _ in stems.values()}
    other = min(NAMELESS, key=lambda c: (c in proposed, c in own))  # u_5 would look like a part of the author's u
    count: dict[str, int] = {}
    for tensor in unnamed:
        stem = stems.get(id(tensor), (other, ""))[0]
        count[stem] = count.get(stem, 0) + 1
    last = Counter[str]()
    for tensor in unnamed:  # what a derivative is of and by comes before it
        stem, subscript = stems.get(id(tensor)) or _partial(tensor, names) or (other, "")
        wish = f"{stem}_{subscript}" if subscript else (stem if count.get(stem) == 1 else "")
        while not wish or wish in taken:
            last[stem] += 1
            wish = f"{stem}_{last[stem]}"
        names[id(tensor)] = wish
        taken.add(wish)
    return names


def _partial(tensor: Tensor, names: Mapping[int, str]) -> tuple[str, str] | None:
    """What a derivative that nobody named is called: u_x of u by x."""
    ends = tensor.inner.tensors() if tensor.inner else ()
    of, wrt, *more = [t.name or names.get(id(t)) for t in ends] or [None, None]
    return (of, wrt.replace("_", "")) if of and wrt and not more else None


def with_letters(program: Program) -> Program:
    """The same program with letters that a person would choose: one for each size, the same in every equation where it can be.

    The letter of a loop is a person's choice already. Where letters with numbers would be needed, further letters come before them,
    and what an equation reads at positions that it says, X[j + q], has none of those that others need.
    """
    lettered = _lettered(program)
    has_numbers = any(c[1:] for e in lettered.equations for ref in (e.target, *e.operands) for c in ref.index)
    return _lettered(program, LETTERS + FURTHER, are_few=True) if has_numbers else lettered


def _lettered(program: Program, letters: str = LETTERS, are_few: bool = False) -> Program:
    chosen: dict[Expr, list[str]] = {}
    avoid = letters_of(program.tensors) | {str(s) for s in program.sizes()}
    used: set[str] = set()
    for letter, extent in _given(program):
        if letter not in avoid and letter not in chosen.setdefault(extent, []):
            chosen[extent].append(letter)
            used.add(letter)

    def candidates(extent: Expr) -> list[str]:
        if extent not in chosen:
            own = str(extent).lower()
            natural = isinstance(extent, Symbol) and str(extent).isupper() and len(own) == 1 and own not in avoid | used
            letter = own if natural else next(c for c in pool(letters) if c not in avoid | used)
            used.add(letter)
            chosen[extent] = [letter]
        return chosen[extent]

    def renaming(equation: Equation, left_out: Container[str] = ()) -> dict[str, str]:
        sizes = letter_sizes(program, equation)
        order = dict.fromkeys(equation.target.index + tuple(c for r in equation.operands for c in r.index) + tuple(sizes))
        rename = {letter: own for letter in order if (own := given(letter)) in used and own is not None}
        for letter in sorted(order, key=lambda c: are_few and sizes[c] == 1):
            if letter in rename or letter in left_out:
                continue
            own = candidates(sizes[letter]) if sizes[letter] != 1 else []
            free = (c for c in chain(own, pool(letters)) if c in own or c not in avoid)
            fresh = next(c for c in free if c not in rename.values())
            if fresh not in own and fresh in used:  # a letter that means no other size
                fresh = next(c for c in pool(letters) if c not in avoid | used and c not in rename.values())
            if sizes[letter] != 1 and fresh not in own:
                own.append(fresh)
                used.add(fresh)
            rename[letter] = fresh
        return rename

    for equation in program.equations if are_few else ():
        renaming(equation, fixed_letters(program, equation, scatter=False)[0] if isinstance(equation.op, Sum) else ())
    equations = []
    alike, known = Alike(program), dict[Hashable, tuple[int, Equation]]()
    for equation in program.equations:
        key = alike.key(equation)
        count, same = known.get(key, (-1, equation))
        if count == len(used):  # an equation like it has its letters, and none has come since
            refs = zip((equation.target, *equation.operands), (same.target, *same.operands), strict=True)
            target, *operands = (Ref(own.name, other.index) for own, other in refs)
            equations.append(Equation(target, same.op, tuple(operands), equation.step))
            continue
        equations.append(renamed(equation, renaming(equation)))
        known[key] = len(used), equations[-1]
    return Program(program.tensors, tuple(equations), program.outputs, program.conditions)


def _given(program: Program) -> Iterator[tuple[str, Expr]]:
    """The letters that a person gave, each with its size."""
    for equation in program.equations:
        marked = any(letter.endswith(KEPT) for ref in (equation.target, *equation.operands) for letter in ref.index)
        for letter, extent in letter_sizes(program, equation).items() if marked else ():
            if (own := given(letter)) is not None:
                yield own, extent
