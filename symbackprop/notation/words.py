"""The words for what Python has and the language has not: the fault, and what to write instead."""

import ast

Word = tuple[str, str]  # fault, mend

AND_OR = "Comparisons are 0 or 1: write (a > 0) & (b > 0) for and, (a > 0) | (b > 0) for or."

STATEMENTS: dict[type[ast.AST], Word] = {
    ast.FunctionDef: ("def is not in the language.", "Write the equations alone, or decorate the function with @sb.network."),
    ast.AsyncFunctionDef: ("async is not in the language.", "Write the equations alone."),
    ast.ClassDef: ("class is not in the language.", "Write the equations alone."),
    ast.For: ("for ... else is not in the language.", "Leave the else out."),
    ast.AsyncFor: ("for is not in the language.", "Write each step with a name of its own."),
    ast.While: ("while is not in the language.", "Write for t in 1..T: or each step with a name of its own."),
    ast.Match: ("match is not in the language.", "Write np.where(condition, a, b)."),
    ast.With: ("with is not in the language.", "Write the equations alone."),
    ast.AsyncWith: ("with is not in the language.", "Write the equations alone."),
    ast.Try: ("try is not in the language.", "Write the equations alone."),
    ast.TryStar: ("try is not in the language.", "Write the equations alone."),
    ast.Raise: ("raise is not in the language.", "Leave the line out."),
    ast.Global: ("global is not in the language.", "Leave the line out."),
    ast.Nonlocal: ("nonlocal is not in the language.", "Leave the line out."),
    ast.Break: ("break is not in the language.", "Leave the line out."),
    ast.Continue: ("continue is not in the language.", "Leave the line out."),
    ast.Return: ("return stands in a function only.", "Name the loss: L = ..."),
}  # fmt: skip

EXPRESSIONS: dict[type[ast.AST], Word] = {
    ast.BoolOp: ("and, or are not in the language.", AND_OR),
    ast.Lambda: ("lambda is not in the language.", "Write the expression where it is used."),
    ast.NamedExpr: (":= is not in the language.", "Give the value a line of its own."),
    ast.ListComp: ("a comprehension is not in the language.", "Write a sum over an axis, or each term."),
    ast.SetComp: ("a comprehension is not in the language.", "Write a sum over an axis, or each term."),
    ast.Set: ("{...} is not in the language.", "Declare data on a line of its own: x: data[n]."),
    ast.FormattedValue: ("an f-string is not in the language.", "Write a plain string, or a number."),
    ast.Await: ("await is not in the language.", "Leave the word out."),
    ast.Yield: ("yield is not in the language.", "Name the loss: L = ..."),
    ast.YieldFrom: ("yield is not in the language.", "Name the loss: L = ..."),
    ast.Starred: ("* before an argument is not in the language.", "Write the arguments one by one."),
}  # fmt: skip

OTHER_OPERATORS = {
    ast.FloorDiv: ("// is not in the language.", "Whole division is for sizes only; write /, or floor(a / b)."),
    ast.BitXor: ("^ is not in the language.", "Write ** for a power."),
    ast.LShift: ("<< is not in the language.", "Write * for a product."),
    ast.RShift: (">> is not in the language.", "Write / for a quotient."),
}

MEANT = {
    "sigma": "sigmoid", "Phi": "normal_cdf", "phi": "normal_pdf", "ln": "log", "average": "mean", "avg": "mean",
    "cat": "concatenate", "mm": "matmul", "bmm": "matmul", "tr": "trace",
    "lse": "logsumexp", "sgn": "sign", "range": "arange", "onehot": "one_hot",
    "transposed": "transpose", "sumexp": "logsumexp", "Sigma": "sum",
    **dict.fromkeys(("mse", "MSE", "mean_squared_error", "MeanSquaredError"), "mse_loss"),
    **dict.fromkeys(("mae", "MAE", "l1_loss", "mean_absolute_error"), "mae_loss"),
    **dict.fromkeys(("bce", "BCE", "log_loss", "binary_crossentropy"), "binary_cross_entropy"),
    **dict.fromkeys(("ce", "CE", "crossentropy", "categorical_crossentropy"), "cross_entropy"),
    **dict.fromkeys(("l2", "l2_norm", "L2", "frobenius"), "norm"),
}  # fmt: skip
NUMBERS = frozenset([
    "lam", "lambd", "lmbda", "lambda_", "reg", "alpha", "gamma", "eps", "epsilon", "eta", "tau", "temperature",
    "margin", "lr", "rate", "C",
])  # fmt: skip
"""Names that people give to numbers."""
NO_NUMBERS = ("inf", "infinity", "nan")  # spelled large or small
OUTSIDE = {
    **dict.fromkeys(
        ("Linear", "Dense", "linear", "dense", "affine", "fc", "fully_connected"),
        "Declare its weights, W: parameter[h, d] and b: parameter[h], and write W @ x + b.",
    ),
    "load": "Declare the array as data: x: data[n].", "loadtxt": "Declare the array as data: x: data[n].",
    "random": "Declare it: noise: data[n].", "rand": "Declare it: noise: data[n].", "randn": "Declare it: noise: data[n].",
    "print": "Leave the line out: the report shows every value.",
    **dict.fromkeys(
        ("tf", "tensorflow", "keras"), "Words of TensorFlow are not read: write mean(...), sum(x, axis=0), X @ W, relu(x), exp(x)."
    ),
    "true": "Write True.", "false": "Write False.",
    **dict.fromkeys(
        ("eig", "eigvals"), "Eigenvalues of a matrix that is not symmetric may be complex; write eigh of a symmetric one."
    ),
    **dict.fromkeys(
        ("cosm", "sinm", "tanm", "coshm", "sinhm", "tanhm", "signm", "funm"),
        "Functions of a matrix are expm, sqrtm, logm and powers here; write cosh as (expm(A) + expm(-A)) / 2, say.",
    ),
    **dict.fromkeys(
        ("spence", "zeta", "ellipk", "ellipe", "y0", "y1", "itj0y0", "sici", "shichi", "fresnel", "airy", "wofz"),
        "A function that nobody defines is declared, f: function, and its slope stands as f'(x).",
    ),
    **dict.fromkeys(
        ("gammainc", "gammaincc", "igamma", "igammac", "betainc", "hyp1f1", "hyp2f1", "yv", "yn", "ellipkinc", "stdtr", "owens_t"),
        "Write it with the operations of the language, or give its values as data where nothing is differentiated.",
    ),
    "gumbel_softmax": "It draws random numbers: declare the noise, g: data[n, k], and write softmax((x + g) / tau).",
    **dict.fromkeys(("mgrid", "ogrid"), "Write arange(n)[:, None] and arange(m), which broadcast."),
    "ctc_loss": "The sum over alignments is not in the language; give a loss of the aligned labels.",
    **dict.fromkeys(
        ("segment_sum", "scatter_add", "scatter_add_", "index_add"),
        "Write one_hot(i, k).T @ x, with i: integers[n, k], which adds the rows of x up by their segment.",
    ),
    **dict.fromkeys(
        ("lu", "lu_factor", "lu_solve", "ldl_factor", "polar", "householder_product", "schur", "hessenberg"),
        "Write solve, inv, det, qr, svd or cholesky, which are in the language.",
    ),
    "fill_diagonal": "It writes into an array; write where(eye(n) == 1, value, A).",
    "put_along_axis": "It writes into an array; write where(one_hot(t, k) == 1, value, A).",
    **dict.fromkeys(("histogram", "frexp", "histogram2d"), "It is flat; leave it out, or declare what it gives as data."),
    "matrix_rank": "It counts the singular values that are not 0, which is flat; write sum(svdvals(A) > 1e-9).",
    "unique": "How many entries it has depends on their values; write sort, or declare the entries as data.",
    "nonzero": "How many entries it has depends on their values; write where(mask, x, 0).",
    **dict.fromkeys(
        ("vectorize", "apply_along_axis", "piecewise", "frompyfunc"),
        "Functions take whole arrays here: write the expression of x itself, or let sb.trace call the function.",
    ),
    "unwrap": "It adds whole turns, by what neighbours differ; declare the angles as data.",
    "e": "Write exp(x) for its powers, exp(1) for the number.",
    "inf": "Write a large number, such as 1e9, or np.inf.", "nan": "Write a number.",
}  # fmt: skip
METHODS_OUTSIDE = {
    **dict.fromkeys(("backward", "zero_grad"), "Leave the line out: every gradient of the loss is derived."),
    **dict.fromkeys(("numpy", "tolist"), "Leave it out: tensors are arrays here."),
}
