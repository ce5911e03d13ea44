"""How the box reads: its tokens against the book's, the share of gradients that have a line, over books, examples and a file of cases.

Run with: python -m benchmarks.bench_readability [cases.json]
A case has a network, `wrt`, NumPy statements that end in an expression for the gradient, sizes and domains of names; its box is
closed where the gradient has a line, and right where the gradient that the box was proved against is that of the statements.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import symbackprop as sb
from benchmarks.blackboard import BLACKBOARD
from benchmarks.book import BOOKS
from benchmarks.courses import COURSES
from benchmarks.desk import DESK
from benchmarks.estimators import ESTIMATORS
from benchmarks.fields import FIELDS
from benchmarks.handouts import HANDOUTS
from benchmarks.later import LATER
from benchmarks.learners import LEARNERS
from benchmarks.papers import PAPERS
from benchmarks.sciences import SCIENCES
from benchmarks.shelf import SHELF
from benchmarks.threads import THREADS
from symbackprop.core.errors import SymbackpropError
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Accent, Atom, Fence, Fraction, Node, Root, Row, Script, children

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").rglob("*.net"))
ALL = (BOOKS, COURSES, PAPERS, HANDOUTS, LATER, ESTIMATORS, LEARNERS, THREADS, FIELDS, SCIENCES, BLACKBOARD, SHELF, DESK)
LINE = 2  # a name and the sign of equality


def tokens(node: Node) -> int:
    """Names with their subscripts, numbers, signs, functions, lines of fractions, exponents, pairs of brackets: one each."""
    match node:
        case Atom(_, "space" | "close" | "punctuation"):
            return 0
        case Atom() | Accent():
            return 1
        case Script(base, _, sup):
            return tokens(base) + (0 if sup is None else _exponent(sup))
        case Fraction(over, under):
            return 1 + tokens(over) + tokens(under)
        case Root(body):
            return 1 + tokens(body)
        case Fence(_, body):
            return 1 + tokens(body)
    return sum(map(tokens, children(node)))


def _exponent(sup: Node) -> int:
    """A transpose, an inverse, a number is one; the mark of a power entry by entry is none."""
    items = [item for item in (sup.items if isinstance(sup, Row) else (sup,)) if item != Atom("⊙", "binary")]
    return 1 if all(isinstance(item, Atom) for item in items) and len(items) < 3 else sum(map(tokens, items))


def cost(line: str) -> int:
    """The tokens of a line by all that stands behind its left side."""
    return LINE + tokens(parse(line))


def books() -> Iterator[tuple[str, int, int, int, bool]]:
    """For each book: our tokens, its tokens, what has no line, whether the judge finds the book's own lines right."""
    for name, book in {name: row for rows in ALL for name, row in rows.items()}.items():
        wrt = [w for w, _ in book.lines if sb.read(book.network).program.tensors.get(w)]
        derivation = sb.derive(book.network, wrt=wrt)
        box = derivation.box()
        ours = sum(cost(line.latex().split(" = ", 1)[1]) for line in box.lines)
        theirs = sum(cost(right) for _, right in book.lines)
        judged = sb.verify(book.network, list(book.lines)).claims
        yield name, ours, theirs, len(box.missing), all(c.right for c in judged if c.name in wrt)


def examples() -> tuple[int, int]:
    """Of all gradients of the examples: how many have a line."""
    closed = total = 0
    for path in EXAMPLES:
        try:
            derivation = sb.derive(path)
        except SymbackpropError:  # it has no loss: a Jacobian
            continue
        total += len(derivation.wrt)
        closed += len(derivation.wrt) - len(derivation.box().missing)
    return closed, total


def cases(path: str) -> Iterator[tuple[str, str]]:
    """For each case: its id, and what came out: closed, no line, or why it was refused."""
    for case in json.loads(Path(path).read_text(encoding="utf-8"))["entries"]:
        try:
            derivation = sb.derive(case["network"], wrt=case["wrt"])
            yield case["id"], "no line" if derivation.box().missing else "closed"
        except SymbackpropError as fault:
            yield case["id"], f"refused: {str(fault).splitlines()[0][:90]}"


def main() -> None:
    """Print the figures."""
    start = time.process_time()
    found = list(books())
    ratios = sorted(ours / theirs for _, ours, theirs, missing, _ in found if not missing)
    for name, ours, theirs, missing, right in found:
        print(
            f"{name:28} {ours:4} {theirs:4} {ours / theirs:5.2f} {'no line' if missing else ''} {'' if right else 'book not confirmed'}"
        )
    print(f"{len(found)} books: median {median(ratios):.2f}, at most 1.0: {sum(r <= 1 for r in ratios)}, at most 1.3: "
          f"{sum(r <= 1.3 for r in ratios)}, worst {ratios[-1]:.2f}; {time.process_time() - start:.1f} s")  # fmt: skip
    print("examples: {} of {} gradients have a line".format(*examples()))
    for path in sys.argv[1:]:
        outcome = list(cases(path))
        for name, what in outcome:
            if what != "closed":
                print(f"  {name}: {what}")
        print(f"{path}: {sum(what == 'closed' for _, what in outcome)} of {len(outcome)} closed")


if __name__ == "__main__":
    main()
