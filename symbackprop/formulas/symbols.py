"""The macros that formulas may use: one row a macro, its character, and its part in the formula.

The table is the whitelist: a macro that is not here is refused by `formula.parse`. Every row is one that TeX,
MathML and ziamath agree on; a test walks the rows through all of them.
"""

from typing import Literal

Kind = Literal[
    "letter", "upright", "number", "binary", "relation", "open", "close", "punctuation", "big", "limit", "function", "text", "space"
]

_LETTERS = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ϵ",
    "varepsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "vartheta": "ϑ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "varrho": "ϱ",
    "sigma": "σ",
    "varsigma": "ς",
    "tau": "τ",
    "upsilon": "υ",
    "phi": "ϕ",
    "varphi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "ell": "ℓ",
    "partial": "∂",
}
_UPRIGHT = {
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Upsilon": "Υ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
    "nabla": "∇",
    "infty": "∞",
    "top": "⊤",
    "bot": "⊥",
    "emptyset": "∅",
    "forall": "∀",
    "exists": "∃",
    "prime": "′",
    "ldots": "…",
    "dots": "…",
    "cdots": "⋯",
    "vdots": "⋮",
    "ddots": "⋱",
    "%": "%",
    "#": "#",
    "&": "&",
    "$": "$",
    "_": "_",
}
_BINARY = {
    "cdot": "⋅",
    "times": "×",
    "odot": "⊙",
    "oplus": "⊕",
    "otimes": "⊗",
    "circ": "∘",
    "ast": "∗",
    "star": "⋆",
    "pm": "±",
    "mp": "∓",
    "div": "÷",
    "wedge": "∧",
    "vee": "∨",
    "cup": "∪",
    "cap": "∩",
    "setminus": "∖",
}
_RELATIONS = {
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "lt": "<",
    "gt": ">",
    "approx": "≈",
    "equiv": "≡",
    "sim": "∼",
    "simeq": "≃",
    "propto": "∝",
    "in": "∈",
    "notin": "∉",
    "subset": "⊂",
    "subseteq": "⊆",
    "to": "→",
    "rightarrow": "→",
    "leftarrow": "←",
    "leftrightarrow": "↔",
    "mapsto": "↦",
    "Rightarrow": "⇒",
    "Leftarrow": "⇐",
    "Leftrightarrow": "⇔",
    "mid": "∣",
    "ll": "≪",
    "gg": "≫",
    "perp": "⟂",
}
_OPEN = {"{": "{", "lbrace": "{", "lbrack": "[", "langle": "⟨", "lfloor": "⌊", "lceil": "⌈", "lVert": "‖", "lvert": "|"}
_CLOSE = {"}": "}", "rbrace": "}", "rbrack": "]", "rangle": "⟩", "rfloor": "⌋", "rceil": "⌉", "rVert": "‖", "rvert": "|"}
_BIG = {"sum": "∑", "prod": "∏", "int": "∫", "bigcup": "⋃", "bigcap": "⋂"}
_LIMITS = ("max", "min", "sup", "inf", "lim", "det")
_FUNCTIONS = (
    "log",
    "ln",
    "exp",
    "sin",
    "cos",
    "tan",
    "cot",
    "sec",
    "csc",
    "sinh",
    "cosh",
    "tanh",
    "coth",
    "arcsin",
    "arccos",
    "arctan",
    "dim",
    "ker",
    "arg",
)

# Widths of the spaces, in ems, as TeX has them.
SPACES = {"!": -0.1667, ",": 0.1667, ":": 0.2222, ";": 0.2778, " ": 0.25, "quad": 1.0, "qquad": 2.0}

_GROUPS: tuple[tuple[Kind, dict[str, str]], ...] = (
    ("letter", _LETTERS),
    ("upright", _UPRIGHT),
    ("binary", _BINARY),
    ("relation", _RELATIONS),
    ("open", _OPEN),
    ("close", _CLOSE),
    ("big", _BIG),
    ("limit", {name: name for name in _LIMITS}),
    ("function", {name: name for name in _FUNCTIONS}),
)
SYMBOLS: dict[str, tuple[str, Kind]] = {name: (char, kind) for kind, table in _GROUPS for name, char in table.items()}

# Characters that stand for themselves; anything that is a letter or a digit does so as well.
CHARACTERS: dict[str, tuple[str, Kind]] = {
    "+": ("+", "binary"),
    "-": ("−", "binary"),
    "*": ("∗", "binary"),
    "/": ("/", "upright"),
    "=": ("=", "relation"),
    "<": ("<", "relation"),
    ">": (">", "relation"),
    ":": (":", "relation"),
    ",": (",", "punctuation"),
    ";": (";", "punctuation"),
    "(": ("(", "open"),
    "[": ("[", "open"),
    ")": (")", "close"),
    "]": ("]", "close"),
    "|": ("|", "upright"),
    ".": (".", "upright"),
    "!": ("!", "close"),
    "?": ("?", "close"),
}

# What may stand after \left and \right; the point is an empty delimiter.
DELIMITERS = {
    "(": "(",
    ")": ")",
    "[": "[",
    "]": "]",
    "|": "|",
    ".": "",
    r"\{": "{",
    r"\}": "}",
    r"\|": "‖",
    **{
        "\\" + name: SYMBOLS[name][0]
        for name in (
            "lbrace",
            "rbrace",
            "lbrack",
            "rbrack",
            "langle",
            "rangle",
            "lfloor",
            "rfloor",
            "lceil",
            "rceil",
            "lVert",
            "rVert",
            "lvert",
            "rvert",
        )
    },
}

# Marks above a letter: the character for MathML, and the combining character for plain text.
ACCENTS = {
    "hat": ("^", "\u0302"),
    "widehat": ("^", "\u0302"),
    "bar": ("¯", "\u0304"),
    "overline": ("¯", "\u0305"),
    "tilde": ("~", "\u0303"),
    "dot": ("˙", "\u0307"),
    "ddot": ("¨", "\u0308"),
    "vec": ("→", "\u20d7"),
}

ENVIRONMENTS = {
    "matrix": ("", ""),
    "bmatrix": ("[", "]"),
    "pmatrix": ("(", ")"),
    "vmatrix": ("|", "|"),
    "cases": ("{", ""),
}

# Alphabets: where the letters A, a and the digit 0 begin in Unicode; `mathrm` and the names keep the plain letters.
ALPHABETS = {
    "mathbf": (0x1D400, 0x1D41A, 0x1D7CE), "mathbb": (0x1D538, 0x1D552, 0x1D7D8), "mathcal": (0x1D49C, 0x1D4B6, None),
    "boldsymbol": (0x1D468, 0x1D482, 0x1D7CE),
}  # fmt: skip
# Unicode had these letters before it had the alphabets.
ALPHABET_HOLES = {
    "mathbb": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "mathcal": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "boldsymbol": {"π": "𝝅"},
}
# Macros with an argument of their own kind; `formula.parse` knows what each one takes.
STRUCTURES = ("frac", "sqrt", "text", "mathrm", "operatorname", "left", "right", "begin", "end")

MACROS = frozenset((*SYMBOLS, *SPACES, *ACCENTS, *ALPHABETS, *STRUCTURES))
"""Every macro that a formula may use, without its backslash."""
