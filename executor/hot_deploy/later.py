"""Modules that only some steps need, imported by the first that does: of the standard library, and of ours.

Together they take longer to import than everything else a conversation starts with.
"""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "configparser",
    "ctypes",
    "datetime",
    "detaching",
    "draining",
    "gzip",
    "http_check",
    "importlib_metadata",
    "importlib_util",
    "installing",
    "originals",
    "py_compile",
    "service_sockets",
    "services",
    "shlex",
    "shutil",
    "signal",
    "site",
    "subprocess",
    "tarfile",
    "traceback",
    "workplace",
]

# Two threads that import modules which need each other would wait for ever: to prevent that, Python hands one of them a
# module that is only half there.
_one_at_a_time = threading.RLock()


def module(name: str) -> Any:
    """A module, imported now where it is not there yet."""
    with _one_at_a_time:
        return __import__(name, fromlist=["*"])


class _Later:
    """Stands for a module until something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = module(self._name)
        self.__dict__.update(vars(found))
        return getattr(found, attribute)


if TYPE_CHECKING:
    import configparser
    import ctypes
    import datetime
    import gzip
    import importlib.metadata as importlib_metadata
    import importlib.util as importlib_util
    import py_compile
    import shlex
    import shutil
    import signal
    import site
    import subprocess
    import tarfile
    import traceback

    from hot_deploy import detaching, draining, http_check, installing, originals, service_sockets, services, workplace
else:
    configparser = _Later("configparser")
    ctypes = _Later("ctypes")
    datetime = _Later("datetime")
    gzip = _Later("gzip")
    importlib_metadata = _Later("importlib.metadata")
    importlib_util = _Later("importlib.util")
    py_compile = _Later("py_compile")
    shlex = _Later("shlex")
    shutil = _Later("shutil")
    signal = _Later("signal")
    site = _Later("site")
    subprocess = _Later("subprocess")
    tarfile = _Later("tarfile")
    traceback = _Later("traceback")
    detaching = _Later("hot_deploy.detaching")
    draining = _Later("hot_deploy.draining")
    http_check = _Later("hot_deploy.http_check")
    installing = _Later("hot_deploy.installing")
    originals = _Later("hot_deploy.originals")
    service_sockets = _Later("hot_deploy.service_sockets")
    services = _Later("hot_deploy.services")
    workplace = _Later("hot_deploy.workplace")
