r"""Values of the network applied to what they are made of: R(x), and h_\theta(x^{(i)}) at a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symbackprop.notation import vocabulary
from symbackprop.notation.claims import derivatives, higher
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.indices import indexed, powered
from symbackprop.notation.claims.naming import scripts
from symbackprop.notation.claims.shapes import Senses, sure
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Word
from symbackprop.notation.claims.tokens import Token, bare, plain
from symbackprop.notation.claims.words import described, stem


def value_applied(state: State, word: Word, behind: Syntax) -> Senses | None:
    """A value at what it is made of, R(x): the value; D(x_i), at a sample: its i-th entry. None where nothing is so applied.

    Raises Fault where a value is at samples of other data.
    """
    if isinstance(behind, sx.Scripted) and not (behind.sub or behind.primes) and plain(behind.sup).isdigit():  # f'(x)^2
        whole = value_applied(state, word, behind.body)
        return None if whole is None else powered(state, whole, behind.sup, behind.at)
    if not isinstance(behind, sx.Group) or behind.bracket != "(":
        return None
    value = state.names.lookup(_without_parameters(state, word))
    given = [state.names.lookup(item) for item in behind.items if isinstance(item, Word)]
    tensors = state.context.forward.tensors
    if value is None or value.index or value.name not in tensors or tensors[value.name].kind != "value":
        return None
    letter = behind.items[0] if len(behind.items) == 1 else None
    if isinstance(letter, Word) and letter.base in state.ranges and given == [None] and len(tensors[value.name].shape) == 1:
        entry = indexed(state, sure(state.tensor(value.name)), (Token(letter.base, letter.at),), word.at)  # \sum_k p(k) u_k
        return scripts(state, entry, (), value.power, word.at)
    known = [one for one in given if one is not None and not one.power]
    if not known or len(known) < len(behind.items):
        return None
    if word.primes:
        slope = _slope(state, word, value.name, [one.name for one in known if not (one.index or one.sample)])
        return powered(state, slope, value.power, word.at) if value.power else slope
    made, whole = state.context.made_of(value.name), sure(state.tensor(value.name))
    if all(one.name in made and not (one.index or one.sample) for one in known):
        return scripts(state, whole, (), value.power, word.at)
    at, *more = [one for one in known if one.index or one.sample or one.name not in made]
    own, data, index = tensors[value.name], tensors.get(at.name), at.sample or at.index
    if more or data is None or data.kind != "data" or not index or not own.shape or not data.shape:
        return None
    if own.shape[0] != data.shape[0]:
        return None
    if data.name not in made:
        said = behind.items[known.index(at)]
        fault = f"{described(word)} is not made of {described(said) if isinstance(said, Word) else data.name}."
        raise Fault(fault, f"Write the value that the network has of {stem(data.name)}, or say what {word.base} is.", word.at)
    return scripts(state, indexed(state, whole, index, word.at), (), value.power, word.at)


def _slope(state: State, word: Word, value: str, given: list[str]) -> Senses:
    """f'(x), f''(x): the derivative of a number f by the x that it is applied to. Raises Fault for any other primes."""
    mend = r"Write the derivative that it is, \frac{\partial f}{\partial x}, or claim it by itself."
    if len(given) != 1 or state.probe.shapes[value]:
        raise Fault(f"{described(word)} with a prime is not read on this side.", mend, word.at)
    if word.primes == 1:
        return sure(state.tensor(state.gradient(value, given[0])))
    found = higher.in_turn(state, value, [(given[0], ())] * higher.checked(word.primes, word.at), word.at)
    return derivatives.true_derivative(state, derivatives.Derivative(*found, word.at))


def _without_parameters(state: State, word: Word) -> Word:
    r"""A name without the parameters below it, which say what it depends on: h_\theta(x^{(i)}), f_{w,b}(x_i)."""
    tensors = state.context.forward.tensors
    below = [state.names.lookup(Word(t.text.lstrip("\\"), t.at)) for t in bare(word.sub) if t.text != ","]
    known = [tensors.get(one.name) if one is not None else None for one in below]
    is_said = bool(known) and all(one is not None and one.kind == "parameter" for one in known)
    return replace(word, sub=()) if is_said else word


def is_applied(state: State, word: Word, behind: Sequence[Syntax]) -> bool:
    r"""Whether the name of a value is a function with its argument: \tanh(u), or \mathrm{mean}(X) where mean is made of X."""
    body = behind[0].body if behind and isinstance(behind[0], sx.Scripted) else behind[0] if behind else None
    if not isinstance(body, sx.Group):
        return False
    if word.base in state.context.aliases:
        return True
    if word.base not in vocabulary.functions() or word.sub:
        return False
    if word.font != "mathrm":
        return True
    argument = body.items[0]
    found = state.names.lookup(argument) if isinstance(argument, Word) else None
    return found is not None and any(
        found.name in (operand.name for operand in equation.operands)
        for equation in state.context.forward.equations
        if equation.target.name == word.base
    )
