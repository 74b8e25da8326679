"""Shapes of what the client sends: what has another one is refused, what no shape names is dropped.

The forms come from the contract (contract.py), their rules are those of nodes/shared/contract/shape.ts. A form is made
into functions once: of many files, each row is one of them.
"""

from __future__ import annotations

import math
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    Form = List[Any]
    # Whether a value has the form, for forms of which nothing is ever dropped.
    Holds = Callable[[Any], bool]
    # The value as the form has it. Raises Misshapen.
    Parse = Callable[[Any, str], Any]

# A field that is not there.
MISSING = object()
# Whole numbers that every side can hold.
LARGEST_COUNT = 1 << 53


class Misshapen(Exception):
    """A value has not the form that its place asks for; the message names the place."""


def parser(form: Form) -> Parse:
    """A function that takes (value, where) and returns the value, of which only what the form names is left."""
    if form[0] in _SIMPLE:
        return _asserting(_SIMPLE[form[0]](form))
    return _COMPOUND[form[0]](form)


def _asserting(holds: Holds) -> Parse:
    def parse(value: Any, where: str) -> Any:
        if not holds(value):
            raise Misshapen(where)
        return value

    return parse


# -- forms that hold or don't -------------------------------------------------------------------------------------


def _text(form: Form) -> Holds:
    longest = form[1]
    # In characters: never more than the client's UTF-16 units, of which the limit is.
    return lambda value: isinstance(value, str) and len(value) <= longest


def _matching(form: Form) -> Holds:
    _, source, longest = form
    matches = re.compile(source).fullmatch
    return lambda value: isinstance(value, str) and len(value) <= longest and matches(value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < LARGEST_COUNT


def _seconds(form: Form) -> Holds:
    longest = form[1]
    return lambda value: _is_number(value) and 0 <= value <= longest


def _count_up_to(form: Form) -> Holds:
    most = form[1]
    return lambda value: _is_count(value) and value <= most


def _one_of(form: Form) -> Holds:
    words = frozenset(form[1:])
    return lambda value: isinstance(value, str) and value in words


_SIMPLE: dict[str, Callable[[Form], Holds]] = {
    "text": _text,
    "matching": _matching,
    "flag": lambda _: lambda value: value is True or value is False,
    "number": lambda _: _is_number,
    "seconds": _seconds,
    "count": lambda _: _is_count,
    "countUpTo": _count_up_to,
    "oneOf": _one_of,
}


# -- forms made of others -----------------------------------------------------------------------------------------


def _or_null(form: Form) -> Parse:
    inner = parser(form[1])
    return lambda value, where: None if value is None else inner(value, where)


def _optional(form: Form) -> Parse:
    inner = parser(form[1])
    return lambda value, where: MISSING if value is MISSING else inner(value, where)


def _or_dropped(form: Form) -> Parse:
    inner = parser(form[1])

    def parse(value: Any, where: str) -> Any:
        try:
            return MISSING if value is MISSING else inner(value, where)
        except Misshapen:
            return MISSING

    return parse


def _list(form: Form) -> Parse:
    inner, most = parser(form[1]), form[2]

    def parse(value: Any, where: str) -> Any:
        if not isinstance(value, list) or len(value) > most:
            raise Misshapen(where)
        return [inner(item, where) for item in value]

    return parse


def _tuple(form: Form) -> Parse:
    inner = [parser(each) for each in form[1:]]

    def parse(value: Any, where: str) -> Any:
        if not isinstance(value, list) or len(value) != len(inner):
            raise Misshapen(where)
        return [each(item, where) for each, item in zip(inner, value)]

    return parse


def _record(form: Form) -> Parse:
    fields = {name: parser(each) for name, each in form[1].items()}

    def parse(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise Misshapen(where)
        found = {}
        for name, each in fields.items():
            parsed = each(value.get(name, MISSING), "%s (%s)" % (where, name))
            if parsed is not MISSING:
                found[name] = parsed
        return found

    return parse


def _by_name(form: Form) -> Parse:
    inner, most = parser(form[1]), form[2]

    def parse(value: Any, where: str) -> Any:
        if not isinstance(value, dict) or len(value) > most or "__proto__" in value:
            raise Misshapen(where)
        return {name: inner(each, where) for name, each in value.items()}

    return parse


_COMPOUND: dict[str, Callable[[Form], Parse]] = {
    "orNull": _or_null,
    "optional": _optional,
    "orDropped": _or_dropped,
    "list": _list,
    "tuple": _tuple,
    "record": _record,
    "byName": _by_name,
}
