"""Large things that all visitors share, kept while they are looked at, with what was made of them.

held = Held(weight=len, most=1_000_000)
held.keep("key", thing)
held.made("key", "table", lambda: table_of(thing))     # made once, and gone with the thing
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


@dataclass
class _Made:
    """One result. lock: whoever wants what another one is just making waits for it, and for nothing else."""

    lock: Any = field(default_factory=threading.RLock)
    result: list[Any] = field(default_factory=list)


@dataclass
class _Kept(Generic[Thing]):
    thing: Thing
    made: dict[Hashable, _Made] = field(default_factory=dict)


class Held(Generic[Thing]):
    """Things by key. weight: of one; most: what those that are kept weigh together, the last one apart; count: how many."""

    def __init__(self, weight: Callable[[Thing], int], most: int, count: int = 128) -> None:
        self._weight, self._most, self._count = weight, most, count
        self._kept: OrderedDict[Hashable, _Kept[Thing]] = OrderedDict()
        self._gone: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def __call__(self, key: Hashable) -> Thing | None:
        """Return a thing, None when it is not there or not any more."""
        found = self._found(key)
        return None if found is None else found.thing

    def keep(self, key: Hashable, thing: Thing) -> None:
        """Keep a thing, and let go of those that nobody asked for the longest."""
        with self._lock:
            self._kept[key] = _Kept(thing)
            self._kept.move_to_end(key)
            whole = sum(self._weight(one.thing) for one in self._kept.values())
            while len(self._kept) > 1 and (whole > self._most or len(self._kept) > self._count):
                old, gone = self._kept.popitem(last=False)
                whole -= self._weight(gone.thing)
                self._gone[old] += 1

    def gone(self, key: Hashable) -> int:
        """Return how often a thing was let go of."""
        return self._gone[key]

    def made(self, key: Hashable, name: Hashable, make: Callable[[], Result]) -> Result:
        """Return what `make` returns, made once for as long as the thing of `key` is kept."""
        found = self._found(key)
        if found is None:
            return make()
        with self._lock:
            one = found.made.setdefault(name, _Made())
        with one.lock:
            if not one.result:
                one.result.append(make())
            result: Result = one.result[0]
            return result

    def knows(self, key: Hashable, name: Hashable) -> bool:
        """Return whether `made` would have to make nothing."""
        found = self._found(key)
        return found is not None and name in found.made and bool(found.made[name].result)

    def _found(self, key: Hashable) -> _Kept[Thing] | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found
