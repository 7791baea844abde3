"""The way of the rows: what is repeated for each, what is kept from training, what is refused."""

import ast

import pytest

from nb2prod.analysis.graph import build_graph
from nb2prod.analysis.lineage import Lineage, trace
from nb2prod.analysis.values import Problem
from tests.plan.equality import notebook

IMPORTS = """
import pandas as pd
import numpy as np
import somewhere
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, OrdinalEncoder, StandardScaler
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
df = pd.read_csv("a.csv")
"""


def way_to(name: str, text: str) -> Lineage | Problem | None:
    graph = build_graph(notebook(f"# %% preprocessing\n{IMPORTS.strip()}\n{text}"))
    return trace(graph, name, len(graph.statements))


def way(text: str, name: str = "df") -> Lineage:
    found = way_to(name, text)
    assert isinstance(found, Lineage), found
    return found


def kept(lineage: Lineage) -> list[tuple[str, str]]:
    return [(m.what, ast.unparse(m.node)) for d in lineage.deeds for m in d.value.marks]


@pytest.mark.parametrize("step", [
    "df['a'].fillna(0)", "df.a.fillna('none')", "df['a'] + df['b'] * 2", "df['a'].map({'x': 1, 'y': 2})",
    "df['a'].replace(['x', 'y'], 'z')", "df['a'].apply(lambda v: v + 1)", "df['a'].str.lower().str.strip()",
    "df['a'].str.split(',').str[0]", "df['a'].str.extract(r'(\\w+)', expand=False)", "df['a'].dt.year",
    "pd.to_datetime(df['a'])", "pd.to_numeric(df['a'], errors='coerce')", "df['a'].astype(int)", "np.log1p(df['a'])",
    "np.where(df['a'] > 3, 1, 0)", "df['a'].clip(0, 10)", "pd.cut(df['a'], [0, 10, 20], labels=False)",
    "pd.cut(df['a'], bins=[0, 10, 20])", "df.apply(lambda row: row['a'] + row['b'], axis=1)",
    "(df['a'] > 2).astype(int)",
    "df[['a', 'b']].sum(axis=1)", "df['a'].isnull().astype(int)", "~df['a'].isin(['x'])",
    "df['a'].where(df['a'] > 0, 0)",
    "[len(v) for v in df['a']]", "np.sqrt(df['a'] ** 2 + df['b'] ** 2)", "df['a'] / 255.0",
    "df.eval('a * b / 2')", "df['a'].between(1, 2)",
    "np.select([df['a'] > 3, df['a'] > 2], [1, 2], default=0)", "pd.Series(0, index=[1]).max() + df['a']",
])  # fmt: skip
def test_each_row_by_itself_is_repeated_as_it_stands(step: str) -> None:
    lineage = way(f"df['new'] = {step}")
    assert lineage.request == "df"
    assert [m for m in kept(lineage) if m[0] != "statistic"] == []


@pytest.mark.parametrize(("step", "what", "node"), [
    ("df['a'].fillna(df['a'].median())", "statistic", "df['a'].median()"),
    ("df['a'].fillna(df['a'].mode()[0])", "statistic", "df['a'].mode()[0]"),
    ("df['a'].fillna(df.a.mean())", "statistic", "df.a.mean()"),
    ("(df['a'] - df['a'].mean()) / 2", "statistic", "df['a'].mean()"),
    ("df['a'] / np.max(df['a'])", "statistic", "np.max(df['a'])"),
    ("df['a'].clip(upper=df['a'].quantile(0.99))", "statistic", "df['a'].quantile(0.99)"),
    ("df['a'].map(df['a'].value_counts())", "statistic", "df['a'].value_counts()"),
    ("df['a'].map(df.groupby('a')['b'].mean())", "statistic", "df.groupby('a')['b'].mean()"),
    ("df['a'].apply(lambda v: v / df['a'].max())", "statistic", "df['a'].max()"),
    ("df['a'].astype('category').cat.codes", "levels", "df['a'].astype('category')"),
    ("pd.Categorical(df['a']).codes", "levels", "pd.Categorical(df['a'])"),
    ("pd.factorize(df['a'])[0]", "codes", "pd.factorize(df['a'])"),
    ("df['a'].factorize()[0]", "codes", "df['a'].factorize()"),
    ("pd.qcut(df['a'], 4, labels=False)", "edges", "pd.qcut(df['a'], 4, labels=False)"),
    ("pd.cut(df['a'], 5, labels=False)", "edges", "pd.cut(df['a'], 5, labels=False)"),
    ("LabelEncoder().fit_transform(df['a'])", "fitted", "LabelEncoder().fit_transform(df['a'])"),
    ("df.groupby('a')['b'].transform('mean')", "grouped", "df.groupby('a')['b'].transform('mean')"),
])  # fmt: skip
def test_what_all_rows_together_give_is_kept(step: str, what: str, node: str) -> None:
    assert kept(way(f"df['new'] = {step}")) == [(what, node)]


@pytest.mark.parametrize(("statement", "code"), [
    ("df['new'] = df['a'].shift(1)", "NB352"),
    ("df['new'] = df['a'].rolling(3).mean()", "NB352"),
    ("df['new'] = df['a'].rank()", "NB352"),
    ("df = df.ffill()", "NB352"),
    ("df['a'] = df['a'].fillna(method='ffill')", "NB352"),
    ("df['new'] = df['a'].cumsum()", "NB352"),
    ("df['new'] = somewhere.smoothed(df['a'])", "NB351"),
    ("df = somewhere.cleaned(df)", "NB351"),
    ("df['new'] = TSNE().fit_transform(df[['a', 'b']])[:, 0]", "NB351"),
    ("df.loc[3, 'a'] = 7\ndf['b'] = df['b'] + 1", "NB351"),
    ("df['b'] = df['b'] + 1\ndf = df.merge(pd.read_csv('b.csv'), on='a')", "NB351"),
    ("df['b'] = df.eval('a.mean()')", "NB351"),
    ("df['b'] = df['a'] + 1\ndf = pd.concat([df, pd.read_csv('b.csv')])", "NB351"),
    ("largest = 0\ndef scaled(v):\n    return v / df['a'].max()\ndf['a'] = df['a'].apply(scaled)", "NB351"),
    ("df['a'] = df['a'] * 2\nif df['a'].max() > 3:\n    df['b'] = 0\nelse:\n    df['b'] = 1", "NB351"),
    ("for row in df.itertuples():\n    df.loc[row.Index, 'a'] = 1", "NB351"),
])  # fmt: skip
def test_what_cannot_be_done_for_one_row_is_refused(statement: str, code: str) -> None:
    found = way_to("df", statement)
    assert isinstance(found, Problem), found
    assert found.code == code


def test_functions_of_the_notebook_are_read() -> None:
    lineage = way("def with_sum(t):\n    t = t.copy()\n    t['s'] = t['a'] + t['b']\n    return t\ndf = with_sum(df)")
    assert kept(lineage) == []
    assert lineage.request == "df"


@pytest.mark.parametrize("selection", [
    "df = df.dropna()", "df.dropna(inplace=True)", "df = df[df['a'] > 0]", "df = df.sample(frac=1)",
    "df = df.head(100)",
    "df = df.drop_duplicates()", "df = df[:100]", "df = df.iloc[5:]", "df = df.query('a > 0')", "df = df.drop([1, 2])",
    "df = df.loc[df.a > 1]", "def cleaned(t):\n    return t.dropna()\ndf = cleaned(df)",
    "def halves(t, n):\n    return t.iloc[:n], t.iloc[n:]\nother, df = halves(df, 3)",
    "df = df.sort_values('a').reset_index(drop=True)", "df = df.drop(df[df['a'] > 9].index)",
])  # fmt: skip
def test_choosing_rows_is_no_feature(selection: str) -> None:
    assert way(selection).deeds == ()
    after = way(f"df['b'] = df['b'] + 1\n{selection}")
    assert {m.what for d in after.deeds for m in d.value.marks} == {"selection"}


def test_the_target_is_not_in_the_request() -> None:
    lineage = way("df['b'] = df['b'].fillna(df['b'].mean())\nX = df.drop(columns=['y'])\ny = df['y']\n"
                  "X_train, X_test, y_train, y_test = train_test_split(X, y)", "X_test")  # fmt: skip
    assert not lineage.columns.has("y", lineage.truth)
    assert lineage.columns.has("a", lineage.truth)
    assert lineage.truth == {"y"}


def test_columns_that_nothing_reads_are_not_in_the_request() -> None:
    lineage = way("df['c'] = df['a'] + df['b']\ndf['d'] = df['e'] * 2\nX = df[['c', 'f']]", "X")
    assert (lineage.columns.every, lineage.columns.names) == (False, {"a", "b", "f"})
    assert len(lineage.deeds) == 2  # `d` is read by nothing


def test_the_request_begins_where_the_first_feature_is_made() -> None:
    lineage = way("data = df[df['a'] > 0]\ndata = data.drop(columns=['z'])\ndata['b'] = data['b'] + 1\nX = data[['b']]",
                  "X")  # fmt: skip
    assert lineage.request == "data"


def test_another_table_gives_only_statistics() -> None:
    lineage = way("test = pd.read_csv('b.csv')\ntest['a'] = test['a'].fillna(df['a'].mean())", "test")
    assert kept(lineage) == [("statistic", "df['a'].mean()")]
    assert lineage.request == "test"


def test_a_table_from_a_function_is_a_table() -> None:
    lineage = way("def load():\n    t = pd.read_csv('c.csv')\n    return t.fillna(t.mean())\n"
                  "data = load()\ndata['b'] = data['b'] + 1", "data")  # fmt: skip
    assert lineage.request == "data"


def test_a_change_under_another_name_is_not_overlooked() -> None:
    found = way_to("df", "df['b'] = df['b'] + 1\nholder = [df]\nholder[0]['a'] = 0\ndf['c'] = df['a'] + 1")
    assert isinstance(found, Problem)


def test_a_loop_over_columns_keeps_one_value_for_each() -> None:
    lineage = way("for col in ['a', 'b']:\n    df[col] = df[col].fillna(df[col].median())")
    (deed,) = lineage.deeds
    assert deed.loop is not None
    assert kept(lineage) == [("statistic", "df[col].median()")]
