"""Pictures in a page: only what draws, and no two pictures meet."""

import pytest

from symbackprop.pictures.svg import inline_svg

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'


def test_names_are_kept_apart_and_links_into_the_page_stay() -> None:
    drawn = inline_svg(
        f'<?xml version="1.0"?>{HEAD}<defs><marker id="tip"/></defs><path d="M0 0" marker-end="url(#tip)"/>'
        '<use xlink:href="#tip"/><a href="#step-z"><text>z &lt; 1</text></a></svg>',
        "p1-",
    )
    assert 'id="p1-tip"' in drawn
    assert 'marker-end="url(#p1-tip)"' in drawn
    assert '<use href="#p1-tip">' in drawn
    assert '<a href="#step-z"><text>z &lt; 1</text></a>' in drawn
    assert 'viewBox="0 0 9 9"' in drawn


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<path onclick="alert(1)"/>',
        '<foreignObject><b xmlns="x">b</b></foreignObject>',
        '<image href="http://example.org/x.png"/>',
        '<use href="http://example.org/x.svg#a"/>',
        '<a href="javascript:alert(1)"><text>t</text></a>',
        '<path style="fill:url(http://example.org/x)"/>',
        "<style>@import 'http://example.org/x.css';</style>",
        '<set attributeName="href" to="javascript:alert(1)"/>',
    ],
)
def test_what_runs_or_loads_is_left_out(evil: str) -> None:
    drawn = inline_svg(f"{HEAD}{evil}<circle r='1'/></svg>", "p-")
    assert "alert" not in drawn
    assert "example.org" not in drawn
    assert '<circle r="1">' in drawn


def test_a_style_holds_for_its_picture_only() -> None:
    assert "<style>#p-picture{.a{fill:url(#p-b)} *{x:1}}</style>" in inline_svg(
        f'{HEAD}<style>.a{{fill:url(#b)}} *{{x:1}}</style><g id="b"/></svg>', "p-"
    )


@pytest.mark.parametrize("text", ["", "<p>x</p>", "<svg><g></svg>", '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'])
def test_what_is_no_picture_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="figure: the "):
        inline_svg(text, "p-")
