"""SVG as a part of a web page: only what draws is kept, and its names cannot meet those of another picture."""

import re
from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree

_SPACES = {"http://www.w3.org/2000/svg", ""}
_ELEMENTS = {
    "svg", "g", "a", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan",
    "title", "desc", "style", "clipPath", "mask", "linearGradient", "radialGradient", "stop", "marker", "pattern",
}  # fmt: skip
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression\(|javascript:|\\", re.IGNORECASE)


def inline_svg(svg: str, prefix: str) -> str:
    """The picture as an element of an HTML page.

    svg: a whole SVG file or element; prefix: put before the picture's own names, so that two pictures do not mix.
    Links stay where they lead to a place in the page. Scripts, foreign elements, handlers and whatever would load
    something are left out.
    Raises ValueError where the text is no well-formed SVG.
    """
    start = svg.find("<svg")
    if start < 0 or "<!ENTITY" in svg:
        raise ValueError("figure: the text is no SVG picture; it needs an <svg> element and no entities")
    try:
        root = ElementTree.fromstring(svg[start:])
    except ElementTree.ParseError as error:
        raise ValueError(f"figure: the SVG is not well-formed: {error}") from None
    root.set("id", root.get("id", "picture"))
    names = {element.get("id", "") for element in root.iter()} - {""}
    return "".join(_write(root, names, prefix, prefix + root.get("id", "")))


def _write(element: ElementTree.Element, names: set[str], prefix: str, picture: str) -> Iterator[str]:
    space, _, tag = element.tag.rpartition("}") if isinstance(element.tag, str) else ("", "", "")
    if space.lstrip("{") not in _SPACES or tag not in _ELEMENTS:
        return
    if tag == "style" and _OUTSIDE.search(element.text or ""):
        return
    yield f"<{tag}{''.join(_attributes(element, names, prefix))}>"
    if tag == "style":
        # A style is read for the whole page, so it is nested into the picture that it belongs to.
        yield escape(f"#{picture}{{{_reference(element.text or '', names, prefix)}}}", quote=False)
    else:
        yield escape(element.text or "")
    for child in element:
        yield from _write(child, names, prefix, picture)
        yield escape(child.tail or "")
    yield f"</{tag}>"


def _attributes(element: ElementTree.Element, names: set[str], prefix: str) -> Iterator[str]:
    for key, value in element.attrib.items():
        space, _, name = key.rpartition("}")
        if name.lower().startswith("on") or (space and name != "href"):
            continue
        if name == "href":
            if not value.startswith("#"):
                continue
            value = f"#{prefix}{value[1:]}" if value[1:] in names else value
        elif name == "id":
            value = prefix + value
        elif _OUTSIDE.search(value):
            continue
        else:
            value = _reference(value, names, prefix)
        yield f' {name}="{escape(value)}"'


def _reference(value: str, names: set[str], prefix: str) -> str:
    return _REFERENCE.sub(lambda match: f"url(#{prefix if match[1] in names else ''}{match[1]})", value)
