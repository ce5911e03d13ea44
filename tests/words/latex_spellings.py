r"""Losses in LaTeX as papers write them, each beside what NumPy makes of it; the arrays are those of `test_latex.POINT`."""

LATEX = r"""
L = \lVert x - y\rVert_2^2 | np.sum((x-y)**2)
L = \lVert x - y\rVert^2 | np.sum((x-y)**2)
L = \| x - y \|_2^2 | np.sum((x-y)**2)
L = \|x - y\|_2 | np.sqrt(np.sum((x-y)**2))
L = \|x-y\|_1 | np.sum(np.abs(x-y))
L = \left\| x - y \right\|_2^2 | np.sum((x-y)**2)
L = \|x\|_\infty | np.max(np.abs(x))
L = \frac{1}{2}\|x - y\|^2 | np.sum((x-y)**2)/2
L = \frac12 \|x - y\|^2 | np.sum((x-y)**2)/2
L = \tfrac{1}{2}\left\lVert x - y\right\rVert^{2} | np.sum((x-y)**2)/2
L = \sum_{i=1}^n (x_i - y_i)^2 | np.sum((x-y)**2)
L = \sum_i (x_i - y_i)^2 | np.sum((x-y)**2)
L = \sum\limits_{i=1}^{n} \left(x_i - y_i\right)^2 | np.sum((x-y)**2)
L = \frac{1}{n}\sum_{i=1}^{n} |x_i - y_i| | np.mean(np.abs(x-y))
L = \frac{1}{n} \sum_{i=1}^n \left| x_i - y_i \right| | np.mean(np.abs(x-y))
L = \frac{1}{N}\sum_{i=1}^N (w^\top X_i - t_i)^2 | np.mean((X@w-t)**2)
L = \frac{1}{N}\sum_{i=1}^N (w^{\top} x_i - t_i)^2 | np.mean((X@w-t)**2)
L = \frac{1}{N} \|X w - t\|_2^2 + \lambda \|w\|_2^2 | np.sum((X@w-t)**2)/5 + lam*np.sum(w**2)
L = \frac{1}{2N}\|t - Xw\|_2^2 + \lambda\|w\|_1 | np.sum((X@w-t)**2)/10 + lam*np.sum(np.abs(w))
L = (Xw - t)^\top (Xw - t) | np.sum((X@w-t)**2)
L = (Xw - t)^T(Xw - t) | np.sum((X@w-t)**2)
L = (t - X w)' (t - X w) | np.sum((X@w-t)**2)
L = x^\top A x | x@A@x
L = x^T A x + b^T x | x@A@x + b@x
L = \frac{1}{2} x^\top A x - b^\top x | x@A@x/2 - b@x
L = \langle x, y\rangle | x@y
L = x \cdot y | x@y
L = \operatorname{tr}(A B) | np.trace(A@B)
L = \mathrm{tr}(A^\top B) | np.trace(A.T@B)
L = \operatorname{Tr}\left(A^\top B\right) | np.trace(A.T@B)
L = \text{tr}(A) | np.trace(A)
L = \|A\|_F^2 | np.sum(A**2)
L = \|A - B\|_F | np.sqrt(np.sum((A-B)**2))
L = \lVert A B \rVert_F^2 | np.sum((A@B)**2)
L = \|W\|_F^2 + \|x\|_2^2 | np.sum(W**2)+np.sum(x**2)
L = \log\det A | np.log(np.linalg.det(A))
L = \log |A| | np.log(np.linalg.det(A))
L = \det(A) | np.linalg.det(A)
L = b^\top A^{-1} b | b@np.linalg.solve(A,b)
L = \frac{1}{2} b^\top A^{-1} b + \frac{1}{2}\log|A| | b@np.linalg.solve(A,b)/2 + np.log(np.linalg.det(A))/2
L = -\sum_k p_k \log q_k | -np.sum(p*np.log(q))
L = -\sum_{k=1}^n p_k \ln q_k | -np.sum(p*np.log(q))
L = -\sum_{k} p_{k} \log(q_{k}) | -np.sum(p*np.log(q))
L = \sum_i p_i \log \frac{p_i}{q_i} | np.sum(p*np.log(p/q))
L = \sum_i p_i \log\left(\frac{p_i}{q_i}\right) | np.sum(p*np.log(p/q))
L = \sum_i p_i (\log p_i - \log q_i) | np.sum(p*np.log(p/q))
L = -\sum_i p_i \log p_i | -np.sum(p*np.log(p))
L = -p^\top \log q | -p@np.log(q)
L = -\log\sigma(s) | -np.log(1/(1+np.exp(-s)))
L = -\log \sigma(x^\top y) | -np.log(1/(1+np.exp(-(x@y))))
L = \log(1 + e^{-s}) | np.log(1+np.exp(-s))
L = \log\left(1 + \exp(-s)\right) | np.log(1+np.exp(-s))
L = \sum_i \log(1 + \exp(-y_i x_i)) | np.sum(np.log(1+np.exp(-y*x)))
L = \frac{1}{N}\sum_{i=1}^N \log(1 + \exp(-t_i w^\top x_i)) | np.mean(np.log(1+np.exp(-t*(X@w))))
L = -\frac{1}{n}\sum_{i=1}^n \left[ p_i \log q_i + (1 - p_i)\log(1 - q_i) \right] | -np.mean(p*np.log(q)+(1-p)*np.log(1-q))
L = -\frac{1}{n} \sum_{i} \Big[ p_i \log q_i + (1-p_i) \log (1-q_i) \Big] | -np.mean(p*np.log(q)+(1-p)*np.log(1-q))
L = -\log \frac{e^{x_1}}{\sum_j e^{x_j}} | -(x[0]-np.log(np.sum(np.exp(x))))
L = \log \sum_i e^{x_i} | np.log(np.sum(np.exp(x)))
L = \log\sum_{i=1}^n \exp(x_i) | np.log(np.sum(np.exp(x)))
L = \operatorname{logsumexp}(x) | np.log(np.sum(np.exp(x)))
L = -y^\top \log \operatorname{softmax}(x) | -y@(x-np.log(np.sum(np.exp(x))))
L = -\sum_k y_k \log \operatorname{softmax}(x)_k | -y@(x-np.log(np.sum(np.exp(x))))
L = -\sum_k c_k \log\text{softmax}(W x)_k | -c@(W@x-np.log(np.sum(np.exp(W@x))))
L = \sum_i \max(0, 1 - y_i x_i) | np.sum(np.maximum(0,1-y*x))
L = \sum_i \max\{0, 1 - y_i x_i\} | np.sum(np.maximum(0,1-y*x))
L = \sum_i [1 - y_i x_i]_+ | np.sum(np.maximum(0,1-y*x))
L = \sum_i \left(1 - y_i x_i\right)_+ | np.sum(np.maximum(0,1-y*x))
L = \frac{1}{N}\sum_{i=1}^N \max(0, 1 - t_i(w^\top x_i)) + \lambda\|w\|^2 | np.mean(np.maximum(0,1-t*(X@w)))+lam*np.sum(w**2)
L = \max_i x_i | np.max(x)
L = \min_i x_i | np.min(x)
L = \max(x, y)^\top y | np.maximum(x,y)@y
L = \sum_i \mathbb{1}[x_i > 0] x_i | np.sum((x>0)*x)
L = \sum_i \mathbf{1}\{x_i > 0\} x_i^2 | np.sum((x>0)*x**2)
L = \sum_i \mathbb{I}(x_i > y_i)\, x_i | np.sum((x>y)*x)
L = \sum_{i : x_i > 0} x_i^2 | np.sum((x>0)*x**2)
L = \sum_{i \neq j} A_{ij} | np.sum(A)-np.trace(A)
L = \sum_{i<j} A_{ij} x_i x_j | sum(A[i,j]*x[i]*x[j] for i in range(4) for j in range(i+1,4))
L = \sum_{i,j} A_{ij} x_i y_j | x@A@y
L = \sum_i \sum_j A_{ij} x_i y_j | x@A@y
L = \sum_{i=1}^n \sum_{j=1}^n (x_i - x_j)^2 | np.sum((x[:,None]-x)**2)
L = \prod_i q_i | np.prod(q)
L = \prod_{i=1}^n (1 + q_i) | np.prod(1+q)
L = \sum_i (x \odot y)_i | np.sum(x*y)
L = \|x \odot y\|^2 | np.sum((x*y)**2)
L = \mathbf{1}^\top (x \circ y) | np.sum(x*y)
L = \mathbf{1}^\top x | np.sum(x)
L = \sum_i x_i^3 | np.sum(x**3)
L = \sum_i \sqrt{x_i^2 + 1} | np.sum(np.sqrt(x**2+1))
L = \sum_i \sqrt{(x_i - y_i)^2 + \epsilon^2} | np.sum(np.sqrt((x-y)**2+eps**2))
L = \sum_i \log\cosh(x_i - y_i) | np.sum(np.log(np.cosh(x-y)))
L = \sum_i \tanh(x_i) | np.sum(np.tanh(x))
L = \sum_i \sin^2 x_i | np.sum(np.sin(x)**2)
L = \sum_i \cos(\pi x_i) | np.sum(np.cos(np.pi*x))
L = \sum_i \operatorname{ReLU}(x_i) | np.sum(np.maximum(x,0))
L = \sum_i \text{ReLU}(W x)_i | np.sum(np.maximum(W@x,0))
L = \|\sigma(W x + c)\|^2 | np.sum((1/(1+np.exp(-(W@x+c))))**2)
L = 1 - \frac{x^\top y}{\|x\| \|y\|} | 1-x@y/np.sqrt((x@x)*(y@y))
L = 1 - \frac{x \cdot y}{\|x\|_2\,\|y\|_2} | 1-x@y/np.sqrt((x@x)*(y@y))
L = \frac{x^\top A x}{x^\top x} | x@A@x/(x@x)
L = \frac{\sum_i x_i y_i}{\sum_i y_i^2 + 1} | np.sum(x*y)/(np.sum(y**2)+1)
L = \exp\left(-\frac{\|x-y\|^2}{2 s^2}\right) | np.exp(-np.sum((x-y)**2)/(2*s**2))
L = e^{-\frac{1}{2}\|x\|^2} | np.exp(-np.sum(x**2)/2)
L = \frac{1}{2}\sum_i \left(\mu_i^2 + s_i^2 - \log s_i^2 - 1\right), \quad \mu = x, \quad s = q | np.sum(x**2+q**2-np.log(q**2)-1)/2
L = -\frac12 \sum_{j} (1 + \log q_j^2 - x_j^2 - q_j^2) | -np.sum(1+np.log(q**2)-x**2-q**2)/2
L = \frac{n}{2}\log(2\pi s^2) + \frac{1}{2 s^2}\sum_i (x_i - y_i)^2 | 4/2*np.log(2*np.pi*s**2)+np.sum((x-y)**2)/(2*s**2)
L = \sum_i q_i - p_i \log q_i | np.sum(q-p*np.log(q))
L = \sum_i (q_i - p_i \log q_i) | np.sum(q-p*np.log(q))
L = \begin{cases} \frac12 s^2 & |s| \le 1 \\ |s| - \frac12 & \text{otherwise} \end{cases} | s**2/2 if abs(s)<=1 else abs(s)-.5
L = \sum_i \begin{cases} \frac{1}{2} x_i^2 & \text{if } |x_i| \leq 1 \\ |x_i| - \frac{1}{2} & \text{if } |x_i| > 1 \end{cases} | np.sum(np.where(np.abs(x)<=1,x**2/2,np.abs(x)-.5))
L = \sum_i \ell(x_i - y_i), \quad \ell(r) = r^2 / 2 | np.sum((x-y)**2)/2
L = \mathbb{E}_i[x_i^2] | np.mean(x**2)
L = \operatorname{mean}(x^2) | np.mean(x**2)
L = \operatorname{Var}(x) | np.var(x)
L = \bar{x}^2, \quad \bar{x} = \frac{1}{n}\sum_i x_i | np.mean(x)**2
L = |s| | abs(s)
L = s^2 + 2 s + 1 | s**2+2*s+1
L = \frac{s}{1 + s^2} | s/(1+s**2)
L = (1 - s)^\gamma \log s | (1-s)**gam*np.log(s)
L = -\alpha (1 - s)^{\gamma} \log(s) | -alp*(1-s)**gam*np.log(s)
L = \|W x\|_2 \cdot s | np.sqrt(np.sum((W@x)**2))*s
L = x_1 x_2 + x_3 | x[0]*x[1]+x[2]
L = A_{12} + A_{2,1} | A[0,1]+A[1,0]
L = \sum_{i=1}^{n-1} (x_{i+1} - x_i)^2 | np.sum((x[1:]-x[:-1])**2)
L = \sum_{i=2}^{n} |x_i - x_{i-1}| | np.sum(np.abs(x[1:]-x[:-1]))
L = \|x_{1:3}\|^2 | np.sum(x[:3]**2)
L = \operatorname{diag}(A)^\top x | np.diag(A)@x
L = x^\top \operatorname{diag}(y) x | x@np.diag(y)@x
L = \operatorname{vec}(A)^\top \operatorname{vec}(B) | np.sum(A*B)
L = \|A^\top A - I\|_F^2 | np.sum((A.T@A-np.eye(4))**2)
L = \|A x - \lambda x\|^2 | np.sum((A@x-lam*x)**2)
L = \sum_i \Phi(x_i) | sum(.5*(1+math.erf(v/2**.5)) for v in x)
L = \sum_i \operatorname{erf}(x_i) | sum(math.erf(v) for v in x)
L = \sum_i \operatorname{sign}(y_i) x_i | np.sum(np.sign(y)*x)
L = \sum_i \log_2 q_i | np.sum(np.log2(q))
L = \sqrt[3]{s} | s**(1/3)
L = 2^{s} | 2**s
L = \sum_i \operatorname{GELU}(x_i) | sum(v*.5*(1+math.erf(v/2**.5)) for v in x)
L = \sum_i \log_{10} q_i | np.sum(np.log10(q))
L = \sum_i \operatorname{LeakyReLU}_{0.2}(x_i) | np.sum(np.where(x>0,x,.2*x))
L = \sum_i \operatorname{ELU}_{0.5}(x_i) | np.sum(np.where(x>0,x,.5*(np.exp(x)-1)))
L = \sum_k y_k \log \operatorname{softmax}_k(x) | y@(x-np.log(np.sum(np.exp(x))))
L = \|x\|_3 | np.sum(np.abs(x)**3)**(1/3)
L = \sum_{i<j} (x_i - x_j)^2 | np.sum((x[:,None]-x)**2)/2
L = \sum_{i \neq j} x_i x_j | np.sum(x)**2-np.sum(x**2)
L = \sum_{i=2}^{n} x_i^2 | np.sum(x[1:]**2)
L = \sum_{i=1}^{3} x_i | np.sum(x[:3])
L = \log^2 s | np.log(s)**2
L = \log s^2 | np.log(s**2)
L = \sin s \cos s | np.sin(s)*np.cos(s)
L = x^\top A A x | x@A@A@x
L = \operatorname{tr}(A^{\odot 2}) | np.sum(np.diag(A)**2)
L = \operatorname{tr}(A)^2 | np.trace(A)**2
L = \max_{i} |x_i| | np.max(np.abs(x))
L = \|A\| + \|A\|_F^2 | np.linalg.norm(A)+np.linalg.norm(A)**2
L = \|X\|_{\text{op}} | np.linalg.norm(X,2)
L = \|B\|_{op}^2 | np.linalg.norm(B,2)**2
L = \|B\|_* | np.linalg.norm(B,"nuc")
L = \lVert X\rVert_{\ast}^2 | np.linalg.norm(X,"nuc")**2
L = \sigma_{\max}(B) + \sigma_{\min}(X)^2 | np.linalg.norm(B,2)+np.linalg.norm(X,-2)**2
L = \|X^{+} t\|^2 | np.sum((np.linalg.pinv(X)@t)**2)
L = \|X X^\dagger t - t\|^2 | np.sum((X@np.linalg.pinv(X)@t-t)**2)
L = \max_j \sum_i |B_{ij}| | np.linalg.norm(B,1)
L = \max_i \sum_j |W_{ij}| | np.linalg.norm(W,np.inf)
L = \max_{i,j} |W_{ij}| | np.max(np.abs(W))
L = \sum_{i,j} |W_{ij}| | np.sum(np.abs(W))
L = \sum_i \|X_i\|_2 + \|X_2\|_1 | np.sum(np.sqrt(np.sum(X**2,1)))+np.sum(np.abs(X[1]))
L = \arg\max_i x_i | np.argmax(x) + 1
L = \int_0^1 s\,dt |
""".strip().splitlines()
