"""Expressions over scalar tags: `train/loss - eval/loss`, `log10(x)`, `ema("my loss", 0.9) / first(loss)`.

An expression has numbers, tags, the name `step`, the constants pi, e, nan and inf, the operators + - * / // % ** and
< <= > >= == != (1 where it holds, else 0), parentheses, and the functions of FUNCTIONS; nothing else is read, and
nothing else is evaluated. A tag with any characters stands in "quotes", 'quotes' or `backticks`, a quote inside doubled.
One without spaces, commas, parentheses and quotes may stand bare: the longest tag there is wins, so that `train/loss` is
a tag where one is called that and a division where none is; spaces around an operator make it one in any case.

Functions of a curve see all of its points. Where two curves meet, their points are put side by side by step: at the
steps of the one with the fewest points, where the others are read on the straight line between their own neighbours,
never before their first point or after their last ("sparsest"; "shared" takes the steps that all have, and "union"
those that any has). So what is logged rarely is never invented in between, and steps that differ by a few still meet.
"""

import ast
import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tbcore.analysis.curves import Points
from tbcore.analysis.expression_functions import FUNCTIONS, OVER_ALL, Floats
from tbcore.analysis.step_grids import in_order, read_at, shared, union
from tbcore.errors import ExpressionError
from tbcore.series import Opened, Segment, Series

Align = Literal["sparsest", "shared", "union"]

LONGEST = 1_000  # characters
DEEPEST = 60  # parentheses and operations inside each other
CONSTANTS = {"pi": np.pi, "e": np.e, "nan": np.nan, "inf": np.inf}
STEP = "step"

_SIGNS = ("**", "//", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "<", ">", "(", ")", ",")
_HINTS = {"^": "; ** is the power", "=": "; == compares", "&": "; multiply instead", "|": "; use max instead"}
_NUMBER = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_ANYTHING = re.compile(r"[^\s,()\"'`<>=!+*%]+")
_NOT_BARE = re.compile(r"[\s,()\"'`]")
_CALL = re.compile(r"\s*\(")
_QUOTES = "\"'`"
_SUGGESTED = 2_000  # tags among which one is looked for that was meant

_OPERATORS: Mapping[type[ast.AST], Any] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    ast.Pow: np.float_power,
    ast.UAdd: np.positive,
    ast.USub: np.negative,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


@dataclass(frozen=True)
class Expression:
    """An expression that was read. tags: those it names, in the order they appear."""

    text: str
    tags: tuple[str, ...]
    tree: ast.expr = field(repr=False, compare=False)
    names: Mapping[str, str] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Derived:
    """What an expression comes to in one run: points [n], and how many values were read between two points."""

    points: Points
    interpolated: int


# Reading -------------------------------------------------------------------------------------------------------------


def parse(text: str, tags: Collection[str]) -> Expression:
    """Return the expression that `text` spells, over the tags there are.

    Raises ExpressionError, with the place of the first character that is wrong.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression is longer than {LONGEST:,} characters", LONGEST)
    reader = _Reader(text, tags)
    source = reader.python()
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        offset = getattr(error, "offset", None) or 1
        raise ExpressionError("this cannot stand here", reader.position(offset - 1)) from error
    used: dict[str, None] = {}
    _check(tree, reader, used, 0)
    if not used:
        raise ExpressionError("the expression names no tag", 0)
    return Expression(text, tuple(used), tree, reader.names)


class _Reader:
    """Text on its way to a Python expression in which names stand for tags; `position` leads back from one to the other."""

    def __init__(self, text: str, tags: Collection[str]) -> None:
        self.text = text
        self.tags = tags if isinstance(tags, set | frozenset | dict) else set(tags)
        # A tag that reads as a number, or begins with an operator, needs quotes.
        bare = (tag for tag in self.tags if tag and not _NOT_BARE.search(tag) and re.search(r"[^\W\d]", tag))
        self.bare = sorted((tag for tag in bare if re.match(r"\w", tag) and not _NUMBER.fullmatch(tag)), key=len)[::-1]
        self.names: dict[str, str] = {}
        self.pieces: list[str] = []
        self.starts: list[tuple[int, int]] = []

    def position(self, offset: int) -> int:
        """Return where in the text the character of the Python expression comes from."""
        found = 0
        for start, position in self.starts:
            if start > offset:
                break
            found = position
        return found

    def python(self) -> str:
        """Return the text as a Python expression. Raises ExpressionError at what has no meaning."""
        at, length = 0, 0
        opened: list[int] = []
        before = "("
        while at < len(self.text):
            if self.text[at].isspace():
                at += 1
                continue
            piece, end = self._piece(at)
            if (piece == "(" or piece not in _SIGNS) and (before == ")" or before not in (*_SIGNS, *FUNCTIONS)):
                raise ExpressionError("there is no operator before this", at)
            before = piece
            if piece == "(":
                opened.append(at)
                if len(opened) > DEEPEST:
                    raise ExpressionError(f"more than {DEEPEST} parentheses inside each other", at)
            elif piece == ")":
                if not opened:
                    raise ExpressionError("this parenthesis closes none", at)
                opened.pop()
            # A space keeps pieces apart that the text kept apart.
            self.starts.append((length, at))
            self.pieces.append(piece + " ")
            length += len(piece) + 1
            at = end
        if opened:
            raise ExpressionError("this parenthesis is not closed", opened[-1])
        if not self.pieces:
            raise ExpressionError("the expression is empty", 0)
        if before in _SIGNS and before != ")":
            raise ExpressionError("the expression ends too early", len(self.text.rstrip()))
        return "".join(self.pieces)

    def _piece(self, at: int) -> tuple[str, int]:
        """Return what stands at a place of the text, in Python, and where it ends."""
        text = self.text
        if text[at] in _QUOTES:
            return self._quoted(at)
        name = _NAME.match(text, at)
        if name and _CALL.match(text, name.end()) and name[0] in FUNCTIONS:
            return name[0], name.end()
        for tag in self.bare:
            if text.startswith(tag, at) and self._ends(at + len(tag)):
                return self._tag(tag), at + len(tag)
        if name and _CALL.match(text, name.end()):
            meant = _meant(name[0], FUNCTIONS)
            raise ExpressionError(f"no function is called {name[0]!r}{meant}", at)
        if name and (name[0] in CONSTANTS or name[0] == STEP) and self._ends(name.end()):
            return name[0], name.end()
        number = _NUMBER.match(text, at)
        if number and self._ends(number.end()):
            value = float(number[0])
            if np.isinf(value):
                raise ExpressionError(f"{number[0]} is too large", at)
            return repr(value), number.end()
        if name or number:
            word = _ANYTHING.match(text, at)
            said = word[0] if word else text[at]
            raise ExpressionError(f"no tag is called {said!r}{_meant(said, self.tags)}", at)
        for sign in _SIGNS:
            if text.startswith(sign, at):
                return sign, at + len(sign)
        raise ExpressionError(f"{text[at]!r} has no meaning here{_HINTS.get(text[at], '')}", at)

    def _ends(self, at: int) -> bool:
        """Return whether a name may end before this place."""
        rest = self.text[at : at + 1]
        return not (rest in ("_", ".") or rest.isalnum() or _CALL.match(self.text, at))

    def _quoted(self, at: int) -> tuple[str, int]:
        quote = self.text[at]
        end = at + 1
        while True:
            end = self.text.find(quote, end)
            if end < 0:
                raise ExpressionError(f"this {quote} is not closed", at)
            if self.text[end : end + 2] != quote * 2:
                break
            end += 2
        tag = self.text[at + 1 : end].replace(quote * 2, quote)
        if tag not in self.tags:
            raise ExpressionError(f"no tag is called {tag!r}{_meant(tag, self.tags)}", at)
        return self._tag(tag), end + 1

    def _tag(self, tag: str) -> str:
        name = f"_{len(self.names)}"
        self.names[name] = tag
        return name


def _meant(said: str, known: Iterable[str]) -> str:
    every = [name for name, _ in zip(known, range(_SUGGESTED), strict=False)]
    close = difflib.get_close_matches(said[:100], every, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _check(node: ast.expr, reader: _Reader, used: dict[str, None], depth: int) -> bool:
    """Refuse what is none of the few kinds of node that have a meaning; return whether it comes to a curve."""
    position = reader.position(node.col_offset)
    if depth > DEEPEST:
        raise ExpressionError(f"more than {DEEPEST} operations inside each other", position)
    inside: Sequence[ast.expr] = ()
    match node:
        case ast.Constant(value=float()):
            return False
        case ast.Name(id=name) if name in reader.names:
            used[reader.names[name]] = None
            return True
        case ast.Name(id=name) if name in CONSTANTS or name == STEP:
            return name == STEP
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            inside = (left, right)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            inside = (operand,)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            inside = (left, right)
        case ast.Call(func=ast.Name(id=name), args=inside, keywords=[]) if name in FUNCTIONS:
            return _check_call(name, inside, reader, used, depth, position)
        case ast.Compare():
            raise ExpressionError("more than two values are compared", position)
        case ast.Tuple():
            raise ExpressionError("there is a comma, or nothing, where one value should be", position)
        case _:
            raise ExpressionError("this cannot stand here", position)
    curves = [_check(each, reader, used, depth + 1) for each in inside]
    return any(curves)


def _check_call(
    name: str, inside: Sequence[ast.expr], reader: _Reader, used: dict[str, None], depth: int, position: int
) -> bool:
    """Refuse a call with the wrong values; return whether it comes to a curve."""
    function = FUNCTIONS[name]
    if not function.least <= len(inside) <= function.most:
        wants = str(function.least) if function.least == function.most else f"{function.least} to {function.most}"
        many = "" if wants == "1" else "s"
        raise ExpressionError(f"{name} takes {wants} value{many}, not {len(inside)}", position)
    curves = [_check(each, reader, used, depth + 1) for each in inside]
    if function.kind == "points":
        return any(curves) and not (name in OVER_ALL and len(inside) == 1)
    if not curves[0]:
        raise ExpressionError(f"{name} is of a curve, not of a number", reader.position(inside[0].col_offset))
    if any(curves[1:]):
        place = inside[1 + curves[1:].index(True)]
        raise ExpressionError(f"{name} takes a number here, not a curve", reader.position(place.col_offset))
    return function.kind == "curve"


# Evaluating ----------------------------------------------------------------------------------------------------------


def evaluate(expression: Expression, points: Mapping[str, Points], align: Align = "sparsest") -> Derived | None:
    """Return what an expression comes to over the points of each tag of one run, None where the run lacks a tag."""
    if any(tag not in points for tag in expression.tags):
        return None
    work = _Evaluation(expression, points, align)
    with np.errstate(all="ignore"):
        found = work.value(expression.tree)
        if not isinstance(found, Points):
            # A number, which holds at every step of what it was made of.
            steps = work.value(ast.Name(STEP))
            found = Points(steps.steps, steps.wall_times, np.full(len(steps.steps), float(found)))
    return Derived(found, work.interpolated)


def derived(expression: Expression, series: Mapping[str, Series], align: Align = "sparsest") -> Series | None:
    """Return what an expression comes to over the series of one run by tag, as a series called like its text.

    Points that a later attempt wrote again are left out. None where the run lacks a tag.
    """
    points = {}
    for tag in expression.tags:
        if tag not in series:
            return None
        one = series[tag]
        if one.superseded.any():
            kept = ~one.superseded
            points[tag] = Points(one.steps[kept], one.wall_times[kept], one.values[kept])
        else:
            points[tag] = Points(one.steps, one.wall_times, one.values)
    found = evaluate(expression, points, align)
    if found is None:
        return None
    first = series[expression.tags[0]]
    made = found.points
    opened = Opened(0.0, 0.0)
    segment = Segment("", opened, "scalar", made.steps, made.wall_times, np.asarray(made.values, np.float64))
    return Series(first.run, expression.text, "scalars", (segment,), load=first.load, decode=first.decode)


class _Evaluation:
    """One walk over an expression with the points of one run."""

    def __init__(self, expression: Expression, points: Mapping[str, Points], align: Align) -> None:
        self.expression = expression
        self.points = points
        self.align = align
        self.interpolated = 0

    def value(self, node: ast.AST) -> Any:
        """Return the number or the points that a node comes to."""
        match node:
            case ast.Constant(value=value):
                return np.float64(value)  # type: ignore[arg-type]
            case ast.Name(id=name) if name in self.expression.names:
                return self.points[self.expression.names[name]]
            case ast.Name(id=name) if name == STEP:
                return self._steps()
            case ast.Name(id=name):
                return np.float64(CONSTANTS[name])
            case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._each(_OPERATORS[type(op)], [self.value(left), self.value(right)])
            case ast.UnaryOp(op=op, operand=operand):
                return self._each(_OPERATORS[type(op)], [self.value(operand)])
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._called(name, [self.value(each) for each in arguments])
        raise AssertionError(ast.dump(node))  # `_check` let nothing else through

    def _called(self, name: str, values: list[Any]) -> Any:
        function = FUNCTIONS[name]
        if function.kind == "points" and not (name in OVER_ALL and len(values) == 1 and isinstance(values[0], Points)):
            return self._each(function.apply, values)
        curve, *numbers = values
        values_of = np.asarray(curve.values, np.float64)
        if function.kind != "curve":
            return np.float64(function.apply(values_of))
        steps = np.asarray(curve.steps, np.float64)
        found = function.apply(steps, values_of, *(float(number) for number in numbers))
        return Points(curve.steps, curve.wall_times, found)

    def _steps(self) -> Points:
        """Return the steps of all tags, each as its own value."""
        every = [self.points[tag] for tag in self.expression.tags]
        if all(one.steps is every[0].steps or np.array_equal(one.steps, every[0].steps) for one in every):
            return Points(every[0].steps, every[0].wall_times, every[0].steps.astype(np.float64))
        ordered = [_ordered(one) for one in every]
        grid = union([one.steps for one in ordered])
        return Points(grid, _wall_times(grid, ordered), grid.astype(np.float64))

    def _each(self, apply: Any, values: list[Any]) -> Any:
        """Return what `apply` makes of numbers and curves, point by point."""
        curves = [one for one in values if isinstance(one, Points)]
        if not curves:
            return np.float64(apply(*values))
        first = curves[0]
        if all(one.steps is first.steps or np.array_equal(one.steps, first.steps) for one in curves):
            known = [one.values.astype(np.float64) if isinstance(one, Points) else one for one in values]
            return Points(first.steps, first.wall_times, np.asarray(apply(*known), np.float64))
        ordered = [_ordered(one) for one in curves]
        if self.align == "shared":
            grid = shared([one.steps for one in ordered])
        elif self.align == "union":
            grid = union([one.steps for one in ordered])
        else:
            grid = min(ordered, key=lambda one: len(one.steps)).steps
        if all(len(one.steps) for one in ordered):
            low, high = max(one.steps[0] for one in ordered), min(one.steps[-1] for one in ordered)
            grid = grid[np.searchsorted(grid, low) : np.searchsorted(grid, high, side="right")]
        else:
            grid = grid[:0]
        read = iter([self._read(grid, one) for one in ordered])
        known = [next(read) if isinstance(one, Points) else one for one in values]
        found = np.asarray(apply(*known), np.float64)
        return Points(grid, _wall_times(grid, ordered), found)

    def _read(self, grid: Any, curve: Points) -> Floats:
        found, between = read_at(grid, curve.steps, curve.values)
        self.interpolated += between
        return found


def _ordered(curve: Points) -> Points:
    order = in_order(curve.steps)
    return Points(curve.steps[order], curve.wall_times[order], curve.values[order])


def _wall_times(grid: Any, curves: Sequence[Points]) -> Floats:
    """Return when the steps of `grid` [n] were written: at the time of the curve with the fewest points that knows."""
    found = np.full(len(grid), np.nan)
    for curve in sorted(curves, key=lambda one: len(one.steps)):
        unknown = np.isnan(found)
        if not unknown.any():
            break
        found[unknown] = read_at(grid, curve.steps, curve.wall_times)[0][unknown]
    return found
