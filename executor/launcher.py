#!/usr/bin/env python3
# hot-deploy launcher 2
#
# This file only starts the engine's current release. The real program has the same name and is in
# current/ beside this file. Deploying a release from n8n replaces that one; this one stays.
#
# The release is looked up once and leased for as long as the program runs, so an update in the
# meantime neither changes nor deletes anything under a running extraction. Arguments that name
# deployed files lead to that release's own. Working directory, environment, streams, process id
# and exit code are the program's own. Exit code 70: there is no release that could be started.

import fcntl
import os
import sys
from errno import EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP

NO_RELEASE = 70
MAX_TRIES = 100
PATH_MAX = 4096
NO_FLOCK = (EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP)


def main():
    base, entrypoint = os.path.split(os.path.realpath(__file__))
    release = lease(base)
    program = os.path.join(release, entrypoint)
    if not os.path.isfile(program):
        stop('%s is missing from the current release' % program)
    environment = lease_environment(release)
    interpreter = os.path.join(environment, 'bin', 'python') if environment else sys.executable
    arguments = Arguments(base, release, entrypoint)
    command = [interpreter] + interpreter_options() + [program]
    command += [arguments.pinned(argument) for argument in sys.argv[1:]]
    undo_locale_coercion()
    # What is started in turn, and has closed the lease, is known by it to run this release.
    os.environ['HOT_DEPLOY_RELEASE'] = release
    try:
        os.execv(interpreter, command)
    except OSError as reason:
        stop('the interpreter %s can\'t be started: %s' % (interpreter, reason.strerror))


def lease(base):
    """Return the current release's directory, kept from removal until the program ends.

    Whoever removes a release takes the exclusive lock first and renames it away under that lock.
    A lock that was granted on a directory no longer at its path was therefore granted too late.
    """
    link = os.path.join(base, 'current')
    for _ in range(MAX_TRIES):
        try:
            target = os.readlink(link)
        except OSError as reason:
            stop('%s, the link to the release to run, can\'t be read: %s' % (link, reason.strerror))
        release = os.path.join(base, target)
        try:
            if held(release):
                return release
        except FileNotFoundError:
            continue
        except OSError as reason:
            stop('the release %s can\'t be opened: %s' % (release, reason.strerror))
    stop('%s leads to %s, which isn\'t there' % (link, target))


def lease_environment(release):
    """Return the directory of the release's environment, leased like the release; None where it has none."""
    link = os.path.join(release, '.venv')
    for _ in range(MAX_TRIES):
        if not os.path.lexists(link):
            return None
        environment = os.path.realpath(link)
        try:
            if held(environment):
                return environment
        except FileNotFoundError:
            continue
        except OSError as reason:
            stop('the environment %s can\'t be opened: %s' % (environment, reason.strerror))
    stop('%s leads to %s, which isn\'t there' % (link, environment))


def held(release):
    """Lock a directory for this process and what it becomes; False when it went away meanwhile."""
    directory = os.open(release, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(directory, fcntl.LOCK_SH)
        except OSError as reason:
            if reason.errno not in NO_FLOCK:
                raise
        if not os.path.samestat(os.fstat(directory), os.stat(release)):
            return False
        # This copy is inherited. Counted from 3, because a closed standard stream must stay closed.
        fcntl.fcntl(directory, fcntl.F_DUPFD, 3)
        return True
    finally:
        os.close(directory)


class Arguments:
    """Leads arguments that name deployed files into one release and leaves all others alone."""

    def __init__(self, base, release, entrypoint):
        self.base = base
        self.identity = os.stat(base)
        self.seen = {}
        self.release = release
        self.entrypoint = entrypoint
        try:
            self.cwd = os.getcwd()
        except FileNotFoundError:
            self.cwd = None

    def pinned(self, argument):
        """Map the argument, or the value in `--name=value`."""
        name, equals, value = argument.partition('=')
        if equals and name.startswith('--'):
            return name + equals + self.pinned_path(value)
        return self.pinned_path(argument)

    def pinned_path(self, value):
        if not 0 < len(value) < PATH_MAX or not (self.cwd or value.startswith('/')):
            return value
        directory, name = os.path.split(os.path.normpath(os.path.join(self.cwd or '/', value)))
        below = self.below_base(directory)
        if below is None or not name:
            return value
        below = os.path.join(below, name)
        target = self.target(below)
        if target is None:
            return value
        # A bare word may be a subcommand that happens to be called like a deployed directory.
        exists = os.path.exists if '/' in value else os.path.isfile
        if not exists(target):
            return value
        return target + '/' if value.endswith('/') else target

    def below_base(self, directory):
        """The path of a directory relative to the base path, or None.

        The base path is known by its identity, so that every spelling of it counts: through a link,
        another mount, or the real path that `getcwd` gives.
        """
        names = []
        while not self.is_base(directory):
            directory, name = os.path.split(directory)
            if not name:
                return None
            names.insert(0, name)
        return os.path.join('', *names)

    def is_base(self, directory):
        if directory not in self.seen:
            try:
                self.seen[directory] = os.path.samestat(os.stat(directory), self.identity)
            except OSError:
                self.seen[directory] = False
        return self.seen[directory]

    def target(self, below):
        """Where a path relative to the base path is in the release; None if it isn't deployed."""
        first, _, rest = below.partition('/')
        if first == 'current':
            return os.path.join(self.release, rest) if rest else self.release
        if below != self.entrypoint:
            try:
                if os.readlink(os.path.join(self.base, first)) != 'current/' + first:
                    return None
            except OSError:
                return None
        return os.path.join(self.release, below)


def interpreter_options():
    """The caller's options to the interpreter itself, such as `-u` or `-X utf8`."""
    line = original_command_line()
    head = line[1:len(line) - len(sys.argv) + 1]
    if not head:
        return []
    last = head.pop()
    script = os.path.abspath(__file__)
    if os.path.abspath(last) == script:
        return head
    # Started as a module: `-m run`, `-mrun`, or joined to other options as in `-um run`.
    module = os.path.splitext(os.path.basename(script))[0]
    if head and last == module:
        last = head.pop() + module
    if not last.startswith('-') or not last.endswith('m' + module):
        return []  # Something else runs this file, such as `-c`; its options are its own.
    others = last[:-len('m' + module)]
    return head if others == '-' else head + [others]


def original_command_line():
    try:
        return list(sys.orig_argv)  # Python 3.10
    except AttributeError:
        pass
    try:
        with open('/proc/self/cmdline', 'rb') as file:
            return [os.fsdecode(part) for part in file.read().split(b'\0')[:-1]]
    except OSError:
        return []


def undo_locale_coercion():
    """Give LC_CTYPE back as it came: in the C locale Python changes it for its children (PEP 538),
    and the program's own interpreter would then no longer choose the UTF-8 mode (PEP 540)."""
    if os.environ.get('LC_CTYPE') not in ('C.UTF-8', 'C.utf8', 'UTF-8'):
        return
    try:
        with open('/proc/self/environ', 'rb') as file:
            original = [entry for entry in file.read().split(b'\0') if entry.startswith(b'LC_CTYPE=')]
    except OSError:
        return
    if original:
        os.environb[b'LC_CTYPE'] = original[0].partition(b'=')[2]
    else:
        del os.environb[b'LC_CTYPE']


def stop(sentence):
    if sys.stderr:
        sys.stderr.write(
            '%s: %s.\nRun "Get Status" of the Hot Deploy node in n8n to see what is there, '
            'or deploy a release from it.\n' % (os.path.abspath(__file__), sentence)
        )
    sys.exit(NO_RELEASE)


if __name__ == '__main__':
    main()
