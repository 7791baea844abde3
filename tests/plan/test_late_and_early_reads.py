"""Functions read globals when they are called, not where they are defined; the package gives each call what it saw."""

from tests.plan.equality import equal_or_refused


def test_a_function_reads_a_value_that_training_makes() -> None:
    assert equal_or_refused("""
# %% functions
def centred(x):
    return x - mean
# %% training
rows = [1, 2, 6]
mean = sum(rows) / len(rows)
# %% request
value = 3
# %% inference
centred(value)
""") == "equal"  # fmt: skip


def test_each_call_sees_the_value_of_its_own_time() -> None:
    # MEAN = 1 --> train sees 1;   MEAN = 10 --> predict sees 10
    assert equal_or_refused("""
# %% functions
MEAN = 1
def centred(x):
    return x - MEAN
# %% training
model = [centred(x) for x in (1, 2)]
MEAN = 10
# %% request
value = 3
# %% inference
model + [centred(value)]
""") == "equal"  # fmt: skip


def test_a_global_rebound_between_two_calls_in_the_prediction() -> None:
    assert equal_or_refused("""
# %% training
scale = pow(3, 1)
# %% functions
def scaled(x):
    return x * scale
# %% request
value = 3
# %% inference
first = scaled(value)
scale = 100
answer = [first, scaled(value)]
""") == "equal"  # fmt: skip


def test_a_global_rebound_after_the_prediction_is_not_seen_by_it() -> None:
    assert equal_or_refused("""
# %% training
scale = pow(3, 1)
def scaled(x):
    return x * scale
# %% request
value = 3
# %% inference
scaled(value)
# %%
scale = 100
# %% evaluation
later = scaled(1)
""") == "equal"  # fmt: skip


def test_a_function_that_calls_a_function_that_needs_a_value() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
# %% functions
def centred(x): return x - mean
def doubled(x):
    return centred(x) * 2
# %% request
value = 3
# %% inference
doubled(value)
""") == "equal"  # fmt: skip


def test_a_recursive_function_that_needs_a_value() -> None:
    assert equal_or_refused("""
# %% training
base = pow(2, 1)
def power(n):
    return 1 if n == 0 else base * power(n - 1)
# %% request
value = 5
# %% inference
power(value)
""") == "equal"  # fmt: skip


def test_a_function_handed_to_map_sorted_and_filter() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
def distance(x):
    return abs(x - mean)
# %% request
values = [9, 3, 1]
# %% inference
sorted(values, key=distance) + list(map(distance, values)) + list(filter(distance, values))
""") == "equal"  # fmt: skip


def test_a_partial_of_a_function_that_needs_a_value() -> None:
    assert equal_or_refused("""
# %% imports
from functools import partial
# %% training
mean = pow(3, 1)
def between(low, high): return (low + high) * mean
# %% request
value = 4
# %% inference
partial(between, 2)(value)
""") == "equal"  # fmt: skip


def test_a_function_kept_as_a_value_while_its_global_changes() -> None:
    # keep = f      f's global is 3 here
    # scale = 100   ... and 100 when it is called
    result = equal_or_refused("""
# %% training
scale = pow(3, 1)
def scaled(x):
    return x * scale
keep = [scaled]
scale = pow(4, 1) * 25
table = [f(2) for f in keep]
# %% request
value = 3
# %% inference
[value, *table]
""")
    assert result == ("NB318",)


def test_a_generator_runs_when_it_is_consumed() -> None:
    result = equal_or_refused("""
# %% training
limit = pow(3, 1)
def numbers():
    for i in range(10):
        if i < limit:
            yield i
waiting = numbers()
limit = pow(5, 1)
total = sum(waiting)
# %% request
value = 3
# %% inference
value + total
""")
    assert result in ("equal", ("NB318",))


def test_a_lambda_in_an_expression_reads_an_artifact() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
# %% request
values = [9, 3, 1]
# %% inference
sorted(values, key=lambda v: abs(v - mean))
""") == "equal"  # fmt: skip


def test_a_named_lambda_without_values() -> None:
    assert equal_or_refused("""
# %% functions
double = lambda x: x * 2
# %% training
mean = double(3)
# %% request
value = 9
# %% inference
double(value) + mean
""") == "equal"  # fmt: skip


def test_a_named_lambda_that_training_alone_uses_may_read_values() -> None:
    assert equal_or_refused("""
# %% parameters
alpha = 3
# %% training
offset = pow(3, 1)
shift = lambda x: x * alpha + offset
mean = shift(3)
# %% request
value = 9
# %% inference
value + mean
""") == "equal"  # fmt: skip


def test_a_named_lambda_that_reads_a_value_and_is_called_in_the_prediction() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
centred = lambda x: x - mean
# %% request
value = 9
# %% inference
centred(value)
""") == "equal"  # fmt: skip


def test_a_default_that_reads_a_value() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
def centred(x, by=mean): return x - by
# %% request
value = 9
# %% inference
centred(value)
""") == ("NB312",)  # fmt: skip


def test_a_default_that_reads_a_constant() -> None:
    assert equal_or_refused("""
# %% functions
STEP = 4
def stepped(x, by=STEP): return x + by
# %% training
model = stepped(1)
# %% request
value = 9
# %% inference
stepped(value) + model
""") == "equal"  # fmt: skip


def test_a_decorator_that_reads_a_value() -> None:
    assert equal_or_refused("""
# %% training
factor = pow(3, 1)
def times(n):
    def wrap(f):
        return lambda x: f(x) * n
    return wrap
@times(factor)
def plus(x): return x + 1
# %% request
value = 9
# %% inference
plus(value)
""") == ("NB312",)  # fmt: skip


def test_a_decorator_whose_wrapper_reads_a_global_late() -> None:
    result = equal_or_refused("""
# %% functions
def scaled(f):
    return lambda x: f(x) * factor
@scaled
def plus(x): return x + 1
# %% training
factor = pow(3, 1)
model = plus(2)
# %% request
value = 9
# %% inference
model + value
""")
    assert result != "equal"


def test_a_plain_decorator_of_the_notebook() -> None:
    assert equal_or_refused("""
# %% imports
import functools
# %% functions
def twice(f):
    @functools.wraps(f)
    def wrapper(x):
        return f(f(x))
    return wrapper

@twice  # two times
def plus(x):
    return x + 1
# %% training
model = plus(1)
# %% request
value = 9
# %% inference
plus(value) + model
""") == "equal"  # fmt: skip


def test_a_cached_function() -> None:
    assert equal_or_refused("""
# %% imports
from functools import lru_cache
# %% functions
@lru_cache(maxsize=None)
def square(x): return x * x
# %% training
model = square(4)
# %% request
value = 9
# %% inference
square(value) + model
""") == "equal"  # fmt: skip


def test_a_closure_made_by_a_factory() -> None:
    assert equal_or_refused("""
# %% functions
def adder(n):
    def add(x):
        return x + n
    return add
# %% training
start = pow(2, 1)
model = adder(start)(5)
# %% request
value = 9
# %% inference
adder(model)(value)
""") == "equal"  # fmt: skip


def test_a_nested_function_reads_a_value() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
def outer(x):
    def inner(y):
        return y - mean
    return inner(x) + inner(x + 1)
# %% request
value = 9
# %% inference
outer(value)
""") == "equal"  # fmt: skip


def test_comprehension_variables_are_their_own() -> None:
    assert equal_or_refused("""
# %% training
x = pow(4, 1)
squares = [x * x for x in range(3)]
grid = {(i, j): i * j for i in range(2) for j in range(i + 1) if j < x}
# %% request
value = 9
# %% inference
squares + [x, value] + [k[0] for k in grid]
""") == "equal"  # fmt: skip


def test_a_walrus_in_a_comprehension_binds_outside_it() -> None:
    assert equal_or_refused("""
# %% training
last = pow(0, 1)
found = [last := n for n in range(4)]
# %% request
value = 9
# %% inference
value + last + len(found)
""") == "equal"  # fmt: skip


def test_a_walrus_that_may_not_run_keeps_the_old_value() -> None:
    # n = 5 --> n is still 5 where the right side of `and` is not reached
    assert equal_or_refused("""
# %% training
n = pow(5, 1)
flag = pow(0, 1) and (n := 3)
other = (n := 7) if flag else 0
# %% request
value = 9
# %% inference
value + n + other
""") == "equal"  # fmt: skip


def test_a_walrus_in_a_condition() -> None:
    assert equal_or_refused("""
# %% training
rows = [1, 2, 3]
if (n := len(rows)) > 2:
    size = n * 2
else:
    size = 0
# %% request
value = 9
# %% inference
value + size + n
""") == "equal"  # fmt: skip


def test_a_class_body_reads_globals_when_it_is_made() -> None:
    assert equal_or_refused("""
# %% functions
WIDTH = 4
class Box:
    width = WIDTH
    both = [width, WIDTH]
    for side in both:
        last = side
    def area(self, height):
        return self.width * height
# %% training
box = Box()
# %% request
value = 9
# %% inference
box.area(value) + Box.last
""") == "equal"  # fmt: skip


def test_a_class_body_that_reads_a_value() -> None:
    result = equal_or_refused("""
# %% training
width = pow(3, 1)
class Box:
    side = width
box = Box()
# %% request
value = 9
# %% inference
value * box.side
""")
    assert result == ("NB312",)


def test_a_method_that_reads_a_value() -> None:
    assert equal_or_refused("""
# %% training
width = pow(3, 1)
class Box:
    def area(self, height): return width * height
box = Box()
# %% request
value = 9
# %% inference
box.area(value)
""") == ("NB311",)  # fmt: skip


def test_global_in_a_function_is_refused() -> None:
    assert equal_or_refused("""
# %% training
total = 0
def count(x):
    global total
    total += x
    return total
count(3)
# %% request
value = 9
# %% inference
value + total
""") == ("NB310",)  # fmt: skip


def test_nonlocal_is_the_functions_own_business() -> None:
    assert equal_or_refused("""
# %% functions
def counted(items):
    n = 0
    def step():
        nonlocal n
        n += 1
    for _ in items:
        step()
    return n
# %% training
model = counted("abc")
# %% request
value = "abcd"
# %% inference
counted(value) + model
""") == "equal"  # fmt: skip


def test_a_function_with_a_local_named_as_what_its_callee_needs() -> None:
    # outer's own `mean` must not reach centred, which reads the global
    result = equal_or_refused("""
# %% training
mean = pow(3, 1)
def centred(x): return x - mean
def outer(x):
    mean = 1000
    return centred(x) + mean
# %% request
value = 9
# %% inference
outer(value)
""")
    assert result == ("NB317",)


def test_a_parameter_named_as_what_its_callee_needs() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
def centred(x): return x - mean
def outer(x, mean): return centred(x) + mean
# %% request
value = 9
# %% inference
outer(value, 5)
""") == ("NB317",)  # fmt: skip


def test_a_comprehension_variable_named_as_what_a_called_function_needs() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
def centred(x): return x - mean
# %% request
values = [9, 1]
# %% inference
[centred(mean) for mean in values]
""") == ("NB317",)  # fmt: skip


def test_an_async_function_is_kept() -> None:
    assert equal_or_refused("""
# %% imports
import asyncio
# %% training
mean = pow(3, 1)
async def centred(x): return x - mean
model = asyncio.run(centred(4))
# %% request
value = 9
# %% inference
asyncio.run(centred(value)) + model
""") == "equal"  # fmt: skip


def test_code_as_text_is_refused() -> None:
    # eval sees every name of the notebook; a function of the package has others
    for call in (
        'eval("scale * 2")',
        'exec("scale = 5")',
        'globals()["scale"]',
        "vars()['scale']",
        "locals()['scale']",
    ):
        result = equal_or_refused(f"""
# %% training
scale = pow(3, 1)
model = {call}
# %% request
value = 9
# %% inference
[value, scale, model]
""")
        assert result == ("NB327",), call


def test_a_generator_expression_reads_when_it_is_used_up() -> None:
    assert equal_or_refused("""
# %% training
rows = [pow(3, 1), 4]
factor = 10
waiting = map(float, (row * factor for row in rows))
rows, factor = [7], pow(2, 1)
model = sum(waiting)
# %% request
value = 9
# %% inference
value * model
""") == "equal"  # fmt: skip


def test_a_lambda_that_calls_what_reads_a_value_is_given_the_value() -> None:
    assert equal_or_refused("""
# %% training
b = pow(1, 1)
c = 4
b = b + 1
def h(x):
    return x + b + c
# %% functions
g = lambda x: x + h(c)
# %% request
value = 7
# %% inference
[value, g(value), b]
""") == "equal"  # fmt: skip
