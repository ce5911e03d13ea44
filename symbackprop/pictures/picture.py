"""A picture as data: frames, lines and writing at their places, in pixels, y down. SVG and TikZ are each one walk over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import atan2, ceil, cos, sin
from typing import TYPE_CHECKING, NamedTuple, assert_never

from symbackprop.formulas.told import Told
from symbackprop.formulas.tree import Node as Formula

if TYPE_CHECKING:
    from symbackprop.formulas.ink import Ink

Point = tuple[float, float]


POINTS = 0.6
"""Points of a pixel on paper: a formula of 17 pixels is set in 10 points."""


_BAND = 0.5


class Page(NamedTuple):
    """The room for a picture in pixels.

    tall    of each of its sheets; None where it may be as tall as it is.
    points  of a pixel, on paper.
    say     how words are said in the language of the page.
    band    how tall a sheet of several is, where they stand below one another on pages; None where each has its own.
    """

    wide: float
    tall: float | None = None
    points: float = POINTS
    say: Callable[[Told], str] = str
    band: float | None = None


SCREEN = Page(1250.0)
"""A large one."""

PAPER = Page(740.0, 1090.0)
"""A page of a paper."""


def in_points(wide: float, tall: float = 654.0) -> tuple[Page, ...]:
    """Pages of a paper of so many points: for formulas in 10 points, and in 8.5 and 7.5 for larger pictures."""
    sizes = ((points, wide / points, tall / points) for points in (POINTS, 0.5, 0.44))
    return tuple(Page(across, down, points, band=_BAND * down) for points, across, down in sizes)


PAPERS = in_points(444.0)
"""Those of a whole paper."""

SLIDES = tuple(Page(410.0 / points, 196.0 / points, points) for points in (0.5, 0.42))
"""What a slide of 16 by 9 holds below its title, whose letters are of 10 points: formulas in 8.5 points, or in 7."""


class Writing(NamedTuple):
    """What is written, measured: a formula, words, or rows of numbers (a line each), in letters of a size."""

    ink: Ink
    says: Formula | str
    size: float


@dataclass(frozen=True)
class Mark:
    """Writing with the left end of its baseline at a place."""

    writing: Writing
    x: float
    y: float
    colour: str


@dataclass(frozen=True)
class Frame:
    """A rectangle, its corners rounded by a radius; an empty fill is none."""

    x: float
    y: float
    width: float
    height: float
    corner: float
    fill: str
    line: str
    stroke: float
    dashes: str = "none"


@dataclass(frozen=True)
class Stroke:
    """A line: its start and three points for each Bezier piece; with an arrow, its tip after them."""

    curve: tuple[Point, ...]
    colour: str
    arrow: bool = False
    dashes: str = "none"


@dataclass(frozen=True)
class Group:
    """What belongs together, with its words for those who do not see it."""

    items: tuple[Item, ...]
    title: str = ""


Item = Mark | Frame | Stroke | Group


@dataclass(frozen=True)
class Sheet:
    """A piece of a picture that stays together."""

    width: float
    height: float
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Picture:
    """Sheets below one another, with a title and a description in words; points: of a pixel, on paper."""

    sheets: tuple[Sheet, ...]
    title: str
    words: str
    points: float = POINTS

    @property
    def width(self) -> float:
        return max(sheet.width for sheet in self.sheets)

    @property
    def height(self) -> float:
        return sum(sheet.height for sheet in self.sheets)

    def pieces(self) -> tuple[Picture, ...]:
        """Each sheet as a picture of its own, for what has pages."""
        return tuple(replace(self, sheets=(sheet,)) for sheet in self.sheets)

    def placed(self) -> Iterator[tuple[Sheet, float, float]]:
        """The sheets with the place of each one's upper left corner."""
        y = 0.0
        for sheet in self.sheets:
            yield sheet, (self.width - sheet.width) / 2, y
            y += sheet.height


def on_paper(draw: Callable[[Page], Picture], say: Callable[[Told], str] = str, pages: Sequence[Page] = PAPERS) -> Picture:
    """What is drawn for a page, on the fewest sheets of paper, and on those as large as can be.

    say     how words are said on it.
    pages   the sheets that there are, those for the largest letters first.
    """
    drawn = []
    for page in pages:
        picture = draw(page._replace(say=say))
        if len(picture.sheets) == 1 and picture.width <= page.wide:
            return picture
        drawn.append((page, picture))
    fitting = [(page, picture) for page, picture in drawn if picture.width <= page.wide] or drawn[-1:]
    return min(fitting, key=lambda one: _pages(*one))[1]


def _pages(page: Page, picture: Picture) -> float:
    """How many pages a picture takes; those of sheets that stand below one another in quarters."""
    tall = sum(sheet.height for sheet in picture.sheets)
    return len(picture.sheets) if page.band is None or page.tall is None else ceil(4 * tall / page.tall) / 4


def moved(item: Item, dx: float, dy: float) -> Item:
    """The same further to the right and down."""
    match item:
        case Mark() | Frame():
            return replace(item, x=item.x + dx, y=item.y + dy)
        case Stroke():
            return replace(item, curve=tuple((x + dx, y + dy) for x, y in item.curve))
        case Group():
            return replace(item, items=tuple(moved(part, dx, dy) for part in item.items))
        case _:
            assert_never(item)


def head(base: Point, tip: Point) -> tuple[Point, Point, Point]:
    """The corners of the head of an arrow that comes from the base."""
    angle = atan2(tip[1] - base[1], tip[0] - base[0])
    back_x, back_y = tip[0] - 8.0 * cos(angle), tip[1] - 8.0 * sin(angle)
    wing_x, wing_y = 3.3 * sin(angle), -3.3 * cos(angle)
    return tip, (back_x + wing_x, back_y + wing_y), (back_x - wing_x, back_y - wing_y)
