"""``await`` outside functions: the package waits as the notebook does, and refuses what would go on in between."""

import asyncio

import pytest

from tests.plan.equality import Converted, convert, equal_or_refused, findings_of

LOAD = """
# %% functions
import asyncio
async def load(n):
    await asyncio.sleep(0)
    return n
class Numbers:
    def __init__(self, n): self.n = n
    async def __aenter__(self): return self
    async def __aexit__(self, *_): self.n = 0
    def __aiter__(self): return self
    async def __anext__(self):
        self.n -= 1
        if self.n < 0: raise StopAsyncIteration
        return self.n
"""


def notebook(training: str, inference: str = "value * model") -> str:
    return f"{LOAD}# %% training\n{training}\n# %% request\nvalue = 9\n# %% inference\n{inference}"


@pytest.mark.parametrize(
    "training",
    [
        "model = await load(3)",
        "model = 0\nasync for n in Numbers(4): model += n",
        "async with Numbers(5) as numbers: model = numbers.n",
        "model = sum([n async for n in Numbers(4)])",
        "model = sum([await load(n) for n in range(4)])",
        "model = sum(await asyncio.gather(load(1), load(2)))",
        "if True:\n    model = await load(3)",
        "tasks = [asyncio.create_task(load(n)) for n in range(3)]\nmodel = sum(await asyncio.gather(*tasks))",
    ],
)
def test_training_waits(training: str) -> None:
    assert (
        equal_or_refused(f"{LOAD}# %% training\n{training}\n# %% request\nvalue = 9\n# %% inference\nvalue * model")
        == "equal"
    )


@pytest.mark.parametrize(
    "inference", ["value * await load(model)", "factor = await load(model)\nanswer = value * factor"]
)
def test_the_prediction_waits(inference: str) -> None:
    assert (
        equal_or_refused(
            f"{LOAD}# %% training\nmodel = pow(3, 1)\n# %% request\nvalue = 9\n# %% inference\n{inference}"
        )
        == "equal"
    )


def test_the_order_of_cells_holds() -> None:
    assert equal_or_refused(f"""{LOAD}
# %% training
seen = []
seen.append(await load(1))
# %% training
seen.append(2)
# %% training
seen.append(await load(3))
model = list(seen)
# %% request
value = 9
# %% inference
[value, *model]
# %% evaluation
count = await load(len(model))
""") == "equal"  # fmt: skip


@pytest.mark.parametrize(
    "training",
    [
        "seen = []\nasync def work(): seen.append(1)\ntask = asyncio.create_task(work())\n"
        "# %% training\nmodel = len(seen)",
        "loop = asyncio.get_event_loop()\nmodel = loop.is_running()",
        "async def start(): asyncio.create_task(load(3))\nawait start()\nmodel = 4",
    ],
)
def test_work_that_goes_on_between_the_cells_is_refused(training: str) -> None:
    text = notebook(training)
    assert "NB142" in equal_or_refused(text)
    assert findings_of(text)["NB142"].hint


def test_a_prediction_that_waits_can_be_called_where_a_loop_runs() -> None:
    converted = convert(
        f"{LOAD}# %% training\nmodel = pow(3, 1)\n# %% request\nvalue = 9\n# %% inference\nvalue * await load(model)"
    )
    assert isinstance(converted, Converted)
    code = next(text for path, text in converted.sources.items() if path.endswith("/waiting.py"))
    names: dict[str, object] = {}
    exec(code, names)

    async def waits(n: int) -> int:
        await asyncio.sleep(0)
        return n + 1

    plain = names["runs_to_end"](waits)  # type: ignore[operator]

    async def inside() -> int:
        return plain(1) + plain(2)

    assert plain(3) == 4
    assert asyncio.run(inside()) == 5
