"""Networks from functions that are called: a person's own NumPy function runs once on traced arrays, and what it computes is read.

subject   the function with every array that it can reach, by path; calls on copies
stage     a NumPy whose new arrays can take traced values, for the time of a call
traced    the arrays: NumPy's protocols, views, writing
functions, shaping, indexing, masked, writing   what NumPy was asked for, as operations of the language
courses   both sides of a branch; scalars   numbers of Python as arrays
alike, unrolled   what a loop did entry by entry, as equations with letters
sizes     whole numbers that carry the size that they are; which sizes are one
names     what the local variables call the values
tracing   the calls: to learn the sizes, to write the program down, to try other sizes
"""

from __future__ import annotations

from symbackprop.notation.trace.faults import OfJax
from symbackprop.notation.trace.subject import Subject
from symbackprop.notation.trace.tracing import Tracing

__all__ = ["OfJax", "Subject", "Tracing"]
