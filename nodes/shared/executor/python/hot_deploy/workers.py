"""Runs a long function in a process of its own, beside this one.

As a thread it would compete with the other steps for the interpreter's lock: with 10,000 files both take three times as
long. The process gets the modules it needs the way this one did, over standard input, and dies with this one.
"""

import ctypes
import errno
import json
import os
import signal
import sys

import hot_deploy
from hot_deploy import files, processes
from hot_deploy.failures import StepFailed

PR_SET_PDEATHSIG = 1
BOOTSTRAP = "import sys; exec(sys.stdin.buffer.read())"


def call(module, function, arguments, wire):
    """What `hot_deploy.<module>.<function>(*arguments)` returns, arguments and result being plain JSON.

    The module is one that the program lists before this one: those after it are not taken along.
    Raises what it raises, as far as that is StepFailed or OSError, and ControllerGone when the client goes away.
    """
    program = dict(hot_deploy.program)
    names = [name for name, _ in program["modules"]]
    program["modules"] = program["modules"][: names.index("workers") + 1]
    text = "import json\nprogram = json.loads(%r)\nexec(program['loader'])\npackage.workers.serve(%d, %r, %r, json.loads(%r))" % (
        json.dumps(program),
        os.getpid(),
        module,
        function,
        json.dumps(arguments),
    )
    argv = [sys.executable, "-I", "-S", "-c", BOOTSTRAP]
    ended = processes.run(argv, "/", dict(os.environ), float("inf"), wire, text)
    return _result(ended, function)


def _result(ended, function):
    try:
        answer = json.loads(ended["output"].rpartition("\x01")[2])
    except ValueError:
        raise StepFailed("STEP", "Step %s ended before it was done." % function, ended["output"].strip())
    if "failure" in answer:
        failure = answer["failure"]
        raise StepFailed(failure["code"], failure["message"], failure["description"], **failure["details"])
    if "system" in answer:
        raise OSError(*answer["system"])
    return answer["result"]


def serve(parent, module, function, arguments):
    """The other end of call(): what the process does."""
    files.libc().prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        return  # It died before it could be asked for its signal.
    os.umask(0o022)
    try:
        answer = {"result": getattr(sys.modules["hot_deploy." + module], function)(*arguments)}
    except StepFailed as failed:
        answer = {"failure": failed.as_json()}
    except OSError as raised:
        answer = {"system": [raised.errno or errno.EIO, raised.strerror, raised.filename]}
    print("\x01" + json.dumps(answer), flush=True)
