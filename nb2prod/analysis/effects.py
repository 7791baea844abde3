"""What is known of calls by name: which change their receiver or arguments, which only show something.

A method call whose value is thrown away (`model.fit(X)` as a statement) is made for its effect, so it changes its
receiver unless it is listed as harmless. A call whose value is used changes nothing unless it is listed as a mutator.
Including a statement that a slice did not need keeps the result equal; leaving one out may not. So the lists err
towards "changes".
"""

# ruff: noqa: SIM905  (sets of words read better as prose)

import ast

from nb2prod.analysis.nodes import walk

MUTATING_METHODS = frozenset(
    # containers
    "append extend insert remove pop popitem clear update setdefault add discard sort reverse appendleft popleft "
    "difference_update intersection_update symmetric_difference_update "
    # estimators
    "fit fit_transform fit_predict fit_resample partial_fit set_params train eval backward step zero_grad "
    "load_state_dict requires_grad_ register_buffer manual_seed compile add_module "
    # arrays and frames
    "fill put itemset resize setflags partition drop_duplicates_ seed shuffle "
    # streams
    "write writelines read readline readlines seek send close".split()
)

CONTAINER_METHODS = frozenset(
    "append extend insert remove pop popitem clear update setdefault add discard sort reverse appendleft extendleft "
    "popleft difference_update intersection_update symmetric_difference_update".split()
)
"""Mutators that change a container, not what it holds."""

SHALLOW_FUNCTIONS = frozenset("list tuple set frozenset dict sorted reversed zip enumerate iter filter".split())
"""Built-ins whose new value holds what the given one held."""

HARMLESS_METHODS = frozenset(
    "head tail describe info hist plot show value_counts sample boxplot scatter bar barh line pie isnull isna "
    "notna sum mean median mode std var min max count unique nunique corr cov groupby print display summary "
    "report score predict predict_proba decision_function transform get_params keys values items copy round "
    "sort_values reset_index to_string to_markdown style format join split strip lower upper startswith endswith "
    "savefig set_title set_xlabel set_ylabel legend tight_layout figure subplots axhline axvline xlabel ylabel "
    "title grid nlargest nsmallest quantile crosstab pivot_table to_csv to_parquet to_excel dump debug "
    "pivot melt to_dict tolist to_list to_numpy to_html memory_usage select_dtypes duplicated isin idxmax idxmin "
    "cumsum astype dropna fillna numel".split()
)

HARMLESS_FUNCTIONS = frozenset("print display len type repr str help dir id isinstance hasattr callable pprint".split())

MUTATING_FUNCTIONS = frozenset(
    "setattr delattr next heappush heappop heapify shuffle copyto put place putmask fill_diagonal".split()
)

FRESH_METHODS = frozenset(
    # values that share no state with the receiver or the arguments (pandas 3 copies on write)
    "copy deepcopy astype drop dropna fillna assign rename merge join groupby agg aggregate mean median sum std "
    "var min max count nunique unique value_counts quantile round head tail sample sort_values reset_index "
    "set_index query apply map isna isnull notna replace clip abs cumsum diff shift rolling pivot pivot_table "
    "melt stack unstack get_dummies concat to_dict tolist to_list to_numpy predict predict_proba "
    "decision_function transform fit_transform fit_predict score read_csv read_parquet read_json read_excel "
    "train_test_split array zeros ones arange linspace load_iris load_digits load_wine load_breast_cancer "
    "load_diabetes lower upper strip split format cross_val_score accuracy_score f1_score roc_auc_score "
    "mean_absolute_error mean_squared_error r2_score numpy item detach clone cpu argmax argmin "
    "reindex align select_dtypes drop_duplicates add_prefix add_suffix isin factorize cut qcut to_datetime "
    "to_numeric log log1p expm1 sqrt read readline readlines read_text read_bytes write writelines".split()
)

FRESH_FUNCTIONS = frozenset(
    "len int float str bool round abs sum range repr type format hash isinstance any all print".split()
)

LOADERS = frozenset("load loads safe_load".split())
"""Functions of libraries that make something new of a file or a text."""

VIEWS = frozenset({"values", "items", "keys", "get"})
"""Harmless methods whose value gives access to what the receiver holds."""

FITTING_METHODS = frozenset("fit fit_transform fit_predict fit_resample partial_fit seed shuffle sort".split())
"""Mutators that do not keep what they are given (a class of the notebook is read, not assumed)."""

MAKING_METHODS = frozenset(
    "__init__ __post_init__ __new__ __init_subclass__ __setstate__ __setattr__ __set_name__ __setitem__ __delitem__ "
    "__iadd__ __call__ __enter__ __exit__".split()
)
"""Special methods that may change their object without making every use of it a change."""

USED_UP_BY_READING = frozenset(
    "iter map filter zip enumerate reversed open csv.reader csv.DictReader "
    "random.Random random.SystemRandom numpy.random.default_rng numpy.random.RandomState numpy.random.Generator "
    "torch.Generator".split()
)
"""Calls that give an iterator or a random generator."""

GROWING_BY_READING = frozenset({"collections.defaultdict"})
"""Makers of containers to which ``x[key]`` adds the key."""

COPYING_MAKERS = frozenset("pandas.DataFrame pandas.Series numpy.array".split())
"""Makers that copy what they are given as a dict or list."""

DRAWING = frozenset("train_test_split shuffle resample permutation_importance cross_val_score cross_validate".split())
"""Functions of scikit-learn that draw from numpy's global generator unless `random_state` says otherwise."""

SEEDING = frozenset(
    "seed manual_seed manual_seed_all set_seed seed_everything set_random_seed set_default_dtype "
    "use_deterministic_algorithms set_num_threads seterr".split()
)
"""Calls that set a global state (random, dtype, threads): hidden data of every fit that comes after."""

DISPLAY_MODULES = frozenset("matplotlib seaborn plotly warnings IPython altair bokeh pprint tqdm logging".split())
"""Modules whose calls show or mute something and change no prediction."""

PURE_MODULES = frozenset("numpy pandas scipy sklearn math statistics itertools functools collections re json".split())
"""Modules whose functions change their arguments only where `MUTATING_FUNCTIONS` or ``out=`` says so."""

PURE_CONSTRUCTORS = frozenset(
    "set list dict tuple range frozenset sorted len int float str bool abs min max sum".split()
)
"""Built-ins a constant may be made with."""

IDEMPOTENT_METHODS = frozenset("eval to cpu cuda double float half requires_grad_".split())
"""Changes to an artifact that prediction may repeat: the second time they change nothing."""


def random_state(module: str, name: str) -> str:
    """The name of the global generator that a function draws from or sets, e.g. ``state of numpy.random``, or empty.

    It has spaces, so that no variable is called like that.
    """
    if module in ("random", "numpy.random") and name[:1].islower():
        return "" if name in ("default_rng", "getstate", "get_state") else f"state of {module}"
    draws = name.startswith("rand") or name in ("normal", "bernoulli", "multinomial", "manual_seed")
    return "state of torch" if module == "torch" and draws else ""


def is_harmless(module: str, name: str) -> bool:
    """Whether a function of that top-level module is known not to change what it is given."""
    return module in DISPLAY_MODULES | PURE_MODULES or name in HARMLESS_METHODS | HARMLESS_FUNCTIONS


def is_about_display(node: ast.AST) -> bool:
    """Whether an option is only about how things look: ``pd.options.display.max_rows``, ``plt.rcParams[…]``."""
    for part in walk(node):
        word = part.attr if isinstance(part, ast.Attribute) else getattr(part, "value", "")
        if isinstance(word, str) and (word.startswith("display") or word in ("rcParams", "plotting")):
            return True
    return False
