"""From the tensors that a person wrote to the program that computes them: order, names, letters, and which gates are fused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

from sympy import Expr, Symbol

from symbackprop.core.letters import pool
from symbackprop.core.program import Equation, Program, Ref, Signature, Sum, check, letter_sizes, position, rewritten, substituted
from symbackprop.language.lower.fuse import Node, fuse, is_activation, squeeze
from symbackprop.language.lower.recognise import recognise
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
    order = _ordered(outputs.values())
    if gates == "auto":
        gates = "whole" if any(t.shape for t in order) else "elementary"
    if gates not in ("whole", "elementary"):
        raise LanguageError(f'gates is "auto", "whole" or "elementary", not "{gates}"')
    nodes = {id(t): Node(t) for t in order}
    if gates == "whole":
        order = recognise(order, nodes, outputs.values())
    squeeze(order, nodes)
    if gates == "whole":
        fuse(order, nodes)
    conditions = tuple(dict.fromkeys(c for t in order for c in t.conditions))
    order = [t for t in order if id(t) in nodes]
    declared = {id(t): t for t in (*inputs, *[t for t in order if t.is_input])}
    tensors = {t.signature.name: t.signature for t in declared.values() if t.signature}
    if len(tensors) < len(declared):
        twice = Counter(t.name for t in declared.values()).most_common(1)[0][0]
        raise LanguageError(f"{twice} is declared twice; declare it once, and use that tensor in both places")
    sizes = {str(s) for t in order for extent in nodes[id(t)].shape for s in extent.free_symbols}
    names = _names([t for t in order if not t.is_input], nodes, set(tensors) | sizes)
    for tensor in declared.values():
        names[id(tensor)] = tensor.signature.name  # type: ignore[union-attr]
    for tensor in order:
        if not tensor.is_input:
            name = names[id(tensor)]
            tensors[name] = Signature(name, nodes[id(tensor)].shape, named=tensor.name is not None or gates == "elementary")
    raw = [
        Equation(
            Ref(names[id(t)], nodes[id(t)].index),
            nodes[id(t)].op,
            tuple(Ref(names[id(operand)], index) for operand, index in nodes[id(t)].operands),
        )
        for t in order
        if not t.is_input
    ]
    program = Program(tensors, tuple(raw), tuple(dict.fromkeys(names[id(t)] for t in outputs.values())), conditions)
    return check(with_letters(program))


def _ordered(outputs: Iterable[Tensor]) -> list[Tensor]:
    """The tensors that the outputs need, operands first (no recursion: networks are deep)."""
    done: dict[int, Tensor] = {}
    stack = [(t, False) for t in reversed(list(outputs))]
    while stack:
        tensor, ready = stack.pop()
        if id(tensor) in done:
            continue
        if ready:
            done[id(tensor)] = tensor
        else:
            stack.append((tensor, True))
            stack += [(operand, False) for operand, _ in reversed(tensor.operands) if id(operand) not in done]
    return list(done.values())


def _names(order: list[Tensor], nodes: dict[int, Node], taken: set[str]) -> dict[int, str]:
    """A name for every value: the person's, a layer's, else z for what an activation reads, a for its result, u for the rest."""
    names = {id(t): t.name for t in order if t.name is not None}
    clash = [n for n, count in Counter(names.values()).items() if n in taken or count > 1]
    if clash:
        raise LanguageError(f"{clash[0]} is defined twice")
    taken = taken | set(names.values())
    stems: dict[int, tuple[str, str]] = {}
    for tensor in order:
        op = nodes[id(tensor)].op
        if isinstance(op, Sum) and is_activation(op.body) and len(op.slots) == 1:
            argument = nodes[id(tensor)].operands[0][0]
            own = tensor.name or ""
            stems[id(argument)] = ("z", own.partition("_")[2])
            stems.setdefault(id(tensor), ("a", ""))
    stems |= {id(t): (t.stem, "") for t in order if t.stem is not None}
    taken |= {str(s) for t in order for extent in t.shape for s in extent.free_symbols}
    unnamed = [t for t in order if t.name is None]
    count: dict[str, int] = {}
    for tensor in unnamed:
        stem = stems.get(id(tensor), ("u", ""))[0]
        count[stem] = count.get(stem, 0) + 1
    last = dict.fromkeys(count, 0)
    for tensor in unnamed:
        stem, subscript = stems.get(id(tensor), ("u", ""))
        wish = f"{stem}_{subscript}" if subscript else (stem if count[stem] == 1 else "")
        while not wish or wish in taken:
            last[stem] += 1
            wish = f"{stem}_{last[stem]}"
        names[id(tensor)] = wish
        taken.add(wish)
    return names


def with_letters(program: Program) -> Program:
    """The same program with letters that a person would choose: one for each size, the same in every equation where it can be."""
    chosen: dict[Expr, list[str]] = {}
    avoid = set(program.tensors) | {str(s) for s in program.sizes()}
    used: set[str] = set()

    def candidates(extent: Expr) -> list[str]:
        if extent not in chosen:
            own = str(extent).lower()
            natural = isinstance(extent, Symbol) and str(extent).isupper() and len(own) == 1 and own not in avoid | used
            letter = own if natural else next(c for c in pool() if c not in avoid | used)
            used.add(letter)
            chosen[extent] = [letter]
        return chosen[extent]

    equations = []
    for equation in program.equations:
        sizes = letter_sizes(program, equation)
        order = dict.fromkeys(equation.target.index + tuple(c for r in equation.operands for c in r.index) + tuple(sizes))
        rename: dict[str, str] = {}
        for letter in order:
            own = candidates(sizes[letter]) if sizes[letter] != 1 else []
            free = (c for c in chain(own, pool()) if c in own or c not in avoid)
            fresh = next(c for c in free if c not in rename.values())
            if fresh not in own and fresh in used:  # a letter that means no other size
                fresh = next(c for c in pool() if c not in avoid | used and c not in rename.values())
            if sizes[letter] != 1 and fresh not in own:
                own.append(fresh)
                used.add(fresh)
            rename[letter] = fresh
        equations.append(renamed(equation, rename))
    return Program(program.tensors, tuple(equations), program.outputs, program.conditions)


def renamed(equation: Equation, rename: Mapping[str, str]) -> Equation:
    """The same equation with other letters (all at once, so that letters can be swapped)."""

    def ref(r: Ref) -> Ref:
        return Ref(r.name, tuple(rename.get(c, c) for c in r.index))

    op = equation.op
    over = tuple((rename.get(c, c), extent) for c, extent in op.over)
    swap: dict[Expr, Expr] = {position(a): position(b) for a, b in rename.items()}
    op = rewritten(op, over, lambda body: substituted(body, swap))
    return Equation(ref(equation.target), op, tuple(ref(r) for r in equation.operands), equation.step)
