"""Letters come from one pool: never one that is taken, never too few, and no module has an alphabet of its own."""

import ast
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.grammar import check
from symbackprop.core.letters import LETTERS, fresh, single
from symbackprop.core.program import Program, Ref
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import apply, contract
from tests.random_programs import declare
from tests.sources import MODULES, ROOT, tree


@settings(max_examples=40)
@given(st.integers(0, 60), st.sets(st.sampled_from([*LETTERS, *(f"{c}{n}" for c in LETTERS for n in (1, 2, 3))])))
def test_a_fresh_letter_is_new_however_many_are_asked_for(number: int, taken: set[str]) -> None:
    found = fresh(number, taken)
    assert len(set(found)) == len(found) == number
    assert not taken & set(found)


def test_the_pool_begins_with_the_letters_that_are_preferred() -> None:
    assert fresh(3, "i") == ("j", "k", "l")
    assert fresh(2, "k", LETTERS[2:]) == ("l", "m")


def test_letters_of_one_character_are_refused_where_they_run_out() -> None:
    assert single(3) == "abc"
    assert len(set(single(52))) == 52
    with pytest.raises(SymbackpropError, match="53 letters"):
        single(53)


def letters_of(program: Program) -> set[str]:
    refs = [r for e in program.equations for r in (e.target, *e.operands)]
    return {c for r in refs if isinstance(r, Ref) for c in r.index} | {c for e in program.equations for c, _ in e.op.over}


def test_no_letter_is_the_name_of_a_tensor_or_of_a_size() -> None:
    taken = [*LETTERS[:-1], "i1", "j1"]
    tensors = [declare(name, ("k1", "l1", "k1")) for name in taken]
    a = sum((apply("exp", t) for t in tensors[1:]), start=tensors[0])
    program = trace({"L": contract("iji->j", a).named("y").sum()})
    derived = check(chain_rule(program, "y", ["i"]))
    assert not letters_of(derived) & {*taken, "k1", "l1"}


@pytest.mark.parametrize("name", ["gru", "lstm", "dot_product_attention", "conv2d"])
def test_no_letter_of_an_index_is_one_that_names_are_made_of(name: str) -> None:
    """n_t is the candidate of a gate, p_n its part: n counts nothing beside them."""
    program = sb.derive(ROOT / "examples" / "layers" / f"{name}.net").program
    names = {part for tensor in program.tensors.values() if tensor.role is None for part in tensor.name.split("_")}
    assert not letters_of(program) & names


def test_twenty_axes_of_different_sizes_have_twenty_letters() -> None:
    sizes = [f"size{k}" for k in range(20)]
    program = trace({"L": declare("x", sizes).sum()})
    assert len(letters_of(program)) == 20


def test_no_module_but_the_pool_builds_an_alphabet() -> None:
    for module, path in MODULES.items():
        if module == "core.letters" or module.startswith("formulas"):  # which writes characters, not letters
            continue
        nodes = list(ast.walk(tree(module)))
        texts = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        alphabets = [t for t in texts if len(t) > 3 and t.isalpha() and t.islower() and _is_run(t)]
        names = {n.attr for n in nodes if isinstance(n, ast.Attribute)} | {n.id for n in nodes if isinstance(n, ast.Name)}
        assert not alphabets, f"{path} has an alphabet of its own: take letters from core.letters"
        assert not names & {"ascii_lowercase", "ascii_letters", "ascii_uppercase"}, f"{path}: take letters from core.letters"


def _is_run(text: str) -> bool:
    """Whether every character follows the one before it in the alphabet, perhaps with one left out."""
    return all(0 < ord(b) - ord(a) <= 2 for a, b in pairwise(text))


def test_further_letters_come_before_those_with_numbers() -> None:
    """A convolution reads its image at positions that it says: letters of these are left to what formulas show."""
    net = """
X: data[N, 1, 16, 16]
Y: labels[N, 10]
K_1: parameter[6, 1, 5, 5]
K_2: parameter[9, 6, 3, 3]
W: parameter[36, 21]
V: parameter[21, 10]
A = relu(max_pool2d(conv2d(X, K_1), 2))
B = relu(max_pool2d(conv2d(A, K_2), 2))
F = reshape(B, (N, 36))
G = relu(F @ W)
P = softmax(G @ V)
L = -sum(Y * log(P))
"""
    program = sb.read(net).program
    shown = {c for e in program.equations for c in e.target.index}
    assert all(len(c) == 1 for c in shown)
    assert not shown & {"b", "e", "g", "o"}  # e is the base of exp
    assert sb.check(net).ok
