"""Inputs that nobody would write, from a number: each is a name and a deed that must work or be refused."""

import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

import symbackprop as sb
from symbackprop import language
from symbackprop.cli.shell import read_point, read_sizes
from symbackprop.training.safetensors import dump
from symbackprop.training.storage import read_arrays

ROOT = Path(__file__).parents[2]
NETWORKS = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("examples/**/*.net"))]
Deed = Callable[[], object]
Random = random.Random

CANARY = "canary"  # a file that only executed text would make
ATTACKS = (
    f"__import__('os').system('touch {CANARY}')", f"open('{CANARY}', 'w')", f"eval(\"open('{CANARY}', 'w')\")", "().__class__.__mro__",
    f"(lambda: open('{CANARY}', 'w'))()", "x.__class__.__init__.__globals__", f"f\"{{open('{CANARY}', 'w')}}\"", "exec('1')",
)  # fmt: skip
FIXED = "x: data[n]\nW: parameter[h, n]\nV: parameter[n, n]\nt: integers[n, n]\ns: parameter\nlam = 0.5\n"
NAMES = ("x", "W", "V", "t", "s", "lam", "n", "h", "y", "q", "W.T", "V.T", "np.pi", "L")
NUMBERS = (
    "0",
    "1",
    "2",
    "-1",
    "0.5",
    "1e-300",
    "1e400",
    "10**3",
    "9**99",
    "0x1f",
    "1j",
    "1_0",
    "1e-3",
    "7/3",
    "True",
    "None",
    "'a'",
    "...",
)
OPERATORS = ("+", "-", "*", "/", "@", "**", ">", "<=", "==", "//", "%", " and ", "&", ",", ":", ":=", " if ", ".")
KEYWORDS = ("axis", "keepdims", "dim", "ord", "alpha", "dtype", "out", "eps", "stride", "padding")
PIECES = (
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "\\",
    "#",
    "\n",
    "\t",
    "\0",
    "σ",
    "²",
    "é",
    ";",
    "=",
    ":",
    "@",
    "…",
    "\u202e",
    "😀",
    "\r",
)
KINDS = ("data", "parameter", "labels", "integers", "positive", "unit", "binary", "sign", "float", "parameter[n] &")
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 3, 2.5, float("nan"), float("inf"), 10**400, "", "x", "W_1", "²", "\0", b"x", (), [], [None], {}, {"x": "a"}, object(),
    1j, np.nan, np.zeros(3), np.array(["a"]), np.array([{}], dtype=object), {1: 2}, {"x": [[1], [1, 2]]}, range(3), "a" * 300, Path("none.net"),
    sp.Symbol("x"), lambda x: x, {"n": 10**18}, {"n": "3"}, ["W_1", "W_1"], -(10**5000), ".", "none/none",
)  # fmt: skip


def expression(rng: Random, depth: int = 3) -> str:
    """A text like an expression of the language."""
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(NAMES[:6]) if rng.random() < 0.75 else rng.choice(NAMES + NUMBERS + ATTACKS)

    def inner() -> str:
        return expression(rng, depth - 1)

    way = rng.randrange(9)
    if way < 3:
        return f"({inner()} {rng.choice(OPERATORS[:6] if rng.random() < 0.8 else OPERATORS)} {inner()})"
    if way < 6:
        arguments = ", ".join(inner() for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 0))))
        keyword = f", {rng.choice(KEYWORDS)}={inner()}" if rng.random() < 0.15 else ""
        return f"{rng.choice(language.__all__)}({arguments}{keyword})"
    if way == 6:
        return f"{inner()}[{', '.join(rng.choice(('0', ':', '::2', '-1:', 'None', '...', inner())) for _ in range(rng.randint(1, 2)))}]"
    if way == 7:
        return f"{inner()}.{rng.choice(('T', 'sum()', 'mean(0)', 'shape', 'reshape(-1)', 'view(1)', '__class__', 'max(axis=0)'))}"
    return f"-{inner()}"


def mutated(rng: Random, text: str) -> str:
    """A text with a few pieces moved, dropped, doubled or replaced."""
    for _ in range(rng.randint(1, 4)):
        at, end = sorted(rng.randint(0, len(text)) for _ in range(2))
        end = min(end, at + rng.choice((0, 1, 3, 30)))
        way = rng.randrange(6)
        piece = (
            rng.choice(PIECES + NUMBERS + OPERATORS + ATTACKS[:3])
            if way < 3
            else text[at:end] * rng.choice((2, 3))
            if way == 3
            else ""
        )
        piece = expression(rng, 2) if way == 4 else piece
        text = text[:at] + piece + text[end:]
    return text


def read_and_sometimes_derive(rng: Random, text: str, *rest: Any) -> Deed:
    derives = rng.random() < 0.02

    def deed() -> None:
        network = sb.read(text, *rest)
        if derives and len(network.program.equations) < 12:
            derivation = sb.derive(network)
            sb.compile(derivation)
            derivation.text()

    return deed


def text(rng: Random) -> Deed:
    lines = [f"{rng.choice('yzL')} = {expression(rng)}" for _ in range(rng.randint(1, 3))]
    return read_and_sometimes_derive(rng, FIXED + "\n".join(lines))


def example(rng: Random) -> Deed:
    return read_and_sometimes_derive(rng, mutated(rng, rng.choice(NETWORKS)) + "\n")


def declared(rng: Random) -> Deed:
    axes = ", ".join(rng.choice((*NAMES, *NUMBERS, "2*n", "n - 1", "m/2", "n**n")) for _ in range(rng.randint(0, 3)))
    line = f"{rng.choice(NAMES)}: {rng.choice(KINDS)}[{axes}]{rng.choice(('', ' & positive', ' & symmetric', ' & spd', ' = 3'))}"
    return read_and_sometimes_derive(rng, f"{line}\nL = {expression(rng, 2)}\n")


def one_expression(rng: Random) -> Deed:
    lets = tuple(
        rng.choice(("W: parameter[h, n]", "x: data[n]", "x parameter", expression(rng, 1))) for _ in range(rng.randint(0, 2))
    )
    given = mutated(rng, expression(rng)) if rng.random() < 0.5 else expression(rng)
    return read_and_sometimes_derive(rng, f"({given})" if rng.random() < 0.5 else given, None, "auto", lets)


def symbolic(rng: Random) -> Deed:
    x, y, n = sp.Symbol("x"), sp.Symbol("lambda"), sp.Symbol("n", integer=True, positive=True)
    A, v = sp.MatrixSymbol("A", n, n), sp.MatrixSymbol("v", n, 1)
    leaves = (x, y, sp.Integer(2), sp.Rational(1, 3), sp.oo, sp.nan, sp.zoo, sp.I, sp.pi, sp.Symbol("__class__"), sp.Symbol(ATTACKS[0]),
              sp.Symbol("z", commutative=False), sp.Float("1e-400"), sp.Integer(10) ** 400)  # fmt: skip
    functions = (
        sp.exp,
        sp.log,
        sp.sin,
        sp.tanh,
        sp.Abs,
        sp.Heaviside,
        sp.sign,
        sp.gamma,
        sp.floor,
        sp.Function("f"),
        sp.sqrt,
        sp.conjugate,
    )

    def made(depth: int) -> Any:
        if depth == 0:
            return rng.choice(leaves[:4] if rng.random() < 0.8 else leaves)
        way = rng.randrange(5)
        a, b = made(depth - 1), made(depth - 1)
        if way == 0:
            return sp.Add(a, b, evaluate=_is_soon_a_number(a) and _is_soon_a_number(b))
        if way == 1:
            return sp.Mul(a, b, evaluate=_is_soon_a_number(a) and _is_soon_a_number(b))
        if way == 2:
            exponent = rng.choice((sp.Integer(2), sp.Integer(-1), sp.Rational(1, 2), b))
            return sp.Pow(a, exponent, evaluate=_is_soon_a_number(a) and _is_soon_a_number(exponent))
        if way == 3:
            function = rng.choice(functions)
            if not _is_soon_a_number(a):
                return function(a, evaluate=False) if function is sp.gamma else a
            try:
                return function(a) if function is not sp.Heaviside or a.is_extended_real else a  # SymPy refuses a complex one
            except RecursionError:  # SymPy's own, as in the gamma function of a nested power: there is no such object
                return a
        return rng.choice(
            (
                sp.Piecewise((a, x > 0), (b, True)),
                sp.Max(x, 2),
                sp.Derivative(sp.sin(x), x),
                sp.Integral(x, x),
                sp.Sum(x, (n, 1, 3)),
            )
        )

    if rng.random() < 0.3:
        matrices = (
            A * v,
            v.T * A * v,
            sp.Trace(A),
            sp.Determinant(A),
            A.inv(),
            A + A.T,
            A**3,
            sp.HadamardProduct(A, A),
            A[0, 0],
            sp.Matrix([[x]]),
            v.T,
        )
        matrix = rng.choice(matrices)
        return lambda: sb.from_sympy(matrix)
    whole = made(3)
    return lambda: sb.from_sympy(whole)


def _is_soon_a_number(value: Any) -> bool:
    """Whether SymPy's own powers and factorials of this end: it works them out to the last digit."""
    return not any(number.is_finite and abs(number) > 1000 for number in value.atoms(sp.Number))


def arrays_file(rng: Random) -> Deed:
    arrays = {"W": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(2)}
    suffix = rng.choice((".npz", ".safetensors"))
    if suffix == ".npz":
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            entry = io.BytesIO()
            np.lib.format.write_array(entry, arrays["W"])
            archive.writestr("W.npy", damaged(rng, entry.getvalue()))
        raw = content.getvalue()
        raw = damaged(rng, raw) if rng.random() < 0.5 else raw
    else:
        raw = dump(arrays)
        length = int.from_bytes(raw[:8], "little")
        header = mutated(rng, raw[8 : 8 + length].decode()).encode("utf-8", "replace")
        raw = len(header).to_bytes(8, "little") + header + raw[8 + length :] if rng.random() < 0.7 else damaged(rng, raw)
    return written(f"fuzz{suffix}", raw, read_arrays)


def damaged(rng: Random, raw: bytes) -> bytes:
    """Bytes of which a few are others."""
    for _ in range(rng.randint(1, 5)):
        at = rng.randint(0, len(raw))
        raw = raw[:at] + rng.randbytes(rng.choice((0, 1, 4))) + raw[at + rng.choice((0, 1, 4)) :]
    return raw


def written(name: str, raw: bytes, reads: Callable[[Path], object]) -> Deed:
    def deed() -> None:
        Path(name).write_bytes(raw)
        reads(Path(name))

    return deed


def network_file(rng: Random) -> Deed:
    raw = damaged(rng, rng.choice(NETWORKS).encode())
    return written(rng.choice(("fuzz.net", "fuzz.py", "fuzz")), raw, sb.read)


def point_file(rng: Random) -> Deed:
    given = json.dumps({"x": rng.choice((1, 1.5, [1, 2], "a", None, True, 10**400, [[1], [2, 3]], {}))})
    raw = mutated(rng, given) if rng.random() < 0.7 else rng.choice(("[" * 10**5, "9" * 5000, "NaN", "", '{"x": 1e999}'))
    return written("fuzz.json", raw.encode("utf-8", "replace"), lambda path: sb.check("x**2", at=read_point(str(path)), points=1))


def size_words(rng: Random) -> Deed:
    return lambda: read_sizes([mutated(rng, "h=32")])


def python_arguments(rng: Random) -> Deed:
    net = rng.choice(ODD) if rng.random() < 0.4 else ROOT / "examples" / "two_layer.net"
    deeds = (
        lambda v: sb.read(v), lambda v: sb.derive(net, wrt=v), lambda v: sb.derive(net, of=v), lambda v: sb.compile(net, sizes=v),
        lambda v: sb.compile(net, dtype=v), lambda v: sb.check(net, seed=v, points=1), lambda v: sb.check(net, at=v), lambda v: sb.check(net, sizes=v, points=1),
        lambda v: sb.draw(net, at=v), lambda v: sb.train(net, v, progress=False), lambda v: sb.parameter(v, "n"), lambda v: sb.parameter("x", v),
        lambda v: sb.from_sympy(v), lambda v: sb.network(v), lambda v: sb.train(net, {}, start=v, progress=False),
        lambda v: sb.train(net, {}, epochs=v, progress=False), lambda v: sb.train(net, {}, resume=v, progress=False),
    )  # fmt: skip
    deed, value = rng.choice(deeds), rng.choice(ODD)
    return lambda: deed(value)


def shell_arguments(rng: Random) -> Deed:
    from tests.fuzz.shell import called

    words = ("x**2", "(x + y)*z", "-o", "--size", "n=3", "--wrt", "x", "--seed", "-1", "--let", "x: data[n]", "--loss", "L", "--format", "html", "none.net",
             "a" * 300, "/dev/full", ".", "", "\0", "²", "--at", "fuzz.json", "--dtype", "float32", "--data", "fuzz.npz", "--rate", "1e400", "--epochs", "0",
             "--resume", "--then", "--points", "0", "--json", "--help", "\udcff", "--gates", "whole", "fuzz.svg", "fuzz.txt", *ATTACKS[:2])  # fmt: skip
    command = rng.choice(("derive", "draw", "check", "compile", "train", "verify"))
    arguments = [command, *(rng.choice(words) for _ in range(rng.randint(0, 5)))]
    return lambda: called(arguments)


WAYS: dict[str, tuple[int, Callable[[Random], Deed]]] = {  # name -> its share, what makes it
    "text": (30, text), "example": (20, example), "declaration": (10, declared), "expression": (14, one_expression), "sympy": (8, symbolic),
    "arrays": (6, arrays_file), "network file": (4, network_file), "point": (2, point_file), "size": (2, size_words),
    "python": (3, python_arguments), "shell": (1, shell_arguments),
}  # fmt: skip


def made(seed: int) -> tuple[str, Deed]:
    """The input of a number: its kind, and what must work or be refused."""
    rng = Random(seed)
    [name] = rng.choices(list(WAYS), [share for share, _ in WAYS.values()])
    return name, WAYS[name][1](rng)
