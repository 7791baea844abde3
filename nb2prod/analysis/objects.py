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
from dataclasses import dataclass, field

from nb2prod.analysis.origins import Origins, base

Contributors = frozenset[int]
Tokens = frozenset[int]
NO_TOKENS: Tokens = frozenset()
GAVE = ("()", "->")
"""How origins end that stand for what a class or function gave; both are two characters."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a name stands for at one time: the statements that bound it, the tokens it may be, and may hold besides.

    `since` says for each token from which statement on: earlier changes of it belong to what the name was made from.
    """

    bound_by: Contributors = frozenset()
    tokens: Tokens = NO_TOKENS
    inside: Tokens = NO_TOKENS
    since: Mapping[int, int] = field(default_factory=dict)

    @property
    def everything(self) -> Tokens:
        return self.tokens | self.inside


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
    known: dict[str, tuple[Reach, int, Contributors]] = field(default_factory=dict)

    # --- questions

    def contributors(self, name: str) -> Contributors | None:
        """The statements that bound or changed what `name` stands for now; None where it stands for nothing."""
        reach = self.names.get(name)
        if reach is None:
            return None
        logs = [log[bisect_right(log, since) :] for t, since in reach.since.items() if (log := self.log.get(t))]
        changes = sum(map(len, logs))
        known = self.known.get(name)
        if known is None or known[0] is not reach or known[1] != changes:
            known = (reach, changes, reach.bound_by.union(*logs))
            self.known[name] = known
        return known[2]

    def contributors_before(self, name: str, number: int) -> Contributors:
        """The same when statement `number` was about to run; none where the name stood for nothing."""
        reach = self.before(name, number)
        logs = ((self.log.get(token, ()), since) for token, since in reach.since.items())
        return reach.bound_by.union(*(log[bisect_right(log, since) : bisect_left(log, number)] for log, since in logs))

    def before(self, name: str, number: int) -> Reach:
        past = self.past.get(name, [])
        at = bisect_left(past, number, key=lambda entry: entry[0])
        return past[at - 1][1] if at else _UNBOUND

    def reached(self, origins: Iterable[str]) -> Reach:
        """What objects of these origins may be, and may hold."""
        tokens: set[int] = set()
        inside: set[int] = set()
        for origin in origins:
            name = base(origin)
            if name.endswith(GAVE):
                own = frozenset(~t for t in self.names.get(name[:-2], _UNBOUND).tokens if t in self.fixed)
                held = NO_TOKENS
            else:
                reach = self.names.get(name, _UNBOUND)
                own, held = reach.tokens, reach.inside
            if origin.startswith("^"):
                inside |= own | held
            elif origin.endswith("."):
                tokens |= own | held
                inside |= held
            else:
                tokens |= own
                inside |= held
        return Reach(tokens=frozenset(tokens), inside=frozenset(inside))

    def everything(self, name: str) -> Tokens:
        return self.names.get(name, _UNBOUND).everything

    def is_changed(self, name: str) -> bool:
        return self.contributors(name) != self.names.get(name, _UNBOUND).bound_by

    def change_of(self, origins: Origins) -> Change:
        """What a change of these origins comes to."""
        tokens = (t for t in self.reached(origins).tokens if t >= 0 and t not in self.fixed)
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
        tokens = self.reached((held,)).everything
        if not tokens or holder not in self.names:
            return
        for name in {holder}.union(*(self.holders.get(t, ()) for t in self.change_of(frozenset({holder})).tokens)):
            old = self.names[name]
            if not tokens <= old.inside:
                self._point(name, old.bound_by, old.tokens, old.inside | tokens)

    def _point(self, name: str, bound_by: Contributors, tokens: Tokens, inside: Tokens, *, anew: bool = False) -> None:
        before, after = self.everything(name), tokens | inside
        earlier = {} if anew else self.names.get(name, _UNBOUND).since
        reach = Reach(bound_by, tokens, inside, {t: earlier.get(t, self.now) for t in after})
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
