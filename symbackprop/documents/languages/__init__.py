"""The languages of a report, one row each. Sentences are told in English; a catalogue says their patterns in another language.

A catalogue is one file, `ko.toml`: each English pattern with its translation, in which {0}, {1} are the parts, in any order, and
{0|은} is the first part followed by the particle that its last sound asks for. A pattern without letters needs none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, cached_property, partial
from typing import Any, TypeVar

from symbackprop.core.choices import mend
from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.document import Content, Link, Math, Piece, Span
from symbackprop.documents.languages.korean import with_particle
from symbackprop.formulas import told
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Atom, Node, Script, rebuilt

_SENTENCE = re.compile(r"[^\s].*?(?:[.?](?= [A-Z])|$)", re.MULTILINE)
_WORDS = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")
_PLACE = re.compile(r"\{(\d+)(?:\|(\w+))?\}")
PATTERNS = "patterns"
"""The section of a catalogue for sentences that have their parts in them, such as those of claims."""
REFUSALS = "refusals"
"""The section for what else is refused, which the shell and the page say: a report never does."""
NETWORKS = "networks"
"""The section for what is told of a network as it was read, its notes, which have their parts in them."""
PAGE = "page"
"""The section for what the page says itself."""
_PART = r"((?:\([^()]*\)|.)*?)"  # what stands in {}: brackets in it, such as those of a shape, end before it does
Thing = TypeVar("Thing")


class LanguageError(SymbackpropError):
    """A report is asked for in a language that it is not written in; the message names those that there are."""


@dataclass(frozen=True)
class Language:
    """A language that reports are written in.

    code       as HTML names it.
    name       what its speakers call it.
    package    the LaTeX package that sets it; "" where none is needed.
    fonts      typst's names of fonts that have its letters, the best first; empty where its own does.
    particle   how a particle follows what was said: (word, particle) -> the particle that fits.
    """

    code: str
    name: str
    package: str = ""
    fonts: tuple[str, ...] = ()
    particle: Callable[[str, str], str] = lambda word, particle: particle

    @cached_property
    def sections(self) -> Mapping[str, Mapping[str, str]]:
        """English pattern -> its translation, section by section."""
        if self.code == ENGLISH.code:
            return {}
        import tomllib  # the catalogue's reader is imported with the catalogue
        from importlib.resources import files

        return tomllib.loads(files(__name__).joinpath(f"{self.code}.toml").read_text(encoding="utf-8"))

    @cached_property
    def catalogue(self) -> Mapping[str, str]:
        """The patterns of what is told."""
        return {
            pattern: said
            for name, section in self.sections.items()
            if name not in (PATTERNS, NETWORKS, REFUSALS, PAGE)
            for pattern, said in section.items()
        }

    @cached_property
    def patterns(self) -> Sequence[tuple[str, str]]:
        """What is said with its parts in it: each pattern and its translation, those of most words first."""
        return _most_first(self._of(PATTERNS, NETWORKS))

    @cached_property
    def refusals(self) -> Sequence[tuple[str, str]]:
        """The patterns of whatever is refused, with all others."""
        return _most_first(self._of(PATTERNS, NETWORKS, REFUSALS))

    def _of(self, *names: str) -> dict[str, str]:
        return {pattern: said for name in names for pattern, said in self.sections.get(name, {}).items()}

    def refused(self, error: SymbackpropError) -> str:
        """The message of an error in this language, sentence by sentence; what no pattern made stays English."""
        return error.said(self._sentences)

    def _sentences(self, text: str) -> str:
        """A message said again as a whole, else sentence by sentence; one that would be said by half stays English."""
        whole = self._again(text, self.refusals, by_half=False)
        return whole if whole != text else _SENTENCE.sub(lambda found: self._again(found[0], self.refusals, by_half=False), text)

    def pieces(self, content: Content) -> Iterator[Piece]:
        """The content as its pieces, every sentence in this language, without empty text."""
        for part in content if isinstance(content, tuple) else (content,):
            match part:
                case told.Told():
                    yield from self.pieces(tuple(self._parts(part)))
                case told.Opening(said):
                    yield from _capital(self.pieces(said))
                case told.Said(text):
                    yield from self.pieces(self._again(text, self.patterns))
                case told.Formula(_, node):
                    yield Math(self.formula(node))
                case Math(node):
                    yield replace(part, formula=self.formula(node))
                case Span(text) | Link(text) if not isinstance(text, str):
                    yield replace(part, text=self.words(text))
                case _ if isinstance(part, Node):
                    yield Math(self.formula(part))
                case tuple():
                    yield from self.pieces(part)
                case "":
                    continue
                case str() | Math() | Span() | Link():
                    yield part

    def words(self, content: Content) -> str:
        """The content as plain text."""
        return "".join(map(_plain, self.pieces(content)))

    def _parts(self, said: told.Told) -> Iterator[Any]:
        """The words of a sentence and its parts, in the order of this language."""
        translated = self.catalogue.get(said.pattern)
        if translated is None:
            yield from said.pieces if self.code == ENGLISH.code else _in_order(said)
            return
        end = 0
        for place in _PLACE.finditer(translated):
            part = said.parts[int(place[1])]
            yield translated[end : place.start()]
            yield part
            if place[2]:
                yield self.particle(self.words(part), place[2])
            end = place.end()
        yield translated[end:]

    def _again(self, text: str, patterns: Sequence[tuple[str, str]], by_half: bool = True) -> str:
        """A sentence that has its parts in it; as it is where no pattern made it.

        by_half   whether words of its parts may stay English.
        """
        for pattern, translated in patterns:
            if (found := _parts_in(text, pattern)) is not None:
                parts = [self._again(part, patterns, by_half) for part in found]
                if by_half or not any(map(_WORDS.search, parts)):
                    return _PLACE.sub(partial(self._placed, parts), translated)
        return text if by_half else self._within(text, patterns)

    def _within(self, text: str, patterns: Sequence[tuple[str, str]]) -> str:
        """What was put around a sentence stays: a full stop behind it, before it the name of what it is about."""
        if text.endswith(".") and (said := self._again(text[:-1], patterns, by_half=False)) != text[:-1]:
            return f"{said}."
        about, colon, rest = text.partition(": ")
        if colon and not _WORDS.search(about := self._again(about, patterns, by_half=False)):
            said = self._again(rest, patterns, by_half=False)
            return text if said == rest else f"{about}: {said}"
        return text

    def _placed(self, parts: Sequence[str], place: re.Match[str]) -> str:
        part = parts[int(place[1])]
        return part + (self.particle(part, place[2]) if place[2] else "")

    def formula(self, node: Node) -> Node:
        """The formula with the words in it, such as those of cases, in this language; a subscript is a name."""
        return node if self.code == ENGLISH.code else self._said(node)

    def _said(self, node: Node) -> Node:
        match node:
            case Atom(text, "text"):
                return replace(node, text=self.catalogue.get(text, text))
            case Script(base, sub, sup):
                return Script(self._said(base), sub, sup and self._said(sup))
            case Atom():
                return node
            case _:
                return rebuilt(node, self._said)

    def block(self, block: Thing) -> Thing:
        """The block with the words in its displayed formulas in this language."""
        return block if self.code == ENGLISH.code else self._inside(block)

    def _inside(self, thing: Any) -> Any:
        match thing:
            case tuple():
                return tuple(map(self._inside, thing))
            case _ if isinstance(thing, Node):
                return self.formula(thing)
            case _ if is_dataclass(thing) and not isinstance(thing, type | told.Told | Math):
                changed = {field.name: self._inside(getattr(thing, field.name)) for field in fields(thing)}
                return replace(thing, **changed)
        return thing


def _most_first(section: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    return sorted(section.items(), key=lambda pair: -len(pair[0].replace("{}", "")))


def _parts_in(text: str, pattern: str) -> Sequence[str] | None:
    """What stands in the places of a pattern that made a text; None where it did not. Few patterns are ever compiled."""
    start, pieces = 0, pattern.split("{}")
    for piece in pieces:
        if (start := text.find(piece, start)) < 0:
            return None
        start += len(piece)
    found = _expression(pattern).fullmatch(text)
    return found and found.groups()


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(_PART.join(map(re.escape, pattern.split("{}"))), re.DOTALL)


def _capital(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces, the first with a capital where it is a word in small letters."""
    first = next(pieces, "")
    word = first if isinstance(first, str) else first.text if isinstance(first, Span) else ""
    if isinstance(word, str) and re.match(r"[a-z]+\b(?!_)", word):
        capital = word[:1].upper() + word[1:]
        first = replace(first, text=capital) if isinstance(first, Span) else capital
    yield first
    yield from pieces


def _in_order(said: told.Told) -> Iterator[Any]:
    first, *rest = said.pattern.split("{}")
    yield first
    for part, words in zip(said.parts, rest, strict=True):
        yield part
        yield words


def _plain(piece: Piece) -> str:
    match piece:
        case str():
            return piece
        case Math(node):
            return plain(node)
        case Span(text) | Link(text):
            return str(text)


ENGLISH = Language("en", "English")
_KOREAN = Language(
    "ko", "한국어", "kotex",
    ("Noto Serif CJK KR", "Noto Serif KR", "Source Han Serif K", "Nanum Myeongjo", "NanumMyeongjo", "UnBatang", "Batang",
     "AppleMyungjo", "Noto Sans CJK KR", "Noto Sans KR", "Nanum Gothic", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo"),
    with_particle,
)  # fmt: skip
LANGUAGES: dict[str, Language] = {row.code: row for row in (ENGLISH, _KOREAN)}


def language(code: str) -> Language:
    """The row of a code. Raises LanguageError where there is none."""
    if code not in LANGUAGES:
        raise LanguageError(f'there is no language "{code}": {mend(code, LANGUAGES)}')
    return LANGUAGES[code]


def refusal(error: SymbackpropError, code: object) -> str:
    """The message of an error in the language of a code; in English where the code names none, which may be what is wrong."""
    return (LANGUAGES.get(code, ENGLISH) if isinstance(code, str) else ENGLISH).refused(error)
