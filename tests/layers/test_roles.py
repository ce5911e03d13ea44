"""Values of one letter are told apart by what they are: a variance beside the values of attention, scores before and after a mask."""

import symbackprop as sb


def names(text: str) -> set[str]:
    return {e.target.name for e in sb.read(text).program.equations}


NORM = "g: parameter[d]\nb: parameter[d]\nX: data[N, T, d]\nA = layer_norm(X, g, b)\nL = sum(A**2) + sum(X)\n"
HEADS = "W_q: parameter[d, 2*k]\nW_k: parameter[d, 2*k]\nW_v: parameter[d, 2*k]\nW_o: parameter[2*k, d]\n"


def test_a_variance_is_v_alone_and_s_beside_values() -> None:
    alone = names(NORM.replace("L = sum(A**2) + sum(X)\n", "L = sum(A**2)"))
    assert "v" in alone
    assert "s" not in alone
    both = names(
        HEADS + NORM.replace("L = sum(A**2) + sum(X)\n", "Y = multi_head_attention(A, W_q, W_k, W_v, W_o, 2)\nL = sum(Y**2)")
    )
    assert {"v", "V", "s"} <= both
    assert not {n for n in both if n.startswith("v_")}


def test_masked_scores_are_not_called_as_the_scores() -> None:
    text = HEADS + "X: data[N, T, d]\nL = sum(multi_head_attention(X, W_q, W_k, W_v, W_o, 2, causal=True)**2)"
    assert {"S", "Stilde"} <= names(text)
    assert not {n for n in names(text) if n.startswith("S_")}
