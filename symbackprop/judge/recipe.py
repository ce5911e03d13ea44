"""The code that makes a report anew, which a notebook's cells hold: derive, draw, check, descend. The text is read again first."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.network import Network
from symbackprop.notation import NotationError
from symbackprop.notation.sources import read

_DESCENT = """
point = derivation.point()            # numbers for every input, drawn at random
step = sb.compile(derivation)
rate, losses = 1.0, []
for _ in range(50):
    value, gradients = step(point)
    losses.append(value)
    moved = lambda: point | {name: point[name] - rate * gradient for name, gradient in gradients.items()}
    while rate > 1e-12 and not step.value(moved()) < value:
        rate /= 2
    point = moved()
print(f"{losses[0]:.4g} -> {losses[-1]:.4g}")
""".strip()

_NO_TEXT = (
    "a notebook holds the text of its network, and this one has none that stands for it alone: give it as a text in the "
    "network language, without --let, --expand, --merge and --trace; or write the report as .html or .md"
)


def recipe(derivation: Derivation) -> Mapping[str, str]:
    """Python for each part of a report: "derive", "draw", "check", and "descend" where it has the gradients of a loss.

    Raises DerivationError for a network that has no text, or whose text alone is another network.
    """
    network = derivation.network
    if network is None or not network.source:
        raise DerivationError(_NO_TEXT)
    options = {} if network.gates == "auto" else {"gates": network.gates}
    if not _tells(network, None):
        options["loss"] = network.loss
        if not _tells(network, network.loss):
            raise DerivationError(_NO_TEXT)
    net = f"net = sb.read({_literal(network.source)}{_options(options)})"
    found = {
        "derive": f"import symbackprop as sb\n\n{net}\nderivation = {_derived(derivation, network)}\nderivation.box()",
        "draw": "sb.draw(derivation)",
        "check": "derivation.check()",
    }
    descends = derivation.mode == "gradient" and derivation.first is None
    return {**found, "descend": _DESCENT} if descends else found


def _literal(text: str) -> str:
    """A text as Python writes it, its lines as they are; one line stays one, since an expression is a line."""
    if "\n" not in text.strip("\n"):
        return repr(text)
    told = text.strip("\n").replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\n{told}\n"""'


def _tells(network: Network, loss: str | None) -> bool:
    """Whether the text of a network, read again with this loss, is the network."""
    with suppress(NotationError):
        again = read(network.source or "", loss, network.gates, ())
        return (again.program, again.loss) == (network.program, network.loss)
    return False


def _options(options: Mapping[str, str]) -> str:
    return "".join(f", {name}={value!r}" for name, value in options.items())


def _derived(derivation: Derivation, network: Network) -> str:
    """The call of `derive` that makes a derivation."""
    first, options = derivation.first, {}
    if first is not None:
        options["of"] = next(name for name in first.wrt if first.gradient(name) == derivation.of)
    elif derivation.of != network.loss or derivation.mode == "jacobian":
        options["of"] = derivation.of
    options |= {word: getattr(derivation, word) for word in ("product", "update", "upstream", "vector")}
    of = "net" if first is None else _derived(first, network)
    return f"sb.derive({of}, {list(derivation.wrt)!r}{_options({name: value for name, value in options.items() if value})})"
