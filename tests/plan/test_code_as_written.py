"""Source is cut and spliced, never reprinted: its value must not change, wherever on a line it stands."""

import pytest

from tests.plan.equality import Converted, check, convert, equal_or_refused


def package(text: str, module: str) -> str:
    converted = convert(text)
    assert isinstance(converted, Converted), converted
    return next(source for path, source in converted.sources.items() if path.endswith(f"/{module}.py"))


def test_several_statements_on_a_line() -> None:
    assert equal_or_refused("""
# %% parameters
alpha = 2; beta = 3  # both
# %% training
a = alpha; b = beta; é = "ü" * alpha; c = alpha + beta  # and more
# %% request
value = 9
# %% inference
x = value; x + a + b + c + len(é);
""") == "equal"  # fmt: skip


def test_a_semicolon_behind_the_response() -> None:
    assert "return value + self.model" in package("""
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
value + model;
""", "predict")  # fmt: skip


def test_a_response_over_several_lines() -> None:
    assert equal_or_refused('''
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
# what is asked for
(
    value  # the request
    + model
)
''') == "equal"  # fmt: skip


def test_a_response_that_is_a_tuple() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
value = [9]
# %% inference
*value, model
""") == "equal"  # fmt: skip


def test_backslashes_at_the_end_of_lines() -> None:
    assert equal_or_refused("""
# %% parameters
alpha = 2
# %% training
model = alpha + \\
    alpha * \\
    3
text = "one \\
two"
# %% request
value = 9
# %% inference
[value + \\
    model, text]
""") == "equal"  # fmt: skip


def test_texts_over_several_lines_keep_their_value() -> None:
    assert equal_or_refused('''
# %% training
size = pow(3, 1)
text = """one
  two
three""" * size
if size:
    inner = """
    four
five
"""
joined = ("six"
  "seven")
# %% request
value = 9
# %% inference
answer = f"""{value}
  {text}
{inner}"""
[answer, joined]
''') == "equal"  # fmt: skip


def test_a_text_over_several_lines_in_a_function() -> None:
    assert equal_or_refused('''
# %% training
size = pow(3, 1)
def told(x):
    """Two
  lines."""
    return f"""{x}
  {size}
"""
# %% request
value = 9
# %% inference
told(value) + told.__doc__
''') in ("equal", ("NB318",))  # fmt: skip


@pytest.mark.parametrize("text", [
    'f"{model}"', 'f"{model!r:>10}"', 'f"{value:{model}}"', 'f"{model:{model}}{value=}"', """f"{f'{model}'}\"""",
    'f"a" f"{model}" "b"', 'f"{value + model}" + f"{scale(value)}"', 'f"é{model}ü{value}"', 'rf"\\d{model}"',
])  # fmt: skip
def test_artifacts_inside_f_strings(text: str) -> None:
    assert equal_or_refused(f"""
# %% functions
def scale(x): return x * 2
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
answer = [value, {text}]
answer
""") == "equal"  # fmt: skip


def test_parameters_inside_f_strings() -> None:
    assert equal_or_refused("""
# %% parameters
alpha = 2
# %% training
name = f"é {alpha} {alpha:>5}"
model = alpha * 2
# %% request
value = 9
# %% inference
[name, model, value]
""", {"alpha": 7}) == "equal"  # fmt: skip


def test_a_function_with_needs_inside_an_f_string() -> None:
    result = equal_or_refused("""
# %% training
mean = pow(3, 1)
def scale(x): return x * mean
# %% request
value = 9
# %% inference
f"{scale(value)}"
""")
    assert result in ("equal", ("NB334",))


def test_a_function_with_needs_inside_an_f_string_of_a_function() -> None:
    result = equal_or_refused("""
# %% training
mean = pow(3, 1)
def scale(x): return x * mean
def told(x): return f"{scale(x)}"
# %% request
value = 9
# %% inference
told(value)
""")
    assert result in ("equal", ("NB334",))


@pytest.mark.parametrize("call", [
    "f()", "f(1)", "f(1,)", "f(1, )", "f(1, b=2)", "f(1, b=2,)", "f(*[1])", "f(**{'a': 1})", "f(*[1], **{'b': 1})",
    "f(x for x in [1])", "f((x for x in [1]))", "f(\n  1,  # one, two)\n)", "f(\n  1  # one (\n)", "f((1))", "f((1),)",
    "f(\n\n)", "f ( 1 )", "f(')')", "f('é,')", "f(f(1))", "f(f(x for x in [1]), b=f())",
    "f(\n    1,\n    b=2,\n\n)", "f(1 \\\n )",
    "[f(i) for i in range(2)]", "(lambda q: f(q))(2)", "f(lambda: 1)", "f(a=1)",
    "'é' + str(f('ü')) + str(f('ß'))",
])  # fmt: skip
def test_calls_that_get_an_argument(call: str) -> None:
    assert equal_or_refused(f"""
# %% training
mean = pow(3, 1)
def f(a=0, b=5):
    if callable(a) or not isinstance(a, (int, str)):
        a = repr(type(a))
    return str(a) + str(b) + str(mean)
# %% request
value = 9
# %% inference
answer = [value, {call}]
answer
""") == "equal"  # fmt: skip


@pytest.mark.parametrize("signature", [
    "", "a", "a,", "a, b=1", "a, b=(1)", "a, b=(1, 2)", "a, b=[')'],", "a, /", "a, /,", "a, /, b=1", "a, *, k=(1)",
    "*args", "*args, k=1", "a, *args, k=(1)", "**kw", "a, **kw", "a, *, k=1, **kw", "*args, k=(1), **kw",
    "a: int = (1)", "a: 'list[int]' = 2",
    "\n  a,  # first, (\n  b=1,  # second )\n", "\n  a,\n  **kw\n", "a=1, **  kw", "a=2 ** 3", "a=2 ** 3, **kw",
    "*, k=1", "a=lambda x: (x)", "\n",
])  # fmt: skip
def test_signatures_that_get_a_parameter(signature: str) -> None:
    given = "1" if signature.strip().startswith(("a", "*args")) else ""
    assert equal_or_refused(f"""
# %% training
mean = pow(3, 1)
def f({signature}) -> (int):
    return [mean]
# %% request
value = 9
# %% inference
[value, f({given})]
""") == "equal"  # fmt: skip


def test_comments_above_and_beside_are_kept() -> None:
    source = package("""
# %% training
# how many there are
rows = [1, 2]  # two of them
#| echo: false
# the model
model = sum(rows) + pow(3, 1)
# %% request
value = 9
# %% inference
# the sum of it all
value + model  # done
""", "train")  # fmt: skip
    assert "# how many there are\n    rows = [1, 2]  # two of them" in source
    assert "# the model\n    model = " in source
    assert "echo" not in source


def test_magics_leave_no_trace() -> None:
    source = package("""
# %% training
%matplotlib inline
rows = [1, pow(3, 1)]
!echo hello
model = sum(rows)
# %% request
value = 9
# %% inference
value + model
""", "train")  # fmt: skip
    assert "matplotlib" not in source
    assert "echo" not in source
    assert "get_ipython" not in source


def test_indented_blocks_and_decorators() -> None:
    assert equal_or_refused('''
# %% imports
import contextlib
# %% functions
@contextlib.contextmanager
def opened(
    x,
):
    # inside
    yield [x]
# %% training
total = 0
for i in range(3):
    # a comment at depth
    if i % 2:
        total += i
    elif i == 0:
        pass
    else:
        total -= 1
else:
    total += 10
while True:
    total += 1
    if total > 12: break
with opened(total) as box, \\
     opened(1) as other:
    box.append(other)
try:
    1 / 0
except ZeroDivisionError as error:
    kind = type(error).__name__
finally:
    done = True
match box:
    case [first, *rest] if first:
        model = first
    case _:
        model = 0
# %% request
value = 9
# %% inference
with opened(value) as inner:
    inner.append(model)
[inner, kind, done, rest]
''') == "equal"  # fmt: skip


def test_tabs_as_indentation() -> None:
    assert equal_or_refused("""
# %% training
total = pow(3, 1)
if total:
\ttext = '''a
\tb'''
\tif True:
\t\ttotal += 1
# %% request
value = 9
# %% inference
[value, total, text]
""") == "equal"  # fmt: skip


def test_lines_without_an_effect_stay_behind() -> None:
    result = convert("""
# %% training
class Model:
    def fit(self, rows): self.weights = {r: 1 for r in rows}; return self
    def predict(self, rows): return [self.weights.get(r, 0) for r in rows]
rows = [pow(3, 1), 4]
model = Model().fit(rows)
dict(zip(rows, model.weights))
sum(w for w in model.weights)
rest = [3, 5, 6]
# %% inference
X_test = rest[:2]
model.predict(X_test)
""")
    assert isinstance(result, Converted)
    check(result)
    text = "".join(result.sources.values())
    assert "zip(" not in text
    assert "sum(" not in text
    assert "X_test = X_test" not in text


def test_comments_and_number_signs_inside_a_part_that_the_prediction_repeats() -> None:
    assert equal_or_refused("""
# %% imports
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
# %% training
df = pd.DataFrame({"a": [1.0, 2.0, None, 4.0], "b  #": [3.0, 1.0, 2.0, 5.0], "c": [1.0, 2.0, 3.0, 4.0]})
# %% preprocessing
df["a"] = df["a"].fillna(df["a"].median())
y, X = df["c"], df[
    ["a",  # the first
     "b  #"]
]  # what the model reads
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
# %% training
model = LinearRegression().fit(X_train, y_train)
# %% inference
result = model.predict(X_test).round(6)
""") == "equal"  # fmt: skip
