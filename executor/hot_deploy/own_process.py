"""A process of our own: a new interpreter that is sent modules of this program, and then what it is to do."""

from __future__ import annotations

from hot_deploy import writing

_BOOTSTRAP = """\
import marshal, os
def read(length):
    content = b""
    while len(content) < length:
        piece = os.read(0, length - len(content))
        if not piece:
            raise SystemExit
        content += piece
    return content
def message():
    return marshal.loads(read(int.from_bytes(read(8), "big")))
program = message()
exec(program["importer"])
install(program)
import hot_deploy.%s
hot_deploy.%s.serve(program, message)
"""


def bootstrap(module: str) -> str:
    """What the interpreter is started with: it reads the program, and then does what serve() of a module says."""
    return _BOOTSTRAP % (module, module)


def tell(fd: int, payload: bytes) -> None:
    """Sends one message, marshalled. What the process says, or doesn't, tells why one doesn't arrive."""
    try:
        writing.write_all(fd, len(payload).to_bytes(8, "big") + payload)
    except BrokenPipeError:
        pass
