"""Origins: through which name an object was reached, and whether it is that object, inside it, or holds it.

=========  =====================================================  ==========================
origin     the object                                             comes from
=========  =====================================================  ==========================
``x``      may be the object that x names                         ``x``
``x.``     may be something inside it                             ``x[0]``, ``x.part``, ``for i in x``
``^x``     is new and holds it                                    ``[x]``, ``{"k": x}``
``^x.``    is new and holds something inside it                   ``list(x)``, ``[i for i in x]``
=========  =====================================================  ==========================

For x a global name stands for itself; ``<x>`` is the parameter x of a function being summarised, ``A()`` an instance of
the class A, ``f->`` a function or generator that f gave. Any other new object has no origin.
"""

import ast
from dataclasses import dataclass
from typing import Protocol

from nb2prod.analysis.facts import Definition
from nb2prod.analysis.paths import FileUse

Origins = frozenset[str]
NONE: Origins = frozenset()
GIVEN = "<given>"
"""What an inner function is given."""
CAPTURED = "<captured>"
"""Locals that an inner function shares with the function around it."""
INNER = "<inner>"
"""A function made inside the code that is walked."""


def base(origin: str) -> str:
    """The name in an origin."""
    return origin.removeprefix("^").removesuffix(".")


def within(origins: Origins) -> Origins:
    """What may be found inside objects of these origins."""
    found: set[str] = set()
    for origin in origins:
        name = base(origin)
        if origin.startswith("^") and not origin.endswith("."):
            found |= {name, f"^{name}"}
        found.add(f"{name}.")
    return frozenset(found)


def holder(origins: Origins) -> Origins:
    """A new object that holds objects of these origins."""
    return frozenset(o if o.startswith("^") else f"^{o}" for o in origins)


def anything(origins: Origins) -> Origins:
    """What a function we know nothing of may give back when it is handed objects of these origins."""
    return origins | within(origins)


def changed_at_top(origins: Origins) -> Origins:
    """What changes when such an object itself is changed (``x.append(…)``); a new holder is nobody else's."""
    return frozenset(o for o in origins if not o.startswith("^"))


def changed_throughout(origins: Origins) -> Origins:
    """What changes when such an object or anything inside it may be changed (``x.fit(…)``)."""
    return frozenset(f"{base(o)}." for o in origins)


def applied(origin: str, given: Origins) -> Origins:
    """`origin` speaks of a parameter; what it says of what was `given` for it."""
    result = within(given) if origin.endswith(".") else given
    return holder(result) if origin.startswith("^") else result


@dataclass(frozen=True, slots=True)
class Effect:
    """What code does when it runs, told in origins.

    `suspected` are changed only if a call whose value is thrown away changes something; `repeatable` are changed so
    that doing it again changes nothing (``net.eval()``). `kept` are (holder, held) pairs: ``holder.x = held``. `draws`
    are the random states it moves on, `seeds` those it sets, `states` those of the user's own modules that it may
    change; `files` is what it does to files, `texts` are the names it binds to paths that can be told, with these.
    `returns` is what the returned object may be or hold; `changes_given` says whether an inner function changes what it
    is given, `changes_captured` what it shares.
    """

    changed: Origins = NONE
    suspected: Origins = NONE
    repeatable: Origins = NONE
    kept: frozenset[tuple[str, str]] = frozenset()
    returns: Origins = NONE
    draws: frozenset[str] = frozenset()
    seeds: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    files: frozenset[FileUse] = frozenset()
    texts: frozenset[tuple[str, str]] = frozenset()
    changes_given: bool = False
    changes_captured: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """What a call may reach: a function or class itself, or (`made`) what one gave: an instance, an inner function."""

    definition: Definition | None
    effect: Effect
    made: bool


Method = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class OwnFunction:
    """A function of one of the user's own modules, its effect in terms of its parameters."""

    node: Method
    effect: Effect


class Names(Protocol):
    """What the walk over code asks of the notebook's namespace."""

    def called(self, origins: Origins) -> tuple[Called, ...]: ...

    def methods(self, origins: Origins, name: str) -> tuple[tuple[Method, Effect], ...]:
        """Methods of that name of the notebook's own classes that a call on these objects may reach."""
        ...

    def own_function(self, path: str) -> OwnFunction | None:
        """The function of the user's own modules that a full name stands for."""
        ...

    def own_states(self, path: str, method: str) -> frozenset[str]:
        """States of own modules that making an object of that full name, or calling a method so called, may change."""
        ...

    def state_of_part(self, path: str) -> frozenset[str]:
        """The state that what an own module holds under that full name is a part of."""
        ...

    def changes_object(self, method: str) -> bool:
        """Whether a class of the user's own modules has a method of that name that changes its object."""
        ...

    def path(self, name: str) -> str | None:
        """What an imported name stands for, e.g. ``numpy.random``."""
        ...

    def lasting(self, origins: Origins) -> Origins:
        """Without those that are known to be plain data, which nobody keeps."""
        ...

    def holding(self, origins: Origins) -> Origins:
        """Only those known to be containers of the notebook's own objects."""
        ...
