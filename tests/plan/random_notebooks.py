"""Random notebooks of assignments, functions, changes in place, aliases and re-binding, cut at a random place.

`python -m tests.plan.random_notebooks 5000 --seed 1` runs them and reports how many were equal, refused and different.
"""

import argparse
import random
from collections import Counter

from tests.plan.equality import Different, equal_or_refused

NAMES = ("a", "b", "c", "d")
FUNCTIONS = ("f", "g", "h")
BOX = """class Box:
    def __init__(self, items):
        self.items = items
        self.n = 0
    def push(self, x):
        self.n += 1
        self.items.append(x)
        return self
    def total(self):
        return self.n + len(self.items)"""
KINDS = (
    "bind", "bind", "function", "alias", "change", "change", "loop", "branch", "object", "map", "comprehension",
    "lambda", "print", "hold",
)  # fmt: skip


class Writer:
    """Writes one notebook. `lists` and `numbers` are the names that surely hold such a value at this point."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lists: list[str] = []
        self.numbers: list[str] = []
        self.functions: list[str] = []
        self.objects: list[str] = []

    def notebook(self) -> str:
        pick = self.random
        cells = [f"# %% functions\n{BOX}"]
        cells.append("# %% training\n" + "\n".join(f"{n} = {self.fresh(n)}" for n in NAMES[:3]))
        for _ in range(pick.randint(2, 5)):
            role = pick.choice(("training", "training", "", "functions", "evaluation"))
            cells.append(f"# %% {role}\n" + "\n".join(self.statement() for _ in range(pick.randint(1, 4))))
        cells.append("# %% request\nrequest = " + pick.choice(("7", "[7, 8]", self.number())))
        self.numbers += ["request"] if cells[-1].endswith("7") else []
        self.lists += ["request"] if cells[-1].endswith("]") else []
        body = [self.statement() for _ in range(pick.randint(0, 3))]
        cells.append(
            "# %% inference\n" + "\n".join([*body, f"answer = [request, {self.value()}, {self.value()}]", "answer"])
        )
        if pick.random() < 0.4:
            after = [self.statement() for _ in range(pick.randint(1, 2))]
            cells.append("# %% evaluation\n" + "\n".join([*after, f"score = {self.number()} + 0.5"]))
        return "\n".join(cells)

    def fresh(self, name: str) -> str:
        if self.random.random() < 0.5:
            self.set(name, self.lists)
            return self.random.choice(
                (f"[pow({self.random.randint(1, 9)}, 1)]", f"[{self.random.randint(1, 9)}]", "[]")
            )
        self.set(name, self.numbers)
        return self.random.choice((f"pow({self.random.randint(1, 9)}, 1)", str(self.random.randint(1, 9))))

    def set(self, name: str, kind: list[str]) -> None:
        for names in (self.lists, self.numbers, self.objects):
            if name in names:
                names.remove(name)
        kind.append(name)

    def number(self) -> str:
        options = [str(self.random.randint(0, 9))]
        options += self.numbers * 2 + [f"len({n})" for n in self.lists] + [f"{n}.total()" for n in self.objects]
        options += [f"{f}({self.random.choice(self.numbers or ['1'])})" for f in self.functions]
        return self.random.choice(options)

    def value(self) -> str:
        return self.random.choice([self.number(), *self.lists, *(f"{n}.items" for n in self.objects)])

    def statement(self) -> str:
        pick = self.random
        name = pick.choice(NAMES)
        kind = pick.choice(KINDS)
        if kind == "bind":
            return f"{name} = {self.fresh(name)}" if pick.random() < 0.5 else self.bind_number(name)
        if kind == "function":
            return self.function()
        if kind == "alias" and self.lists:
            other = pick.choice(self.lists)
            self.set(name, self.lists)
            return f"{name} = {other}"
        if kind == "change" and self.lists:
            target, number = pick.choice(self.lists), self.number()
            forms = [f"{target}.append({number})", f"{target} += [{number}]", f"{target}.extend([{number}, 1])",
                     f"{target}.insert(0, {number})", f"{target}[:] = [{number}]"]  # fmt: skip
            return pick.choice(forms)
        if kind == "loop" and self.lists:
            target = pick.choice(self.lists)
            return f"for i in range(3):\n    {target}.append(i + {self.number()})"
        if kind == "branch" and self.numbers:
            target = pick.choice(self.numbers)
            return f"if {self.number()} > 4:\n    {target} = {self.number()}\nelse:\n    {target} = {target} + 1"
        if kind == "object":
            if self.objects and pick.random() < 0.6:
                return f"{pick.choice(self.objects)}.push({self.number()})"
            inside = pick.choice([*self.lists, "[]"])
            self.set(name, self.objects)
            return f"{name} = Box({inside})"
        if kind == "map" and self.functions and self.lists:
            target = pick.choice(self.lists)
            self.set(name, self.lists)
            numbers = f"[x for x in {target} if isinstance(x, int)]"
            return f"{name} = list(map({pick.choice(self.functions)}, {numbers}))"
        if kind == "comprehension" and self.lists:
            target, number = pick.choice(self.lists), self.number()
            self.set(name, self.lists)
            return f"{name} = [(x, {number}) for x in {target}[:]]"
        if kind == "lambda" and self.numbers:
            called, number = pick.choice(FUNCTIONS), self.number()
            if called not in self.functions:
                self.functions.append(called)
            return f"{called} = lambda x: x + {number}" if called + "(" not in number else "pass"
        if kind == "hold" and self.lists:
            holder, held = pick.choice(self.lists), pick.choice(self.lists)
            return f"{holder}.append({held}[:1])" if holder == held else f"{holder}.append({held})\n{held}.append(1)"
        if kind == "print":
            return f"print({self.value()})"
        return self.bind_number(name)

    def bind_number(self, name: str) -> str:
        number = self.number()
        self.set(name, self.numbers)
        return f"{name} = {number} + 1"

    def function(self) -> str:
        pick = self.random
        called = pick.choice(FUNCTIONS)
        others = [f for f in self.functions if f < called]  # no recursion
        reads = [*self.numbers, *(f"len({n})" for n in self.lists), *(f"{o}(x)" for o in others), "1"]
        lines = [f"def {called}(x):"]
        if self.lists and pick.random() < 0.3:
            lines.append(f"    {pick.choice(self.lists)}.append(x)")
        if pick.random() < 0.3:
            lines.append(f"    y = {pick.choice(reads)}")
            reads.append("y")
        lines.append(f"    return x + {pick.choice(reads)} + {pick.choice(reads)}")
        if called not in self.functions:
            self.functions.append(called)
        return "\n".join(lines)


def run(number: int, seed: int) -> Counter[str]:
    """How the random notebooks `seed`, `seed` + 1, … ended. Raises Different where one is not equal."""
    ended: Counter[str] = Counter()
    for at in range(seed, seed + number):
        text = Writer(at).notebook()
        try:
            result = equal_or_refused(text, layout=False)
        except Different as difference:
            if "RecursionError" in str(difference):  # a list that holds itself cannot be compared
                ended["holds itself"] += 1
                continue
            raise Different(f"random notebook {at}\n{text}\n\n{difference}") from difference
        except (
            NameError,
            TypeError,
            AttributeError,
            IndexError,
            RecursionError,
            UnboundLocalError,
            ValueError,
        ) as error:
            ended[f"the notebook raises {type(error).__name__}"] += 1
            continue
        ended["equal" if result == "equal" else f"refused {result[0]}"] += 1
    return ended


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, count in run(arguments.number, arguments.seed).most_common():
        print(f"{count:6} {name}")


if __name__ == "__main__":
    main()
