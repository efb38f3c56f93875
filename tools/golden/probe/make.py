# Logistic regression by scikit-learn and nearest neighbors by the formulas of dinov2 (eval/knn.py), on small random features.
# Run with scikit-learn 1.9.1 and numpy 2.4: python make.py
import json
import numpy as np
from sklearn.linear_model import LogisticRegression

def floats(rng, rows, columns):
    return rng.randn(rows, columns).astype(np.float32).round(6).astype(np.float64)

def logistic():
    rng = np.random.RandomState(1)
    n, d, k = 60, 5, 3
    x, extra = floats(rng, n, d), floats(rng, 20, d)
    direction = floats(rng, k, d)
    label = lambda rows: (rows @ direction.T + rng.gumbel(size=(len(rows), k))).argmax(1)
    y, y_extra = label(x), label(extra)
    fits = []
    for l2 in [1.0, 0.01, 0.0001]:
        # C is 1 / (l2 n): scikit-learn's loss is the sum over rows, ours the mean.
        model = LogisticRegression(C=1 / (l2 * n), solver="newton-cg", tol=1e-14, max_iter=10000).fit(x, y)
        p = model.predict_proba(x)
        loss = -np.log(p[np.arange(n), y]).mean()
        fits.append({"l2": l2, "weights": model.coef_.tolist(), "biases": model.intercept_.tolist(),
                     "loss": loss, "accuracy": model.score(extra, y_extra)})
    return {"features": x.tolist(), "labels": y.tolist(), "test": extra.tolist(), "testLabels": y_extra.tolist(), "fits": fits}

def knn():
    rng = np.random.RandomState(0)
    x, y, q, k, t = floats(rng, 12, 5), rng.randint(0, 3, 12), floats(rng, 4, 5), 5, 0.07
    unit = lambda a: a / np.linalg.norm(a, axis=1, keepdims=True)
    s = unit(q) @ unit(x).T
    near = np.argsort(-s, axis=1)[:, :k]
    w = np.exp(np.take_along_axis(s, near, 1) / t)
    w /= w.sum(1, keepdims=True)
    p = np.zeros((4, 3))
    for i in range(4):
        for j in range(k):
            p[i, y[near[i, j]]] += w[i, j]
    return {"train": x.tolist(), "labels": y.tolist(), "test": q.tolist(), "k": k, "T": t,
            "softmaxProbabilities": p.tolist(), "predicted": p.argmax(1).tolist()}

for name, value in [("logistic", logistic()), ("knn", knn())]:
    with open(f"{name}.json", "w") as file:
        json.dump(value, file)
        file.write("\n")
