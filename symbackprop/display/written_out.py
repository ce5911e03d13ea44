"""Which values are printed where they are read and not by name."""

from __future__ import annotations

from symbackprop.core.derivation import Derivation

_SHORT = 3  # operands of an equation that may be written out where its value is read


def written_out(derived: Derivation) -> frozenset[str]:
    """The values that are printed where they are read and not by name.

    They are unnamed, short, read once, and not needed on the way back.
    """
    forward = derived.forward
    uses = forward.uses()
    mentioned: set[str] = set()
    for equation in derived.backward:
        mentioned |= {r.name for r in equation.operands}
        step, role = equation.step, derived.program.tensors[equation.target.name].role
        if role is not None:
            mentioned |= {role.of, role.wrt, role.via or ""}
        if step is not None:
            mentioned |= {r.name for r in (step.through, step.wrt, *step.local_operands) if r is not None}
    found: set[str] = set()
    for equation in forward.equations:
        name = equation.target.name
        depth = any(r.name in found for r in equation.operands)
        if (
            not forward.tensors[name].has_name
            and uses[name] == 1
            and name not in mentioned
            and len(equation.operands) <= _SHORT
            and not depth
        ):
            found.add(name)
    return frozenset(found)
