"""The language in JAX, an independent witness: a network's own text runs in this vocabulary."""

import ast
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import jax

from tests.jax_words.activations import ACTIVATIONS
from tests.jax_words.core import CORE
from tests.jax_words.derivatives import CALL, TABLE, rewritten
from tests.jax_words.gated import GATED
from tests.jax_words.layers import LAYERS
from tests.jax_words.losses import LOSSES
from tests.jax_words.steps import STEPS, Steps, stepped
from tests.jax_words.traced import run

WORDS: dict[str, Any] = {**LOSSES, **GATED, **LAYERS, **ACTIVATIONS, **CORE}
WORDS["np"] = WORDS["sb"] = SimpleNamespace(**WORDS, linalg=SimpleNamespace(**WORDS))
WORDS[STEPS] = Steps
WORDS[CALL] = lambda k, scope, *more: TABLE[k](scope, *more)


def equations(text: str) -> Any:
    """The text without its declarations, compiled. Only texts that are shipped with the project come here."""
    tree = ast.parse(text)
    if tree.body and isinstance(tree.body[0], ast.FunctionDef):
        tree.body = tree.body[0].body
    tree.body = [s for s in tree.body if not isinstance(s, ast.AnnAssign | ast.Return)]
    tree.body = rewritten(stepped(tree.body))
    return compile(tree, "<network>", "exec")


def value_and_gradients(text: str, loss: str, wrt: tuple[str, ...], point: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """The value of `loss` in a network's text, and its derivative by each name of `wrt`, as JAX sees them.

    point   an array for each input.
    """
    code = equations(text)
    given = {name: jax.numpy.asarray(array) for name, array in point.items()}

    def forward(chosen: Mapping[str, Any]) -> Any:
        names = {**WORDS, **sizes, **given, **chosen}
        names["_start"] = dict(names)
        exec(code, names)
        return names[loss], names[loss]

    gradients, value = run(jax.jacrev(forward, has_aux=True), {name: given[name] for name in wrt})
    return value, gradients
