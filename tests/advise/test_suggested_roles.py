"""Which role is proposed for which cell: by what statements do, never by what things are called."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nb2prod.advise import Advice, suggest_roles
from nb2prod.analysis.graph import build_graph
from nb2prod.model.roles import Role
from nb2prod.notebook.read import read_notebook
from nb2prod.notebook.tags import tags_with_role, write_tags
from nb2prod.steps.reading import analyse
from tests.notebook.documents import code, notebook

SAMPLES = sorted((Path(__file__).parents[2] / "sample_notebooks").glob("*.ipynb"))

LOAD = """
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
X, y = load_iris(return_X_y=True)
A, B, c, d = train_test_split(X, y, random_state=0)
"""


def advice_for(*cells: Any) -> Advice:
    made = [cell if isinstance(cell, dict) else code(cell.strip("\n")) for cell in cells]
    return suggest_roles(build_graph(read_notebook(notebook(*made), "demo.ipynb")))


def roles_of(*cells: Any) -> list[str]:
    """The roles proposed for these cells, ``-`` for none. The first cell of most examples is `LOAD`."""
    return [str(s.role or "-") for s in advice_for(*cells).suggestions]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_without_its_tags_is_cut_where_its_tags_cut_it(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    meant = analyse(read_notebook(json.dumps(document).encode(), path.name))
    for cell in document["cells"]:
        cell["metadata"].pop("tags", None)
    bare = json.dumps(document).encode()
    advice = suggest_roles(build_graph(read_notebook(bare, path.name)))
    roles = {s.cell: tags_with_role((), s.role) for s in advice.suggestions if s.role is not None}
    found = analyse(read_notebook(write_tags(bare, roles, path.name), path.name))
    assert found.boundary == meant.boundary
    assert found.selection == meant.selection


# --- the prediction


def test_names_say_nothing() -> None:
    plain = ["m = LogisticRegression().fit(A, c)", "p = m.predict(B)", "q = accuracy_score(d, p)"]
    odd = [re.sub(r"\b([mpq])\b", lambda found: f"training_test_{found[1]}", cell) for cell in plain]
    assert roles_of(LOAD, *plain) == roles_of(LOAD, *odd) == ["-", "training", "inference", "evaluation"]


def test_fitting_and_predicting_in_one_cell_is_the_prediction() -> None:
    both = "m = LogisticRegression()\nm.fit(A, c)\nprint(accuracy_score(d, m.predict(B)))"
    advice = advice_for(LOAD, both)
    assert advice.role_of(2) is Role.INFERENCE
    assert "`m` in line 3" in advice.suggestions[1].reason


def test_the_last_of_several_models_is_chosen_and_the_others_are_named() -> None:
    first = "a = LogisticRegression().fit(A, c)\npa = a.predict(B)"
    second = "b = LogisticRegression(C=9).fit(A, c)\npb = b.predict(B)"
    advice = advice_for(LOAD, first, second)
    chosen = advice.suggestions[2]
    assert (advice.role_of(2), chosen.role) == (None, Role.INFERENCE)
    assert [other.cell for other in chosen.alternatives] == [2]
    assert chosen.confidence < 0.7
    assert [finding.code for finding in advice.findings] == ["NB382"]


def test_what_is_saved_to_a_file_is_chosen_over_what_comes_later() -> None:
    saved = "a = LogisticRegression().fit(A, c)\nout = pd.DataFrame({'y': a.predict(B)})\nout.to_csv('out.csv')"
    later = "b = LogisticRegression(C=9).fit(A, c)\npb = b.predict(B)"
    assert roles_of(LOAD, saved, later) == ["-", "inference", "-"]


def test_new_rows_are_chosen_over_a_later_evaluation() -> None:
    fit = "m = LogisticRegression().fit(A, c)"
    assert roles_of(LOAD, fit, "m.predict([[5.1, 3.5, 1.4, 0.2]])", "accuracy_score(d, m.predict(B))") == [
        "-", "training", "inference", "evaluation",
    ]  # fmt: skip


def test_a_comparison_in_a_loop_is_never_chosen() -> None:
    loop = "for C in [1, 10]:\n    m = LogisticRegression(C=C).fit(A, c)\n    print(accuracy_score(d, m.predict(B)))"
    final = "best = LogisticRegression(C=10).fit(A, c)\nlabels = best.predict(B)"
    assert roles_of(LOAD, final, loop)[1] == "inference"
    alone = advice_for(LOAD, loop)
    assert [finding.code for finding in alone.findings] == ["NB381"]
    assert "best.predict(B)" in alone.findings[0].hint
    assert (alone.findings[0].cell, alone.findings[0].line) == (2, 3)


def test_a_prediction_for_a_plot_is_not_chosen() -> None:
    fit = "m = LogisticRegression().fit(A, c)\np = m.predict(B)"
    plot = "grid = np.random.rand(50, 4)\nZ = m.predict(grid)\nplt.scatter(grid[:, 0], grid[:, 1], c=Z)"
    assert roles_of(LOAD, fit, plot) == ["-", "inference", "-"]


def test_predicting_the_rows_it_was_fitted_on_is_the_last_resort() -> None:
    fit = "m = LogisticRegression()\nm.fit(A, c)"
    assert roles_of(LOAD, fit, "p = m.predict(B)", "own = m.predict(A)") == ["-", "training", "inference", "-"]
    assert roles_of(LOAD, fit, "own = m.predict(A)") == ["-", "training", "inference"]


def test_a_threshold_in_the_next_cell_belongs_to_the_prediction() -> None:
    fit = "m = LogisticRegression().fit(A, c)"
    cells = ["s = m.predict_proba(B)[:, 1]", "labels = (s > 0.3).astype(int)", "print(accuracy_score(d, labels))"]
    assert roles_of(LOAD, fit, *cells) == ["-", "training", "inference", "inference", "evaluation"]
    assert roles_of(LOAD, fit, cells[0], "np.mean(s)")[3] == "-"
    assert roles_of(LOAD, fit, cells[0], "share = s.mean()")[3] == "-"


def test_a_function_of_the_notebook_that_predicts() -> None:
    fit = "m = LogisticRegression().fit(A, c)"
    function = "def answer(rows):\n    return m.predict(rows)"
    assert roles_of(LOAD, fit, function, "answer(B)") == ["-", "training", "functions", "inference"]


def test_a_model_trained_by_hand() -> None:
    train = """
w = np.zeros(4)
for _ in range(100):
    error = A @ w - c
    w = w - 0.01 * A.T @ error / len(A)
"""
    advice = advice_for(LOAD, train, "guess = B @ w", "mae = np.abs(guess - d).mean()")
    assert [s.role for s in advice.suggestions[1:3]] == [Role.TRAINING, Role.INFERENCE]
    assert "updates `w` in a loop" in advice.suggestions[1].reason
    assert advice.suggestions[2].confidence < 0.7


def test_a_network_trained_in_a_loop() -> None:
    cells = [
        "import torch\nfrom torch import nn\nrows, target = torch.rand(20, 3), torch.rand(20, 1)\nfresh = rows[:4]",
        "net = nn.Linear(3, 1)\nopt = torch.optim.SGD(net.parameters(), lr=0.1)\nlossf = nn.MSELoss()",
        "for _ in range(5):\n    opt.zero_grad()\n    e = lossf(net(rows), target)\n    e.backward()\n    opt.step()",
        "net.eval()\nwith torch.no_grad():\n    answer = net(fresh)",
    ]
    assert roles_of(*cells) == ["-", "-", "training", "inference"]


def test_a_loop_over_rows_is_no_comparison() -> None:
    fit = "ms = {k: LogisticRegression(C=k).fit(A, c) for k in (1, 2)}"
    rows = "out = []\nfor row in B:\n    m = ms[1 + (row[0] > 5)]\n    out.append(m.predict([row])[0])"
    assert roles_of(LOAD, fit, rows) == ["-", "training", "inference"]
    models = "for k in ms:\n    print(ms[k].predict(B))"
    assert [finding.code for finding in advice_for(LOAD, fit, models).findings] == ["NB381"]


def test_a_tree_written_by_hand() -> None:
    functions = """
def build(rows, labels):
    middle = rows[:, 2].mean()
    return middle, labels[rows[:, 2] <= middle].mean(), labels[rows[:, 2] > middle].mean()
def answer(tree, row):
    return tree[1] if row[2] <= tree[0] else tree[2]
"""
    cells = [LOAD, functions, "t = build(A, c)", "found = [answer(t, row) for row in B]"]
    assert roles_of(*cells) == ["-", "functions", "training", "inference"]


def test_a_table_of_everything_learned() -> None:
    cells = [
        "import numpy as np\nR = np.genfromtxt('ratings.csv')",
        "P, Q = np.ones((9, 2)), np.ones((5, 2))\nfor u in range(9):\n    P[u] += 0.1 * R[u] @ Q\n    Q += 0.1 * P[u]",
        "table = P @ Q.T",
        "def best(user, n=3):\n    return np.argsort(table[user])[:n]",
        "best(4)",
    ]
    assert roles_of(*cells) == ["-", "training", "-", "functions", "inference"]


@pytest.mark.parametrize("line", ['print("right", (answer(B) == d).mean())', "answer(B)", "found = answer(B[:3])"])
def test_functions_that_train_and_predict(line: str) -> None:
    functions = """
def fit(rows, labels):
    w = np.zeros(4)
    for _ in range(10):
        w -= 0.1 * rows.T @ (rows @ w - labels)
    return w
def answer(rows):
    return rows @ weights > 0.5
"""
    assert roles_of(LOAD, functions, "weights = fit(A, c)", line) == ["-", "functions", "training", "inference"]


@pytest.mark.parametrize("load", ["net = Net()\nnet.load_state_dict(torch.load('a.pt'))", "net = torch.load('a.pt')"])
def test_a_network_that_was_trained_elsewhere(load: str) -> None:
    net = "import torch\nfrom torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return x"
    assert roles_of(net, load, "x = torch.rand(3, 2)", "net(x)")[1:] == ["training", "request", "inference"]


def test_a_lookup_is_the_last_resort() -> None:
    cells = [
        "import pandas as pd\nfilms = pd.read_csv('films.csv')",
        "def similar(title, n=3):\n    return films[films.genre == films.genre[films.title == title].iloc[0]].head(n)",
        "similar('Heat')",
    ]
    assert roles_of(*cells) == ["-", "functions", "inference"]
    assert advice_for(*cells).suggestions[2].confidence <= 0.6
    assert "inference" not in roles_of(*cells[:2], "print(similar.__name__)")


def test_a_prediction_that_may_fail_is_an_experiment() -> None:
    fit = "m = LogisticRegression().fit(A, c)"
    tried = "try:\n    m.predict([[1]])\nexcept ValueError as e:\n    print(e)"
    assert roles_of(LOAD, fit, "p = m.predict(B)", tried)[2:] == ["inference", "-"]


def test_what_a_threshold_was_chosen_by_is_training_s() -> None:
    fit = "m = LogisticRegression().fit(A, c)"
    tune = "s = m.predict_proba(A)[:, 1]\ncut = np.quantile(s, 0.4)"
    assert roles_of(LOAD, fit, tune, "labels = m.predict_proba(B)[:, 1] > cut") == [
        "-", "training", "-", "inference",
    ]  # fmt: skip


def test_the_user_s_own_inference_cell_needs_no_prediction_call() -> None:
    fit = "m = LogisticRegression().fit(A, c)"
    mine = code("odds = np.exp(B @ m.coef_.T)", "inference")
    assert roles_of(LOAD, fit, mine) == ["-", "training", "inference"]


# --- what leads to it


def test_features_on_the_way_are_preprocessing_and_choosing_rows_is_not() -> None:
    cells = [
        "import pandas as pd\nfrom sklearn.linear_model import Ridge\nfrom sklearn.preprocessing import StandardScaler",
        "df = pd.read_csv('houses.csv')",
        "df['ratio'] = df['area'] / df['rooms']",
        "seen = df[['area', 'ratio']]\nrest = seen.iloc[80:]",
        "s = StandardScaler()\nfitted = s.fit_transform(seen.iloc[:80])\nscaled = s.transform(rest)",
        "m = Ridge().fit(fitted, df.price.iloc[:80])",
        "m.predict(scaled)",
    ]
    assert roles_of(*cells) == ["imports", "-", "preprocessing", "-", "preprocessing", "training", "inference"]


def test_making_the_label_is_no_feature() -> None:
    start = "import pandas as pd\nfrom sklearn.linear_model import Ridge\ndf = pd.read_csv('a.csv')"
    label = "df['sold'] = (df['sold'] == 'yes').astype(int)"
    cells = ["y = df['sold']\nX = df.drop('sold', axis=1)", "m = Ridge().fit(X[:9], y[:9])", "m.predict(X[9:])"]
    assert roles_of(start, label, *cells) == ["-", "-", "-", "training", "inference"]
    of_it = "df['again'] = df['sold'] * 2"
    assert roles_of(start, label, of_it, *cells)[1:3] == ["preprocessing", "preprocessing"]


def test_a_statistic_of_training_is_no_feature() -> None:
    cells = [
        "import pandas as pd\nfrom sklearn.linear_model import Ridge",
        "df = pd.read_csv('a.csv')\nnew = pd.read_csv('b.csv')",
        "middle = df.age.median()",
        "new['age'] = new['age'].fillna(middle)",
        "m = Ridge().fit(df[['age']], df.price)\nm.predict(new)",
    ]
    assert roles_of(*cells) == ["imports", "-", "-", "preprocessing", "inference"]


def test_holding_rows_in_a_container_makes_no_feature() -> None:
    own = "class Rows:\n    def __init__(self, rows):\n        self.rows = rows\nheld = Rows(B)"
    fit = "m = LogisticRegression().fit(A, c)\nparts = {'m': m, 'cut': 0.5}"
    assert roles_of(LOAD, own, fit, "parts['m'].predict(held.rows)") == ["-", "-", "training", "inference"]


def test_a_cell_that_only_makes_an_example_is_the_request() -> None:
    fit = "m = LogisticRegression().fit(A, c)"
    for example in ("rows = [[5.1, 3.5, 1.4, 0.2]]", "rows = B[:5]\nrows.shape", "rows = pd.read_csv('new.csv')"):
        assert roles_of(LOAD, fit, example, "m.predict(rows)") == ["-", "training", "request", "inference"], example
    assert roles_of(LOAD, "rows = A[:5]\nm = LogisticRegression().fit(rows, c[:5])", "m.predict(rows)")[1] == "training"


def test_a_fitted_transformer_next_to_the_model_is_training() -> None:
    fit = "from sklearn.preprocessing import StandardScaler\ns = StandardScaler().fit(A)"
    cells = [LOAD, fit, "m = LogisticRegression().fit(s.transform(A), c)", "m.predict(s.transform(B))"]
    assert roles_of(*cells) == ["-", "training", "training", "inference"]


def test_another_model_s_training_and_evaluation_stay_behind() -> None:
    other = "o = LogisticRegression(C=5).fit(A, c)"
    measured = "other_score = o.score(B, d)"
    assert roles_of(LOAD, other, measured, "m = LogisticRegression().fit(A, c)", "m.predict(B)") == [
        "-", "-", "-", "training", "inference",
    ]  # fmt: skip


# --- what a cell is by itself


def test_plain_cells() -> None:
    cells = [
        "rate = 0.5\nname = 'iris'",
        "%matplotlib inline\nimport numpy as np\nimport matplotlib.pyplot as plt\nplt.ion()\nnp.random.seed(1)",
        "LIMIT = 3\ndef cut(rows):\n    return [row for row in rows if row < LIMIT]",
        LOAD,
        "plt.plot(X)",
        "m = LogisticRegression(C=rate).fit(A, c)",
        "answer = m.predict(B)",
        "assert len(answer) == len(B)",
        "other = 3",
    ]
    assert roles_of(*cells) == [
        "parameters", "imports", "functions", "-", "-", "training", "inference", "test", "-",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    ["rate = 0.5\nprint(rate)", "rate = [1, 2]", "rate = 0.5\nrate = 0.6", "rate = 1 / 2", "unread = 0.5"],
)
def test_parameters_are_proposed_with_care(settings: str) -> None:
    use = (
        "m = LogisticRegression(C=rate).fit(A, c)" if "unread" not in settings else "m = LogisticRegression().fit(A, c)"
    )
    assert roles_of(settings, LOAD, use, "m.predict(B)")[0] == "-"


@pytest.mark.parametrize("magic", ["%timeit sum([1])", "!ls", "%%bash\nls", "?print", "%who", "x = !ls"])
def test_ipython_s_own_lines_are_no_functions_and_no_imports(magic: str) -> None:
    assert roles_of(LOAD, magic, "m = LogisticRegression().fit(A, c)\nm.predict(B)") == ["-", "-", "inference"]


# --- roles that are there


def test_existing_roles_are_facts() -> None:
    first = code("a = LogisticRegression().fit(A, c)\npa = a.predict(B)", "inference")
    second = "b = LogisticRegression(C=9).fit(A, c)\npb = b.predict(B)"
    advice = advice_for(LOAD, first, second)
    assert [s.role for s in advice.suggestions] == [None, Role.INFERENCE, None]
    assert (advice.suggestions[1].tagged, advice.suggestions[1].confidence) == (True, 1.0)
    assert advice.findings == ()


@pytest.mark.parametrize("tag", ["trainning", "train", "nb2prod:trainin"])
def test_a_misspelled_tag_gets_the_right_role(tag: str) -> None:
    suggestion = advice_for(LOAD, code("m = LogisticRegression().fit(A, c)", tag), "m.predict(B)").suggestions[1]
    assert (suggestion.role, suggestion.tagged) == (Role.TRAINING, False)
    assert tag in suggestion.reason


# --- no prediction


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("m = LogisticRegression()\nm.fit(A, c)\nm.score(B, d)", "`m.predict(B)`"),
        ("m = LogisticRegression()\nm.fit(A, c)", "`m.predict(A)`"),
        ("from sklearn.cluster import KMeans\nk = KMeans()\ng = k.fit_predict(A)", "`k.predict(A)`."),
        ("from sklearn.cluster import DBSCAN\ng = DBSCAN().fit_predict(A)", "`KMeans`"),
        (
            "from sklearn.model_selection import cross_val_score\nm = LogisticRegression()\ncross_val_score(m, X, y)",
            "`m.fit(X, y)` and `m.predict(X)`",
        ),
        (
            "def main():\n    m = LogisticRegression().fit(A, c)\n    print(m.predict(B))\nmain()",
            "return what it fitted",
        ),
        ("plt.plot(A)", "nothing"),
        (
            "from sklearn.decomposition import PCA\np = PCA(2)\nplt.scatter(*p.fit_transform(A).T)",
            "`p.transform(rows)`",
        ),
        (
            "for i in range(3):\n    m = LogisticRegression().fit(A[i:], c[i:])\n    print(m.predict(B[i:]))",
            "`best.predict(B)`",
        ),
        (
            "from sklearn.model_selection import KFold\nfolds = KFold(3)\nfor i, j in folds.split(A):\n"
            "    m = LogisticRegression().fit(A[i], c[i])\n    print(m.predict(A[j]))",
            "`best.predict(rows)`",
        ),
    ],
)
def test_without_a_prediction_the_line_to_add_is_named(cell: str, hint: str) -> None:
    (finding,) = advice_for(LOAD, cell).findings
    assert finding.code == "NB381"
    assert hint in finding.hint or hint in finding.message


# --- what stands between the rows and the prediction

TABLE = """
import pandas as pd
from sklearn.tree import DecisionTreeClassifier
from sklearn.preprocessing import StandardScaler
guests = pd.DataFrame({"room": ["a", "b", "a", "c"], "nights": [1, 2, 3, 4], "back": [0, 1, 0, 1]})
X = guests.drop(columns="back")
"""


def test_columns_put_beside_each_other_in_cells_of_their_own_are_features() -> None:
    cells = [
        "kinds = pd.get_dummies(X.room)",
        "X = pd.concat([X, kinds], axis=1)",
        "X.drop('room', axis=1, inplace=True)",
    ]
    roles = roles_of(TABLE, *cells, "m = DecisionTreeClassifier().fit(X, guests.back)", "m.predict(X)")
    assert roles[1:3] == ["preprocessing", "preprocessing"]
    assert roles[4:] == ["training", "inference"]


def test_rows_that_are_read_as_a_set_are_no_request_by_themselves() -> None:
    fit = "m = DecisionTreeClassifier().fit(pd.get_dummies(X), guests.back)"
    new = "later = pd.read_csv('later.csv')"
    assert roles_of(TABLE, fit, new, "m.predict(pd.get_dummies(later))")[2:] == ["-", "inference"]
    assert roles_of(TABLE, "m = DecisionTreeClassifier().fit(X[['nights']], guests.back)", new,
                    "m.predict(later[['nights']])")[2:] == ["request", "inference"]  # fmt: skip


def test_what_only_prepares_rows_is_no_prediction_where_labels_are_learned() -> None:
    scale = "s = StandardScaler().fit(X[['nights']])\nZ = s.transform(X[['nights']])"
    tried = (
        "def tried(rows):\n    m = DecisionTreeClassifier().fit(rows, guests.back)\n    return m.predict(rows).mean()"
    )
    hidden = advice_for(TABLE, scale, tried, "print(tried(Z))")
    assert [(f.code, f.cell) for f in hidden.findings] == [("NB381", 3)]
    assert "stands inside `tried`" in hidden.findings[0].message
    assert roles_of(TABLE, scale)[1] == "inference"


def test_a_function_that_only_saves_is_no_prediction() -> None:
    save = (
        "def submit(m):\n    out = pd.DataFrame({'back': m.predict(X[['nights']])})\n    return out.to_csv('out.csv')"
    )
    fit = "m = DecisionTreeClassifier()\nm.fit(X[['nights']], guests.back)"
    advice = advice_for(TABLE, save, fit, "submit(m)")
    assert advice.findings[0].hint == "Add a cell below: `m.predict(X[['nights']])`."
