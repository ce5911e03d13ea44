"""A process of one command: it looks for garbage seldom, and at its end not at all."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

import symbackprop as sb
from symbackprop.algebra.lines import Lines
from symbackprop.evaluate.walk import walk
from symbackprop.language.tensors import Tensor
from symbackprop.notation.claims.attempt import Attempt
from symbackprop.notation.claims.claim import read_claim
from symbackprop.notation.claims.state import Context

LAST = """
import atexit, gc
from symbackprop.core.machine.garbage import for_one_command

atexit.register(lambda: print(gc.get_freeze_count() > 1_000, gc.get_threshold()[0]))  # the first to register is called last
for_one_command()
for_one_command()
"""


def test_what_a_command_has_made_is_not_looked_through_at_its_end():
    done = subprocess.run([sys.executable, "-c", LAST], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "1000000"]


def test_what_is_to_happen_at_the_end_of_a_command_happens():
    text = "import atexit\natexit.register(print, 'before')\n" + LAST + "\natexit.register(print, 'after')\n"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["after", "True", "1000000", "before"]


COLLECTED = """
import gc, weakref
from symbackprop.core.machine.garbage import OLD, without_collections

class Cycle:
    def __init__(self):
        self.own = self

@without_collections()
def kept(count):
    return [[k] for k in range(count)]

gc.collect()
made = without_collections()(Cycle)()
print(any(one is made for one in gc.get_objects(generation=2)))
dropped = weakref.ref(made)
del made
gc.freeze()
most = 4 + gc.get_freeze_count() // OLD
gc.unfreeze()
held = []
while dropped() is not None and len(held) < most:  # a look at all after so many objects, not never
    held.append(kept(OLD // 2))
print(dropped() is None, gc.get_freeze_count())
del held
gc.freeze()
count = gc.get_freeze_count()
kept(10)
print(gc.get_freeze_count() - count)
"""


def test_what_was_made_counts_as_old_and_garbage_among_it_is_still_found_and_what_is_frozen_stays_so():
    """In a process of its own: a look through all that the tests keep takes seconds."""
    done = subprocess.run([sys.executable, "-c", COLLECTED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True", "0", "0"]


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing is looked for among what holds itself: what goes, goes because nobody holds it."""
    gc.disable()
    yield
    gc.enable()


NETWORK = "X: data[N, d]\nY: data[N, c]\nW: parameter[d, c]\nL = sum((tanh(X @ W) - Y)**2)/N"


@pytest.mark.usefixtures("uncollected")
def test_the_values_of_a_walk_go_with_it():
    derivation = sb.derive(NETWORK)
    values = walk(derivation.program, derivation.point(0, {"N": 3, "d": 2, "c": 2}), {"N": 3, "d": 2, "c": 2})
    gradient = weakref.ref(values[derivation.gradient("W")])
    del values
    assert gradient() is None


@pytest.mark.usefixtures("uncollected")
def test_what_a_search_for_lines_has_made_goes_with_it():
    lines = Lines(sb.derive(NETWORK).program, {})
    assert lines.line("dL/dW", set())
    parts = [weakref.ref(one) for one in (lines.algebra, lines.factoriser, lines.entries)]
    del lines
    assert [one() for one in parts] == [None] * 3


@pytest.mark.slow
@pytest.mark.parametrize("read", [sb.read, sb.network, lambda text: sb.read(text, gates="elementary")])
@pytest.mark.usefixtures("uncollected")
def test_what_reading_has_made_goes_with_the_network(read: Callable[[str], object]):
    def tensors() -> int:
        return sum(isinstance(one, Tensor) for one in gc.get_objects())

    read(NETWORK)  # what is known from now on of functions and words
    before = tensors()
    read(NETWORK)
    assert tensors() == before


@pytest.mark.slow
@pytest.mark.usefixtures("uncollected")
def test_a_claim_that_has_no_reading_leaves_no_attempt():
    def attempts() -> int:
        return sum(isinstance(one, Attempt) for one in gc.get_objects())

    context, before = Context(sb.derive(NETWORK).forward, "L", wrt="W"), attempts()
    with suppress(sb.SymbackpropError):
        read_claim(r"X Y W X^\top Y", context)
    assert attempts() == before
