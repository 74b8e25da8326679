"""The contract with the client, as nodes/shared/contract has it.

Written by `npm run contract`: change it there. VERBS: verb -> (whether it changes the engine, the shape of its
arguments); see shapes.py. PARTS: verb -> the places in its result that can come in parts; see parts.py. RECORD: the
shape of a release's record.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROTOCOL = 1
MARKER = "\u0001hot-deploy-1\u0001".encode("latin-1")
FRAME_JSON, FRAME_DATA = 1, 2
LONGEST_FRAME = 67108864
LONGEST_MESSAGE = 1048576
PART_ROWS, PART_BYTES = 2000, 131072
LISTED_PATHS = 1000
MANY = 10000
PRUNABLE = 100000
EVERY_FILE = 1000000
RELEASE_ID = "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?"
MOMENT = "[0-9A-Za-z:.+-]*"
RESERVED_NAMES = ["current", "releases", "environments", "backups", ".hot-deploy"]
RECORD: Any = ["record", {"state": ["matching", "[A-Za-z][A-Za-z0-9]*", 64], "sequence": ["count"], "source": ["record", {"type": ["matching", "[A-Za-z][A-Za-z0-9]*", 64], "reference": ["optional", ["text", 4096]], "commit": ["orDropped", ["matching", "[0-9a-f]{40}(?:[0-9a-f]{24})?", 64]], "repository": ["orDropped", ["matching", "(?:https?|ssh|file)://(?:[!#-.0-9;=?A-\\[\\]-_a-~]+@)?[!#-.0-;=?A-\\[\\]-_a-~]*(?:/[!#-;=?-\\[\\]-_a-~]*)?", 4096]], "subdirectory": ["orDropped", ["matching", "(?!/)(?!(?:[\\s\\S]*/)?\\.\\.(?:/|(?![\\s\\S])))[^\\0]+", 4096]]}], "sameContent": ["orDropped", ["record", {"type": ["matching", "[A-Za-z][A-Za-z0-9]*", 64], "reference": ["optional", ["text", 4096]], "commit": ["orDropped", ["matching", "[0-9a-f]{40}(?:[0-9a-f]{24})?", 64]], "repository": ["orDropped", ["matching", "(?:https?|ssh|file)://(?:[!#-.0-9;=?A-\\[\\]-_a-~]+@)?[!#-.0-;=?A-\\[\\]-_a-~]*(?:/[!#-;=?-\\[\\]-_a-~]*)?", 4096]], "subdirectory": ["orDropped", ["matching", "(?!/)(?!(?:[\\s\\S]*/)?\\.\\.(?:/|(?![\\s\\S])))[^\\0]+", 4096]]}]], "digest": ["optional", ["orNull", ["matching", "[0-9a-f]*", 128]]], "entrypoint": ["orDropped", ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096]], "include": ["optional", ["list", ["text", 4096], 1000]], "exclude": ["optional", ["list", ["text", 4096], 1000]], "dependencies": ["orDropped", ["record", {"mode": ["oneOf", "virtualEnvironment", "interpreter", "none"], "file": ["orNull", ["text", 4096]], "installs": ["flag"], "files": ["list", ["tuple", ["text", 4096], ["matching", "[0-9a-f]*", 128]], 10000], "key": ["orNull", ["matching", "[0-9a-f]{16}", 64]], "options": ["record", {"installer": ["oneOf", "auto", "pip", "uv"], "requirements": ["text", 4096], "constraints": ["text", 4096], "indexUrl": ["text", 4096], "extraIndexUrls": ["list", ["text", 4096], 10000], "findLinks": ["list", ["text", 4096], 10000], "noIndex": ["flag"], "requireHashes": ["flag"]}]}]], "release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64], "createdAt": ["matching", "[0-9A-Za-z:.+-]*", 64], "names": ["list", ["matching", "(?!\\.{1,2}(?![\\s\\S]))[^/\\0]+", 1020], 1000000], "files": ["count"], "bytes": ["count"]}]
VERBS: dict[str, tuple[bool, Any]] = {
    "probe": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096], "holder": ["optional", ["flag"]], "start": ["optional", ["flag"]], "ahead": ["optional", ["flag"]]}]),
    "list": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "packages": ["optional", ["flag"]], "most": ["optional", ["countUpTo", 10000]], "release": ["optional", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]], "key": ["optional", ["matching", "[ -~]*", 64]], "prunable": ["optional", ["flag"]]}]),
    "history": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "limit": ["countUpTo", 1000]}]),
    "entries": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]}]),
    "previewAdoption": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096], "names": ["list", ["text", 4096], 1000000]}]),
    "survey": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "names": ["list", ["text", 4096], 1000000]}]),
    "texts": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64], "paths": ["list", ["text", 4096], 1000000]}]),
    "compareDirectories": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "release": ["orNull", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]], "kept": ["optional", ["list", ["text", 4096], 1000000]], "directories": ["list", ["tuple", ["text", 4096], ["matching", "[0-9a-f]*", 128]], 1000000]}]),
    "compare": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "release": ["orNull", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]], "kept": ["optional", ["list", ["text", 4096], 1000000]], "entries": ["list", ["tuple", ["text", 4096], ["oneOf", "file", "link", "directory"], ["count"], ["count"], ["matching", "[0-9a-f]*", 128], ["orNull", ["text", 4096]]], 1000000], "sameDirectories": ["list", ["text", 4096], 1000000], "sizes": ["optional", ["flag"]]}]),
    "compareReleases": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64], "against": ["orNull", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]]}]),
    "inspect": (False, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096], "owner": ["optional", ["text", 4096]]}]),
    "lock": (True, ["record", {"basePath": ["matching", "(?![\\s\\S]*/\\.\\.(?:/|(?![\\s\\S])))(?=[\\s\\S]*/(?!\\.?(?:/|(?![\\s\\S]))))/[^\\0]*", 4096], "create": ["flag"], "holder": ["record", {"workflow": ["orDropped", ["text", 4096]], "execution": ["orDropped", ["text", 4096]], "operation": ["orDropped", ["text", 4096]], "user": ["orDropped", ["text", 4096]], "agent": ["orDropped", ["flag"]], "since": ["orDropped", ["matching", "[0-9A-Za-z:.+-]*", 64]], "processId": ["orDropped", ["count"]]}], "waitSeconds": ["seconds", 315360000], "owner": ["optional", ["text", 4096]], "clean": ["optional", ["flag"]]}]),
    "receive": (True, ["record", {"time": ["matching", "[0-9]{8}-[0-9]{6}", 64], "digest": ["matching", "[0-9a-f]*", 128], "live": ["orNull", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]], "needed": ["list", ["count"], 1000000], "keep": ["list", ["text", 4096], 1000000]}]),
    "unpack": (True, ["record", {"time": ["matching", "[0-9]{8}-[0-9]{6}", 64], "live": ["orNull", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]], "backup": ["text", 1024]}]),
    "assemble": (True, ["record", {"encoding": ["oneOf", "identity", "deflate"], "record": ["record", {"state": ["optional", ["matching", "[A-Za-z][A-Za-z0-9]*", 64]], "sequence": ["optional", ["count"]], "source": ["optional", ["record", {"type": ["matching", "[A-Za-z][A-Za-z0-9]*", 64], "reference": ["optional", ["text", 4096]], "commit": ["orDropped", ["matching", "[0-9a-f]{40}(?:[0-9a-f]{24})?", 64]], "repository": ["orDropped", ["matching", "(?:https?|ssh|file)://(?:[!#-.0-9;=?A-\\[\\]-_a-~]+@)?[!#-.0-;=?A-\\[\\]-_a-~]*(?:/[!#-;=?-\\[\\]-_a-~]*)?", 4096]], "subdirectory": ["orDropped", ["matching", "(?!/)(?!(?:[\\s\\S]*/)?\\.\\.(?:/|(?![\\s\\S])))[^\\0]+", 4096]]}]], "sameContent": ["orDropped", ["record", {"type": ["matching", "[A-Za-z][A-Za-z0-9]*", 64], "reference": ["optional", ["text", 4096]], "commit": ["orDropped", ["matching", "[0-9a-f]{40}(?:[0-9a-f]{24})?", 64]], "repository": ["orDropped", ["matching", "(?:https?|ssh|file)://(?:[!#-.0-9;=?A-\\[\\]-_a-~]+@)?[!#-.0-;=?A-\\[\\]-_a-~]*(?:/[!#-;=?-\\[\\]-_a-~]*)?", 4096]], "subdirectory": ["orDropped", ["matching", "(?!/)(?!(?:[\\s\\S]*/)?\\.\\.(?:/|(?![\\s\\S])))[^\\0]+", 4096]]}]], "digest": ["optional", ["orNull", ["matching", "[0-9a-f]*", 128]]], "entrypoint": ["orDropped", ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096]], "include": ["optional", ["list", ["text", 4096], 1000]], "exclude": ["optional", ["list", ["text", 4096], 1000]], "dependencies": ["orDropped", ["record", {"mode": ["oneOf", "virtualEnvironment", "interpreter", "none"], "file": ["orNull", ["text", 4096]], "installs": ["flag"], "files": ["list", ["tuple", ["text", 4096], ["matching", "[0-9a-f]*", 128]], 10000], "key": ["orNull", ["matching", "[0-9a-f]{16}", 64]], "options": ["record", {"installer": ["oneOf", "auto", "pip", "uv"], "requirements": ["text", 4096], "constraints": ["text", 4096], "indexUrl": ["text", 4096], "extraIndexUrls": ["list", ["text", 4096], 10000], "findLinks": ["list", ["text", 4096], 10000], "noIndex": ["flag"], "requireHashes": ["flag"]}]}]]}], "kept": ["optional", ["list", ["text", 4096], 1000000]]}]),
    "environment": (True, ["record", {"release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64], "mode": ["oneOf", "virtualEnvironment", "interpreter", "none"], "key": ["orNull", ["matching", "[ -~]*", 64]], "copied": ["optional", ["list", ["text", 4096], 1000000]], "arguments": ["list", ["text", 4096], 1000000], "installer": ["oneOf", "auto", "pip", "uv"], "timeoutSeconds": ["seconds", 315360000], "keep": ["optional", ["flag"]], "live": ["optional", ["orNull", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]]], "netrc": ["optional", ["text", 65536]], "secrets": ["optional", ["list", ["text", 1048576], 10000]], "environment": ["optional", ["byName", ["text", 1048576], 10000]]}]),
    "run": (True, ["record", {"release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64], "timeoutSeconds": ["optional", ["seconds", 315360000]], "environment": ["optional", ["byName", ["text", 1048576], 10000]], "kind": ["oneOf", "compile", "json", "python", "command"], "code": ["optional", ["text", 16777216]], "command": ["optional", ["text", 16777216]]}]),
    "copyPlain": (True, ["record", {"time": ["matching", "[0-9]{8}-[0-9]{6}", 64], "names": ["list", ["text", 4096], 1000000], "entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096]}]),
    "adopt": (True, ["record", {"entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096]}]),
    "drain": (True, ["record", {"entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096], "waitSeconds": ["seconds", 315360000], "leased": ["optional", ["flag"]]}]),
    "missingPackages": (True, ["record", {}]),
    "detach": (True, ["record", {"entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096]}]),
    "attach": (True, ["record", {}]),
    "dismantle": (True, ["record", {"everything": ["flag"]}]),
    "flip": (True, ["record", {"release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64], "operation": ["text", 4096], "entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096], "aside": ["optional", ["flag"]]}]),
    "confirm": (True, ["record", {}]),
    "revert": (True, ["record", {"reason": ["text", 4096]}]),
    "archive": (True, ["record", {"release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]}]),
    "remove": (True, ["record", {"releases": ["optional", ["list", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64], 10000]], "backups": ["optional", ["list", ["text", 1024], 10000]], "environments": ["optional", ["list", ["text", 4096], 10000]]}]),
    "describe": (True, ["record", {"release": ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64], "fields": ["record", {"state": ["optional", ["matching", "[A-Za-z][A-Za-z0-9]*", 64]], "sequence": ["optional", ["count"]], "source": ["optional", ["record", {"type": ["matching", "[A-Za-z][A-Za-z0-9]*", 64], "reference": ["optional", ["text", 4096]], "commit": ["orDropped", ["matching", "[0-9a-f]{40}(?:[0-9a-f]{24})?", 64]], "repository": ["orDropped", ["matching", "(?:https?|ssh|file)://(?:[!#-.0-9;=?A-\\[\\]-_a-~]+@)?[!#-.0-;=?A-\\[\\]-_a-~]*(?:/[!#-;=?-\\[\\]-_a-~]*)?", 4096]], "subdirectory": ["orDropped", ["matching", "(?!/)(?!(?:[\\s\\S]*/)?\\.\\.(?:/|(?![\\s\\S])))[^\\0]+", 4096]]}]], "sameContent": ["orDropped", ["record", {"type": ["matching", "[A-Za-z][A-Za-z0-9]*", 64], "reference": ["optional", ["text", 4096]], "commit": ["orDropped", ["matching", "[0-9a-f]{40}(?:[0-9a-f]{24})?", 64]], "repository": ["orDropped", ["matching", "(?:https?|ssh|file)://(?:[!#-.0-9;=?A-\\[\\]-_a-~]+@)?[!#-.0-;=?A-\\[\\]-_a-~]*(?:/[!#-;=?-\\[\\]-_a-~]*)?", 4096]], "subdirectory": ["orDropped", ["matching", "(?!/)(?!(?:[\\s\\S]*/)?\\.\\.(?:/|(?![\\s\\S])))[^\\0]+", 4096]]}]], "digest": ["optional", ["orNull", ["matching", "[0-9a-f]*", 128]]], "entrypoint": ["orDropped", ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096]], "include": ["optional", ["list", ["text", 4096], 1000]], "exclude": ["optional", ["list", ["text", 4096], 1000]], "dependencies": ["orDropped", ["record", {"mode": ["oneOf", "virtualEnvironment", "interpreter", "none"], "file": ["orNull", ["text", 4096]], "installs": ["flag"], "files": ["list", ["tuple", ["text", 4096], ["matching", "[0-9a-f]*", 128]], 10000], "key": ["orNull", ["matching", "[0-9a-f]{16}", 64]], "options": ["record", {"installer": ["oneOf", "auto", "pip", "uv"], "requirements": ["text", 4096], "constraints": ["text", 4096], "indexUrl": ["text", 4096], "extraIndexUrls": ["list", ["text", 4096], 10000], "findLinks": ["list", ["text", 4096], 10000], "noIndex": ["flag"], "requireHashes": ["flag"]}]}]]}], "kept": ["optional", ["list", ["text", 4096], 1000000]]}]),
    "noteRefusal": (True, ["record", {"to": ["orNull", ["matching", "[0-9]{8}-[0-9]{6}-[0-9a-f]{7}(?:-[0-9]+)?", 64]], "operation": ["text", 4096], "reason": ["text", 4096]}]),
    "repair": (True, ["record", {"what": ["oneOf", "leftovers", "links", "adoption", "missingFiles", "readOnly", "owner"], "path": ["optional", ["text", 4096]], "entrypoint": ["matching", "(?!(?:\\.|\\.\\.|current|releases|environments|backups|\\.hot-deploy)(?![\\s\\S]))[^/\\0]+", 4096]}]),
}
PARTS: dict[str, list[str]] = {
    "probe": ["names", "releasesInUse", "live.record.include", "live.record.exclude", "live.record.names", "live.drift.modified", "live.drift.missing", "live.extra", "live.kept"],
    "list": ["wereLive", "releases", "backups", "environments", "prunable.releases", "prunable.backups", "prunable.environments"],
    "history": ["changes"],
    "entries": ["entries"],
    "previewAdoption": ["entries"],
    "survey": ["dangling", "others"],
    "texts": ["texts"],
    "compareDirectories": ["differing"],
    "compare": ["needed", "changes.paths.added", "changes.paths.modified", "changes.paths.removed", "sizes"],
    "compareReleases": ["changes.paths.added", "changes.paths.modified", "changes.paths.removed"],
    "inspect": ["findings"],
    "lock": ["cleaned"],
    "unpack": ["changes.paths.added", "changes.paths.modified", "changes.paths.removed", "entries"],
    "environment": ["packages", "before"],
    "copyPlain": ["names"],
    "drain": ["left", "inUse"],
    "missingPackages": ["needed", "missing"],
    "detach": ["names"],
    "dismantle": ["releases", "environments", "backups", "left"],
    "remove": ["releases", "inUse", "backups", "environments"],
    "repair": ["done"],
}
