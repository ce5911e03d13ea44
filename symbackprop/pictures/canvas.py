"""An SVG being drawn: elements with short numbers, and ink whose outlines are written once and then used by name."""

from math import atan2, cos, sin
from xml.etree import ElementTree

from symbackprop.formulas.ink import OUTLINES, Ink


class Canvas:
    """An SVG being drawn. `prefix` keeps its ids apart from those of other pictures in the same page."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        # xlink:href is read by old viewers and by new ones, in a file and within a page.
        self.root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg"})
        self.root.set("xmlns:xlink", "http://www.w3.org/1999/xlink")
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

    def curve(self, parent: ElementTree.Element, curve: list[tuple[float, float]], colour: str, arrow: bool) -> None:
        """A Bezier spline: its start and three points for each piece; with an arrow, the tip of it after them."""
        *spline, tip = curve if arrow else [*curve, curve[-1]]
        start, *rest = [f"{number(x)} {number(y)}" for x, y in spline]
        self.add(parent, "path", d=f"M{start}C{' '.join(rest)}", fill="none", stroke=colour, stroke_width=1.3)
        if arrow:
            self.arrow(parent, spline[-1], tip, colour)

    def arrow(self, parent: ElementTree.Element, base: tuple[float, float], tip: tuple[float, float], colour: str) -> None:
        """The head of an arrow that comes from the base."""
        angle = atan2(tip[1] - base[1], tip[0] - base[0])
        back_x, back_y = tip[0] - 8.0 * cos(angle), tip[1] - 8.0 * sin(angle)
        wing_x, wing_y = 3.3 * sin(angle), -3.3 * cos(angle)
        corners = (tip, (back_x + wing_x, back_y + wing_y), (back_x - wing_x, back_y - wing_y))
        self.add(parent, "polygon", points=" ".join(f"{number(x)},{number(y)}" for x, y in corners), fill=colour)

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

    def finish(self) -> str:
        """The text of the SVG, with the outlines that it uses."""
        definitions = ElementTree.Element("defs")
        for outline in sorted(self._used):
            self.add(definitions, "path", id=f"{self.prefix}{outline}", d=OUTLINES[outline])
        if self._used:
            self.root.insert(sum(child.tag in ("title", "desc") for child in self.root), definitions)
        return ElementTree.tostring(self.root, encoding="unicode") + "\n"


def number(quantity: float) -> str:
    """A coordinate in hundredths, without idle zeros."""
    digits = f"{quantity:.2f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def _clean(content: str) -> str:
    """The text without the control characters that XML forbids."""
    return "".join(letter for letter in content if letter.isprintable() or letter == "\n")
