r"""Numbers for the inputs of a network: "x = -2, y = 5" before the steps, and points of one step, \nabla f(1, 2), |_{x = 0}."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from symbackprop.core.program import Program, shape_text
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.arrays import outside
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.told import name as called
from symbackprop.judge.sides.best_names import parameter_named
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.texts.brackets import is_balanced
from symbackprop.judge.texts.numbers import PLAIN
from symbackprop.judge.texts.sentences import EXAMPLE, GIVEN
from symbackprop.judge.weighing.reading import CLAIM, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims import NotUnderstood

Step = tuple[str, Any, str]
Given = tuple[str, Program]  # an input, and its value as a program over the others

RATES = ("eta", "alpha", "epsilon", "varepsilon", "gamma", "mu", "rho", "tau")
LONGEST = 30  # digits of a number
HIGHEST = 300  # its power of 10
MOST = 400  # entries of an array that is said by its shape
_SPACE = r"(?:\s|\\[ ,;:!]|~)*"
_SEPARATOR = re.compile(r"(?<!\\)[,;]|\n|\\q?quad\b|\\(?:text|mbox)\{[^}]*\}|\band\b|\\\\")
_NAME = re.compile(
    rf"{_SPACE}(\\?[A-Za-z]\w*(?:\s*[_^]\s*(?:\w|\{{[^{{}}]*\}}))*|\\(?:mathbf|boldsymbol|bm|vec)\s*\{{?\s*\\?[A-Za-z]\w*\s*\}}?){_SPACE}$"
)
_MATRIX = re.compile(r"\\begin\{[pb]matrix\}(?P<rows>.*)\\end\{[pb]matrix\}", re.DOTALL)
_LIST, _ROW = re.compile(r"\s*(?:\\left\s*)?[\[(](.*?)(?:\\right\s*)?[\])]\s*", re.DOTALL), re.compile(r"[\[(]([^\[\]()]*)[\])]")
_FILLED = re.compile(r"(?:np\.)?(zeros|ones)\(\s*(\d+|\(\s*\d+\s*,\s*\d*\s*\))\s*\)")
_TUPLES = re.compile(
    rf"{_SPACE}\((?P<names>[^()=]*,[^()=]*)\){_SPACE}=(?!=){_SPACE}"
    rf"(?:\((?P<row>[^()]*)\)|\\begin\{{pmatrix\}}(?P<column>[^&]*)\\end\{{pmatrix\}}){_SPACE}",
    re.DOTALL,
)
_COMES_TO = re.compile(r"=[^=]*=|=.*[\d)}]\s*[-+]")  # 0.5 - 0.1 * 0.3
_EXPONENT = re.compile(r"\de([-+]?\d{1,20})")
_POWER = re.compile(r"(\d)e([-+]?\d+)")
_TURNED = re.compile(r"(?:\s*\^\s*\{?\s*\\?(?:T|top|intercal)\s*\}?|\.T)\s*$")
_BAR = re.compile(r"(?:\\(?:right|[bB]igg?[rl]?|middle)\s*)?(?:(?<!\\)\||\\[rl]?vert\b)\s*_\s*(?P<at>[{(])")
_LEFT_DOT = re.compile(r"\\left\s*\.")
_ENTRIES = r"(?=[^()]*\d)(?:[-+\d.,\s/{}]|\\[dt]?frac|\\sqrt|\\pi|\\[ ,;:!]|(?<=\d)e(?=[-+\d]))+"
_SCRIPTS = r"(?:\s*[_^]\s*(?:\w|\\[A-Za-z]+|\{[^{}]*\}))*"
_BEHIND = re.compile(  # \nabla f(1, 2), f_x(1, 2), f'(3), H(0, 0), \frac{\partial f}{\partial x}(1, 2)
    rf"\s*(?:(?:\\det\s*)?H(?=\s*\()|\\[dt]?frac\s*\{{[^{{}}]*\}}\s*\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}"
    rf"|(?:\\nabla{_SCRIPTS}\s*|D\s*(?=[a-zA-Z]))?(?P<of>\\?[A-Za-z]+)(?:'+|{_SCRIPTS}))"
    rf"(?P<point>{_SPACE}(?:\\left)?\s*\((?P<at>{_ENTRIES})(?:\\right)?\))(?=\s*=)"
)
_APPLIED = re.compile(rf"\s*\\?[A-Za-z]+\s*(?:\\left)?\s*\({_ENTRIES}(?:\\right)?\)\s*")  # f(0, 0)
_DERIVATIVE = re.compile(r"\\nabla|\\partial|\\det|'|\\frac\s*\{\s*d|^\s*(?:H|D\w|[a-zA-Z]_\{?\w+\}?)")


Valued = Callable[[Truth, str, str], "Program | None"]


class Numbers(NamedTuple):
    """Inputs that are given values, each as a program over the others, and the sizes that their arrays settle."""

    values: dict[str, Program]
    sizes: dict[str, int]


class Begun(NamedTuple):
    """The numbers that the first steps give to inputs, and sentences anywhere; these steps, each with its fault; the rest."""

    numbers: Numbers
    steps: list[tuple[Step, Told]]
    rest: list[Step]


def numbers_before(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> Begun:
    """The steps, parted behind those that give numbers to inputs and do nothing else."""
    found, begun = Numbers({}, {}), list[tuple[Step, Told]]()
    rest = [step for step in steps if step[2] != GIVEN]
    for step in [*(step for step in steps if step[2] == GIVEN), *rest]:
        name, claim, what = step
        said = f"{name} = {claim}" if isinstance(claim, Code) else claim
        own = list(_given(truth, said, symbols)) if isinstance(said, str) else []
        one = _together(truth, own, found)
        if what != GIVEN:
            if rate_of(truth, step) is not None:
                continue
            no_number = next(_unread(truth, said, symbols), None) if isinstance(said, str) and not own else None
            if (own and _is_moved(truth, said, symbols, found)) or (not own and no_number is None):
                break
            rest.remove(step)
            one = told("what {} is given is no number", called(no_number)) if no_number else one
        elif not own or isinstance(one, Told):  # $n = 3$ of something else
            continue
        found = found if isinstance(one, Told) else one
        begun.append((step, one if isinstance(one, Told) else Told()))
    return Begun(found, begun, rest)


def numbers_behind(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> range | None:
    """The places of steps behind others that give numbers to all inputs and stand before others; None where none do.

    Where a sentence says so, EXAMPLE, they may be numbers for some inputs.
    """
    inputs, given, start = {one.name for one in truth.program.inputs}, set[str](), 0
    for k, (_, claim, what) in enumerate(steps):
        own = {name for name, _ in _given(truth, claim, symbols)} if isinstance(claim, str) else set[str]()
        start = k if own and not given else start
        given = {*given, *own} if own else set[str]()
        said = what == EXAMPLE and k + 1 < len(steps) and steps[k + 1][2] != EXAMPLE
        if given and (given == inputs or said):
            return range(start, k + 1) if start > 0 and k + 1 < len(steps) else None
    return None


def gives_numbers(truth: Truth, step: Step, symbols: Mapping[str, str]) -> bool:
    """Whether a step gives numbers to inputs."""
    return isinstance(step[1], str) and any(True for _ in _given(truth, step[1], symbols))


def _is_moved(truth: Truth, text: str, symbols: Mapping[str, str], found: Numbers) -> bool:
    """Whether a text reckons a new number for an input that has one, w = 0.5 - 0.1 * 0.3 = 0.47."""
    several = [part for part in parts_of(text) if _COMES_TO.search(part)]
    return any(input_named(truth, part.partition("=")[0], symbols) in found.values for part in several)


def parted(truth: Truth, step: Step, symbols: Mapping[str, str]) -> list[Step]:
    r"""The step, or where it gives numbers to inputs and to a rate, x = 1, \eta = 0.1, each by itself."""
    name, claim, what = step
    parts = parts_of(claim) if isinstance(claim, str) and not isinstance(claim, Code) else []
    several = [(part.partition("=")[0].strip(), part.strip(" .,;"), what) for part in parts]
    rates = [one for one in several if rate_of(truth, one) is not None]
    inputs = [one for one in several if one not in rates]
    if len(several) < 2 or not rates or not all(list(_given(truth, said, symbols)) for _, said, _ in inputs):
        return [step]
    return [*([(name, ", ".join(said for _, said, _ in inputs), what)] if inputs else []), *rates]


def rate_of(truth: Truth, step: Step) -> float | None:
    r"""The number that a step gives to a rate, \eta = 0.1, and to nothing of the network; None where it gives none."""
    name, claim, _ = step
    own = re.sub(r"[\\{}\s$]", "", name)
    said = claim.rpartition("=")[2].strip(" .,;$") if isinstance(claim, str) else ""
    is_rate = own in RATES and spelled(truth, own) is None and re.fullmatch(r"\d*\.?\d+(?:e-?\d+)?", said)
    return float(said) if is_rate else None


def point_of(truth: Truth, claim: Any, symbols: Mapping[str, str]) -> tuple[str, Numbers | Told] | None:
    r"""A claim about a derivative at a point without that, and the point, or why it is none; None for any other claim.

    The point stands behind a bar, |_{x = 1, y = 2}, also in later sides, or in brackets, \nabla f(1, 2).
    """
    left = claim.partition("=")[0] if isinstance(claim, str) else ""
    if not isinstance(claim, str) or not (_DERIVATIVE.search(left) or _APPLIED.fullmatch(left) or _BAR.search(left)):
        return None
    cuts: list[tuple[int, int]] = []
    said: set[str] = set()
    for bar in _BAR.finditer(claim):
        end = _closed(claim, bar.start("at"))
        text = claim[bar.start("at") : end]
        if "=" in text or text.startswith(("(", "{(")):
            cuts.append((bar.start(), end))
            said.add(" ".join(re.sub(r"^\{|\}$", "", text).split()))
    behind = None if cuts else _BEHIND.match(claim)
    if behind is not None and (behind["of"] is None or spelled(truth, behind["of"].lstrip("\\")) == truth.of):
        cuts.append(behind.span("point"))
        said.add(behind["at"])
    if not cuts or any(parameter_named(truth, text.rpartition("=")[2]) for text in said):  # |_{r = r^*} says no numbers
        return None
    own = list(_at(truth, said.pop(), symbols)) if len(said) == 1 else []
    found = _together(truth, own, Numbers({}, {})) if own else Told()
    for start, end in sorted(cuts, reverse=True):
        claim = claim[:start] + claim[end:]
    return _LEFT_DOT.sub("", claim), found or told("the point is not read. Say it as numbers for inputs: {}", "|_{x = 1, y = 2}")


def _closed(text: str, start: int) -> int:
    """The place behind what stands at a place: a letter, or all that its bracket holds."""
    depth = 0
    for k in range(start, len(text)):
        depth += (text[k] in "{(") - (text[k] in "})")
        if depth == 0:
            return k + 1
    return len(text)


def _value(truth: Truth, name: str, text: str) -> Program | None:
    r"""What an input has at a point: a number, or what is made of others, \mu = \bar x."""
    plain = number_of(truth, name, text)
    if plain is not None or PLAIN.match(text.strip()):
        return plain
    try:
        found = read(f"q = {text}", truth, truth.of, None, {})
    except NotUnderstood:
        return None
    program = found.readings[0].program
    used = {one.name for e in program.equations for one in e.operands} & {t.name for t in program.inputs}
    is_given = name not in used and all(truth.program.tensors[one].kind != "value" for one in used if one in truth.program.tensors)
    if found.unknown or not is_given or program.shape(CLAIM) != truth.program.shape(name):
        return None
    return replace(program, tensors={n: t for n, t in program.tensors.items() if n in used or t.kind == "value"})


def number_of(truth: Truth, name: str, text: str, rank: int | None = None) -> Program | None:
    """A number, or an array of numbers for an input with axes, as a program without inputs.

    rank   how many axes it has; None: as many as the input.
    """
    if any(abs(int(one)) > HIGHEST for one in _EXPONENT.findall(text)):
        return None
    text = _POWER.sub(r"\1 \\cdot 10^{\2}", re.sub(r"(?<=\d)\.(?!\d)", "", text.strip(" ,;")))  # 2. is 2
    if not PLAIN.match(text) or any(len(digits) > LONGEST for digits in re.findall(r"\d+", text)):
        return None
    rank = len(truth.program.shape(name)) if rank is None else rank
    try:
        found = read(f"q = {as_matrix(text, rank)}", truth, truth.of, None, {}).readings[0].program
    except NotUnderstood:
        return None
    if any(one.name in {t.name for t in found.inputs} for e in found.equations for one in e.operands):
        return None
    found = replace(found, tensors={t.name: t for t in found.tensors.values() if t.kind == "value"})
    try:
        array = walk(found, {}, {}, FLOATS)[CLAIM]
    except (PointError, ArithmeticError):
        return None
    is_right = np.isfinite(array).all() and (len(found.shape(CLAIM)) == rank or not (found.shape(CLAIM) or array.any()))
    return found if is_right else None


def as_matrix(text: str, rank: int) -> str:
    """An array as a matrix in LaTeX, a vector as a column: (1, 2)^T, [[1, 2], [3, 4]], np.array([1, 2])."""
    text = _TURNED.sub("", re.sub(r"(?:np\.)?(?:as)?array\((.*)\)$", r"\1", text, flags=re.DOTALL)).strip()
    filled = _FILLED.fullmatch(text)
    counts = [int(n) for n in re.findall(r"\d+", filled[2])] if filled else []
    if filled is not None and prod(counts) <= MOST:
        entry = "0" if filled[1] == "zeros" else "1"
        text = "[" + ", ".join([entry] * counts[-1]) + "]"
        text = text if len(counts) == 1 else "[" + ", ".join([text] * counts[0]) + "]"
    matrix = _MATRIX.fullmatch(text)
    inner = _LIST.fullmatch(text)
    if matrix is not None:
        rows = [row.split("&") for row in re.split(r"\\\\", matrix["rows"]) if row.strip()]
    elif inner is not None and rank == 2:
        rows = [row.split(",") for row in _ROW.findall(inner[1])]
    elif inner is not None and rank == 1:
        rows = [inner[1].split(",")]
    else:
        return text
    rows = [[one] for row in rows for one in row] if rank == 1 else rows
    return r"\begin{pmatrix}" + r" \\ ".join(" & ".join(one.strip() for one in row) for row in rows) + r"\end{pmatrix}"


def _at(truth: Truth, text: str, symbols: Mapping[str, str]) -> Iterator[Given]:
    """The inputs of a point with what they are: x = 1, y = 2; (x, y) = (1, 2); (1, 2) of the parameters in their order."""
    if "=" in text:
        yield from _given(truth, text, symbols, _value)
        return
    values = [one.strip() for one in _inner(text).split(",")]
    inputs = [t for t in truth.program.inputs if t.kind != "constant"]
    if values == ["0"]:  # of all parameters
        yield from _given(truth, ", ".join(f"{t.name} = 0" for t in inputs if t.kind == "parameter"), symbols)
        return
    parameters = [t for t in inputs if t.kind == "parameter"]
    for several in (parameters, inputs):
        if len(several) == len(values):
            yield from _given(truth, ", ".join(f"{t.name} = {v}" for t, v in zip(several, values, strict=True)), symbols)
            return
    if len(parameters) == 1 and len(parameters[0].shape) == 1:
        yield from _given(truth, f"{parameters[0].name} = ({', '.join(values)})", symbols)


def _inner(text: str) -> str:
    """What stands in the brackets around a text."""
    found = re.fullmatch(r"\s*(?:\\left\s*)?\((.*?)(?:\\right\s*)?\)\s*", text, re.DOTALL)
    return found[1] if found else text


def _given(truth: Truth, text: str, symbols: Mapping[str, str], value_of: Valued = number_of) -> Iterator[Given]:
    """What a text gives to inputs, where it does nothing else."""
    out: list[Given] = []
    for part in parts_of(text):
        *names, value = part.split("=")  # a = b = 0; x = 1/2 = 0.5
        owns = [own for name in names if (own := input_named(truth, name, symbols))]
        numbers = [value_of(truth, own, value) for own in owns]
        said = [one for one in names[len(owns) :] if not PLAIN.match(one.strip())]
        if not owns or said or not all(numbers):
            return
        out += [(own, number) for own, number in zip(owns, numbers, strict=True) if number is not None]
    yield from out


def _unread(truth: Truth, text: str, symbols: Mapping[str, str]) -> Iterator[str]:
    """The inputs that a text gives what is made of numbers and is none, 1/0, where it does nothing else."""
    parts = [part.partition("=") for part in parts_of(text)]
    owns = [input_named(truth, name, symbols) for name, equals, _ in parts if equals]
    if len(owns) == len(parts) and all(owns) and all(PLAIN.match(value.strip(" .")) for *_, value in parts):
        yield from (own for own, (*_, value) in zip(owns, parts, strict=True) if own and number_of(truth, own, value) is None)


def parts_of(text: str) -> list[str]:
    """What stands side by side in a text, outside of brackets; of (x, y) = (1, 2) each by itself."""
    out = [""]
    begin = 0
    for sign in [*_SEPARATOR.finditer(text), None]:
        out[-1] += text[begin : len(text) if sign is None else sign.start()]
        if sign is not None:
            begin = sign.end()
            if is_balanced(out[-1]):
                out.append("")
            else:
                out[-1] += sign[0]
    return [one for part in out if part.strip(" .") for one in _spread(part)]


def _spread(part: str) -> list[str]:
    """(x, y) = (1, 2) as x = 1 and y = 2."""
    found = _TUPLES.fullmatch(part)
    if found is None:
        return [part]
    names = found["names"].split(",")
    values = re.split(r"\\\\" if found["column"] else ",", found["column"] or found["row"])
    if len(names) != len(values):
        return [part]
    return [f"{name.strip()} = {value.strip()}" for name, value in zip(names, values, strict=True)]


def input_named(truth: Truth, text: str, symbols: Mapping[str, str]) -> str | None:
    """The input that a name spells."""
    named = _NAME.match(text)
    plain = re.sub(r"\\(?:mathbf|boldsymbol|bm|vec)|[\\{}\s]", "", named[1]) if named else ""
    own = spelled(truth, symbols.get(plain, plain)) if plain else None
    is_input = own is not None and truth.program.tensors[own].kind in ("parameter", "data", "labels")
    return own if is_input else None


def _together(truth: Truth, several: Sequence[Given], before: Numbers) -> Numbers | Told:
    """Numbers with further ones, or why these are none: an input has two, or what its declaration does not allow."""
    values, sizes = dict(before.values), dict(before.sizes)
    for name, number in several:
        tensor, own = truth.program.tensors[name], number.shape(CLAIM)
        if name in values:
            if values[name] == number:
                continue
            return told("{} has a number already", called(name))
        for size, length in zip(tensor.shape, own, strict=False) if not number.inputs else ():
            settled = sizes.setdefault(str(size), truth.sizes.get(str(size), int(length))) if size.is_Symbol else size
            if settled != length:
                return told("{} has the shape {} here, and not {}", called(name), shape_text(own), shape_text(tensor.shape))
        if any(one.name in {*values, *(own for own, _ in several)} for one in number.inputs):
            return told("{} has a value that another value has a part in. Say it in numbers", called(name))
        array = None if number.inputs else walk(number, {}, {}, FLOATS)[CLAIM]
        if array is not None and array.ndim == len(tensor.shape) and (fault := outside(tensor, array, {**truth.sizes, **sizes})):
            return told("{} {}", called(name), fault)
        values[name] = number
    return Numbers(values, sizes)
