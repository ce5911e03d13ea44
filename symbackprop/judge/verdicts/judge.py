"""One claim: read, held against the truth in each of its readings, and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from symbackprop.core.program import Program, shape_text
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.latex import latex
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Formula, Told, listed, name, several, told
from symbackprop.formulas.tree import Node, Row, items_of, split
from symbackprop.judge.mistakes.edit import Finding
from symbackprop.judge.mistakes.swapped import swapped
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import as_said, goal_for, limits, refused
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.case import Case
from symbackprop.judge.verdicts.diagnose import Diagnosis, counterexample
from symbackprop.judge.verdicts.displayed import bound, displayed
from symbackprop.judge.verdicts.doubted import doubted, says_nothing
from symbackprop.judge.verdicts.labels import sums_used
from symbackprop.judge.verdicts.refit import refitted
from symbackprop.judge.verdicts.small import NAMES, as_claim, meant, with_small
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.conventions import Convention, convention
from symbackprop.judge.weighing.counterexample import Counterexample
from symbackprop.judge.weighing.kinks import choices
from symbackprop.judge.weighing.reading import Claim, DoesNotFit, NotUnderstood, Reading, Said, read
from symbackprop.judge.weighing.region import region
from symbackprop.judge.weighing.truth import WITNESSES, Truth
from symbackprop.judge.weighing.weigh import Bindings, Goal, Weighed, weigh
from symbackprop.notation.claims.shapes import BOLD, DOT, DOTTED

DIFFERS = ("wrong", "wrong region", "up to convention", "wrong shape")  # by which a side of a chain is not equal to the last
ROUNDED = 5e-3  # relative: what numbers that were rounded on the way may be off by
STRANGE = 0.9  # the weight from which on the claim's own spelling says better what went wrong


def _by_factor(found: Weighed) -> Convention | None:
    """The factor by which what was held against the truth differs from it, where that is all."""
    pairs, sizes = [(s.claimed, s.true) for s in found.samples], [s.place.sizes for s in found.samples]
    return convention(pairs, sizes, 0) if pairs and found.shapes is None else None


class Judge:
    """Judges claims about one truth.

    symbols   what claims call otherwise.
    allow     conventions by which a claim counts as right.
    by_own    names of a person's own by which steps differentiate, with what they were given as.
    losses    functions of a person's own that steps write out and differentiate, other than the loss of the network.
    given     what steps gave names to that are nothing of the network, by these names; None where a name was given twice.
    """

    def __init__(self, case: Case, symbols: Mapping[str, str], allow: tuple[str, ...]) -> None:
        self.truth, self.diagnosis = case
        self.symbols, self.allow = symbols, allow
        self.by_own: dict[str, tuple[Program | str, Bindings]] = {}
        self.losses: dict[str, Program] = {}
        self.given: dict[str, Program | None] = {}

    def give(self, name: str, program: Program) -> None:
        """Know what a step gave a name to."""
        self.given[name] = program if self.given.get(name, program) == program else None

    def beside(self, truth: Truth) -> Judge:
        """A judge of claims about another truth."""
        return Judge(Case(truth, Diagnosis()), {}, ())

    def alone(self, what: Asked, claim: Any) -> Judged:
        """A claim by itself; its epsilon is the one small number of the network."""
        small = meant(self.truth, claim)
        names = () if small is None else NAMES
        said, bindings = Said(dict.fromkeys(names, ())), tuple((one, as_claim(small)) for one in names if small is not None)

        def reading(text: str) -> Claim:
            return read(text, self.truth, what.of, what.wrt, self.symbols, said)

        try:
            understood = reading(claim)
        except NotUnderstood as fault:
            judged = self.by_the_report(what, claim) or self.unread(what, fault)
            return replace(self.refit(what, judged, claim, reading, bindings), given=str(claim))
        what = as_said(self.truth, what, understood.left)
        judged = self.by_the_report(what, claim) if understood.unknown else None
        judged = judged or self.judge(what, understood, bindings)
        if not judged.right and not understood.unknown:
            judged = self.by_the_report(what, claim) or judged
        judged = self.refit(what, judged, claim, reading, bindings)
        return replace(with_small(judged, claim, small), given=str(claim))

    def unread(self, what: Asked, fault: NotUnderstood) -> Judged:
        """What is answered to a claim that has no reading: it is wrong where the shapes in it fit in none."""
        if not isinstance(fault, DoesNotFit):
            return Judged(what.name, what, "not understood", fault.told)
        truth = None if what.second else self.truth.formula(what.wrt, what.of)
        return Judged(what.name, what, "wrong shape", fault.told, truth=truth)

    def refit(
        self, what: Asked, judged: Judged, claim: Any, reading: Callable[[str], Claim] | None = None, bindings: Bindings = ()
    ) -> Judged:
        """A claim of the wrong shape with the edit of its text that makes it right, where there is one.

        reading, bindings   how a claim is read, and what the names in it stand for, where it is a step.
        """
        if judged.kind != "wrong shape" or judged.mistakes or what.second or not isinstance(claim, str):
            return judged

        def tried(text: str) -> bool | Convention | str | None:
            try:
                understood = reading(text) if reading else read(text, self.truth, what.of, what.wrt, self.symbols)
                first = understood.readings[0]
                if understood.unknown or not first.fits:
                    return None if understood.unknown else str(first.shape)
                found = weigh(goal_for(self.truth, what, first.program, first.at), first.program, bindings)
            except DoesNotFit as fault:
                return fault.fault
            except (NotUnderstood, PointError):
                return None
            return bool(found.agrees) or _by_factor(found)

        mistake = refitted(claim, tried)
        return judged if mistake is None else replace(judged, mistakes=(mistake,), corrected=(judged.truth,))

    def by_the_report(self, what: Asked, claim: Any) -> Judged | None:
        """The claim in the names that only the report gives, where it is right by them: a person may mean others by them."""
        names = displayed(self.truth)
        try:
            understood = read(claim, self.truth, what.of, what.wrt, self.symbols, Said(names))
        except NotUnderstood:
            return None
        if understood.unknown:
            return None
        mentioned = {n for r in understood.readings for t in r.program.inputs for n in (t.name, t.role.wrt if t.role else "")}
        used = [n for n in names if n in mentioned]
        first, bindings = understood.readings[0], bound(self.truth, used)
        if not used or what.second:
            return None
        try:
            goal = goal_for(self.truth, what, first.program, first.at)
            doubt = self.truth.doubt(what.wrt, what.of) or refused(what, understood, [goal], bindings)
            found = None if doubt else weigh(goal, first.program, bindings)
        except PointError:
            return None
        if found is None or not found.agrees:
            return None
        judged = self.verdict(what, understood, first, goal, found, bindings)
        shown = list(dict.fromkeys(name(one) for one in used))
        return replace(judged, remarks=(*judged.remarks, told("{} as the report names it", listed(shown))))

    def judge(self, what: Asked, claim: Claim, bindings: Bindings = ()) -> Judged:
        """A claim that was read: the verdict on its last side, and on those before it where it is a chain of equalities."""
        judged = self.side(what, claim, bindings)
        if claim.unread and judged.right:
            why = told("a side of its chain is not understood: {}", claim.unread[0])
            return replace(judged, kind="undecided", because=why)
        for one in claim.between:
            if not (judged.right or judged.wrong):
                break
            found = self.side(what, one, bindings)
            shown = listed([Formula(plain(formula), formula) for formula in found.formulas])
            if judged.right and found.kind == "wrong shape" and _is_of_layout(one, found):
                note = told("the side {} of the chain says the rule alone: as its factors stand, their shapes do not fit", shown)
                judged = replace(judged, remarks=(*judged.remarks, note))
            elif (
                judged.right
                and found.kind in DIFFERS
                and not (_is_of_layout(one, found) or (self.truth.pinned and found.error < ROUNDED))
            ):
                why = told("the side {} of the chain is {}", shown, found.said)
                return replace(found, kind="right result, wrong step", because=why, allowed=False, convention=None)
            if judged.right and found.kind == "undecided" and found.error > ROUNDED:
                return replace(judged, kind="undecided", because=found.because, remarks=found.remarks)
            if judged.wrong and found.right:
                note = told("right up to {}: what follows it is not equal to it", shown)
                judged = replace(judged, remarks=(*judged.remarks, note))
        return judged

    def side(self, what: Asked, claim: Claim, bindings: Bindings = ()) -> Judged:
        """One side that was read: the verdict over its readings, the plainest first."""
        try:
            goals = [goal_for(self.truth, what, r.program, r.at) for r in claim.readings]
            doubt = self.truth.doubt(what.wrt, what.of)
        except PointError as fault:
            return Judged(what.name, what, "undecided", told("{}", str(fault)), claim.formulas)
        doubt = doubt or refused(what, claim, goals, bindings)
        if doubt:
            return Judged(what.name, what, "undecided", doubt, claim.formulas)
        found = [(r, g, weigh(g, r.program, bindings)) for r, g in zip(claim.readings, goals, strict=True)]
        found.sort(key=lambda one: one[0].cost)
        right = [f for f in found if f[2].agrees]
        if claim.unknown:
            if not right:
                letters = listed([written(one) for one in claim.unknown])
                return Judged(what.name, what, "undecided", told("what is {}?", letters))  # a reading would have guessed
            return self.verdict(what, claim, *right[0], bindings)
        plainest = [f for f in found if f[0].cost == found[0][0].cost]
        bold = BOLD & {*found[0][0].notes}
        for way in dict.fromkeys((r.origin, r.at) for r, _, _ in plainest):  # indices count as they make the claim right
            own = [one for one in plainest if (one[0].origin, one[0].at) == way]
            if not bold and all(one[2].agrees for one in own):
                return self.verdict(what, claim, *own[0], bindings)
        dotted = [f for f in right if DOTTED in f[0].notes and DOT not in f[0].notes]
        if dotted and not BOLD & {*dotted[0][0].notes}:  # u \cdot v of entries, as on paper where all are numbers
            return self.verdict(what, claim, *dotted[0], bindings)
        if right and (bold or len([f for f in plainest if f[2].agrees]) < len(plainest)):
            one, points = right[0][0], len(right[0][2].samples)
            how = listed(one.notes, "; ") if one.formula is None else Formula(latex(one.formula), one.formula)
            why = told("right if read as {}", how)
            return Judged(what.name, what, "undecided", why, claim.formulas, remarks=one.notes, points=points)
        judged = self.verdict(what, claim, *next((f for f in plainest if f[0].at), plainest[0]), bindings)
        dotted = [f for f in found if DOTTED in f[0].notes and DOT not in f[0].notes]
        if judged.mistakes or not dotted:
            return judged
        other = self.verdict(what, claim, *dotted[0], bindings)
        return other if other.mistakes else judged

    def verdict(self, what: Asked, claim: Claim, reading: Reading, goal: Goal, found: Weighed, bindings: Bindings) -> Judged:
        """What is answered to one reading."""
        given = [(written(letter), self.truth.guessed(guess)) for letter, guess in reading.guesses.items()]
        guesses = [told("{} is taken to be {}", *guess) for guess in given]
        about: dict[str, Any] = {
            "formulas": claim.formulas if reading.formula is None else (reading.formula,),
            "remarks": (*reading.notes, *limits(goal), *guesses, *what.notes),
            "witnesses": WITNESSES,
            "left": reading.left,
            "points": len(found.samples),
            "error": found.margin,
        }
        if found.agrees is None:
            return Judged(what.name, what, "undecided", found.why, **about)
        about["truth"] = None if what.second else self.truth.formula(what.wrt, what.of, goal.steps)
        left, against = claim.left, Told()
        if left.contradicts and left.wrt is not None:
            own = self.truth.gradient(left.wrt, left.of)
            against = told("the left-hand side is {}, but what is claimed is {}", own, what.shown)
        if found.agrees and against:
            named = Convention(("left",), against, told("write {} on the left", what.shown))
            return self.conventional(what, named, about)
        if against:
            about["remarks"] = (against, *about["remarks"])
        if found.agrees and left.partial and says_nothing(goal, reading.program, bindings, found):
            return Judged(what.name, what, "undecided", told("there are no entries that it is about"), **about)
        if found.agrees:
            stands = told("if {}", several([told("{} is {}", *guess) for guess in given])) if given else Told()
            kind = f"right, {'identity' if found.identity else 'numeric'}"
            about["remarks"] += (*choices(found), *(sums_used(goal, reading.program) if not bindings else ()))
            return Judged(what.name, what, kind, stands, bits=found.bits, **about)
        judged = self.differing(what, goal, found, about, lambda: counterexample(goal, reading.program, bindings, found))
        if left.partial and judged.kind == "wrong region":  # of entries of which nothing is said
            judged = replace(judged, kind="wrong", because=Told())
        return doubted(judged, goal, reading, bindings, found)

    def differing(
        self, what: Asked, goal: Goal, found: Weighed, about: dict[str, Any], fails: Callable[[], Counterexample | None]
    ) -> Judged:
        """What is answered to a claim that is not right as it stands: how it differs, by which mistake, and where it fails."""
        lead = max(len(goal.shape) - what.rank, 0)
        if found.shapes is None and not any(s.claimed.any() for s in found.samples):
            about["remarks"] = (*about.get("remarks", ()), told("it is 0 everywhere"))
            return Judged(what.name, what, "wrong", counterexample=fails(), **about)
        named = convention([(s.claimed, s.true) for s in found.samples], [s.place.sizes for s in found.samples], lead)
        is_odd = named is None or len(named.kinds) > 1
        in_pairs = found.shapes is None and is_odd and not self.truth.pinned  # two make any few numbers of any others
        about["mistakes"] = self.mistakes(goal, found, in_pairs)
        if named is None and not (about["mistakes"] and about["mistakes"][0].weight < STRANGE):
            about["mistakes"] = self.swapped(what, about) or about["mistakes"]
        about["corrected"] = tuple(self.corrected(m.place, about["truth"]) for m in about["mistakes"])
        if named is not None:
            return self.conventional(what, named, about)
        if found.shapes is not None:
            shapes = told("it has the shape {}, the gradient {}", *map(shape_text, found.shapes))
            return Judged(what.name, what, "wrong shape", shapes, **about)
        about["counterexample"] = fails()
        where = region(found)
        return Judged(what.name, what, "wrong region" if where else "wrong", where, **about)

    def mistakes(self, goal: Goal, found: Weighed, in_pairs: bool) -> Any:
        """The mistakes that give the claim, or none where the derivation is too large for them to be looked for."""
        try:
            return self.diagnosis.mistakes(goal, found, in_pairs)
        except PointError:
            return ()

    def swapped(self, what: Asked, about: Mapping[str, Any]) -> tuple[Finding, ...]:
        """What stands where in the claim as it is written, if that is all that makes it wrong."""
        claimed, truth = about.get("formulas", ()), about["truth"]  # what code returns has no formula
        if truth is None or len(claimed) != 1 or split(claimed[0])[1] is not None:
            return ()
        _, right = split(truth)
        found = swapped(claimed[0], Row(items_of(right)[1:]), {}, self.truth.gradient(what.wrt, what.of)) if right else None
        return (found,) if found else ()

    def conventional(self, what: Asked, named: Convention, about: dict[str, Any]) -> Judged:
        passes = all(kind in self.allow for kind in named.kinds)
        why = told("{}; to make it right, {}", named.says, named.mends)
        return Judged(what.name, what, "up to convention", why, convention=named, allowed=passes, **about)

    def corrected(self, place: str, otherwise: Node | None) -> Node | None:
        """The right formula of the gradient at which a mistake was made; of the claim itself where that has no name."""
        of, _, wrt = place.removeprefix("d").partition("/d")
        known = of == self.truth.of and wrt in self.truth.named and wrt in self.truth.network.program.tensors
        return self.truth.formula(wrt) if known else otherwise


def _is_of_layout(claim: Claim, found: Judged) -> bool:
    """Whether a side differs by its layout alone, which the chain rule leaves open: of derivatives with axes."""
    kinds = found.convention.kinds if found.convention is not None else ()
    derived = any(one.role and one.shape for one in claim.readings[0].program.inputs)
    return derived and (found.kind == "wrong shape" or (bool(kinds) and {*kinds} <= {"transpose"}))
