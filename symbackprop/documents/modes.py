"""What a report says of what was derived: a gradient, a Jacobian, what comes back from above, the change along a vector."""

from __future__ import annotations

from typing import assert_never

from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Gradient
from symbackprop.display.names import Names
from symbackprop.documents.document import Content, Inline, Math
from symbackprop.formulas import build as f

_OPENING = "The equations are read from the last to the first. Each step "


def title(names: Names, derived: Derivation) -> Content:
    """What a report without a title of the author's is called."""
    of = Math(names.tensor(derived.of))
    match derived.mode:
        case "gradient":
            return ("The gradients of ", of)
        case "jacobian":
            return ("The Jacobians of ", of) if derived.first is None else ("The derivatives of ", of)
        case "upstream":
            return ("The backward pass of ", of)
        case "vector":
            return ("The change of ", of, " along ", Math(names.tensor(derived.vector)))
        case _:
            assert_never(derived.mode)


def result_heading(derived: Derivation) -> str:
    """What stands above the box."""
    match derived.mode:
        case "gradient" | "upstream":
            return "The gradients"
        case "jacobian":
            return "The derivatives"
        case "vector":
            return "The change"
        case _:
            assert_never(derived.mode)


def pass_heading(derived: Derivation) -> str:
    """What stands above the steps."""
    return "The forward pass of changes" if derived.vector else "The backward pass"


def opening(names: Names, derived: Derivation, normal: bool) -> Content:
    """What is said before the first step.

    normal   whether the steps are told layer by layer.
    """
    of = Math(names.tensor(derived.of))
    if derived.vector:
        vector, wrt = Math(names.tensor(derived.vector)), Math(names.tensor(derived.wrt[0]))
        return ("The equations are read from the first to the last: ", wrt, " changes by ", vector, ", and each step multiplies "
                "the changes that come to it by the local derivatives of one equation.")  # fmt: skip
    above = Math(names.tensor(derived.upstream)) if derived.upstream else None
    if normal:
        one = "the identity" if derived.mode == "jacobian" else "1"
        known: Content = ("that by ", of, " being ", above) if above else ("that of ", of, f" by itself being {one}")
        return (_OPENING, "begins where a gradient is known, ", *known, ", and multiplies it by the local derivatives of what "
                "leads there.")  # fmt: skip
    start: Content = (above, ", which comes from above.") if above else ("the derivative of ", of, " by itself, which is 1.")
    return (_OPENING, "multiplies the gradient that comes from above by the local derivative of one equation; the product is what "
            "the next step receives. It begins with ", *start)  # fmt: skip


def rows(names: Names, derived: Derivation) -> tuple[str, tuple[Content, ...]]:
    """What the rows of the check are about: the head of their column, and each."""
    if derived.vector:
        return "change of", (Math(names.tensor(derived.of)),)
    return "gradient by", tuple(Math(names.tensor(name)) for name in derived.wrt)


def what_it_is(names: Names, role: Gradient) -> tuple[Inline, ...]:
    """What a line of the box holds that is no output."""
    if role.vector:
        return ("the change of ", Math(names.tensor(role.of)))
    return ("the gradient by ", Math(names.tensor(role.wrt)))


def said(names: Names, derived: Derivation) -> tuple[Content, ...]:
    """What a reader must know of the names that this kind of derivative brings."""
    found: list[Content] = []
    role = names.signature(derived.of).role
    if role is not None and not (role.upstream or role.vector):
        loss, by = Math(names.tensor(role.of)), Math(names.tensor(role.wrt))
        found.append((Math(names.tensor(derived.of)), " is the gradient of ", loss, " by ", by, ", differentiated once more."))
    if derived.upstream:
        dy, of = Math(names.tensor(derived.upstream)), Math(names.tensor(derived.of))
        wrt = derived.wrt[0]
        dx = Math(names.tensor(derived.gradient(wrt)))
        found.append((dy, " is the gradient by ", of, " of a loss that is not written; ", dx, " is the gradient of that loss by ",
                      Math(names.tensor(wrt)), "."))  # fmt: skip
    if derived.vector:
        wrt, v = names.tensor(derived.wrt[0]), names.tensor(derived.vector)
        moved = f.add([wrt, f.juxtapose([f.letter("t"), v])])
        dot = Math(names.tensor(derived.gradient(derived.wrt[0])))
        hessian = role is not None and role.wrt == derived.wrt[0] and not (role.upstream or role.vector)
        product: Content = (": the Hessian times ", Math(v)) if hessian else ()
        found.append((dot, " is the derivative of ", Math(names.tensor(derived.of)), " by t, at t = 0, where ", Math(moved),
                      " stands for ", Math(wrt), *product, "; other values likewise."))  # fmt: skip
    return tuple(found)
