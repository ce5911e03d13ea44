r"""What a text of LaTeX means that is no formula of a network: densities that nothing defines, derivatives of a solution u."""

from __future__ import annotations

import re

from symbackprop.notation.claims.errors import Fault

_NAME = r"(?:[A-Za-z]|\\[A-Za-z]+)(?:_(?:\{[^{}]*\}|\\?[A-Za-z0-9]+))?"
_DENSITY = re.compile(
    rf"(?<![A-Za-z\\}}_])(?P<name>{_NAME})\s*(?:\\left|\\bigl?)?\(\s*(?P<drawn>[^()|=]+?)\s*(?:\\mid|\\vert|\|)\s*(?P<given>[^()|=]+?)\s*(?:\\right|\\bigr?)?\)"
)
_NORMAL = re.compile(r"\\(?:mathcal|cal|mathrm)\s*(?:\{\s*)?$")
_TWICE = re.compile(r"(?<![A-Za-z\\])(?P<name>[A-Za-z])_\{?(?P<by>xx|yy|zz|tt|xt|tx|xy|yx)\}?(?![A-Za-z])")
_PARTIAL = re.compile(
    r"\\frac\s*\{\s*\\partial(?:\^\{?(?P<order>\d)\}?)?\s*(?P<name>[A-Za-z])\s*\}\s*\{\s*\\partial\s*(?P<by>[A-Za-z])(?:\^\{?\d\}?)?\s*\}"
)


def beyond(text: str, fault: Fault) -> Fault:
    """What a text that is not read holds and networks in LaTeX have no words for; where it holds no such thing, the fault."""
    return _density(text, fault) or _derivative(text) or fault


def _density(text: str, fault: Fault) -> Fault | None:
    """p(x | z), of which nothing says what it is; where something does, the fault is another one."""
    if not any(said in fault.fault for said in ("expected", "stands nowhere", "not declared", "in one bracket")):
        return None
    for found in _DENSITY.finditer(text):
        name = found["name"]
        if _NORMAL.search(text[: found.start()]) or re.search(rf"{re.escape(name)}\s*\([^()]*\)\s*=", text):
            continue
        whole = f"{name}({found['drawn']} | {found['given']})"
        mend = rf"Write it out, {whole} = \mathcal{{N}}({found['drawn']} | m, s^2) with a mean m and an s, or the loss itself."
        return Fault(f"{whole} is a density that nothing defines.", mend, found.start())
    return None


def _derivative(text: str) -> Fault | None:
    r"""u_{xx} or \partial u / \partial t of a solution u, in the residual of a differential equation."""
    found = _TWICE.search(text) or _PARTIAL.search(text)
    if found is None:
        return None
    name = found["name"]
    several = [_by(one) for one in _PARTIAL.finditer(text) if one["name"] == name]
    several += [one[1] for one in re.finditer(rf"(?<![A-Za-z\\]){name}_\{{?([xyzt]+)\}}?(?![A-Za-z])", text)]
    steps = sorted({by[: k + 1] for by in several for k in range(len(by))}, key=lambda by: (by[0], len(by)))
    lines = [f"{name}_{by} = grad(sum({name}{'_' + by[:-1] if by[1:] else ''}), {by[-1]})" for by in steps]
    return Fault(
        f"{name}_{_by(found)} is a derivative of {name}, which networks in LaTeX do not have.",
        f"Write the network as text, {name} of the arrays {' and '.join(sorted({*''.join(steps)}))}, and {'; '.join(lines)}.",
        found.start(),
    )


def _by(found: re.Match[str]) -> str:
    """What a derivative is by, xx of u_{xx}."""
    return found["by"] * int((found.groupdict().get("order")) or 1)
