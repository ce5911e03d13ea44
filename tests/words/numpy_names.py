"""Functions of numpy.linalg and of NumPy, name by name."""

NUMPY_NAMES = r"""
np.linalg.norm(x, 0.5)
np.linalg.norm(x, 2.5)
np.linalg.norm(x, -1)
np.linalg.norm(x, -2)
np.linalg.norm(w, 1)
np.linalg.norm(A, 0.5, axis=0)
np.linalg.norm(A, -1, axis=1)
np.linalg.norm(T, axis=(0,2))
np.linalg.norm(T, 'nuc', axis=(0,1))
np.linalg.norm(T, 2, axis=(1,2), keepdims=True)
np.linalg.vector_norm(A, ord=3)
np.linalg.vector_norm(A, axis=0, ord=1)
np.linalg.matrix_norm(T)
np.linalg.tensorinv((T[:,:2,:2].reshape(2,2,2,1)*np.ones((2,2,2,2)) + 3*np.eye(4).reshape(2,2,2,2)), ind=2)
np.linalg.tensorsolve(np.eye(4).reshape(2,2,2,2)*3 + K.reshape(2,2,1,1), K)
np.linalg.multi_dot([w, A, B])
np.linalg.cond(M, -2)
np.linalg.cond(M, np.inf)
np.linalg.slogdet(M).logabsdet
np.linalg.slogdet(M)[0] * w
np.linalg.svd(A, full_matrices=False).S
np.linalg.qr(A.T)[1]
np.linalg.qr(A.T)[0]
np.linalg.qr(A.T, mode='r')
np.linalg.qr(A.T).R
np.linalg.cholesky(P, upper=True)
np.linalg.pinv(A.T, rcond=1e-12)
np.linalg.matrix_power(M, 0)
np.linalg.solve(M, w)
np.linalg.lstsq(A.T, A[0], rcond=None)[0]
np.linalg.outer(w, u)
np.linalg.cross(w, u)
np.linalg.diagonal(T)
np.linalg.diagonal(M, offset=1)
np.linalg.matmul(A, B)
np.linalg.matrix_transpose(T)
np.linalg.tensordot(A, B, axes=1)
np.linalg.trace(T[:, :2, :2])
np.linalg.trace(M, offset=1)
np.linalg.vecdot(A, A*A)
np.linalg.vecdot(A, A*A, axis=0)
np.matvec(A, A[0])
np.vecmat(w, A)
np.vecdot(A, A*A)
np.copysign(x, w[0])
np.nanmin(A)
np.nanmedian(A)
np.nanvar(A, axis=0)
np.nanstd(A)
np.nanprod(A, 1)
np.nancumsum(A, 0)
np.nanpercentile(x, 30)
np.amin(A, 1)
np.ptp(A, axis=0)
np.polyadd(u, v)
np.polymul(u, v)
np.polyder(u)
np.polyint(u)
np.polyval(u, x)
np.hamming(5)*x
np.kaiser(5, 2.)*x
np.geomspace(1, 8, 5)*x
np.logspace(0, 1, 5)*x
np.choose(i, [w, u, v])
np.select([x>0.5, x>0.3],[x*2, x*3], 1.0)
np.divmod(x, w[0])[1]
np.atleast_3d(A)
np.dsplit(T, 2)[0]
np.array_split(x, 3)[1]
np.tri(3)*M
np.interp(y, x*0+np.arange(5)/5, x)
np.gradient(A)[0]
np.trapezoid(x, y)
np.trapezoid(A, dx=0.1, axis=0)
np.nan_to_num(A)
np.heaviside(A, 0.5)*A
np.ldexp(x, 2)
np.bincount(i, weights=w, minlength=4)
np.digitize(x, [0.3,0.5])*x
np.searchsorted(np.array([0.3,0.5]), x)*x
np.compress([True,False,True], A, axis=0)
np.delete(A, 1, axis=1)
np.insert(x, 2, w[0])
np.append(x, w)
np.rot90(A)
np.block([[A, M],[M, A]])
np.lcm(4, 6)*x
np.isclose(x, y)*x
np.permute_dims(T, (2,0,1))
np.matrix_transpose(A)
np.concat([A, M], axis=1)
np.unstack(A)[1]
np.pow(x, 3)
np.acos(x)
np.bitwise_and(x>0.5, y>0.5)*x
np.vander(u)
np.vander(u, 4, increasing=True)
A[np.ix_([0,2],[1,3])]
np.r_[x, w]
np.c_[w, u]
M[np.tril_indices(3)]
M[np.triu_indices(3, 1)]
M[np.diag_indices(3)]
""".strip().splitlines()
