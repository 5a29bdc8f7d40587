"""Results remembered by the object they were made of, for as long as anyone has that object.

Runs and series never change, so that what was worked out of one holds. They are told apart by identity: to compare two
of them by their contents would cost more than to work it out again.
"""

import weakref
from collections.abc import Callable
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
