"""What pip is configured with on this host, handed to uv, which doesn't read it."""

from __future__ import annotations

import os

from hot_deploy.later import configparser

# pip's name of a setting -> the variable in which uv has it.
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "constraint": "UV_CONSTRAINT",
    "trusted-host": "UV_INSECURE_HOST",
    "require-hashes": "UV_REQUIRE_HASHES",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
}
# uv stops at a directory that isn't there, which pip only mentions.
DIRECTORIES = ("find-links", "constraint")


def hand_to_uv(environment: dict[str, str], arguments: list[str]) -> None:
    """Sets uv's variables in `environment` from pip's settings; what uv itself was given there stays."""
    settings = read(environment)
    if settings.get("extra-index-url") or any(word.startswith("--extra-index-url") for word in arguments):
        # pip takes the best version of all indexes; so does uv when it is told to.
        environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    for name, variable in VARIABLES.items():
        value = settings.get(name)
        if not value or variable in environment:
            continue
        if name in DIRECTORIES:
            value = " ".join(place for place in value.split() if "://" in place or os.path.exists(place))
        if name == "find-links":
            value = ",".join(value.split())
        if value:
            environment[variable] = " ".join(value.split())


def read(environment: dict[str, str]) -> dict[str, str]:
    """pip's settings by their names, later places over earlier ones: global, user, PIP_CONFIG_FILE, variables."""
    settings: dict[str, str] = {}
    for path in _files(environment):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip would say so; uv has nothing to take from it
        for section in ("global", "install"):
            if parser.has_section(section):
                settings.update((name.replace("_", "-"), value) for name, value in parser.items(section))
    for name in VARIABLES:
        value = environment.get("PIP_" + name.upper().replace("-", "_"))
        if value is not None:
            settings[name] = value
    return settings


def _files(environment: dict[str, str]) -> list[str]:
    chosen = environment.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    home = environment.get("HOME") or "/"
    shared = (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    own = environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return (
        [os.path.join(place, "pip", "pip.conf") for place in reversed(shared) if place]
        + ["/etc/pip.conf", os.path.join(home, ".pip", "pip.conf"), os.path.join(own, "pip", "pip.conf")]
        + ([chosen] if chosen else [])
    )
