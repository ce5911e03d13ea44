from hypothesis import given, settings
from sympy import Symbol

from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Program, Sum, describe
from tests.random_programs import programs


@settings(max_examples=20)
@given(program=programs())
def test_a_text_that_is_made_once_for_equal_bodies_is_that_of_the_names(program: Program) -> None:
    for equation in differentiate(program, "L").program.equations:
        if isinstance(equation.op, Sum):
            names = {s: Symbol(str(ref)) for s, ref in zip(equation.op.slots, equation.operands, strict=True)}
            assert describe(equation).endswith(str(equation.op.body.xreplace(names)))
