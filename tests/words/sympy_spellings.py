"""Expressions of SymPy as people write them, of the symbols of `test_sympy.SPACE`."""

SYMPY = """
Matrix([[x, y], [z, x*y]]).det()
(Matrix([x, y]).T*Matrix([y, z]))[0]
Matrix([x, y]).dot(Matrix([y, z]))
Matrix([x, y]).norm()
Matrix([x*y])
Matrix([[x, y]])*Matrix([y, z])
Matrix([[x, y], [z, x*y]])*u
Matrix([[1, 2], [3, x]])*u
(Matrix([[x, y]])*u)[0, 0]
u.T*Matrix([[x, y], [z, x*y]])*u
Matrix([x, y]) + u
Trace(W)
Trace(W*V.T)
Trace(W**2)
trace(W*V)
Trace(W.inv()*V)
Determinant(W)
log(Determinant(W))
det(W*V)
HadamardProduct(W, V)
Trace(HadamardProduct(W, V))
BlockMatrix([[W, V], [V.T, W]])
Determinant(BlockMatrix([[W, u], [v.T, OneMatrix(1, 1)]]))
KroneckerProduct(W, V)
KroneckerProduct(u, W, v)
hadamard_product(W, V)
HadamardPower(W, 2)
HadamardPower(u, -1)
W.inv()*u
W**-1*u
W**3*u
W**0*u
(u.T*W*u)[0]
(u.T*W*u)[0, 0]
u.T*W*u
u.T*u
(u.T*u)**2
sqrt((u.T*u)[0, 0])
2*u + 3*v
-u
u*v.T
(u*v.T)[0, 1]
W[0, 1]*x
W[0, 0] + W[1, 1]
Transpose(W)*u
Adjoint(W)*u
W.T*W
(W*V).T
(W + V)*u
x*W*u
u/x
(W*u)/((u.T*u)[0, 0])
u.T*W.inv()*u
Trace(W)*W*u
OneMatrix(1, 2)*u
Identity(2)*u
ZeroMatrix(2, 1) + u
MatPow(W, 2)*u
MatMul(W, V, u)
MatAdd(u, v)
Inverse(W)*u
u.applyfunc(sin)
u.applyfunc(Lambda(x, x**2 + y))
W.applyfunc(exp)
Sum(X[i], (i, 0, 2))
Sum(X[i]**2*Y[i], (i, 0, 2))
Sum(M[i, j]*X[j], (i, 0, 2), (j, 0, 2))
Sum(M[i, i], (i, 0, 2))
Sum(M[i, j]*X[i]*X[j], (i, 0, 2), (j, 0, 2))
Sum(i*X[i], (i, 0, 2))
Sum(x**i, (i, 0, 5))
Sum(Piecewise((X[i], i > 0), (0, True)), (i, 0, 2))
Sum(KroneckerDelta(i, j)*X[i]*Y[j], (i, 0, 2), (j, 0, 2))
Sum(X[i]*Sum(Y[j], (j, 0, 2)), (i, 0, 2))
Sum(X[i], (i, 0, 2))**2
log(Sum(exp(X[i]), (i, 0, 2)))
Sum(X[i]*Y[i], (i, 0, 2))/Sum(Y[i]**2, (i, 0, 2))
Sum(x, (i, 0, 2))
Sum(i, (i, 0, 2))*x
Sum(W[i, j]*u[j, 0], (i, 0, 1), (j, 0, 1))
Sum(W[i, i], (i, 0, 1))
Product(X[i], (i, 0, 2))
Product(x + i, (i, 0, 2))
Product(X[i]*Y[j], (i, 0, 2), (j, 0, 2))
Sum(Product(M[i, j], (j, 0, 2)), (i, 0, 2))
Product(x, (i, 0, 2))
Piecewise((x, x > 0), (-x, True))
Piecewise((x, x > 0), (y, x <= 0))
Piecewise((x, x > 0), (y, y > 0), (z, True))
Piecewise((x**2, Abs(x) < 1), (2*Abs(x) - 1, True))
Piecewise((1, Ne(x, 0)), (0, True))*y
Piecewise((x, And(x > 0, y < 0, z > 1)), (0, True))
Piecewise((x, Xor(x > 0, y > 0)), (y, True))
Piecewise((x, Not(x > 0)), (y, True))
Piecewise((x, Interval(0, 1).contains(x)), (y, True))
Heaviside(x)*y
Heaviside(y)*x
Heaviside(x, 0)*y
Heaviside(y, 1)*x + x
sign(y)*x
Abs(y)
Max(x, y)
Max(x, y, z)
Min(x, y, 0)
floor(z)*y
ceiling(y)*x + x
frac(z)*x
frac(y)*x
Mod(z, 1)*x
Mod(z, x)
Mod(y, x)
sqrt(x)
cbrt(x)
root(x, 5)
x**y
x**Rational(1, 3)
exp(x)*log(z)
log(z, 2)
log(z, 10)
sin(x)*cos(y)*tan(x)
asin(x)
acos(x)
atan(x)
atan2(x, z)
acot(x)
acot(y)
asec(z)
acsc(z)
sinh(x)
cosh(x)
tanh(x)
sech(x)
csch(x)
coth(x)
asinh(x)
acosh(z)
atanh(x)
acoth(z)
asech(x)
acsch(x)
sinc(x)
conjugate(x)*y
re(x)*y
erf(x)
erfc(x)
erfinv(x)
Ei(z) + Ei(y)
expint(1, p)
E1(p) + expint(0, p)
besselk(0, p) + besselk(-2, z)
LambertW(p) + LambertW(y)
erfi(x)
loggamma(z)
digamma(z)
polygamma(1, z)
besselj(0, x) + besselj(-1, 3*z)
besseli(1, x)*besseli(2, z)
gamma(z)
beta(z, z + 1)
factorial(z)
trigamma(z)
legendre(2, x)
chebyshevt(3, x)
hermite(2, x)
jacobi(2, 1, 1, x)
Rational(1, 3)*x
0.1*x
pi*x
EulerGamma*x
GoldenRatio*x
Catalan*x
Abs(x - y)**Rational(3, 2)
logcombine(log(z) + log(p))
Lambda(x, x**2)(y)
exp(-(x - y)**2/2)/sqrt(2*pi)
-x*log(p) - (1 - x)*log(1 - p)
1/(1 + exp(-x))
log(1 + exp(x))
(exp(x) - exp(-x))/(exp(x) + exp(-x))
DiagMatrix(u)*v
Sum(X[i], (i, 0, 1))
Sum(X[2 - i]*Y[i], (i, 0, 2))
""".strip().splitlines()

REFUSED = {
    "Matrix([[x, y], [z, x*y]])": "a matrix of (2, 2) written entries is no loss.",
    "HadamardPower(2, u)": "the exponent is a matrix. Write a number.",
    "W**-2*u": "the exponent of a matrix is -1 or a whole number from 1 to 16.",
    "W**Rational(1, 2)": "the exponent of a matrix is -1 or a whole number from 1 to 16.",
    "W[i, j]": "i is no index. Sum over it: Sum(..., (i, 0, n - 1)).",
    "X[i]": "i is no index.",
    "im(x)": "the expression is a number; nothing is to be derived.",
    "Integral(x*y, (y, 0, 1))": "Let SymPy work it out first: expression.doit().",
    "Derivative(sin(x), x)": "Let SymPy work it out first: expression.doit().",
    "ITE(x > 0, y > 0, z > 0)": "is no expression of SymPy.",
    "DiracDelta(x)*y": "DiracDelta has no counterpart in the language.",
    "bessely(0, z)": "bessely has no counterpart in the language.",
    "zeta(z)": "zeta has no counterpart in the language.",
    "Piecewise((x, x > 0))": "has no value everywhere. End it with (value, True).",
    "oo*x": "oo is not a real number.",
    "I*x": "ImaginaryUnit has no counterpart in the language.",
    "Function('f')(x)": "f has no counterpart in the language.",
    "Eq(x, y)": "is no expression of SymPy.",
    "Tuple(x, y)": "is no expression of SymPy.",
}
"""What is refused, and words of the refusal."""
