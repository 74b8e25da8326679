"""Answers as messages: what is too long for one comes in parts, each a few rows of one list, before the rest.

The client has little to read at once then, whatever else it does meanwhile.
"""

from __future__ import annotations

from hot_deploy.contract import LONGEST_MESSAGE, PART_BYTES, PART_ROWS, PARTS
from hot_deploy.failures import StepFailed
from hot_deploy.wire import encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Json = dict[str, Any]

# A list of more rows is not even tried to be sent with the rest.
FEW_ROWS = 500
# Of a text, so many characters are a row: escaped, they are no more than a part may be.
PIECE = 16 * 1024


def messages(verb: str, message: Json) -> Iterator[bytes]:
    """The answer to a request, encoded, in as many messages as it takes."""
    try:
        yield from _messages(verb, message)
    except StepFailed as failed:
        yield encoded({"id": message["id"], "ok": False, "failure": failed.as_json()})


def _messages(verb: str, message: Json) -> Iterator[bytes]:
    places = PARTS.get(verb, []) if message["ok"] else []
    result = dict(message["result"]) if places else {}
    for place in places:
        if len(_list_at(result, place)) > FEW_ROWS:
            yield from _parts(message["id"], place, _cut_out(result, place))
    last = dict(message, result=result) if places else message
    payload = encoded(last)
    if len(payload) > PART_BYTES:
        for place in places:
            yield from _parts(message["id"], place, _cut_out(result, place))
        payload = encoded(last)
    yield _checked(payload)


def _checked(payload: bytes) -> bytes:
    if len(payload) > LONGEST_MESSAGE:
        raise StepFailed("answerTooLong", bytes=len(payload), most=LONGEST_MESSAGE)
    return payload


def _holder(result: Json, place: str) -> tuple[Any, str]:
    """What holds the list at a place, and its name there."""
    *names, last = place.split(".")
    holder: Any = result
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder, last


def _list_at(result: Json, place: str) -> Any:
    """The list, or the dict, at a place; an empty one where there is none."""
    holder, name = _holder(result, place)
    return (holder.get(name) if isinstance(holder, dict) else None) or ()


def _cut_out(result: Json, place: str) -> Any:
    """The list, or the dict, at a place, of which an empty one is left. What the verb returned is not changed."""
    rows = _list_at(result, place)
    if rows:
        *names, last = place.split(".")
        holder = result
        for name in names:
            holder[name] = dict(holder[name])
            holder = holder[name]
        holder[last] = {} if isinstance(rows, dict) else []
    return rows


def _parts(request_id: Any, place: str, rows: Any) -> Iterator[bytes]:
    if isinstance(rows, dict):
        rows = [row for name, value in rows.items() for row in _pieces(name, value)]
    for start in range(0, len(rows), PART_ROWS):
        yield from _fitting(request_id, place, rows[start : start + PART_ROWS])


def _fitting(request_id: Any, place: str, rows: list[Any]) -> Iterator[bytes]:
    """Some rows as one message or, where that gets too long, as several."""
    payload = encoded({"id": request_id, "event": "part", "at": place, "rows": rows})
    if len(payload) > PART_BYTES and len(rows) > 1:
        half = len(rows) // 2
        yield from _fitting(request_id, place, rows[:half])
        yield from _fitting(request_id, place, rows[half:])
    else:
        yield _checked(payload)


def _pieces(name: str, value: Any) -> Iterator[list[Any]]:
    """A name with its value as rows: a long text as several."""
    if not isinstance(value, str) or len(value) <= PIECE:
        yield [name, value]
        return
    for start in range(0, len(value), PIECE):
        yield [name, value[start : start + PIECE]]
