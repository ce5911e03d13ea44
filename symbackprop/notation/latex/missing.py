r"""What is asked of names that nobody declared: x is not declared. Declare it in lines of their own: x: data[n]."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from symbackprop.notation.claims.errors import Fault, Unknown
from symbackprop.notation.claims.given import Drawn, drawn_numbers
from symbackprop.notation.claims.naming import ROW_LETTERS, behind_label, labelled
from symbackprop.notation.claims.syntax import Group, Product, Tokens, Word
from symbackprop.notation.claims.syntax import below as parts_of
from symbackprop.notation.claims.tokens import GREEK, Token, bare
from symbackprop.notation.claims.words import Names, described, has_label
from symbackprop.notation.errors import NotationError
from symbackprop.notation.inference import kind_of
from symbackprop.notation.latex.naming import spelled
from symbackprop.notation.latex.qualities import NOTHING, Qualities, declared_so
from symbackprop.notation.latex.stepped import several as indices

MARGIN = "Delta"
NEAR = 16  # characters between two words of a product
LONG = "dpqm"  # letters for how long a vector is
SIZES = "hdmkqr"  # letters for sizes beside those that are taken
TARGETS = ("y", "t")  # what is compared with
EXTREMES = frozenset(["min", "max", "argmin", "argmax", "inf", "sup"])
_FUNCTION = re.compile(r"phi|psi|rho|f|g|varphi")
CLASSES = "K"  # how many there are of what a label names, in an example


def asked(
    missing: Iterable[Unknown], several: Sequence[Word] = (), sizes: Mapping[str, str] | None = None,
    densities: Sequence[Drawn] = (), observed: Collection[str] = (), lengths: Collection[str] = (),
    fit: Callable[..., Sequence[str] | None] | None = None, sought: Sequence[Word] = (), qualities: Qualities = NOTHING,
    classes: Mapping[str, str] | None = None, functions: Collection[str] = (),
) -> Fault:  # fmt: skip
    r"""What is said of names that nobody declared, each with a declaration for an example.

    several   all words of the formulas; what stands below them tells r: data[n, K] for r_{ik}, y: integers[n, K] for w_{y_i}.
    sizes     how far each index runs that a sum or the text is over; its own letter where nothing says how far.
    densities  of which the mean and the spread are learnt, and what a matrix is the spread of are vectors.
    observed  what values are given, which is data.
    lengths   how long the rows are that were declared: where all are alike, a vector is as long.
    fit       gives declarations with which the formulas are read, in the place of these; with a letter that counts samples as well.
    qualities  what sentences say of inputs, by their names.
    classes   how many entries there are of what a label picks, by its letter.
    functions  the words that stand before brackets, as functions do.
    sought    words that are parameters, and then all else is data; where there are none, names tell which.
    """
    first, *_ = missing = list(missing)
    numbers, spreads = drawn_numbers(densities), {one.given[1] for one in densities if one.matrix and one.given[1]}
    vectors, sizes = _vectors(several) | {c for one in densities if one.matrix for c in (one.of, one.given[0]) if c}, sizes or {}
    counted = {*sizes.values()}  # a size of a sum is declared by what has it
    asked_of = [u for u in missing if declared_name(u.key) not in counted] or missing
    taken = {*counted, *(declared_name(u.key) for u in missing)}
    long = next(iter(lengths)) if len({*lengths}) == 1 else next(c for c in LONG if c not in taken)
    listed = dict(
        (u.key, f"{declared_name(u.key)}: {kind_of(declared_name(u.key))}")
        if u.key in numbers
        else _declaration(u.key, several, sizes, vectors, long, classes or {})
        for u in asked_of
    )
    listed = {key: re.sub(r"^(lam\w*): parameter", r"\1: data", said) for key, said in listed.items()}
    attended = {"V"} if {"Q", "K", "V"} <= listed.keys() else set[str]()  # values are no weights beside queries and keys
    for key in {*attended, *observed, *(one.of for one in densities)} & listed.keys():
        listed[key] = listed[key].replace(": parameter", ": data")
    for key in {c for one in densities for c in one.given} & listed.keys():
        name, _, axes = listed[key].partition("[")
        of = [size for size in axes.removesuffix("]").split(", ") if size in sizes.values()]
        axes = f"{', '.join([*of, long, long])}] & spd" if key in spreads else axes
        listed[key] = f"{name.partition(':')[0]}: parameter{'[' if axes else ''}{axes}"
    arrays = sorted(_multiplied(several) & listed.keys())
    if arrays:  # a letter that a matrix is multiplied by is no size
        letters = iter([c for c in SIZES if c not in taken | {*map(declared_name, arrays)}])
        swap = {declared_name(key): next(letters) for key in arrays}
        listed = {key: re.sub(r"(?<=[\[ ])\w+", lambda m: swap.get(m[0], m[0]), said) for key, said in listed.items()}
    functions = [key for key in listed if key in functions and _FUNCTION.fullmatch(key)]
    listed |= {key: f"{declared_name(key)}: function" for key in functions}
    told = {size for said in listed.values() for size in re.findall(r"\w+", said.partition("[")[2])}
    listed = {key: said for key, said in listed.items() if key not in told} or listed  # what has a size declares it
    listed = _with_rows(listed)
    listed = {key: with_kind(said, sought, sizes) for key, said in listed.items()} if sought else listed
    count = next((key for key in listed if key in ROW_LETTERS), "")
    others = {key: said for key, said in listed.items() if key != count}
    if fit and count and others and (found := fit([*others.values()], count)) and re.search(rf"[\[ ]{count}\]", " ".join(found)):
        listed = dict(zip(others, found, strict=True))  # what is as long as there are samples says how many
    else:
        listed = dict(zip(listed, (fit and fit([*listed.values()])) or listed.values(), strict=True))
    listed = {key: declared_so(own, qualities) for key, own in listed.items()}
    names, declarations = " and ".join(listed), "; ".join(listed.values())
    said = f"{names} is not declared." if len(listed) == 1 else f"{names} are not declared."
    alone, beside = f"Declare it in a line of its own: {declarations}.", f"Declare them in lines of their own: {declarations}."
    mend = alone if len(listed) == 1 else beside
    if functions:
        called = f"\\{functions[0]}" if functions[0] in GREEK else functions[0]
        mend += f" Or write the function out: {called}(z) = \\tanh(z)."
    return Fault(said, mend, first.at)


def on_the_command_line(error: NotationError) -> NotationError:
    r"""What is said of names that nobody declared, with the option that declares them; any other error as it is."""
    found = re.match(r"Declare (?:it in a line of its|them in lines of their) own: ([^.]*)\.", error.mend)
    if not found:
        return error
    mend = f'{found[0][:-1]} (on the command line --let "{found[1]}").{error.mend[found.end() :]}'
    return NotationError(error.fault, mend, error.place, error.write)


def _with_rows(listed: Mapping[str, str]) -> dict[str, str]:
    """The declarations with those of u_i, where a matrix U stands beside them, as that of U, whose rows they are."""
    found = dict(listed)
    for key, said in listed.items():
        sizes = said.partition("[")[2]
        if re.fullmatch("[a-z]", key) and "," in sizes and "," in listed.get(key.upper(), ""):
            found[key.upper()] = f"{listed[key.upper()].partition('[')[0]}[{sizes}"
            del found[key]
    return found


def with_kind(declaration: str, sought: Iterable[Word], sizes: Collection[str] = ()) -> str:
    """The declaration of a parameter where its name is one of what is sought, c_k for each k as well; else of data."""
    name, _, said = declaration.partition(": ")
    wholes = [replace(w, sub=()) if {*_letters(w.sub)} <= {*sizes} else w for w in sought]
    kind = "parameter" if name in {declared_name(described(replace(w, sup=()))) for w in (*sought, *wholes)} else "data"
    return f"{name}: {re.sub(r'^(data|parameter)(?![a-z])', kind, said)}" if said else declaration


def declared_name(key: str) -> str:
    """The name of a word that names nothing: hat y_1 is yhat_1."""
    accent, _, base = key.rpartition(" ")
    letter, *below = re.sub(r"\W", "_", base).strip("_").split("_")
    return "_".join([spelled(letter) + accent, *below, *(["prime"] if base.endswith("'") else [])])


def scripted(several: Iterable[Word]) -> set[str]:
    """The words that stand with something below, without it."""
    return {described(replace(word, sub=(), sup=())) for word in several if word.sub}


def _vectors(several: Sequence[Word]) -> set[str]:
    r"""The words that stand in an inner product, w^\top x_i, or behind a matrix, W x_i: vectors, also where they have an index."""
    found: set[str] = set()
    for left, right in pairwise(several):
        beside = 0 < right.at - max(t.at for t in (left, *left.sup)) <= NEAR and not _is_turned(right)
        if beside and _is_turned(left):
            found |= set() if left.base[:1].isupper() else {_whole(left)}
            found |= set() if right.base == "X" and not right.sub else {_whole(right)}  # X has the samples for columns
        elif beside and left.base[:1].isupper() and right.base[:1].islower():
            is_matrix = _whole(left) in found or (not left.sub and right.sub)  # x^\top W_k z, W x_i
            found |= {_whole(right)} if is_matrix else set()
    return found


def _between(several: Sequence[Word]) -> set[str]:
    r"""The words that stand between two vectors, W of x^\top W_k z: matrices."""
    triples = zip(several, several[1:], several[2:], strict=False)
    return {
        _whole(b) for a, b, c in triples
        if _is_turned(a) and b.base[:1].isupper() and not _is_turned(c) and c.base[:1].islower()
        and 0 < b.at - max(t.at for t in (a, *a.sup)) <= NEAR and 0 < c.at - b.at <= NEAR
    }  # fmt: skip


def _multiplied(several: Sequence[Word]) -> set[str]:
    """The words without index that stand close behind a capital letter, W n and W(n): no sizes."""
    near = (two for two in pairwise(several) if 0 < two[1].at - two[0].at <= len("W("))
    return {_whole(right) for left, right in near if left.base[:1].isupper() and right.base.islower() and not right.sub}


def _images(several: Sequence[Word]) -> set[str]:
    """The words that stand with the same index behind W x_i, as y_i in |W x_i - y_i|: vectors as long as W has rows."""
    before = [None, *several]
    return {
        _whole(image)
        for first, matrix, vector, image in zip(before, several, several[1:], several[2:], strict=False)
        if matrix.base[:1].isupper() and not matrix.sub and not (first and _is_turned(first))
        and _letters(vector.sub) and _letters(vector.sub) == _letters(image.sub) and image.at - vector.at > len(" - ")
    }  # fmt: skip


def _is_turned(word: Word) -> bool:
    return [t.text for t in bare(behind_label(word) if labelled(word) else word.sup)] in (["T"], ["\\top"], ["\\intercal"])


def _whole(word: Word) -> str:
    return described(replace(word, sub=(), sup=()))


def _declaration(
    key: str, several: Sequence[Word], sizes: Mapping[str, str], vectors: set[str], long: str,
    classes: Mapping[str, str],
) -> tuple[str, str]:  # fmt: skip
    """What is not declared, and a declaration of it: two sizes for a capital letter, none for a Greek one alone, else one.

    vectors   words that are vectors for each index that they have; where there are some, a word without index is a number.
    long      how long they are.
    """
    if sample := re.fullmatch(r"(.+)\^\(([^\W\d]\w*)\)(T|top)?", key):  # y^{(i)}, of the sample i, and \theta^{(k)\top} x^{(i)}
        whole, name = sample[1], declared_name(sample[1])
        axes = [sizes.get(sample[2], "n"), *([long] if whole in vectors else [])]
        return whole, f"{name}: {_kind(name) if sample[3] else 'data'}[{', '.join(axes)}]"
    for word in several:
        below = _letters(word.sub)
        whole = described(replace(word, sub=(), sup=()))
        if below and sizes.keys() >= {*below} and key in (whole, described(replace(word, sup=()))):
            name, beyond = declared_name(whole), [long] if whole in vectors else []
            beyond += [long] if beyond and whole in _between(several) else []
            beyond = beyond or (["h"] if whole in _images(several) else [])
            return whole, f"{name}: {_kind(name)}[{', '.join([*(sizes[c] for c in below), *beyond])}]"
    of_letter = next((w for w in several if _whole(w) == key and w.base in GREEK and _letters(w.sub)), None)
    if of_letter and not {*_letters(of_letter.sub)} & {*sizes}:  # sigma_n, of the noise
        label = declared_name(described(replace(of_letter, sup=())))
        return described(replace(of_letter, sup=())), f"{label}: {kind_of(label)}"
    base, name = key.rpartition(" ")[2], declared_name(key)
    if name == "eps":
        return key, "eps = 1e-5"
    for word in several:
        below = _letters(word.sub)
        is_label = base in below and base not in sizes and not base[:1].isupper() and word.base not in EXTREMES
        is_label = is_label and (word.base not in GREEK or len(below) > 1) and ({*below} & {*sizes} or not has_label(word))
        if is_label:  # w_{y_i}: a label of the sample i
            rows = [sizes[c] for c in below[below.index(base) + 1 :] if c in sizes]
            return key, f"{name}: integers[{', '.join([*rows[:1], classes.get(base, CLASSES)])}]"
    if vectors and base[:1].isupper() and base != MARGIN:
        own = next((word for word in several if described(word) == key), None)
        shape = f"{long}, {long}" if key in vectors else f"{long}, h" if own and _is_turned(own) else f"h, {long}"
        whole = key if own is None else described(replace(own, sup=())) if has_label(own) else _whole(own)
        return whole, f"{declared_name(whole)}: {_kind(base)}[{shape}]"
    if vectors and base not in scripted(several):
        own = next((word for word in several if described(word) == key or _whole(word) == key), None)
        is_vector = own is not None and _whole(own) in vectors
        if own and is_vector:
            sides = {_is_turned(word) for word in several if _whole(word) == _whole(own)}  # x^\top A x: of x
            learnt = any(_kind(declared_name(_whole(word))) == "parameter" for word in several)
            is_data = base == "x" and learnt and len(sides) == 1
            return _whole(own), f"{declared_name(_whole(own))}: {'data' if is_data else 'parameter'}[{long}]"
        return key, f"{name}: {'data' if base in (*GREEK, *TARGETS) or base[0] == 'x' else 'parameter'}"
    is_number = base in GREEK and (base[0].islower() or base == MARGIN) and base not in scripted(several)
    size = next(c for c in ("n", *LONG) if c not in sizes.values())  # of its own: no index of the formulas stands below it
    counted = "" if is_number else f"[h, {size}]" if base[:1].isupper() else f"[{size}]"
    return key, f"{name}: {_kind(base)}{counted}"


def _kind(name: str) -> str:
    """What a name most likely is; of a layer as of any other, W^[2], and with an accent as without."""
    return kind_of(re.sub(r"(?<=.)(tilde|hat|bar)(?=_|$)", "", re.sub(r"[\W_]+", "_", name).strip("_")))


def classes_of(several: Iterable[Word], names: Names, shapes: Mapping[str, Sequence[object]]) -> dict[str, str]:
    r"""How many entries there are of what a letter with an index picks, y_i of w_{y_i}, where the shape is known."""
    found: dict[str, str] = {}
    for word in several:
        own = names.lookup(word)
        shape = shapes.get(own.name, ()) if own is not None else ()
        for size, index in zip(shape, indices(word.sub), strict=False):
            if [t.text for t in index.tokens[1:2]] == ["_"]:
                found[index.tokens[0].text] = str(size)
    return found


def applied(nodes: Iterable[object]) -> set[str]:
    """The words that stand before a round bracket, f of f(x_i)."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Product):
            pairs = zip(node.factors, node.factors[1:], node.ops, strict=False)
            found |= {
                described(a) for a, b, op in pairs if not op and isinstance(a, Word) and isinstance(b, Group) and b.bracket == "("
            }
        if not isinstance(node, Token | str | int):
            found |= applied(parts_of(node))
    return found


def _letters(below: Tokens) -> list[str]:
    """What stands below a word, without commas and braces."""
    return [t.text for t in bare(below) if t.text.isalnum()]
