r"""Expectations of a network, \mathbb{E}_{x \sim p}[v], as means over samples."""

from __future__ import annotations

from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.nodes import Node
from symbackprop.notation.claims.shapes import Senses, best, made
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import Token


def is_over_a_distribution(node: sx.Big) -> bool:
    """Whether what stands below an expectation is no index of what it is of: x ~ p(x)."""
    return not {t.text for t in node.under if t.text not in "{},"} <= _scripts(node.body)


def expected(state: State, body: Senses, at: int) -> Senses:
    """The mean of the entries of a vector, of which each belongs to one sample: so do the factors of a product in it."""

    def mean(x: Node) -> Node:
        if len(x.axes) != 1:
            raise nd.Misfit("the mean of what is no vector")
        extent = state.probe.expression[x.extent(x.axes[0])]
        return nd.arithmetic("/", nd.summed(x, x.axes[0]), nd.const(extent, state.probe.value(extent)))

    found = [sense._replace(cost=0.0) for sense in made(mean, body)] if state.context.is_network else []
    if not found:
        raise Fault("an expectation does not say over what.", r"Write a mean over an index: \mathbb{E}_n[x_n], \frac1N \sum_n.", at)
    return best(found)


def _scripts(node: object) -> set[str]:
    """The letters that stand below and above words."""
    own = {t.text for t in (*node.sub, *node.sup)} if isinstance(node, Word) else set()
    return own.union(*(_scripts(part) for part in sx.below(node) if not isinstance(part, Token | str | int)))
