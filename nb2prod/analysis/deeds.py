"""What statements do to tables, one deed after the other, and the way of some rows through them."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis.turns import Turn
from nb2prod.analysis.values import FIXED, Value


@dataclass(frozen=True, slots=True)
class Deed:
    """What one simple statement does to the table `name`: bind it anew, or change it.

    `number` is the statement of the graph it is part of, `node` the simple statement itself, `loop` the loop around it.
    `columns` are those it writes (None: any). `made` by more than selecting.
    """

    number: int
    node: ast.stmt
    name: str
    value: Value
    binds: bool
    columns: frozenset[str] | None = None
    loop: ast.For | None = None
    tests: tuple[ast.If, ...] = ()
    """Conditions around it that are statistics of a table."""
    over: Value = FIXED
    """What the loop goes over."""
    inner: tuple[ast.For, ...] = ()
    """Further loops inside `loop` around it."""
    turn: Turn | None = None
    """The turn of a loop over tables; `node` then names the table itself (see `turns`)."""


def is_removal(deed: Deed) -> bool:
    """``df.pop("a")``, ``del df["a"]``."""
    return not deed.binds and deed.columns is not None and deed.value.dropped == deed.columns


def names_behind(deeds: Iterable[Deed], names: Iterable[str]) -> set[str]:
    """These names and all those whose rows they were made of."""
    found = set(names)
    for deed in reversed(list(deeds)):
        if deed.name in found:
            found |= deed.value.names
    return found


def chain_of(deeds: Iterable[Deed], name: str) -> list[Deed]:
    """What happened to the rows of `name`, in order."""
    needed, found = {name}, list[Deed]()
    for deed in reversed(list(deeds)):
        if deed.name in needed:
            found.append(deed)
            if deed.binds and deed.loop is None:
                needed.discard(deed.name)
            needed |= deed.value.names
    return found[::-1]
