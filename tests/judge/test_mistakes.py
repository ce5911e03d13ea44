"""Every row of the catalogue, made in the gradients of the networks of the judge's tests: it must be named."""

from pathlib import Path

import pytest

from symbackprop.core.network import Network
from symbackprop.judge.diagnose import backward, derivations
from symbackprop.judge.mistakes.catalogue import edits
from symbackprop.judge.mistakes.edit import close
from symbackprop.judge.mistakes.name import USUAL, all_matches, keyed, likeliest
from symbackprop.judge.truth import Truth
from symbackprop.judge.weigh import goal_of
from symbackprop.notation import read
from tests.judge.networks_to_judge import NETWORKS, network

WRT = {
    "neuron": "w", "two_layer": "W_1", "softmax": "W", "ridge": "w", "skip": "x", "form": "x", "hinge": "s", "binary": "z",
    "branches": "x", "linear_map": "W",
}  # fmt: skip


SLOW = ("softmax", "skip", "two_layer")
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SHOWN = (
    "two_layer",
    "tied",
    "residual",
    "svm",
    "sigmoid_neuron",
    "xor",
    "branches",
    "layers/layer_norm",
    "layers/rnn",
    "losses/huber_loss",
)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NETWORKS])
def test_a_mistake_that_is_made_is_named(name: str) -> None:
    assert_named(read(network(name)), WRT[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_a_mistake_in_an_example_is_named(name: str) -> None:
    net = read(EXAMPLES / f"{name}.net")
    assert_named(net, net.program.parameters[0].name)


def assert_named(net: Network, wrt: str) -> None:
    """Make each mistake of the catalogue once, where it can be made, and ask for its name."""
    truth = Truth(net, net.loss)
    goal = goal_of(truth, wrt)
    derived = next(iter(derivations(goal)))
    passes = [backward(derived, goal, place) for place in truth.places.first(3)]
    several = [keyed(edits(b)) for b in passes]
    made: dict[str, list] = {}
    for key, edit in several[0].items():
        if edit.weight <= USUAL and edit.name not in made and all(key in known for known in several):
            values = [b.apply({edit.place: known[key].how}) for b, known in zip(passes, several, strict=True)]
            if all(v is not None for v in values) and not close(values[0], passes[0].values[passes[0].goal]):
                made[edit.name] = values
    assert made
    for mistake, values in made.items():
        found = likeliest(all_matches(list(zip(passes, values, strict=True)), in_pairs=False))
        assert mistake in [m.name for m in found], (mistake, found)


def test_two_mistakes_at_once_are_named() -> None:
    net = read(network("two_layer"))
    truth = Truth(net, net.loss)
    goal = goal_of(truth, "W_1")
    derived = next(iter(derivations(goal)))
    passes = [backward(derived, goal, place) for place in truth.places.first(3)]
    both = [b.apply({"dL/dyhat": lambda v, b=b: -v["yhat"] + v["t"], "dL/dz_1": lambda v, b=b: v["dL/da_1"]}) for b in passes]
    found = all_matches(list(zip(passes, both, strict=True)))
    assert {"wrong sign", "slope missing"} <= {m.name for m in found}
