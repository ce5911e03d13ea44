"""From a text to parsed statements: limits, checked before anything is parsed, and words for what is not in the language."""

from __future__ import annotations

import ast
import re
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from symbackprop.notation.errors import NotationError, Place, Source, shortened
from symbackprop.notation.signs import SIGNS, typing, unicode_of
from symbackprop.notation.words import STATEMENTS, Word

LARGEST = 1_000_000  # bytes of a text
DEEPEST = 100  # brackets inside brackets, and operations inside operations
LONGEST = 2_500  # operators and names in one statement
DIGITS = 50  # of one number

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>(?P<quote>\"{3}|'{3})[\s\S]*?(?P=quote) | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*')
      | (?P<number>(?<![\w.])(?:0[xXoObB])?[0-9][\w.]*)
      | (?P<word>[^\W\d]\w*)
      | (?P<open>[(\[{]) | (?P<close>[)\]}])
      | (?P<newline>\n) | (?P<semicolon>;) | (?P<joined>\\\r?\n)
      | (?P<operator>\*\*|//|[-+*/@<>=!&|^~%.,])""",
    re.VERBOSE,
)

_BETWEEN = re.compile(r"^([ \t]*for\b[^#\n]*?\bin\b[^#\n]*?[\w)\]][ \t]*)\.\.(?!\.)", re.MULTILINE)
"""The header of a loop over A..B, which Python reads as A << B: another sign of two characters, so that columns stay."""

_SEVERAL = re.compile(r"^[^\W\d]\w*(?:[ \t]*,[ \t]*[^\W\d]\w*)+(?=[ \t]*:)", re.MULTILINE)
"""The names of a declaration of several, x, y: data[n], which Python has for one: joined they are one, so that columns stay."""

TOO_DEEP: Word = (f"the expression is nested deeper than {DEEPEST}.", "Name its parts on lines of their own.")


def decoded(path: Path) -> str:
    """The text of a file.

    Raises NotationError where there is no file, it is too large, or it is not UTF-8.
    """
    file = str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
            size = max(path.stat().st_size, len(raw))
    except FileNotFoundError:
        raise NotationError("there is no such file.", "", Place(file)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotationError(f"the file cannot be read: {reason}.", "", Place(file)) from None
    if len(raw) > LARGEST:
        raise NotationError(
            f"the file has {size:,} bytes; a network has at most {LARGEST:,}.", "Is this the right file?", Place(file)
        )
    try:
        return unicode_of(raw)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise NotationError(
            f"the byte {raw[error.start]:#04x} is not UTF-8.", "Save the file as UTF-8 text.", Place(file, line, column)
        ) from None


def parsed(
    text: str, file: str = "<text>", first_line: int = 1, indent: int = 0, around: str = ""
) -> tuple[ast.Module, Source]:  # fmt: skip
    """The statements of a text, and where they stand. Nothing is executed.

    first_line, indent   where the text begins in its file.
    around               further text that may declare what stands in this one.

    Raises NotationError where the text breaks a limit or is not Python's syntax.
    """
    if len(text) > LARGEST:
        raise NotationError(
            f"the text has {len(text):,} characters; a network has at most {LARGEST:,}.",
            "Is this the right text?", Place(file),
        )  # fmt: skip
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    written = tuple(text.split("\n"))
    source = Source(file, written, first_line, indent)
    if not text.isascii():
        typed = typing(text, around)
        source = Source(file, tuple(map(typed, written)), first_line, indent, written, typed)
        text = "\n".join(source.lines)
    _within_limits(text, source)
    try:
        with warnings.catch_warnings():  # Python warns of "\d" in a string and of `1 is x`; both are refused below
            warnings.simplefilter("ignore")
            tree = ast.parse(_SEVERAL.sub(_joined, _BETWEEN.sub(r"\1<<", text)))
    except SyntaxError as error:
        raise _syntax(error, source) from None
    except (RecursionError, MemoryError):
        raise NotationError(*TOO_DEEP, source.at(1, 0)) from None
    except ValueError as error:
        raise NotationError(f"the text cannot be read: {error}.", "", source.at(1, 0)) from None
    several = {text.count("\n", 0, found.start()) + 1: found[0] for found in _SEVERAL.finditer(text)}
    tree.body = [one for statement in tree.body for one in _declarations(statement, several)]
    for statement in tree.body:
        _shallow(statement, source)
    return tree, source


def _joined(found: re.Match[str]) -> str:
    return re.sub(r"[ \t,]", "_", found[0])


def _declarations(statement: ast.stmt, several: Mapping[int, str]) -> list[ast.stmt]:
    """A declaration for each of the names of one, by its line; any other statement as it is."""
    if not isinstance(statement, ast.AnnAssign) or statement.lineno not in several:
        return [statement]
    found: list[ast.stmt] = []
    names = several[statement.lineno]
    for name in re.finditer(r"\w+", names):
        target = ast.copy_location(ast.Name(name[0], ast.Store()), statement.target)
        target.col_offset += len(names[: name.start()].encode())
        target.end_col_offset = target.col_offset + len(name[0].encode())
        found.append(ast.copy_location(ast.AnnAssign(target, statement.annotation, statement.value, 1), statement))
    return found


def _within_limits(text: str, source: Source) -> None:
    """One pass over the tokens: brackets, length of a statement, digits, semicolons, null bytes."""
    null = text.find("\0")
    if null >= 0:
        line = text.count("\n", 0, null) + 1
        raise NotationError("a null byte is no text.", "Is this the right file?", Place(source.file, line, 1))
    depth, count, line, start = 0, 0, 1, 0
    for token in _TOKEN.finditer(text):
        kind, begin = token.lastgroup, token.start()
        if kind == "quote":
            kind = "string"
        if kind == "newline":
            line, start = line + 1, token.end()
            if not depth:
                count = 0
            continue
        if kind in ("string", "joined"):
            inner = token.group().count("\n")
            if inner:
                line, start = line + inner, begin + token.group().rfind("\n") + 1
            continue
        if kind == "comment":
            continue
        fault: Word | None = None
        if kind == "open":
            depth += 1
            if depth > DEEPEST:
                fault = TOO_DEEP
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "number" and len(token.group()) > DIGITS:
            fault = (f"a number of {len(token.group())} digits; at most {DIGITS} are read.", "")
        elif kind == "word" and len(token.group()) > 2 * DIGITS:
            fault = (f"a name of {len(token.group())} characters; at most {2 * DIGITS} are read.", "")
        elif kind == "operator":
            count += 1
            if count > LONGEST:
                fault = (
                    f"one statement has more than {LONGEST:,} operations.",
                    "Name its parts on lines of their own.",
                )
        if fault:
            raise NotationError(*fault, source.at(line, begin - start, len(token.group())))


def _shallow(statement: ast.stmt, source: Source) -> None:
    """Raise NotationError where operations stand too deep in each other; a long sum is not deep: it is read in a loop."""
    if statement.lineno == statement.end_lineno and (statement.end_col_offset or 0) - statement.col_offset < DEEPEST - 2:
        return  # each further depth needs a character
    stack: list[tuple[ast.AST, int]] = [(statement, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > DEEPEST:
            raise NotationError(*TOO_DEEP, source.place(node if hasattr(node, "lineno") else statement))
        for child in ast.iter_child_nodes(node):
            along = isinstance(node, ast.BinOp) and child is node.left and isinstance(child, ast.BinOp)
            stack.append((child, depth if along else depth + isinstance(child, ast.expr | ast.stmt)))


def inner(statement: ast.stmt) -> Iterator[ast.AST]:
    """The statement and what stands in it, as `ast.walk` has it, but for operators and the like."""
    waiting: deque[ast.AST] = deque([statement])
    while waiting:
        node = waiting.popleft()
        yield node
        if isinstance(node, ast.Name | ast.Constant):
            continue
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                waiting.extend(part for part in value if isinstance(part, ast.AST))
            elif isinstance(value, ast.AST) and name not in ("ctx", "op"):
                waiting.append(value)


def _syntax(error: SyntaxError, source: Source) -> NotationError:
    """Python's complaint in the words of the language."""
    from symbackprop.notation.slips import slip

    line, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
    text = source.line(line)
    place = source.at(line, min(column, len(text)))
    for position, character in enumerate(text.partition("#")[0]):
        if character in SIGNS:
            there = source.at(line, position)
            return NotationError(f"{character} is not in the language.", f"Write {SIGNS[character]}.", there)
    message = error.msg.split(" (")[0]
    keyword = re.match(
        r"\s*(lambda|as|from|in|is|not|or|and|if|else|for|while|del|def|class|with|return|pass|None|True|False)\s*[:=]",
        text,
    )
    keyword = keyword or re.match(r"[^#'\"]*\b(lambda)\b", text)
    if keyword and not text.rstrip().endswith(":"):
        word = keyword.group(1)
        other = {"lambda": "lam"}.get(word, f"{word}_1")
        where = source.at(line, text.index(word), len(word))
        return NotationError(f"{word} is a word of Python and cannot name a tensor.", f"Write {other}.", where)
    above = source.line(line - 1) if line > 1 else ""
    if "unexpected indent" in message and (found := slip(above, 0, "")) and "loop" in found.fault:  # for i in 1:n is a whole loop
        return NotationError(found.fault, found.mend, source.at(line - 1, found.start, found.length), found.write)
    if "unexpected indent" in message or "unindent" in message:
        return NotationError("the line is indented.", "Begin every line at the left margin.", place)
    if "expected an indented block" in message:
        return NotationError("the lines of a loop are indented.", "Begin them with four blanks.", place)
    if re.match(r"\s*while\b", text):
        return NotationError(*STATEMENTS[ast.While], place)
    if "too many nested" in message:
        return NotationError(*TOO_DEEP, place)
    if found := slip(text, column, message):
        return NotationError(found.fault, found.mend, source.at(line, found.start, found.length), found.write)
    printable = "".join(c if c.isprintable() else "?" for c in message)
    said = f"this is not the syntax of the language: {shortened(printable, 120)}"
    return NotationError(said if said.endswith("?") else f"{said}.", _bracket(text), place)


def _bracket(text: str) -> str:
    code = text.partition("#")[0]
    for opening, closing in ("()", "[]"):
        missing = code.count(opening) - code.count(closing)
        if missing:
            return f"A {closing if missing > 0 else opening} is missing."
    return "A line is a declaration, x: data[n], or an equation, y = W @ x."
