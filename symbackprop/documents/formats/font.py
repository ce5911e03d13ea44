"""The formula face of a page: STIX Two Math, cut down to the characters that the page uses."""

import base64
import io
import logging
from functools import lru_cache
from importlib.resources import files

# Italic letters have their own characters, which a browser puts in place of a single letter in a formula.
_ITALIC = {
    **{chr(ord("A") + place): chr(0x1D434 + place) for place in range(26)},
    **{chr(ord("a") + place): chr(0x1D44E + place) for place in range(26)},
    "h": "ℎ",
    **{chr(ord("Α") + place): chr(0x1D6E2 + place) for place in range(25)},
    **{chr(ord("α") + place): chr(0x1D6FC + place) for place in range(25)},
    "∂": "𝜕",
    "ϵ": "𝜖",
    "ϑ": "𝜗",
    "ϕ": "𝜙",
    "ϱ": "𝜚",
    "ı": "𝚤",
}
# A browser draws these in place of the characters that a formula has.
_ALWAYS = " \u00a0√\u0302\u0303\u0304\u0307\u0308\u20d7^~¯˙¨′"


@lru_cache(maxsize=16)
def math_font(characters: frozenset[str]) -> str:
    """The font with these characters, its table of formula layout and its licence, as WOFF in base64.

    The same characters give the same bytes. It is "" where nothing cuts a font, as in a browser.
    """
    try:
        from fontTools.subset import Options, Subsetter
        from fontTools.ttLib import TTFont
    except ModuleNotFoundError:
        return ""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    source = files("ziamath").joinpath("fonts", "STIXTwoMath-Regular.ttf").read_bytes()
    font = TTFont(io.BytesIO(source), recalcTimestamp=False)
    del font["GPOS"]  # pairs of letters that stand closer: none in formulas, and a third of the work
    options = Options()
    options.hinting = False
    options.layout_features = ["ssty", "dtls", "ccmp"]
    options.name_IDs = [0, 1, 2, 13, 14]
    subsetter = Subsetter(options)
    wanted = characters | {_ITALIC[char] for char in characters if char in _ITALIC} | set(_ALWAYS)
    subsetter.populate(unicodes=sorted(ord(char) for char in wanted))
    subsetter.subset(font)
    font.flavor = "woff"  # WOFF2 is a quarter smaller and takes four times as long
    buffer = io.BytesIO()
    font.save(buffer, reorderTables=False)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
