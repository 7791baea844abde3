"""What is changed in place, and under how many names: no change is lost, none reaches a second request."""

from tests.plan.equality import equal_or_refused


def test_appending_is_part_of_a_value() -> None:
    assert equal_or_refused("""
# %% training
rows = []
rows.append(3)
rows += [4]
rows[0] = 5
# %% request
value = 9
# %% inference
rows + [value]
""") == "equal"  # fmt: skip


def test_a_change_through_a_second_name() -> None:
    # a, b --> one list
    assert equal_or_refused("""
# %% training
a = [1]
b = a
b.append(2)
# %% request
value = 9
# %% inference
a + [value]
""") == "equal"  # fmt: skip


def test_a_change_of_something_inside() -> None:
    assert equal_or_refused("""
# %% training
inner = [1]
outer = {"k": inner}
inner.append(2)
outer["k"].append(3)
# %% request
value = 9
# %% inference
[outer["k"], inner, value]
""") == "equal"  # fmt: skip


def test_a_change_of_something_put_inside_later() -> None:
    assert equal_or_refused("""
# %% training
inner = [1]
outer = {}
outer["k"] = inner
more = []
more.append(inner)
inner.append(2)
# %% request
value = 9
# %% inference
[outer["k"], more, value]
""") == "equal"  # fmt: skip


def test_a_change_of_something_kept_in_an_attribute() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def fit(self, rows):
        self.rows = rows
        return self
    def predict(self, x):
        return len(self.rows) + x
# %% training
rows = [1]
model = Model()
model.fit(rows)
rows.append(2)
# %% request
value = 9
# %% inference
model.predict(value)
""") == "equal"  # fmt: skip


def test_a_constructor_keeps_its_argument() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def __init__(self, rows): self.rows = rows
# %% training
rows = [1]
model = Model(rows)
rows.append(2)
# %% request
value = 9
# %% inference
model.rows + [value]
""") == "equal"  # fmt: skip


def test_a_loop_over_models_changes_them() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def fit(self, n): self.n = n
# %% training
models = [Model(), Model()]
for i, m in enumerate(models):
    m.fit(i + 1)
# %% request
value = 9
# %% inference
[m.n * value for m in models]
""") == "equal"  # fmt: skip


def test_a_comprehension_over_models_changes_them() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def fit(self, n):
        self.n = n
        return self
# %% training
models = [Model(), Model()]
fitted = [m.fit(4) for m in models]
# %% request
value = 9
# %% inference
[m.n * value for m in models]
""") == "equal"  # fmt: skip


def test_a_name_for_one_of_several_in_a_loop() -> None:
    assert equal_or_refused("""
# %% training
groups = {"a": [], "b": []}
for name in ("a", "b", "a"):
    group = groups[name]
    group.append(name)
# %% request
value = 9
# %% inference
[len(groups["a"]), value]
""") == "equal"  # fmt: skip


def test_a_function_that_changes_its_argument() -> None:
    assert equal_or_refused("""
# %% functions
def extend(target, item):
    target.append(item)
# %% training
rows = [1]
extend(rows, 2)
extend(item=3, target=rows)
# %% request
value = 9
# %% inference
rows + [value]
""") == "equal"  # fmt: skip


def test_a_function_that_changes_its_argument_through_another() -> None:
    assert equal_or_refused("""
# %% functions
def inner(target): target.append(7)
def outer(target):
    alias = target
    inner(alias)
    return 0
# %% training
rows = [1]
n = outer(rows)
# %% request
value = 9
# %% inference
rows + [value]
""") == "equal"  # fmt: skip


def test_a_function_that_changes_what_it_loops_over() -> None:
    assert equal_or_refused("""
# %% functions
def mark(groups):
    for group in groups:
        group.append(0)
# %% training
one, two = [1], [2]
mark([one, two])
n = len(one)
# %% request
value = 9
# %% inference
one + two + [value]
""") == "equal"  # fmt: skip


def test_a_function_handed_over_that_changes_its_argument() -> None:
    assert equal_or_refused("""
# %% functions
def mark(group):
    group.append(0)
    return len(group)
# %% training
groups = [[1], [2]]
sizes = list(map(mark, groups))
more = list(map(lambda g: g.append(5), groups))
# %% request
value = 9
# %% inference
groups + [value]
""") == "equal"  # fmt: skip


def test_a_function_that_changes_a_global_in_place() -> None:
    assert equal_or_refused("""
# %% training
seen = []
def note(x):
    seen.append(x)
    return x
model = note(3)
# %% request
value = 9
# %% inference
[value, len(seen), model]
""") == "equal"  # fmt: skip


def test_a_function_that_gives_back_a_global() -> None:
    assert equal_or_refused("""
# %% training
store = [pow(2, 1)]
def the_store(): return store
the_store().append(2)
kept = the_store()
kept.append(3)
# %% request
value = 9
# %% inference
store + [value]
""") == "equal"  # fmt: skip


def test_a_function_that_gives_back_its_argument() -> None:
    assert equal_or_refused("""
# %% functions
def same(x): return x
# %% training
rows = [1]
other = same(rows)
other.append(2)
# %% request
value = 9
# %% inference
rows + [value]
""") == "equal"  # fmt: skip


def test_a_method_of_the_notebooks_own_class_changes_its_object() -> None:
    assert equal_or_refused("""
# %% functions
class Counter:
    def __init__(self): self.n = 0
    def tick(self):
        self.n += 1
        return self.n
    def twice(self):
        return self.tick() + self.tick()
# %% training
counter = Counter()
a = counter.tick()
b = counter.twice()
# %% request
value = 9
# %% inference
[counter.n, value]
""") == "equal"  # fmt: skip


def test_an_object_that_is_called_changes() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def __init__(self): self.calls = 0
    def __call__(self, x):
        self.calls += 1
        return x * self.calls
# %% training
model = Model()
first = model(2)
# %% request
value = 9
# %% inference
[first, value, model.calls]
""") == "equal"  # fmt: skip


def test_an_iterator_is_used_up() -> None:
    assert equal_or_refused("""
# %% training
numbers = iter([1, 2, 3, 4])
first = next(numbers)
a, b = zip(range(2), numbers)
rest = list(numbers)
# %% request
value = 9
# %% inference
[first, rest, value]
""") == "equal"  # fmt: skip


def test_a_generator_expression_is_used_up_by_a_loop_that_only_prints() -> None:
    assert equal_or_refused("""
# %% training
numbers = (n for n in range(5))
# %%
for n in numbers:
    print(n)
    if n == 2:
        break
# %% training
rest = list(numbers)
# %% request
value = 9
# %% inference
rest + [value]
""") == "equal"  # fmt: skip


def test_the_draws_of_a_generator_come_in_order() -> None:
    # the exploration in the middle moves the generator on
    assert equal_or_refused("""
# %% training
import random
dice = random.Random(3)
# %%
print(dice.random())
example = dice.choice([1, 2, 3])
# %% training
model = dice.random()
# %% request
value = 9
# %% inference
value * model
""") == "equal"  # fmt: skip


def test_the_draws_of_the_global_generator_come_in_order() -> None:
    assert equal_or_refused("""
# %% imports
import random
# %% training
random.seed(4)
# %%
example = random.random()
# %% training
model = random.random()
# %% request
value = 9
# %% inference
value * model
""") == "equal"  # fmt: skip


def test_a_draw_inside_a_function_counts() -> None:
    assert equal_or_refused("""
# %% imports
import random
# %% functions
def draw(): return random.random()
# %% training
random.seed(4)
# %%
example = [draw() for _ in range(3)]
# %% training
model = draw()
# %% request
value = 9
# %% inference
value * model
""") == "equal"  # fmt: skip


def test_a_prediction_with_its_own_seed() -> None:
    assert equal_or_refused("""
# %% imports
import random
# %% training
random.seed(4)
model = random.random()
# %% request
value = 9
# %% inference
random.seed(1)
value * model + random.random()
""") == "equal"  # fmt: skip


def test_a_prediction_that_goes_on_drawing_is_refused() -> None:
    assert equal_or_refused("""
# %% imports
import random
# %% training
random.seed(4)
model = random.random()
# %% request
value = 9
# %% inference
value * model + random.random()
""") == ("NB324",)  # fmt: skip


def test_the_request_may_be_changed_but_not_the_callers_own() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
rows = [{"a": 1}, {"a": 2}]
# %% inference
for row in rows:
    row["b"] = row["a"] * model
rows.append({})
rows
""") == "equal"  # fmt: skip


def test_a_number_as_request_that_is_added_to() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
value = 3
# %% inference
value += model
value
""") == "equal"  # fmt: skip


def test_a_prediction_that_changes_an_artifact() -> None:
    for change in (
        "seen.append(value)",
        "seen += [value]",
        "seen[0] = value",
        "del seen[0]",
        "other = seen\nother.clear()",
    ):
        result = equal_or_refused(f"""
# %% training
seen = [pow(3, 1)]
# %% request
value = 3
# %% inference
{change}
answer = [seen, value]
""")
        assert result == "equal", change


def test_a_prediction_that_changes_an_artifact_in_a_loop() -> None:
    assert equal_or_refused("""
# %% training
groups = {"a": [pow(1, 1)], "b": []}
# %% request
value = 3
# %% inference
for group in groups.values():
    group.append(value)
answer = len(groups["a"])
""") == "equal"  # fmt: skip


def test_a_prediction_through_a_method_that_changes_the_model() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def __init__(self): self.calls = 0
    def predict(self, x):
        self.calls += 1
        return x * self.calls
# %% training
model = Model()
# %% request
value = 3
# %% inference
model.predict(value)
""") == "equal"  # fmt: skip


def test_a_request_that_is_part_of_an_artifact_and_is_changed() -> None:
    assert equal_or_refused("""
# %% training
data = [pow(3, 1), 2]
# %% request
rows = data
# %% inference
rows.append(1)
answer = [rows, len(data)]
""") == ("NB323",)  # fmt: skip


def test_switching_a_model_to_evaluation_may_be_repeated() -> None:
    assert equal_or_refused("""
# %% functions
class Net:
    def __init__(self): self.training = True
    def eval(self):
        self.training = False
        return self
    def __call__(self, x): return -x if self.training else x
# %% training
net = Net()
# %% request
value = 3
# %% inference
net.eval()
net(value)
""") == "equal"  # fmt: skip


def test_an_artifact_changed_again_after_the_prediction() -> None:
    # model 1 --> inference;   model.fit(2) --> metric: train() hands over a copy of the first
    assert equal_or_refused("""
# %% functions
class Model:
    def fit(self, n):
        self.n = n
        return self
# %% training
model = Model().fit(1)
# %% request
value = 9
# %% inference
model.n * value
# %% training
model.fit(2)
# %% evaluation
score = model.n
""") == "equal"  # fmt: skip


def test_an_artifact_rebound_after_the_prediction() -> None:
    assert equal_or_refused("""
# %% training
model = pow(1, 1)
# %% request
value = 9
# %% inference
model * value
# %% training
model = pow(3, 1)
# %% evaluation
score = model * 2
""") == "equal"  # fmt: skip


def test_an_artifact_rebound_between_two_inference_cells() -> None:
    assert equal_or_refused("""
# %% training
model = pow(1, 1)
# %% request
value = 9
# %% inference
first = model * value
# %% training
model = pow(3, 1)
# %% inference
[first, model * value]
""") == ("NB305",)  # fmt: skip


def test_a_metric_dictionary_filled_item_by_item() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% evaluation
scores = {}
scores["train"] = model * 2
scores["test"] = model * 3
# %% request
value = 9
# %% inference
model * value
""") == "equal"  # fmt: skip


def test_a_constant_changed_later_is_no_constant() -> None:
    assert equal_or_refused("""
# %% functions
COLUMNS = ["a"]
def width(x): return len(COLUMNS) * x
# %% training
model = width(1)
COLUMNS.append("b")
# %% request
value = 9
# %% inference
width(value) + model
""") == "equal"  # fmt: skip


def test_a_function_that_remembers_in_a_default_is_refused() -> None:
    assert equal_or_refused("""
# %% functions
def seen(x, memory=[]):
    memory.append(x)
    return len(memory)
# %% training
model = seen(1)
# %% request
value = 9
# %% inference
seen(value) + model
""") == ("NB316",)  # fmt: skip


def test_a_function_that_remembers_in_an_attribute_is_refused() -> None:
    assert equal_or_refused("""
# %% functions
def area(x): return x * area.factor
area.factor = 3
# %% training
model = area(1)
# %% request
value = 9
# %% inference
area(value) + model
""") == ("NB315",)  # fmt: skip


def test_settings_of_a_library_do_not_make_it_a_value() -> None:
    assert equal_or_refused("""
# %% imports
import decimal
import sys
sys.ps3 = "never mind"
# %% training
model = decimal.Decimal(3)
# %% request
value = 9
# %% inference
decimal.Decimal(value) + model
""") == "equal"  # fmt: skip


def test_an_artifact_changed_under_another_name_after_its_own_was_given_away() -> None:
    assert equal_or_refused("""
# %% training
seen = [pow(3, 1)]
# %% request
value = 3
# %% inference
other = seen
seen = len(other) + value
other.append(value)
answer = [seen, len(other)]
""") == "equal"  # fmt: skip


def test_a_request_changed_under_another_name() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
rows = [1, 2]
# %% inference
mine = rows
rows = len(mine)
mine.append(model)
answer = [rows, mine]
""") == "equal"  # fmt: skip


def test_an_artifact_extended_for_a_metric_after_the_prediction() -> None:
    assert equal_or_refused("""
# %% training
rows = [pow(3, 1)]
# %% request
value = 3
# %% inference
answer = [value, len(rows)]
# %% evaluation
rows += [4]
score = len(rows)
""") == "equal"  # fmt: skip


def test_an_artifact_copied_and_then_changed() -> None:
    assert equal_or_refused("""
# %% training
rows = [pow(3, 1)]
# %% request
value = 3
# %% inference
rows = list(rows)
rows.append(value)
answer = rows
""") == "equal"  # fmt: skip


def test_a_class_that_remembers_for_all_its_instances_is_refused() -> None:
    # kept in a list, by name, through the class, in place of an attribute that each instance seems to have
    for kept, add in (
        ("values = []", "self.values.append(x)"),
        ("values = []", "self.values += [x]"),
        ("values = {}", "self.values[x] = 1"),
        ("values = ()", "type(self).values += (x,)"),
        ("values = ()", "Seen.values = (*Seen.values, x)"),
    ):
        result = equal_or_refused(f"""
# %% functions
class Seen:
    {kept}
    def add(self, x):
        {add}
        return len(self.values)
# %% training
model = Seen().add(1)
other = Seen().add(2)
# %% request
value = 9
# %% inference
Seen().add(value) + model
""")
        assert isinstance(result, tuple), add


def test_a_class_whose_instances_each_have_their_own_list_is_not() -> None:
    assert equal_or_refused("""
# %% functions
class Seen:
    values = []
    def __init__(self):
        self.values = []
    def add(self, x):
        self.values.append(x)
        return len(self.values)
# %% training
model = Seen().add(1)
other = Seen().add(2)
# %% request
value = 9
# %% inference
Seen().add(value) + model
""") == "equal"  # fmt: skip


def test_asking_a_defaultdict_changes_it() -> None:
    assert equal_or_refused("""
# %% training
from collections import defaultdict
rates = defaultdict(float)
rates["flat"] = 1.5
# %% request
kind = "steep"
# %% inference
rate = rates[kind]
[rate, len(rates)]
""") == "equal"  # fmt: skip
    assert equal_or_refused("""
# %% training
from collections import defaultdict
rates = defaultdict(float, {"flat": 1.5})
mean = rates["flat"] + rates["steep"]
model = mean / len(rates)
# %% request
value = 9
# %% inference
value * model
""") == "equal"  # fmt: skip


def test_fitting_what_was_given_a_function_does_not_change_the_function() -> None:
    assert equal_or_refused("""
# %% functions
def words(text):
    return text.split()
# %% training
from sklearn.feature_extraction.text import CountVectorizer
docs = ["a b", "c d"]
first = CountVectorizer(analyzer=words).fit(docs)
second = CountVectorizer(analyzer=words).fit(docs[:1])
# %% request
texts = ["a c"]
# %% inference
[len(first.vocabulary_), second.transform(texts).toarray().tolist(), words(texts[0])]
""") == "equal"  # fmt: skip
