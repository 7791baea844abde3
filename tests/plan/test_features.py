"""Features made before the prediction: the request is the raw rows, and the package gives the notebook's answer for
them, all at once and one by one; or the notebook is refused."""

import pickle
from typing import Any

import pytest

from nb2prod.execute.kernel.errors import CaptureError
from tests.plan.equality import Converted, _InPackage, _package, check, convert, findings_of

TABLE = """
# %% imports
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
# %% training
rng = np.random.default_rng(7)
n = 60
df = pd.DataFrame({
    "id": range(100, 100 + n),
    "age": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 80, n)),
    "fare": rng.gamma(2.0, 20.0, n).round(2),
    "sex": rng.choice(["male", "female"], n),
    "port": rng.choice(["S", "C", "Q", None], n, p=[0.6, 0.2, 0.15, 0.05]),
    "name": [f"{t}. Person {i}" for i, t in enumerate(rng.choice(["Mr", "Mrs", "Miss", "Dr"], n))],
    "day": pd.date_range("2024-01-01", periods=n).astype(str),
    "y": rng.integers(0, 2, n),
})
"""
MODEL = """
# %% training
X = df.drop(columns=["y", "id", "sex", "port", "name", "day"], errors="ignore")
y = df["y"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=3)
model = LogisticRegression(max_iter=500).fit(X_train.fillna(-1), y_train)
# %% inference
pred = model.predict_proba(X_test.fillna(-1))
"""


def converted(features: str, model: str = MODEL, table: str = TABLE) -> Converted:
    result = convert(f"{table.strip()}\n# %% preprocessing\n{features}\n{model.strip()}")
    assert isinstance(result, Converted), result
    return result


def proven(features: str, model: str = MODEL, table: str = TABLE) -> Converted:
    """Equal for all golden rows, and each row by itself gives what it gives among the others."""
    result = converted(features, model, table)
    check(result)
    with _package(result) as modules:

        def stored(values: dict[str, bytes]) -> dict[str, Any]:
            return {name: _InPackage(data, result.plan.package).load() for name, data in values.items()}

        predictor = modules.predict.Predictor(**stored(result.truth.artifacts))
        ((name, rows),) = stored(result.truth.request).items()
        whole = pickle.loads(result.truth.response)
        for n in range(0, len(rows), 3):
            alone = predictor.predict(**{name: rows.iloc[[n]] if hasattr(rows, "iloc") else rows[n : n + 1]})
            assert np_close(alone, whole[n : n + 1]), f"row {n} alone: {alone}, among the others {whole[n : n + 1]}"
    return result


def np_close(one: Any, other: Any) -> bool:
    import numpy

    return bool(
        numpy.allclose(numpy.asarray(one, dtype=float), numpy.asarray(other, dtype=float), rtol=1e-9, atol=1e-12)
    )


def predict_text(result: Converted) -> str:
    return next(text for path, text in result.sources.items() if path.endswith("/predict.py"))


def sent_columns(result: Converted) -> list[str]:
    (data,) = result.truth.request.values()
    return list(pickle.loads(data).columns)


@pytest.mark.parametrize("features", [
    "df['age'] = df['age'].fillna(df['age'].median())",
    "df['age'] = df['age'].fillna(df['age'].mode()[0])",
    "df['age'].fillna(0)\ndf = df.fillna({'age': df['age'].mean(), 'port': 'S'})",
    "df = df.fillna(df.mean(numeric_only=True))",
    "df['total'] = df['age'] + df['fare'] * 2",
    "df['fare'] = np.log1p(df['fare'])",
    "df['big'] = np.where(df['fare'] > df['fare'].mean(), 1, 0)",
    "df['is_male'] = df['sex'].map({'male': 1, 'female': 0})",
    "df['is_male'] = (df['sex'] == 'male').astype(int)",
    "df['title'] = df['name'].str.split('.').str[0].map({'Mr': 0, 'Mrs': 1}).fillna(2)",
    "df['title'] = df['name'].apply(lambda v: len(v.split('.')[0]))",
    "df['month'] = pd.to_datetime(df['day']).dt.month",
    "df['band'] = pd.cut(df['age'], [0, 20, 40, 99], labels=False)",
    "df['band'] = pd.cut(df['fare'], 4, labels=False)",
    "df['band'] = pd.qcut(df['fare'], 4, labels=False)",
    "df['band'] = pd.qcut(df['fare'], 4, labels=[1, 2, 3, 4]).astype(int)",
    "df['port_code'] = df['port'].astype('category').cat.codes",
    "for c in ['sex', 'port']:\n    df[c + '_code'] = df[c].astype('category').cat.codes",
    "cols = df.select_dtypes('object').columns.tolist()\n"
    "for c in ['sex', 'port']:\n    df[c] = df[c].astype('category')\ndf['sex_code'] = df['sex'].cat.codes",
    "df['port_code'] = pd.factorize(df['port'])[0]",
    "df['port_code'] = pd.Categorical(df['port']).codes",
    "codes, uniques = pd.factorize(df['port'])\ndf['port_code'] = codes",
    "df['sex_code'] = LabelEncoder().fit_transform(df['sex'])",
    "encoder = LabelEncoder()\ndf['sex_code'] = encoder.fit_transform(df['sex'])",
    "le = LabelEncoder()\ndf['a'] = le.fit_transform(df['sex'])\ndf['b'] = le.fit_transform(df['port'].fillna('S'))",
    "le = LabelEncoder()\nle.fit(df['sex'])\ndf['a'] = le.transform(df['sex'])\nle.fit(df['port'].astype(str))\n"
    "df['b'] = le.transform(df['port'].astype(str))",
    "df = pd.get_dummies(df, columns=['sex', 'port'], drop_first=True)",
    "df = pd.get_dummies(df, columns=['sex', 'port'], dummy_na=True)",
    "df = pd.concat([df, pd.get_dummies(df['port'], prefix='p')], axis=1)",
    "dummies = pd.get_dummies(df['sex'], drop_first=True)\ndf = df.join(dummies)",
    "df['n_port'] = df['port'].map(df['port'].value_counts())",
    "df['mean_fare'] = df.groupby('sex')['fare'].transform('mean')",
    "df['age'] = df.groupby('sex')['age'].transform(lambda x: x.fillna(x.median()))",
    "df['age'] = df['age'].fillna(df.groupby('sex')['age'].transform('median'))",
    "for col in ['age', 'fare']:\n    df[col] = df[col].fillna(df[col].median())",
    "for col in ['age', 'fare']:\n    df[col] = (df[col] - df[col].mean()) / df[col].std()",
    "le = LabelEncoder()\nfor c in ['sex', 'port']:\n    df[c + '_code'] = le.fit_transform(df[c].astype(str))",
    "encoders = {}\nfor c in ['sex', 'port']:\n    encoders[c] = LabelEncoder()\n"
    "    df[c + '_code'] = encoders[c].fit_transform(df[c].astype(str))",
    "for c in df.columns:\n    if df[c].dtype == 'float64':\n        df[c] = df[c].fillna(df[c].mean())",
    "for c in df.select_dtypes(include='number').columns:\n    print(c)\n    df[c] = df[c].fillna(df[c].median())",
    "cols = ['age', 'fare']\ndf[cols] = StandardScaler().fit_transform(df[cols])",
    "scaler = MinMaxScaler()\ndf[['age', 'fare']] = scaler.fit_transform(df[['age', 'fare']])",
    "df[['sex', 'port']] = df[['sex', 'port']].astype(str).apply(LabelEncoder().fit_transform)",
    "enc = OrdinalEncoder()\ndf['sex_code'] = enc.fit_transform(df[['sex']]).ravel()",
    "df = df.dropna()\ndf['double'] = df['fare'] * 2",
    "df['double'] = df['fare'] * 2\ndf = df.dropna()\ndf = df[df.fare > 5]\ndf = df.sample(frac=0.9, random_state=1)",
    "df['double'] = df['fare'] * 2\ndf.drop_duplicates(inplace=True)\ndf = df.reset_index(drop=True)",
    "df['double'] = df['fare'] * 2\ndf = df.sort_values('fare').reset_index(drop=True)\ndf['half'] = df['double'] / 4",
    "df.loc[df['age'].isnull(), 'age'] = df['age'].mean()",
    "df.loc[df['fare'] > 100, 'fare'] = 100\ndf['age'] = df['age'] / 2",
    "df['fare'] = df['fare'].clip(upper=df['fare'].quantile(0.9))",
    "low, high = df['fare'].quantile(0.1), df['fare'].quantile(0.9)\ndf['fare'] = df['fare'].clip(low, high)",
    "def add(t):\n    t = t.copy()\n    t['s'] = t['fare'] * 2\n    return t\ndf = add(df)",
    "def size(row):\n    return row['fare'] + (0 if row['sex'] == 'male' else 1)\ndf['s'] = df.apply(size, axis=1)",
    "df = df.assign(ratio=df['fare'] / df['fare'].max())",
    "df = df.assign(ratio=lambda t: t['fare'] / 3)",
    "df['fare'] /= df['fare'].max()",
    "df = df.rename(columns={'fare': 'price'})\ndf['price'] = df['price'] + 1",
    "df['age'] = df['age'].fillna(df['age'].median())\ndel df['id']",
    "df.insert(0, 'half', df['fare'] / 2)",
    "df['w'] = [len(v) for v in df['name']]",
    "nums = [c for c in df.select_dtypes('number').columns if c != 'y']\nfor c in nums:\n    df[c] = df[c] / 2",
    "df.insert(4, 'half', df['fare'] / 2)",
    "a = df.groupby('sex', as_index=False)['fare'].mean().rename(columns={'fare': 'by_sex'})\n"
    "df = df.merge(a, on='sex', how='left')",
    "for table in [df]:\n    table['half'] = table['fare'] / 2\ndf['age'] = df['age'].fillna(df['age'].median())",
])  # fmt: skip
def test_equal_for_raw_rows(features: str) -> None:
    result = proven(features)
    assert "y" not in sent_columns(result)


WHOLE = """
# %% training
X = df.drop(columns=["y", "id"])
y = df["y"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=3)
model = LogisticRegression(max_iter=500)
model.fit(X_train, y_train)
# %% inference
y_pred = model.predict_proba(X_test)
# %% evaluation
accuracy = model.score(X_test, y_test)
"""


@pytest.mark.parametrize("features", [
    "df = pd.get_dummies(df.drop(columns=['name', 'day'])).fillna(0)",
    "df = df.drop(['name', 'day'], axis=1)\ndf['age'] = df['age'].fillna(0)\ndf = pd.get_dummies(df, drop_first=True)",
    "df = df.drop(['name', 'day'], axis=1).fillna({'age': 3})\nfor c in df.columns:\n    if df[c].dtype == 'object' or "
    "df[c].dtype == 'str':\n        le = LabelEncoder()\n        df[c] = le.fit_transform(df[c].astype(str))",
    "df = df.drop(columns=['name', 'day'])\ncats = [c for c in df.columns if df[c].dtype not in ('int64', 'float64')]\n"
    "df[cats] = df[cats].fillna('none')\ndf = df.fillna(df.median(numeric_only=True))\n"
    "df = pd.get_dummies(df, columns=cats)",
])  # fmt: skip
def test_equal_where_every_column_is_encoded(features: str) -> None:
    assert "y" not in sent_columns(proven(features, WHOLE))


TWO = """
# %% imports
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
# %% training
rng = np.random.default_rng(3)
def sold(n):
    return pd.DataFrame({"area": np.where(rng.random(n) < 0.2, np.nan, rng.gamma(5, 20, n)),
                         "kind": rng.choice(["flat", "house", "loft"], n), "year": rng.integers(1950, 2020, n)})
train = sold(50)
train["price"] = train["year"] * 2.0 + rng.random(50)
test = sold(20)
"""


def test_a_test_file_is_the_request_and_is_filled_from_the_training_file() -> None:
    result = proven("for f in ['area', 'year']:\n    test[f] = test[f].fillna(train[f].median())\n"
                    "test = pd.get_dummies(test)\n", """
# %% training
train["area"] = train["area"].fillna(train["area"].median())
train = pd.get_dummies(train)
names = [c for c in train.columns if c != "price"]
model = LinearRegression().fit(train[names], train["price"])
# %% inference
model.predict(test[names])
""", TWO)  # fmt: skip
    assert sent_columns(result) == ["area", "kind", "year"]


def test_tables_below_each_other_are_one_table_until_they_are_cut() -> None:
    result = proven("n = len(train)\nprice = train['price']\n"
                    "both = pd.concat([train.drop(columns=['price']), test], ignore_index=True)\n"
                    "both['area'] = both['area'].fillna(both['area'].mean())\n"
                    "groups = both.groupby('kind')['area']\nboth['mean_area'] = groups.transform('mean')\n"
                    "both = pd.get_dummies(both)\nX, X_test = both[:n], both[n:]\n", """
# %% training
model = LinearRegression().fit(X, price)
# %% inference
model.predict(X_test)
""", TWO)  # fmt: skip
    assert sent_columns(result) == ["area", "kind", "year"]


OF_TWO = """
# %% training
model = LinearRegression().fit(train.drop(columns=["price", "kind"], errors="ignore").fillna(-1), train["price"])
# %% inference
model.predict(test.drop(columns=["kind"], errors="ignore").fillna(-1))
"""


@pytest.mark.parametrize("features", [
    "for d in (train, test):\n    d['area'] = d['area'].fillna(d['area'].median())\n    d['old'] = d['year'] < 1990",
    "both = [test, train]\nfor d in both:\n    print(d.shape)\n    med = d['area'].median()\n"
    "    d['area'] = d['area'].fillna(med)\n    d['flat'] = 0\n    d.loc[d['kind'] == 'flat', 'flat'] = 1",
    "both = [test, train]\nm = np.zeros((2, 2))\nfor d in both:\n    for k in range(2):\n        for j in range(2):\n"
    "            m[k, j] = d[(d.year > 1980) == k]['area'].median() + j\n    for k in range(2):\n"
    "        for j in range(2):\n            d.loc[d.area.isnull() & ((d.year > 1980) == k) & ((d.kind == 'flat') == j)"
    ", 'area'] = m[k, j]",
    "both = [train, test]\nfor d in both:\n    d['x'] = 1\n    d = d.dropna()\n    d['area'] = 0",
    "both = [train, test]\ntest = test.copy()\nfor d in both:\n    d['year'] = d['year'] * 2",
    "for d in (train, test):\n    for c in ['area', 'year']:\n        d[c] = (d[c] - d[c].mean()) / d[c].std()",
    "for d in (train, test):\n    sc = StandardScaler()\n    d['scaled'] = sc.fit_transform(d[['year']]).ravel()",
    "for d in [train, test]:\n    d.fillna({'area': 3}, inplace=True)\n    if d['area'].max() > 100:\n"
    "        d['year'] = d['year'] - 1",
    "for d in [train, test]:\n    d['area'] = d['area'].fillna(train['area'].mean())\n"
    "    d['z'] = d['area'] / train['area'].max()",
])  # fmt: skip
def test_a_loop_over_tables_does_for_the_request_what_its_turn_did(features: str) -> None:
    proven(features, OF_TWO, TWO)


@pytest.mark.parametrize("features", [
    "both = [train, test]\nboth.reverse()\nboth.pop()\nfor d in both:\n    d['year'] = d['year'] * 2",
    "for d in [train, test]:\n    d['year'] = d['year'] - 1\nd['year'] = d['year'] * 3",
    "for d in [train, test]:\n    if d['area'].max() > 3:\n        break\n    d['year'] = d['year'] - 1",
    "for d in [train, test]:\n    test = d.copy()\n    test['year'] = d['year'] - 1",
    "for d in [train, test]:\n    d['area'] = d['area'].fillna(0)\n    test['year'] = test['year'] + d['year'].max()",
])  # fmt: skip
def test_a_loop_over_tables_that_is_not_alike_for_them_is_refused(features: str) -> None:
    result = convert(f"{TWO.strip()}\n# %% preprocessing\n{features}\n{OF_TWO.strip()}")
    assert isinstance(result, tuple)
    assert set(result) <= {"NB351", "NB357"}


@pytest.mark.parametrize("features", [
    "train, test = train.align(test, join='left', axis=1, fill_value=0)",
    "train, test = train.align(test, join='inner', axis=1)",
    "train, test = train.align(test, join='outer', axis=1, fill_value=0)",
    "test = test.reindex(columns=train.columns, fill_value=0)",
    "for c in set(train.columns) - set(test.columns):\n    test[c] = 0\ntest = test[train.columns]",
])  # fmt: skip
def test_the_request_gets_the_columns_that_training_had(features: str) -> None:
    proven("price = train.pop('price')\ntrain = pd.get_dummies(train)\n"
           f"test = pd.get_dummies(test[test.kind != 'loft'])\n{features}\ntrain['price'] = price\n",
           OF_TWO, TWO)  # fmt: skip


@pytest.mark.parametrize("features", [
    "ranks = pd.DataFrame({'kind': ['flat', 'house', 'loft'], 'rank': [3, 2, 1]})\n"
    "train = train.merge(ranks, on='kind', how='left')\ntest = test.merge(ranks, on='kind', how='left')",
    "m = train.groupby('kind')['price'].mean().reset_index().rename(columns={'price': 'by_kind'})\n"
    "train = pd.merge(train, m, on='kind', how='left')\ntest = pd.merge(test, m, on='kind', how='left')",
    "train['src'] = 1\ntest['src'] = 0\nboth = pd.concat([train, test])\n"
    "both['area'] = both['area'].fillna(both['area'].median())\ntrain = both[both['src'] == 1].drop(columns=['src'])\n"
    "test = both[both['src'] == 0].drop(columns=['src', 'price'])",
    "both = [train, test]\nfull = pd.concat(both)\nfull['area'] = full['area'].fillna(full['area'].median())\n"
    "train = full[full['price'].notnull()]\ntest = full[full['price'].isnull()].drop(columns=['price'])",
    "train.insert(1, 'new', train['year'] * 2)\ntest.insert(1, 'new', test['year'] * 2)",
])  # fmt: skip
def test_tables_are_looked_up_and_put_together(features: str) -> None:
    proven(features, OF_TWO, TWO)


@pytest.mark.parametrize("features", [
    "def clean(df):\n    df = df.copy()\n    df['area'] = df['area'].fillna(df['area'].median())\n"
    "    df['old'] = (df['year'] < 1990).astype(int)\n    return df\ntrain = clean(train)\n"
    "test = clean(test)",
    "def clean(t):\n    m = t['area'].mean()\n    t['area'] = t['area'].fillna(m)\n"
    "    t['z'] = (t['area'] - m) / t['area'].std()\n    print('done')\n    return t\n"
    "train = clean(train)\ntest = clean(test)",
    "def clean(t):\n    t = t.copy()\n    for c in ['area', 'year']:\n"
    "        t[c] = (t[c] - t[c].mean()) / t[c].std()\n    return t\ntrain = clean(train)\n"
    "test = clean(test)",
    "def clean(t):\n    t = t.copy()\n    for c in t.columns:\n        if t[c].dtype == 'float64':\n"
    "            t[c] = t[c].fillna(t[c].mean())\n    t['k'] = t['kind'].map(t['kind'].value_counts())\n"
    "    return t.drop(columns=['kind'])\ntrain = clean(train)\ntest = clean(test)",
    "def clean(t, n):\n    t = pd.get_dummies(t.fillna(n))\n    return t\nprice = train.pop('price')\n"
    "train = clean(train, 0)\ntest = clean(test, n=0)\ntrain['price'] = price\n",
    "def clean(t):\n    t = t.copy()\n    sc = StandardScaler()\n"
    "    t['year'] = sc.fit_transform(t[['year']]).ravel()\n"
    "    t['b'] = pd.qcut(t['year'], 4, labels=False)\n"
    "    t['m'] = t.groupby('kind')['year'].transform('mean')\n    return t\ntrain = clean(train)\n"
    "test = clean(test)",
    "limit = 3\nnames = [c for c in train.columns if c != 'price']\ndef clean(t):\n    t = t.copy()\n"
    "    t['area'] = t['area'].fillna(t['area'].median()).clip(limit)\n    return t\n"
    "train = clean(train)\ntest = clean(test)",
    "def clean(t):\n    if t['area'].isnull().any():\n"
    "        t['area'] = t['area'].fillna(t['area'].median())\n    return t\ntrain = clean(train)\n"
    "test = clean(test)",
    "def clean(t):\n    t = t.copy()\n    t['area'] = t['area'].fillna(t['area'].median())\n"
    "    return t\nboth=[train, test]\ntrain, test = clean(train), clean(test)",
    "def clean(t):\n    m = t['area'].mean()\n    t['z'] = t['area'].apply(lambda v: v - m)\n"
    "    t['w'] = [v - m for v in t['area']]\n    return t\ntrain = clean(train)\ntest = clean(test)",
])  # fmt: skip
def test_a_function_keeps_the_statistics_it_takes(features: str) -> None:
    proven(features, OF_TWO, TWO)


@pytest.mark.parametrize("features", [
    "def clean(t):\n    t = t.dropna()\n    t['area'] = t['area'] - t['area'].median()\n    return t\n"
    "train = clean(train)\ntest = clean(test)",
    "k = train['area'].mean()\ndef clean(t):\n    t['area'] = t['area'].fillna(t['area'].median()) / k\n    return t\n"
    "train = clean(train)\ntest = clean(test)",
    "def clean(t):\n    if len(t) > 30:\n        return t\n    t['area'] = t['area'].fillna(t['area'].median())\n"
    "    return t\ntrain = clean(train)\ntest = clean(test)",
])  # fmt: skip
def test_a_function_that_does_more_with_its_table_is_refused(features: str) -> None:
    result = convert(f"{TWO.strip()}\n# %% preprocessing\n{features}\n{OF_TWO.strip()}")
    assert isinstance(result, tuple)
    assert set(result) <= {"NB351"}


CONCAT = (
    "n = len(train)\nboth = pd.concat([train.drop(columns=['price']), test], ignore_index=True)\n"
    "both['area'] = both['area'].fillna(both['area'].median())\nboth = both.drop(columns=['kind'])\n"
    "X, X_te = both[:n], both[n:]\n"
)
FIRST = "# %% training\nm1 = LinearRegression().fit(X, train['price'])\n"
SECOND = "m2 = LinearRegression(fit_intercept=False).fit(X, train['price'])\n"


@pytest.mark.parametrize("cells", [
    "# %% inference\nprice = m1.predict(X_te)\nout = pd.DataFrame({'id': test['year'], 'price': price})\nout.head()",
    "# %% inference\nout = pd.DataFrame({'id': test['year'], 'price': m1.predict(X_te)})",
    "# %% inference\nsub = pd.DataFrame()\nsub['id'] = test['year']\nsub['price'] = m1.predict(X_te)\nsub.head()",
])  # fmt: skip
def test_a_prediction_beside_other_rows_is_the_response(cells: str) -> None:
    proven(CONCAT, FIRST + cells, TWO)


@pytest.mark.parametrize("cells", [
    "p1 = m1.predict(X_te)\np1 = np.maximum(p1, 3)\n# %% inference\np2 = m2.predict(X_te)\nblend = .3 * p1 + .7 * p2",
    "p1 = m1.predict(X_te)\n# %%\nlogs = np.log(p1)\n# %% inference\np2 = m2.predict(X_te)\nblend = .3 * logs + p2",
    "p1 = m1.predict(X)\ntop = LinearRegression().fit(np.column_stack([p1, m2.predict(X)]), train['price'])\n"
    "p1 = m1.predict(X_te)\n# %% inference\np2 = m2.predict(X_te)\nblend = top.predict(np.column_stack([p1, p2]))",
])  # fmt: skip
def test_a_prediction_made_before_of_the_same_rows_is_repeated(cells: str) -> None:
    result = proven(CONCAT, FIRST + SECOND + cells, TWO)
    assert "p1" not in result.boundary.artifacts


LABELLED = (
    TABLE
    + """from sklearn.datasets import load_wine
from sklearn.tree import DecisionTreeClassifier
wine = load_wine()
frame = pd.DataFrame(wine.data[:, :3], columns=["alcohol", "acid", "ash"])
frame["kind"] = wine.target == 1
frame = frame[["alcohol", "acid", "ash", "kind"]]
"""
)


@pytest.mark.parametrize("features", [
    "X = frame.iloc[:, :-1].to_numpy(); y = frame.iloc[:, -1].to_numpy()\nX = X / X.max(axis=0)",
    "frame['acid'] = frame['acid'] / frame['acid'].max()\nframe = frame[['acid', 'ash', 'kind']]\n"
    "X = frame[frame.columns[:-1]]; y = frame['kind']",
    "frame['acid'] = frame['acid'] / frame['acid'].max()\nX = frame.values[:, :-1].astype(float)\ny = frame['kind']",
])  # fmt: skip
def test_the_label_of_a_data_set_is_not_sent(features: str) -> None:
    result = proven(features, """
# %% training
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
model = DecisionTreeClassifier(random_state=0).fit(X_train, y_train)
# %% inference
model.predict_proba(X_test)
""", LABELLED)  # fmt: skip
    (data,) = result.truth.request.values()
    assert "kind" not in getattr(pickle.loads(data), "columns", ())


def test_a_threshold_that_is_found_with_the_truth_is_kept() -> None:
    result = proven("X = df[['fare']] / df['fare'].max()\ny = df['y']\n"
                    "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)", """
# %% training
from sklearn.metrics import roc_curve
model = LogisticRegression().fit(X_train, y_train)
# %%
fpr, tpr, thresholds = roc_curve(y_test, model.predict_proba(X_test)[:, 1])
# %%
limit = thresholds[np.argmax(tpr >= 0.5)]
# %% inference
flag = model.predict_proba(X_test)[:, 1] >= limit
""")  # fmt: skip
    assert "limit" in result.boundary.artifacts


def test_arrays_are_found_again_by_value() -> None:
    result = proven("X = df[['age', 'fare']].fillna(0).values\n"
                    "X = StandardScaler().fit_transform(X)\ny = df['y'].values\n",
                    """
# %% training
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
model = LogisticRegression().fit(X_train, y_train)
# %% inference
model.predict_proba(X_test)
""")  # fmt: skip
    assert sent_columns(result) == ["age", "fare"]


def test_what_scikit_learn_loads_is_a_table() -> None:
    proven("iris = load_iris()\nX = MinMaxScaler().fit_transform(iris.data)\n", """
# %% training
X_train, X_test, y_train, y_test = train_test_split(X, iris.target, random_state=1)
model = LogisticRegression(max_iter=500).fit(X_train, y_train)
# %% inference
model.predict_proba(X_test)
""", TABLE + "from sklearn.datasets import load_iris\n")  # fmt: skip


def test_a_frame_around_scaled_values_keeps_its_names() -> None:
    proven("X = df[['age', 'fare']].fillna(0)\n"
           "X_train, X_test, y_train, y_test = train_test_split(X, df['y'], random_state=0)\n"
           "scaler = StandardScaler()\n"
           "X_train = pd.DataFrame(scaler.fit_transform(X_train), columns=X.columns, index=X_train.index)\n"
           "X_test = pd.DataFrame(scaler.transform(X_test), columns=X.columns, index=X_test.index)\n", """
# %% training
model = LogisticRegression().fit(X_train, y_train)
# %% inference
model.predict_proba(X_test)
""")  # fmt: skip


@pytest.mark.parametrize("role", ["training", ""])
def test_a_cell_that_makes_features_is_named_until_it_is_tagged(role: str) -> None:
    text = f"{TABLE.strip()}\n# %% {role}\ndf['fare'] = df['fare'] * 2\n{MODEL.strip()}"
    finding = findings_of(text)["NB320"]
    assert (finding.cell, finding.line) == (3, 1)
    assert "preprocessing" in finding.hint


def test_rows_chosen_inside_the_call_are_followed_too() -> None:
    result = proven("df['fare'] = df['fare'] / df['fare'].max()\ncut = int(len(df) * 0.75)\n"
                    "train, test = df[:cut], df[cut:]\ncols = ['age', 'fare']\n", """
# %% inference
model = LogisticRegression().fit(train[cols].fillna(0), train["y"])
pred = model.predict_proba(test[cols].fillna(0))
""")  # fmt: skip
    assert sent_columns(result) == ["age", "fare"]
    assert "cut" not in result.boundary.artifacts


@pytest.mark.parametrize("features", [
    "n = 0\nwhile n < 2:\n    df['fare'] = df['fare'] + 1\n    n += 1",
    "try:\n    df['fare'] = df['fare'] / 2\nexcept ValueError:\n    pass",
    "a = df.groupby('sex', as_index=False)['fare'].mean()\ndf = df.merge(a, on='sex')",
    "k = 3\ndef times(v):\n    return v * k\ndf['s'] = df['fare'].apply(times)\nk = 4",
    "df['n'] = df.index",
    "for table in [df]:\n    table['half'] = table['fare'] / 2\ntable['age'] = table['age'].fillna(0)",
    "both = [df]\nboth.append(df.copy())\nfor table in both:\n    table['half'] = table['fare'] / 2",
    "df['c'] = df['fare'].cumsum()", "df['r'] = df['fare'].rank()",
])  # fmt: skip
def test_what_cannot_be_repeated_is_refused(features: str) -> None:
    result = convert(f"{TABLE.strip()}\n# %% preprocessing\n{features}\n{MODEL.strip()}")
    assert isinstance(result, tuple)
    assert set(result) <= {"NB351", "NB352"}


@pytest.mark.parametrize("features", ["df['noise'] = np.random.rand(len(df))", "df['n'] = range(len(df))"])
def test_a_value_for_each_training_row_cannot_be_kept(features: str) -> None:
    with pytest.raises(CaptureError, match="a value for each row"):
        convert(f"{TABLE.strip()}\n# %% preprocessing\n{features}\n{MODEL.strip()}")


# --- the answer is put beside what came with the rows

GUESTS = """
# %% imports
import io
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
# %% training
old = pd.DataFrame({"room": ["a", "b", "a", "c"] * 3, "nights": range(12), "back": [0, 1, 0, 1] * 3})
new = pd.DataFrame({"guest": [71, 72, 73], "room": ["c", "a", "b"], "nights": [3, 1, 8]})
"""


def answered_one_by_one(text: str) -> Converted:
    """Equal for all golden rows together, and each by itself."""
    result = convert(text)
    assert isinstance(result, Converted), result
    check(result)
    with _package(result) as modules:

        def stored(values: dict[str, bytes]) -> dict[str, Any]:
            return {name: _InPackage(data, result.plan.package).load() for name, data in values.items()}

        predictor = modules.predict.Predictor(**stored(result.truth.artifacts))
        ((name, rows),) = stored(result.truth.request).items()
        whole = pickle.loads(result.truth.response)
        for n in range(len(rows)):
            alone = predictor.predict(**{name: rows.iloc[[n]].reset_index(drop=True)})
            assert alone.to_dict("records") == whole.iloc[[n]].to_dict("records")
    return result


def test_levels_are_kept_where_the_inference_cell_makes_the_columns() -> None:
    result = answered_one_by_one(f"""{GUESTS}
model = DecisionTreeClassifier(random_state=0).fit(pd.get_dummies(old[["room", "nights"]]), old.back)
# %% inference
Z = pd.get_dummies(new[["room", "nights"]])
out = pd.DataFrame({{"guest": new.guest, "back": model.predict(Z)}})
out.to_csv(io.StringIO(), index=False)
""")
    assert result.boundary.request == ("new",)
    assert result.boundary.response == "out"


def test_a_column_of_the_table_that_the_rows_were_taken_from() -> None:
    result = answered_one_by_one(f"""{GUESTS}
model = DecisionTreeClassifier(random_state=0).fit(old[["nights"]].values, old.back)
rows = new.iloc[:, 2:]
# %% inference
found = model.predict(rows.values)
out = pd.DataFrame({{"guest": new["guest"], "back": found}})
""")
    assert result.boundary.request == ("new",)
    assert result.boundary.artifacts == ("model", "rows_columns")


def test_a_column_of_a_table_that_has_other_rows_is_not_followed() -> None:
    text = f"""{GUESTS}
model = DecisionTreeClassifier(random_state=0).fit(old[["nights"]].values, old.back)
rows = new[new.nights > 2][["nights"]]
# %% inference
found = model.predict(rows.values)
out = pd.DataFrame({{"guests": len(new), "back": found}})
"""
    result = convert(text)
    assert isinstance(result, Converted)
    assert result.boundary.request == ("rows",)
    check(result)
