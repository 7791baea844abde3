"""Where the rows enter the prediction, when no cell is tagged `request`: each notebook is equal."""

import pytest

from tests.plan.equality import check, convert

CASES = {
    "everything_in_one_cell": (
        "X_test",
        r"""
# %% inference
import numpy as np
from sklearn.linear_model import LinearRegression
data = np.arange(40.).reshape(20, 2)
y = data[:, 0] * 3 + 1
X_train = data[:-5]
X_test = data[-5:]
y_train = y[:-5]
y_test = y[-5:]
regr = LinearRegression()
regr.fit(X_train, y_train)
pred = regr.predict(X_test)
print("error", ((pred - y_test) ** 2).mean())
print(X_test.shape)
""",
    ),
    "texts_typed_in_above_a_transformer": (
        "texts",
        r"""
# %% training
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
docs = ["a b c", "d e f", "a a b", "f f d"]
tfidf = TfidfVectorizer(token_pattern=r"\w")
nb = MultinomialNB().fit(tfidf.fit_transform(docs), [0, 1, 0, 1])
# %% inference
texts = ["a b", "c d"]
new_rows = tfidf.transform(texts)
predictions = nb.predict(new_rows)
for t, p in zip(texts, predictions): print(t, p)
""",
    ),
    "numbers_typed_in": (
        "budget",
        r"""
# %% training
import numpy as np
w = np.ones(4) * pow(2, 1)
# %% inference
budget = [1, 120, 15, 30]
sold = np.dot(budget, w)
print("about", sold)
""",
    ),
    "rows_picked_from_what_was_trained_on": (
        "sample",
        r"""
# %% training
import numpy as np
from sklearn.tree import DecisionTreeClassifier
X = np.arange(40.).reshape(20, 2)
y = (X[:, 0] > 20).astype(int)
names = ["low", "high"]
tree = DecisionTreeClassifier(random_state=0).fit(X, y)
# %% inference
sample = X[[0, 7, 15]]
[names[i] for i in tree.predict(sample)]
""",
    ),
    "a_mask_inside_the_call": (
        "rows",
        r"""
# %% training
import numpy as np
from sklearn.tree import DecisionTreeClassifier
X = np.arange(40.).reshape(20, 2)
y = (X[:, 0] > 20).astype(int)
mask = np.arange(20) % 4 > 0
tree = DecisionTreeClassifier(random_state=0).fit(X[mask], y[mask])
# %% inference
y_pred = tree.predict(X[~mask])
print((y_pred == y[~mask]).mean())
""",
    ),
    "the_first_rows_inside_the_call": (
        "rows",
        r"""
# %% training
import numpy as np
from sklearn.tree import DecisionTreeClassifier
from sklearn.model_selection import train_test_split
X = np.arange(40.).reshape(20, 2)
y = (X[:, 0] > 20).astype(int)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
tree = DecisionTreeClassifier(random_state=0).fit(X_train, y_train)
# %% inference
tree.predict(X_test[:2])
""",
    ),
    "what_only_the_prediction_reads": (
        "Xq",
        r"""
# %% training
import numpy as np
X = np.arange(40.).reshape(20, 2)
mean = X.mean(0)
Vt = np.linalg.svd(X - mean)[2]
W = Vt[:1].T
Z = (X - mean) @ W
def nearest(z):
    return np.abs(Z - z.T).argmin(0)
Xq = X[3:6] + 1
# %% inference
ans = nearest((Xq - mean) @ W)
# %% evaluation
for k in (1, 2):
    W = Vt[:k].T
score = float(W.sum())
""",
    ),
    "the_test_set_without_its_target": (
        "X_test",
        r"""
# %% training
import numpy as np, pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
frame = pd.DataFrame({"a": np.arange(20.), "b": np.arange(20.) ** 2, "y": np.arange(20.) * 3})
train_set, test_set = frame[:15], frame[15:]
scaler = StandardScaler()
prepared = scaler.fit_transform(train_set.drop("y", axis=1))
model = LinearRegression().fit(prepared, train_set["y"])
# %% inference
X_test = test_set.drop("y", axis=1)
y_test = test_set["y"].copy()
X_test_prepared = scaler.transform(X_test)
final_predictions = model.predict(X_test_prepared)
rmse = np.sqrt(((final_predictions - y_test) ** 2).mean())
rmse
""",
    ),
    "one_input_of_two_models": (
        "X_new",
        r"""
# %% training
import numpy as np
from sklearn.linear_model import LinearRegression, Ridge
X = np.arange(40.).reshape(20, 2); y = X[:, 0] * 3
a = LinearRegression().fit(X, y)
b = Ridge().fit(X, y)
X_new = X[:3] + 1
# %% inference
one = a.predict(X_new)
two = b.predict(X_new)
final = (one + two) / 2
""",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_request_is(case: str) -> None:
    request, notebook = CASES[case]
    converted = convert(notebook)
    assert not isinstance(converted, tuple), converted
    assert converted.boundary.request == (request,)
    check(converted)


def test_a_caller_sends_as_many_rows_as_it_wants() -> None:
    _, notebook = CASES["the_first_rows_inside_the_call"]
    converted = convert(notebook)
    assert not isinstance(converted, tuple)
    (predict,) = (text for path, text in converted.sources.items() if path.endswith("predict.py"))
    assert "[:2]" not in predict
