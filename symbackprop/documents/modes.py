"""What a report says of what was derived: a gradient, a Jacobian, what comes back from above, the change along a vector."""

from __future__ import annotations

from typing import assert_never

from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.forward_mode import ONES
from symbackprop.core.program import Gradient
from symbackprop.display.names import Names
from symbackprop.documents.document import Content, Math
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Node


def direction(names: Names, derived: Derivation) -> Node:
    """The vector along which something moves."""
    return f.bold("1") if derived.vector == ONES else names.tensor(derived.vector)


def title(names: Names, derived: Derivation) -> Told:
    """What a report without a title of the author's is called."""
    of, twice = names.tensor(derived.of), _twice(names, derived.of)
    match derived.mode:
        case "gradient" | "jacobian" if twice is not None:
            return told(
                "The Hessian of {}" if _is_hessian(names, derived.of, derived.wrt) else "The second derivatives of {}", twice
            )
        case "gradient":
            return told("The gradients of {}", of)
        case "jacobian":
            return told("The Jacobians of {}", of) if derived.first is None else told("The derivatives of {}", of)
        case "upstream":
            return told("The backward pass of {}", of)
        case "vector":
            if twice is not None and _is_hessian(names, derived.of, derived.wrt):
                return told("The Hessian of {} times {}", twice, direction(names, derived))
            return told("The change of {} along {}", of, direction(names, derived))
        case _:
            assert_never(derived.mode)


def _twice(names: Names, of: str) -> Node | None:
    """The scalar that is differentiated twice where its gradient `of` is differentiated; None where that is no such gradient."""
    role = names.signature(of).role
    if role is None or role.upstream or role.vector or role.of not in names.program.tensors:
        return None
    before = names.signature(role.of)
    return names.tensor(role.of) if before.role is None and not before.shape else None


def _is_hessian(names: Names, of: str, wrt: tuple[str, ...]) -> bool:
    """Whether a scalar is differentiated twice by the same tensor with axes."""
    role = names.signature(of).role
    return role is not None and wrt == (role.wrt,) and bool(names.signature(role.wrt).shape)


def result_heading(names: Names, derived: Derivation) -> Told:
    """What stands above the box."""
    is_twice = _twice(names, derived.of) is not None
    is_hessian = is_twice and _is_hessian(names, derived.of, derived.wrt)
    match derived.mode:
        case "gradient" | "jacobian" if is_twice:
            return told("The Hessian" if is_hessian else "The second derivatives")
        case "gradient" | "upstream":
            return told("The gradients")
        case "jacobian":
            return told("The derivatives")
        case "vector":
            return told("The Hessian times {}", direction(names, derived)) if is_hessian else told("The change")
        case _:
            assert_never(derived.mode)


def pass_heading(derived: Derivation) -> Told:
    """What stands above the steps."""
    return told("The forward pass of changes") if derived.vector else told("The backward pass")


def caption(derived: Derivation) -> Told:
    """What stands below the picture."""
    match derived.mode:
        case "gradient" | "upstream":
            return told("Forward values in green, gradients in red, at a random point.")
        case "jacobian":
            return told("Values at a random point.")
        case "vector":
            return told("Values in green, their changes in red, at a random point.")
        case _:
            assert_never(derived.mode)


def opening(names: Names, derived: Derivation, normal: bool) -> Told:
    """What is said before the first step.

    normal   whether the steps are told layer by layer.
    """
    of = names.tensor(derived.of)
    if derived.vector:
        return told(
            "The equations are read from the first to the last: {} changes by {}, and each step multiplies the changes that "
            "come to it "
            "by the local derivatives of one equation.", names.tensor(derived.wrt[0]), direction(names, derived),
        )  # fmt: skip
    if derived.upstream:
        known = told("that of {}, {}", of, names.tensor(derived.upstream))
    else:
        one = told("the identity") if derived.mode == "jacobian" else f.ONE
        known = told("that of {} by itself, {}", of, one)
    if normal:
        return told(
            "The equations are read from the last to the first. Each step starts from a known gradient (at first {}) and "
            "multiplies it by the local derivatives on the way.", known,
        )  # fmt: skip
    return told(
        "The equations are read from the last to the first. Each step multiplies the gradient that comes from above by the local "
        "derivative of one equation; the product is what the next step receives. The first gradient is {}.", known,
    )  # fmt: skip


def rows(names: Names, derived: Derivation) -> tuple[Told, tuple[Content, ...]]:
    """What the rows of the check are about: the head of their column, and each."""
    if derived.vector:
        return told("change of"), (Math(names.tensor(derived.of)),)
    head = told("derivative by") if derived.mode == "jacobian" else told("gradient by")
    return head, tuple(Math(names.tensor(name)) for name in derived.wrt)


def what_it_is(names: Names, line: str, role: Gradient) -> Told:
    """What a line of the box holds that is no output, or changes along a vector."""
    if role.vector and _is_hessian(names, role.of, (role.wrt,)) and (loss := _twice(names, role.of)) is not None:
        return told("the Hessian of {} times {}", loss, f.bold("1") if role.vector == ONES else names.tensor(role.vector))
    if role.vector:
        return told("the change of {}", names.tensor(role.of))
    return told("{}", names.in_line(line) if role.upstream else names.quotient(role))


def said(names: Names, derived: Derivation) -> tuple[Told, ...]:
    """What a reader must know of the names that this kind of derivative brings."""
    found: list[Told] = []
    role = names.signature(derived.of).role
    of, wrt = names.tensor(derived.of), names.tensor(derived.wrt[0])
    again = role is not None and not (role.upstream or role.vector)
    if role is not None and again:
        found.append(
            told("{} is the gradient of {} by {}, differentiated once more.", of, names.tensor(role.of), names.tensor(role.wrt))
        )
    if derived.upstream:
        above, back = names.tensor(derived.upstream), names.tensor(derived.gradient(derived.wrt[0]))
        found.append(told("{} is the gradient by {} of a loss that is not written; {} is the gradient of that loss by {}.",
                          above, of, back, wrt))  # fmt: skip
    if derived.vector:
        t, v = f.letter("t"), direction(names, derived)
        dot = names.tensor(derived.gradient(derived.wrt[0]))
        moved = f.add([wrt, f.juxtapose([t, v])])
        found.append(told("{} is the derivative of {} by {}, at {}, where {} stands for {}; other values likewise.",
                          dot, of, t, f.equation(t, f.ZERO), moved, wrt))  # fmt: skip
        if again and _is_hessian(names, derived.of, derived.wrt):
            found.append(told("{} is the Hessian times {}.", dot, v))
    return tuple(found)


def no_loss(derived: Derivation) -> Told:
    """What is said to somebody who may have meant a loss, and got the Jacobians of a value with axes; else nothing."""
    if derived.mode != "jacobian" or derived.first is not None:
        return Told()
    return told("{} has axes, so that its Jacobians are derived. A loss is a number: name one in a last line, L = sum({}).",
                derived.of, derived.of)  # fmt: skip
