"""An SVG being drawn: elements with short numbers, and ink whose outlines are written once and then used by name."""

from hashlib import sha256
from typing import assert_never
from xml.etree import ElementTree

from symbackprop.formulas.ink import OUTLINES, Ink
from symbackprop.pictures.picture import Frame, Group, Item, Mark, Picture, Stroke, head

PAPER, EDGE = "#ffffff", "#d0d7de"


def svgs(picture: Picture, prefix: str) -> str:
    """The picture as an SVG for each sheet, all as wide and without a frame, which share their outlines: paper is cut between them.

    prefix   put before its names, so that two pictures of a page do not mix; a page needs no namespaces.
    """
    written: set[str] = set()
    return "".join(svg(piece, prefix, written, picture.width) for piece in picture.pieces())


def svg(picture: Picture, prefix: str = "", written: set[str] | None = None, wide: float | None = None) -> str:
    """The picture as the text of one SVG, self-contained where it is not a part of a page; the same for the same picture.

    prefix    put before its names where it is a part of a page.
    written   the outlines that stand in the page already, to which its own are added.
    wide      the width of the frame that the page draws around it; None: it has a frame of its own.
    """
    told = repr((picture.title, picture.words, picture.width, picture.height))
    canvas = Canvas(f"{prefix}g" + sha256(told.encode(errors="replace")).hexdigest()[:6] if written is None else prefix)
    aside = 0.0 if wide is None else (wide - picture.width) / 2
    root = canvas.page(picture.width + 2 * aside, picture.height, picture.title, picture.words)
    root.set("style", "max-width:100%;height:auto")  # a browser that shows the file alone does not scroll sideways
    if wide is None:
        canvas.item(root, Frame(0.5, 0.5, picture.width - 1, picture.height - 1, 8.0, PAPER, EDGE, 1.0))
    for sheet, x, y in picture.placed():
        place = canvas.add(root, "g", transform=f"translate({number(x + aside)} {number(y)})") if x or y or aside else root
        for item in sheet.items:
            canvas.item(place, item)
    return canvas.finish(alone=not prefix, written=written)


class Canvas:
    """An SVG being drawn. `prefix` keeps its ids apart from those of other pictures in the same page."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.root = ElementTree.Element("svg")
        self._used: set[str] = set()

    def page(self, width: float, height: float, title: str, description: str) -> ElementTree.Element:
        """Give the picture its size in pixels and its words for those who do not see it; returns its root element."""
        self.root.set("width", number(width))
        self.root.set("height", number(height))
        self.root.set("viewBox", f"0 0 {number(width)} {number(height)}")
        self.root.set("role", "img")
        self.root.set("aria-label", _clean(title))
        self.add(self.root, "title", title)
        self.add(self.root, "desc", description)
        return self.root

    def add(self, parent: ElementTree.Element, tag: str, content: str = "", /, **traits: str | float) -> ElementTree.Element:
        """One element with its text. Numbers among its traits are rounded to hundredths; `_` in a name is `-`, none at its end."""
        element = ElementTree.SubElement(parent, tag)
        for name, trait in traits.items():
            element.set(name.rstrip("_").replace("_", "-"), _clean(trait) if isinstance(trait, str) else number(trait))
        if content:
            element.text = _clean(content)
        return element

    def item(self, parent: ElementTree.Element, item: Item) -> None:
        """Draw one item of a picture."""
        match item:
            case Mark(writing, x, y, colour):
                self.ink(parent, writing.ink, x, y, colour)
            case Frame():
                self._frame(parent, item)
            case Stroke():
                self._stroke(parent, item)
            case Group(items, title):
                group = self.add(parent, "g")
                if title:
                    self.add(group, "title", title)
                for part in items:
                    self.item(group, part)
            case _:
                assert_never(item)

    def _frame(self, parent: ElementTree.Element, frame: Frame) -> None:
        self.add(
            parent, "rect", x=frame.x, y=frame.y, width=frame.width, height=frame.height, rx=frame.corner,
            fill=frame.fill or "none", stroke=frame.line, stroke_width=frame.stroke, **_dashed(frame.dashes),
        )  # fmt: skip

    def _stroke(self, parent: ElementTree.Element, stroke: Stroke) -> None:
        *spline, tip = stroke.curve if stroke.arrow else [*stroke.curve, stroke.curve[-1]]
        start, *rest = [f"{number(x)} {number(y)}" for x, y in spline]
        traits = _dashed(stroke.dashes)
        self.add(parent, "path", d=f"M{start}C{' '.join(rest)}", fill="none", stroke=stroke.colour, stroke_width=1.3, **traits)
        if stroke.arrow:
            corners = head(spline[-1], tip)
            self.add(parent, "polygon", points=" ".join(f"{number(x)},{number(y)}" for x, y in corners), fill=stroke.colour)

    def ink(self, parent: ElementTree.Element, ink: Ink, x: float, y: float, colour: str) -> None:
        """Draw ink with its origin at x, y."""
        if not ink.width:
            return
        place = self.add(parent, "g", transform=f"translate({number(x)} {number(y)})", fill=colour)
        run, run_size = place, 0.0
        for outline, dx, dy, size in ink.glyphs:
            self._used.add(outline)
            if size != run_size:
                run, run_size = self.add(place, "g", transform=f"scale({size / 1000:.5g})"), size
            places = {name: f"{at * 1000 / size:.0f}" for name, at in (("x", dx), ("y", dy)) if at}
            self.add(run, "use", **places).set("xlink:href", f"#{self.prefix}{outline}")
        for dx, dy, width, height in ink.rules:
            self.add(place, "rect", x=dx, y=dy, width=width, height=height)
        for word, dx, dy, size, width in ink.words:
            self.add(place, "text", word, x=dx, y=dy, font_size=size, font_family="sans-serif", textLength=width)

    def finish(self, alone: bool = True, written: set[str] | None = None) -> str:
        """The text of the SVG, with the outlines that it uses but those that are `written` already."""
        definitions = ElementTree.Element("defs")
        known = set() if written is None else written
        for outline in sorted(self._used - known):
            self.add(definitions, "path", id=f"{self.prefix}{outline}", d=OUTLINES[outline])
        known |= self._used
        if len(definitions):
            self.root.insert(sum(child.tag in ("title", "desc") for child in self.root), definitions)
        if alone:  # xlink:href is read by old viewers and by new ones, in a file and within a page
            self.root.set("xmlns", "http://www.w3.org/2000/svg")
            self.root.set("xmlns:xlink", "http://www.w3.org/1999/xlink")
        return ElementTree.tostring(self.root, encoding="unicode") + "\n"


def number(quantity: float) -> str:
    """A coordinate in hundredths, without idle zeros."""
    digits = f"{quantity:.2f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def _dashed(dashes: str) -> dict[str, str]:
    return {} if dashes == "none" else {"stroke_dasharray": dashes}


def _clean(content: str) -> str:
    """The text without the control characters that XML forbids."""
    return "".join(letter for letter in content if letter.isprintable() or letter == "\n")
