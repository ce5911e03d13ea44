"""A compiled derivation as a file: its step, and beside it `predict` where the network answers something."""

from __future__ import annotations

from typing import Any

from symbackprop.core.derivation import Derivation


def exported(derivation: Derivation, backend: str, style: str = "readable", **settings: Any) -> str:
    """The source in a style, "readable", "layers" or "fast", of which C has one; `settings` as `compile` takes them.

    Only a gradient of what was asked for itself has an answer beside it: none from above, none along a vector, no second one.
    """
    from symbackprop.training.using import answer_of
    from symbackprop.verbs import compile

    compiled = compile(derivation, backend=backend, **settings)
    is_plain = derivation.first is None and not derivation.upstream and not derivation.vector
    answer = answer_of(derivation.forward, derivation.of) if is_plain else None
    if backend == "c":
        return compiled.c_source(predict=answer)
    styles = {"layers": compiled.layers_source, "fast": compiled.fast_source, "readable": compiled.source_with}
    return styles[style](answer)
