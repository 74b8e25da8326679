"""The launcher of an entrypoint that is a shell script: itself one, for whatever shell is told to run it.

It only finds out where it lies and which shell that is. `launch.py` takes the lease and has the same shell run the
release's own script: under the name that it was called by where that is pinned in place, and else under its real path, so
that `$0`, `dirname "$0"` and `BASH_SOURCE` are the release's.
"""

from __future__ import annotations

from hot_deploy.later import shlex

DEFAULT_LINE = b"#!/bin/sh"

TEXT = r"""
# hot-deploy launcher 5
#
# This file only starts the engine's current release. The real script has the same name and is in
# current/ beside this file. Deploying a release from n8n replaces that one; this one stays.
# Exit code 70: there is no release that could be started.
hot_deploy_given=$0
hot_deploy_self=$0
hot_deploy_below=@NAME@
hot_deploy_options="$- "
hot_deploy_name=
# The base path, by its name alone: what lies between may become a link meanwhile, and `..` of that leads elsewhere.
hot_deploy_find() {
    case $hot_deploy_self in
        /*) hot_deploy_base=$hot_deploy_self ;;
        *) hot_deploy_base=$PWD/${hot_deploy_self#./} ;;
    esac
    if [ "${hot_deploy_base%"/$hot_deploy_below"}" != "$hot_deploy_base" ]; then
        hot_deploy_base=${hot_deploy_base%"/$hot_deploy_below"}
    else
        hot_deploy_base=${hot_deploy_base%/*}/@UP@.
    fi
}
if [ -n "${BASH_VERSION-}" ]; then
    eval 'hot_deploy_self=${BASH_SOURCE[0]:-$0}'
    if [ "$hot_deploy_self" != "$0" ]; then
        # Read by another shell, which goes on afterwards.
        hot_deploy_find
        . "$hot_deploy_base/current/$hot_deploy_below"
        return
    fi
    hot_deploy_shell=$BASH
    hot_deploy_name=$BASH
    case ":${SHELLOPTS-}:" in *:pipefail:*) hot_deploy_options="$hot_deploy_options pipefail" ;; esac
else
    hot_deploy_shell=$(readlink "/proc/$$/exe" || command -v sh)
    hot_deploy_name=${hot_deploy_shell##*/}
    case $hot_deploy_name in busybox*) hot_deploy_name=sh ;; esac
fi
case $hot_deploy_self in
    */*) ;;
    *) if [ -f "./$hot_deploy_self" ]; then hot_deploy_self=./$hot_deploy_self
       else hot_deploy_self=$(command -v -- "$hot_deploy_self" || echo "./$hot_deploy_self"); fi ;;
esac
if [ -L "$hot_deploy_self" ]; then hot_deploy_self=$(readlink -f -- "$hot_deploy_self"); fi
hot_deploy_find
hot_deploy_launch=$hot_deploy_base/.hot-deploy/launch.py
if [ ! -f "$hot_deploy_launch" ] && [ -f "$hot_deploy_base/../../.hot-deploy/launch.py" ]; then
    # Since this was read, a link into the release has come to where it stood.
    hot_deploy_launch=$hot_deploy_base/../../.hot-deploy/launch.py
fi
if [ ! -f "$hot_deploy_launch" ]; then
    echo "$0: $hot_deploy_launch is missing. Start this by its path, or run Repair Engine in n8n." >&2
    exit 70
fi
hot_deploy_python=@PYTHON@
if [ ! -x "$hot_deploy_python" ]; then hot_deploy_python=python3; fi
exec "$hot_deploy_python" "$hot_deploy_launch" --hot-deploy-script "$hot_deploy_self" "$hot_deploy_shell" \
    "$hot_deploy_name" "$hot_deploy_options" "$hot_deploy_given" "$@"
"""


def content(line: bytes, name: str, python: str) -> bytes:
    """The launcher's text. `line`: the script's own first line; `name`: where it is, from the base path on; `python`: an interpreter that is there."""
    text = TEXT.replace("@UP@", "../" * name.count("/")).replace("@NAME@", shlex.quote(name))
    text = text.replace("@PYTHON@", shlex.quote(python))
    return line + text.encode("utf-8", "surrogateescape")
