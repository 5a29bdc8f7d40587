"""Results remembered by the object they were made of, for as long as anyone has that object.

Runs and series never change, so that what was worked out of one holds. They are told apart by identity: to compare two
of them by their contents would cost more than to work it out again.
"""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


class Known(Generic[Thing, Result]):
    """What `make` makes of each thing, made once."""

    def __init__(self, make: Callable[[Thing], Result]) -> None:
        self._make = make
        self._found: dict[int, tuple[weakref.ref[Thing], Result]] = {}

    def __call__(self, thing: Thing) -> Result:
        """Return what is made of `thing`."""
        known = self._found.get(id(thing))
        if known is not None and known[0]() is thing:
            return known[1]
        result = self._make(thing)
        self._found[id(thing)] = (weakref.ref(thing, partial(self._forget, id(thing))), result)
        return result

    def __len__(self) -> int:
        return len(self._found)

    def _forget(self, number: int, gone: "weakref.ref[Thing]") -> None:
        known = self._found.get(number)
        # Another thing may have taken the place of the one that is gone.
        if known is not None and known[0] is gone:
            self._found.pop(number, None)


class Recent(Generic[Result]):
    """What was made of several things lately, as long as all of it takes no more than `room` bytes; forgotten with them.

    size: bytes of one result.
    """

    def __init__(self, size: Callable[[Result], int], room: int) -> None:
        self._size = size
        self._room = room
        self._taken = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, tuple[tuple[weakref.ref[object], ...], Result]] = OrderedDict()

    def __call__(self, things: Sequence[object], how: Hashable, make: Callable[[], Result]) -> Result:
        """Return what `make` makes of `things`; how: everything else that it depends on."""
        key = (tuple(map(id, things)), how)
        with self._lock:
            known = self._found.get(key)
            # Another thing may have taken the place of one that is gone.
            if known is not None and all(one() is thing for one, thing in zip(known[0], things, strict=True)):
                self._found.move_to_end(key)
                return known[1]
        result = make()
        with self._lock:
            self._drop(key)
            self._found[key] = (tuple(map(weakref.ref, things)), result)
            self._taken += self._size(result)
            while self._taken > self._room and len(self._found) > 1:
                self._drop(next(iter(self._found)))
        return result

    def __len__(self) -> int:
        return len(self._found)

    def _drop(self, key: Hashable) -> None:
        known = self._found.pop(key, None)
        if known is not None:
            self._taken -= self._size(known[1])
