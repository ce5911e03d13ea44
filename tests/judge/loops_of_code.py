"""Loss functions of a course with loops over samples and classes, as their students fill them in."""

SVM = """X: data[N, D]
y: integers[N, C]
W: parameter[D, C]
reg = 0.1
scores = X @ W
correct = sum(scores*one_hot(y, C), axis=1)
margins = maximum(0, scores - correct[:, None] + 1)
loss = (sum(margins) - N)/N + reg*sum(W**2)"""
SOFTMAX = """X: data[N, D]
y: integers[N, C]
W: parameter[D, C]
reg = 0.1
scores = X @ W
loss = cross_entropy(scores, y) + reg*sum(W**2)"""
NAIVE_SVM = """dW = np.zeros(W.shape)
num_classes = W.shape[1]
num_train = X.shape[0]
loss = 0.0
for i in range(num_train):
    scores = X[i].dot(W)
    correct_class_score = scores[y[i]]
    for j in range(num_classes):
        if j == y[i]:
            continue
        margin = scores[j] - correct_class_score + 1
        if margin > 0:
            loss += margin
            dW[:, j] += X[i]
            dW[:, y[i]] -= X[i]
loss /= num_train
dW /= num_train
dW += 2 * reg * W"""
COUNTED_SVM = """dW = np.zeros_like(W)
for i in range(N):
    scores = X[i] @ W
    count = 0
    for j in range(C):
        if j == y[i]: continue
        if scores[j] - scores[y[i]] + 1 > 0:
            count += 1
            dW[:, j] += X[i, :]
    dW[:, y[i]] -= count * X[i, :]
dW = dW / N + 2 * reg * W"""
VECTOR_SVM = """margin = np.maximum(0, X.dot(W) - correct.reshape(N, 1) + 1)
margin[np.arange(N), y] = 0
margin[margin > 0] = 1
count = margin.sum(axis=1)
margin[np.arange(N), y] -= count
dW = X.T.dot(margin) / N
dW = dW + reg * 2 * W"""
NAIVE_SOFTMAX = """dW = np.zeros_like(W)
for i in range(X.shape[0]):
    scores = X[i].dot(W)
    scores -= np.max(scores)
    loss = -scores[y[i]] + np.log(np.sum(np.exp(scores)))
    for j in range(W.shape[1]):
        p = np.exp(scores[j]) / np.sum(np.exp(scores))
        if j == y[i]:
            dW[:, j] += (p - 1) * X[i]
        else:
            dW[:, j] += p * X[i]
dW /= X.shape[0]
dW += 2 * reg * W"""
PASSES = {
    "naive_svm": (SVM, NAIVE_SVM),
    "counted_svm": (SVM, COUNTED_SVM),
    "vector_svm": (SVM, VECTOR_SVM),
    "naive_softmax": (SOFTMAX, NAIVE_SOFTMAX),
}
