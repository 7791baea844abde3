"""Which objects the names of the notebook reach as its statements run, and which statements made and changed them.

    1  a = [0]            a -> object 1
    2  b = [a]            b -> object 2, which holds object 1
    3  a.append(5)        object 1 is changed by 3: contributors of a are {1, 3}, of b {2, 1, 3}
    4  a = 7              a is another object now; b still holds object 1

Objects are *tokens*: n stands for what statement n made, ~n for what the function or class defined by statement n gave
(an instance, an inner function). Changes are kept by token: one costs the same however many names share the object.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from nb2prod.analysis.origins import Origins, base

Contributors = frozenset[int]
Tokens = frozenset[int]
NO_TOKENS: Tokens = frozenset()
GAVE = ("()", "->")
"""How origins end that stand for what a class or function gave; both are two characters."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a name stands for, until it is bound again: the statements that bound it, the tokens it may be.

    `since` has these and the tokens it may hold besides, which grow (``x.append(y)``), each with the statement from
    which on: earlier changes of the token belong to what the name was made from.
    """

    bound_by: Contributors = frozenset()
    tokens: Tokens = NO_TOKENS
    since: dict[int, int] = field(default_factory=dict)

    @property
    def everything(self) -> AbstractSet[int]:
        return self.since.keys()

    @property
    def inside(self) -> Tokens:
        """What it may hold and not be."""
        return frozenset(self.since.keys() - self.tokens) if len(self.since) > len(self.tokens) else NO_TOKENS


@dataclass(frozen=True, slots=True)
class Change:
    """What a statement changes: objects, and the names it reaches them by."""

    names: frozenset[str] = frozenset()
    tokens: Tokens = NO_TOKENS


_UNBOUND = Reach()


@dataclass(slots=True)
class Objects:
    """`now` is the number of the statement that runs. `fixed` are tokens of functions and classes: what changes there
    is a name's business, not an object's."""

    now: int = 0
    names: dict[str, Reach] = field(default_factory=dict)
    past: dict[str, list[tuple[int, Reach]]] = field(default_factory=dict)
    """What each name stood for after each statement that made a difference."""
    log: dict[int, list[int]] = field(default_factory=dict)
    """For each token the statements that changed it, in order."""
    holders: dict[int, set[str]] = field(default_factory=dict)
    """Names that reach a token."""
    fixed: set[int] = field(default_factory=set)
    known: dict[str, Contributors] = field(default_factory=dict)

    # --- questions

    def contributors(self, name: str) -> Contributors | None:
        """The statements that bound what `name` stands for now, and those that changed each part of it last.

        Earlier changes are read by the later ones. None where the name stands for nothing.
        """
        reach = self.names.get(name)
        if reach is None:
            return None
        last = ((self.log[t][-1], reach.since[t]) for t in reach.everything & self.log.keys())
        found = reach.bound_by.union(number for number, since in last if number > since)
        known = self.known.get(name)
        if known == found:
            return known  # one set for all who read it
        self.known[name] = found
        return found

    def contributors_before(self, name: str, number: int) -> Contributors:
        """The statements that bound `name` and all that changed it when statement `number` was about to run."""
        reach = self._stood_for(name, number)
        logs = ((self.log[t], reach.since[t]) for t in reach.everything & self.log.keys())
        return reach.bound_by.union(*(log[bisect_right(log, since) : bisect_left(log, number)] for log, since in logs))

    def everything_before(self, name: str, number: int) -> Tokens:
        """What `name` was or held when statement `number` was about to run."""
        return frozenset(t for t, since in self._stood_for(name, number).since.items() if since < number)

    def _stood_for(self, name: str, number: int) -> Reach:
        past = self.past.get(name, [])
        at = bisect_left(past, number, key=lambda entry: entry[0])
        return past[at - 1][1] if at else _UNBOUND

    def tokens_of(self, origins: Iterable[str]) -> Tokens:
        """What objects of these origins may be."""
        found: set[int] = set()
        for origin in origins:
            if not origin.startswith("^"):
                own, reach = self._named(base(origin))
                found |= own | reach.everything if origin.endswith(".") else own
        return frozenset(found)

    def inside_of(self, origins: Iterable[str]) -> Tokens:
        """What objects of these origins may hold."""
        found: set[int] = set()
        for origin in origins:
            own, reach = self._named(base(origin))
            found |= own | reach.everything if origin.startswith("^") else reach.inside
        return frozenset(found)

    def _named(self, name: str) -> tuple[Tokens, Reach]:
        """(what the name, or what it gave, may be; what else it reaches)."""
        if name.endswith(GAVE):
            return frozenset(~t for t in self.names.get(name[:-2], _UNBOUND).tokens if t in self.fixed), _UNBOUND
        reach = self.names.get(name, _UNBOUND)
        return reach.tokens, reach

    def everything(self, name: str) -> AbstractSet[int]:
        return self.names.get(name, _UNBOUND).everything

    def is_changed(self, name: str) -> bool:
        return self.contributors(name) != self.names.get(name, _UNBOUND).bound_by

    def change_of(self, origins: Origins) -> Change:
        """What a change of these origins comes to."""
        tokens = (t for t in self.tokens_of(origins) if t >= 0 and t not in self.fixed)
        return Change(frozenset(base(o) for o in origins), frozenset(tokens))

    # --- what statements do

    def bind(self, name: str, tokens: Tokens, inside: Tokens, *, also: Contributors = frozenset()) -> None:
        """`name` stands for something else from now on; `also` are contributors that it keeps."""
        self._point(name, also | {self.now}, tokens, inside, anew=True)

    def bind_perhaps(self, name: str, tokens: Tokens, inside: Tokens) -> None:
        old = self.names.get(name, _UNBOUND)
        self._point(name, old.bound_by | {self.now}, old.tokens | tokens, old.inside | inside)

    def unbind(self, name: str) -> None:
        if name in self.names:
            self._point(name, frozenset(), NO_TOKENS, NO_TOKENS)
            del self.names[name]

    def apply(self, change: Change) -> None:
        for token in change.tokens:
            log = self.log.setdefault(token, [])
            if not log or log[-1] != self.now:
                log.append(self.now)
        for name in change.names:
            old = self.names.get(name)
            if old is not None and not old.tokens & change.tokens:  # nothing to follow: the name itself remembers
                self._point(name, old.bound_by | {self.now}, old.tokens, old.inside)

    def keep(self, holder: str, held: str) -> None:
        """From now on `holder`, and whatever shares its object, gives access to `held`."""
        tokens = self.tokens_of((held,)) | self.inside_of((held,))
        if not tokens or holder not in self.names:
            return
        for name in {holder}.union(*(self.holders.get(t, ()) for t in self.change_of(frozenset({holder})).tokens)):
            since = self.names[name].since
            for token in tokens - since.keys():
                since[token] = self.now
                self.holders.setdefault(token, set()).add(name)

    def _point(self, name: str, bound_by: Contributors, tokens: Tokens, inside: Tokens, *, anew: bool = False) -> None:
        before, after = self.everything(name), tokens | inside
        earlier = {} if anew else self.names.get(name, _UNBOUND).since
        reach = Reach(bound_by, tokens, {t: earlier.get(t, self.now) for t in after})
        self.names[name] = reach
        for token in before - after:
            self.holders[token].discard(name)
        for token in after - before:
            self.holders.setdefault(token, set()).add(name)
        self.past.setdefault(name, []).append((self.now, reach))


class NamesAtEnd(Mapping[str, Contributors]):
    """The contributors of each name that is bound when the last statement has ended."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def __getitem__(self, name: str) -> Contributors:
        found = self._objects.contributors(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects.names)

    def __len__(self) -> int:
        return len(self._objects.names)
