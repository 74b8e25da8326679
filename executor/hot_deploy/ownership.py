"""Whom the engine's files belong to, when this process is root and may give them to somebody."""

from __future__ import annotations

import grp
import os
import pwd
import re

from hot_deploy.failures import StepFailed

# The kernel takes the last number for none.
LARGEST = (1 << 32) - 1


def resolve(given: str | None, base: str) -> tuple[int, int] | None:
    """(uid, gid) for `user`, `user:group` or `uid:gid`; without one, whom the base path belongs to. None: leave it.

    Raises StepFailed for somebody who isn't known here, and where files can't be given away.
    """
    root = os.geteuid() == 0
    if not given:
        status = _status(base)
        return (status.st_uid, status.st_gid) if root and status is not None and status.st_uid != 0 else None
    user, _, group = given.partition(":")
    uid, gid = _user(given, user)
    if group:
        gid = _group(given, group)
    if root:
        return uid, gid
    if uid == os.geteuid() and (gid == os.getegid() or gid in os.getgroups()):
        return uid, gid
    raise StepFailed("ownerIsAnother", owner=given, user=name_of(os.geteuid()))


def user_of(given: str) -> tuple[int, int]:
    """(uid, gid) of somebody known here, by name or number. Raises StepFailed for another one."""
    return _user(given, given)


def name_of(uid: int) -> str:
    """A user's name; the number, where nobody is known by it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _user(given: str, user: str) -> tuple[int, int]:
    try:
        known = pwd.getpwuid(int(user)) if _is_number(user) else pwd.getpwnam(user)
    except KeyError:
        if _is_number(user):
            return int(user), int(user)
        raise _unknown(given, "user", user) from None
    return known.pw_uid, known.pw_gid


def _group(given: str, group: str) -> int:
    if _is_number(group):
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise _unknown(given, "group", group) from None


def _is_number(text: str) -> bool:
    """Whether it is the number of a user or group; what is larger than any is taken for a name, which nobody has."""
    return re.fullmatch("[0-9]{1,10}", text) is not None and int(text) < LARGEST


def _unknown(given: str, kind: str, name: str) -> StepFailed:
    return StepFailed("ownerUnknown", owner=given, type=kind, name=name)
