#!/usr/bin/env python3
# hot-deploy launcher 8
#
# This file only starts the engine's current release. The real program has the same name and is in
# current/ beside this file. Deploying a release from n8n replaces that one; this one stays.
#
# The release is looked up once and leased for as long as the program runs, so an update in the
# meantime neither changes nor deletes anything under a running extraction. The program finds that
# release's files at their own paths, among what lies beside. Where the kernel forbids that, it finds
# that release's modules there, or is started in the release's directory; arguments that name deployed
# files lead there then. Working directory, environment, streams, process id and exit code are the
# program's own; while a new release is watched, this waits for the program and tells how it ended, and
# the process id is this one's. Exit code 70: there is no release that could be started.
#
# It works wherever the program itself would: without PATH, /proc or free descriptors, from standard
# input, and run by something else, such as `python3 -c`.

import fcntl
import os
import sys
from errno import EACCES, EAGAIN, EINVAL, EMFILE, ENFILE, ENOENT, ENOLCK, ENOSYS, EOPNOTSUPP

NO_RELEASE = 70
MAX_TRIES = 100
PATH_MAX = 4096
NO_FLOCK = (EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP)
# Whoever removes a release locks it for less. Everybody who can read one can lock it for ever: then the
# program runs without a lease, and is known by its command line and the directory it has open.
MAX_WAIT_SECONDS = 0.5
WAITED = []
GAVE_UP = None
# Where there are no more descriptors than this to be had, the program gets all of them.
FEW_DESCRIPTORS = 16


def main():
    options = interpreter_options()
    if options is None:
        base, entrypoint, options = rarely('elsewhere')()
    else:
        base, entrypoint = place_of(os.path.realpath(__file__))
    release = lease(base)
    if options is not None:
        counted(base, release, sys.argv[1:])
    if not os.path.isfile(os.path.join(release, entrypoint)):
        stop('%s is missing from the current release' % os.path.join(release, entrypoint))
    environment = lease_environment(release)
    home, by_code, arguments = base, None, sys.argv[1:]
    if options is not None and pin_in_place(base, release, entrypoint) is None:
        words = as_called(options, os.path.join(base, entrypoint))
    else:
        mapped = in_part(IN_RELEASE)['arguments_of'](base, release, entrypoint)
        sys.argv[1:] = arguments = [mapped.pinned(argument) for argument in arguments]
        mapped.go_inside()
        by_code = in_part(BY_CODE)['pin_by_code'](base, release)
        if by_code:
            words = renamed(as_called(options, os.path.join(base, entrypoint)), arguments)
        else:
            home = release
            words = (options or []) + [os.path.join(release, entrypoint)] + arguments
    # What is started in turn, and has closed the lease, is known by it to run this release.
    os.environ['HOT_DEPLOY_RELEASE'] = release
    if environment and not (by_code and is_own_environment(environment)):
        executable = name = os.path.join(environment, 'bin', 'python')
    elif options is None or by_code:
        executable = None
    else:
        executable, name = own_interpreter()
    if executable:
        if os.environ.get('LC_CTYPE') in ('C.UTF-8', 'C.utf8', 'UTF-8'):
            rarely('undo_locale_coercion')()
        try:
            os.execv(executable, [name] + words)
        except OSError as reason:
            if environment:
                stop('the interpreter %s can\'t be started: %s' % (executable, reason.strerror))
    if by_code:
        by_code.run(globals(), entrypoint)
    else:
        rarely('run_here')(base, home, entrypoint)


def counted(base, release, arguments):
    """While a release is watched: go on in a child, and tell the guard how that ends."""
    try:
        os.stat(os.path.join(base, '.hot-deploy', 'guard.sock'))
    except OSError:
        return
    in_part(COUNTED)['count'](base, release, arguments)


def place_of(path):
    """Return the base path and the launcher's name below it, of a launcher's path."""
    base, name = os.path.split(path)
    for _ in range(path.count('/')):
        if os.path.isdir(os.path.join(base, '.hot-deploy')):
            return base, name
        above, part = os.path.split(base)
        if os.path.basename(above) == 'releases':
            # Since this was read, a link into the release has come to where it stood.
            return os.path.dirname(above), name
        base, name = above, os.path.join(part, name)
    return os.path.split(path)


def lease(base):
    """Return the current release's directory, kept from removal until the program ends.

    Whoever removes a release takes the exclusive lock first and renames it away under that lock.
    A lock that was granted on a directory no longer at its path was therefore granted too late.
    Whoever was started by a run that is pinned by code goes on with its release.
    """
    for release in os.environ.get('HOT_DEPLOY_PINNED', '').split(os.pathsep):
        try:
            if release.startswith(base + '/releases/') and held(release):
                return release
        except OSError:
            pass
    link = os.path.join(base, 'current')
    for _ in range(MAX_TRIES):
        try:
            target = os.readlink(link)
        except OSError as reason:
            stop('%s, the link to the release to run, can\'t be read: %s' % (link, reason.strerror))
        release = os.path.join(base, target)
        try:
            # Without a lease, a release is safe from removal only as long as it is the current one.
            if held(release) and (GAVE_UP not in WAITED or os.readlink(link) == target):
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
        # One beside the release is the engine's own: whoever activates it finds it there.
        if not os.path.lexists(link) or os.readlink(link) == '../../.venv':
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
    """Lock a directory for this process and what it becomes; False when it went away meanwhile.

    Where it can't be locked, it is only kept open or, without a descriptor to spare, looked at.
    """
    try:
        directory = os.open(release, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as reason:
        if reason.errno not in (EMFILE, ENFILE):
            raise
        return bool(os.stat(release))
    kept = False
    try:
        if 0 < os.sysconf('SC_OPEN_MAX') < directory + FEW_DESCRIPTORS:
            return bool(os.stat(release))
        share(directory)
        kept = os.path.samestat(os.fstat(directory), os.stat(release))
        return kept
    finally:
        if kept and directory > 2:
            os.set_inheritable(directory, True)
        else:
            if kept:
                # This copy is inherited. Counted from 3, because a closed standard stream must stay closed.
                fcntl.fcntl(directory, fcntl.F_DUPFD, 3)
            os.close(directory)


def share(directory):
    """Take the shared lock; False where somebody keeps the exclusive one for longer than anybody needs it."""
    while True:
        try:
            fcntl.flock(directory, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
        except OSError as reason:
            if reason.errno in NO_FLOCK:
                return True
            if reason.errno not in (EAGAIN, EACCES):
                raise
        if not rarely('wait')():
            return False


def pin_in_place(base, release, entrypoint=None, demanded=True):
    """Give this process, and all that it starts, a view of the base path with this release in it, whatever is current.

    Returns None or, where nothing has changed, why that can't be had.
    """
    state = os.path.join(base, '.hot-deploy')
    way = pins = None
    try:
        way, unprivileged = way_of(base, release)
        if way in ('code', 'release', 'inside'):
            return 'chosen'
        place = in_part(IN_PLACE)
        # Nobody replaces what is mounted over meanwhile; who does that at this moment takes it along.
        pins = os.open(os.path.join(state, 'pins'), os.O_RDONLY | os.O_DIRECTORY)
        if not share(pins):
            return 'locked'
        mounts = list(place['mounts_of'](base, release, ''))
        if entrypoint is not None and os.path.join(base, entrypoint) not in dict(map(reversed, mounts)):
            return 'names'
        why = place['Kernel']().pin(mounts, way == 'place' or not unprivileged)
    except OSError as reason:
        why = 'unprepared' if reason.errno == ENOENT else 'names' if reason.errno == EINVAL else 'forbidden'
    finally:
        if pins is not None:
            os.close(pins)
    if why is not None and way == 'place' and demanded:
        stop('this release is to be pinned in place, which can\'t be had: %s' % why)
    return why


def way_of(base, release):
    """(how a release is to be pinned, whether only without a user's namespace), as the executor has recorded it."""
    with open(os.path.join(base, '.hot-deploy', 'pinning', os.path.basename(release))) as file:
        return (file.read(100).split() + ['', ''])[:2]


def as_called(options, program):
    """What the interpreter was told to run, word by word; where it did not come from the command line, the program."""
    line = original_command_line()
    if options is not None and len(line) > len(sys.argv) and '__file__' in globals():
        return line[1:]
    return (options or []) + [program] + sys.argv[1:]


def is_launcher(path):
    try:
        if not os.path.isfile(path):
            return False
        with open(path, 'rb', buffering=0) as file:
            return b'# hot-deploy launcher' in file.read(400)
    except OSError:
        return False


def interpreter_options():
    """The caller's options to the interpreter itself, such as `-u` or `-X utf8`; None when something else runs this."""
    line = original_command_line()
    head = line[1:len(line) - len(sys.argv) + 1]
    if not head or '__file__' not in globals():
        return None
    try:
        script, last = os.path.abspath(__file__), head.pop()
        if os.path.abspath(last) == script:
            return head
    except OSError:
        return None  # The working directory is gone, and neither has a path of its own.
    return rarely('module_options')(head, last, script)


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


def own_interpreter():
    """The program that runs this and the name that it was called by; (None, None) where nobody says which it is."""
    try:
        if os.path.samestat(os.stat(sys.executable or ''), os.stat('/proc/self/exe')):
            return sys.executable, sys.executable
    except OSError:
        pass
    return rarely('another_interpreter')()


def stop(sentence):
    rarely('end')(sentence)


def rarely(name):
    """A function of RARELY."""
    return in_part(RARELY)[name]


def in_part(text):
    """Take what one of the texts below defines: this file is compiled at every start, and each of them where it is needed."""
    exec(compile(text, 'launcher', 'exec'), globals())
    return globals()


# While a release is watched.
COUNTED = '''
# Of what a manager of services starts, it waits for the end, or for this very process to say that it is ready.
MANAGED = ('HOT_DEPLOY_UNCOUNTED', 'NOTIFY_SOCKET', 'LISTEN_FDS')
GUARD_SECONDS = 0.1
LONGEST_KEY = 60 * 1024
PR_SET_PDEATHSIG = 1


def count(base, release, arguments):
    """Returns in the child, or where nobody counts; the parent becomes what waits for it."""
    if any(name in os.environ for name in MANAGED):
        return
    guard = connected(os.path.join(base, '.hot-deploy'))
    if guard is None:
        return
    import _signal, time
    key = input_of(arguments)
    start = '{"release":"%s","key":%s}\\n' % (os.path.basename(release), '"%s"' % key if key else 'null')
    names = ('HUP', 'INT', 'QUIT', 'TERM', 'USR1', 'USR2', 'ALRM', 'TSTP', 'CONT', 'WINCH', 'CHLD')
    taken = [getattr(_signal, 'SIG' + name) for name in names]
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, taken)
    # Ended children that somebody has decided to ignore can't be waited for.
    children = _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    started, parent = time.monotonic(), os.getpid()
    try:
        child = os.fork()
    except OSError:
        child, parent = 0, os.getppid()
    if child == 0:
        guard.close()
        _signal.signal(_signal.SIGCHLD, children)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
        end_with(parent)
        return
    let_go(guard.fileno())
    tell(guard, start)
    status, usage = waited(_signal, child, taken)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    said = '{"code":%s,"signal":%s,"ms":%d,"peakKb":%d}\\n' % (
        *('null' if each is None else each for each in (code, signal)),
        (time.monotonic() - started) * 1000,
        usage.ru_maxrss,
    )
    tell(guard, said)
    guard.close()
    if code is not None:
        os._exit(code)
    end_like(_signal, signal)


def tell(guard, said):
    try:
        guard.sendall(said.encode())
    except OSError:
        pass  # It has decided meanwhile.


def connected(state):
    """A connection to the guard; None where nobody answers, or not soon."""
    import _socket
    guard = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    directory = None
    try:
        guard.settimeout(GUARD_SECONDS)
        place = os.path.join(state, 'guard.sock')
        # What a run is given is told to nobody but whom the engine belongs to.
        if os.lstat(place).st_uid not in (0, os.geteuid(), os.stat(state).st_uid):
            raise PermissionError(EACCES, 'of somebody else', place)
        if len(os.fsencode(place)) > 100:
            directory = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
            place = '/proc/self/fd/%d/guard.sock' % directory
        guard.connect(place)
        return guard
    except OSError:
        guard.close()
        return None
    finally:
        if directory is not None:
            os.close(directory)


def input_of(arguments):
    """What tells a run's input from others: its arguments, and which files they name; None where they name none."""
    parts, names_files = [], False
    for argument in arguments:
        parts.append(argument)
        try:
            status = os.stat(argument)
        except (OSError, ValueError):
            continue
        if status.st_mode & 0o170000 == 0o100000:
            names_files = True
            parts.append('%d:%d:%d:%d' % (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
    key = os.fsencode('\\0'.join(parts)).hex()
    return key if names_files and len(key) <= LONGEST_KEY else None


def end_with(parent):
    """Whoever kills the launcher kills what it started."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 9)
    except (ImportError, AttributeError, OSError):
        return
    if os.getppid() != parent:
        os._exit(1)


def let_go(guard):
    """Whoever reads what the program writes waits for nobody else."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        if stream != guard:
            os.dup2(null, stream)
    try:
        others = [int(name) for name in os.listdir('/proc/self/fd')]
    except OSError:
        others = range(3, 256)
    for each in others:
        if each > 2 and each != guard:
            try:
                os.close(each)
            except OSError:
                pass
    os.chdir('/')


def waited(_signal, child, taken):
    """(how it ended, what it used); signals that were sent to this process alone go on to it."""
    stops = False
    while True:
        told = _signal.sigwaitinfo(taken)
        if told.si_signo != _signal.SIGCHLD:
            stops = told.si_signo == _signal.SIGTSTP
            # From a terminal, it has got them itself.
            if told.si_code <= 0:
                os.kill(child, told.si_signo)
            elif told.si_signo == _signal.SIGCONT:
                os.kill(child, _signal.SIGCONT)
            continue
        ended, status, usage = os.wait4(child, os.WNOHANG | os.WUNTRACED)
        if ended and not os.WIFSTOPPED(status):
            return status, usage
        if ended and stops:
            # A shell that has stopped its job waits for this.
            stops = False
            os.kill(os.getpid(), _signal.SIGSTOP)


def end_like(_signal, signal):
    try:
        import resource
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass
    if signal not in (9, 19):
        _signal.signal(signal, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, [signal])
    os.kill(os.getpid(), signal)
    os._exit(128 + signal)
'''

# Pinning in place.
IN_PLACE = '''
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REC, MS_SLAVE = 0x4000, 1 << 19
AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_RECURSIVE = -100, 0x100, 0x8000
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH, MNT_DETACH = 1, 4, 2
# The same numbers on all architectures that have them.
OPEN_TREE, MOVE_MOUNT = 428, 429


def mounts_of(base, release, below):
    """(what is mounted, over which path) for each name that is deployed, at the top or in a folder that stands for one.

    Raises OSError where something else stands at such a name: put there by somebody, or on its way to become ours.
    """
    for name in os.listdir(os.path.join(release, below)):
        path = os.path.join(below, name)
        place, own = os.path.join(base, path), os.path.join(release, path)
        link = os.readlink(own) if os.path.islink(own) else None
        # What stands in a release for what lies beside it is that wherever the run finds it. Where something is shared,
        # which a directory in `pins` says, all that is not ours is the host's.
        if name in ('.venv', '__pycache__') or link == '../../' + '../' * path.count('/') + path:
            shared = os.path.join(base, '.hot-deploy', 'pins', quoted('.pinned-' + path))
            if below and os.path.lexists(shared):
                yield shared, os.path.join(base, '.pinned-' + path)
            continue
        is_directory = link is None and os.path.isdir(own)
        if is_directory and not below:
            yield own, os.path.join(base, '.pinned-' + name)
        if not os.path.islink(place):
            if is_directory:
                for each in mounts_of(base, release, path):
                    yield each
            elif is_launcher(place):
                yield own, place
            elif not os.path.lexists(os.path.join(base, '.hot-deploy', 'pins', quoted('.pinned-%s/' % below))):
                raise OSError(EINVAL, place)
        elif os.readlink(place) != '../' * path.count('/') + 'current/' + path:
            raise OSError(EINVAL, place)
        elif is_directory:
            yield os.path.join(base, '.hot-deploy', 'pins', quoted(path)), place
        else:
            yield own, place


def quoted(path):
    return path.replace('%', '%25').replace('/', '%2F')


class Kernel:
    """The system calls that make a view of the file system for one process alone: see mount_namespaces(7)."""

    def __init__(self):
        try:
            import ctypes  # noqa: PLC0415 - an interpreter may have been built without it
        except ImportError:
            raise OSError(ENOSYS, 'there is no ctypes') from None
        self.errno = ctypes.get_errno
        self.library = ctypes.CDLL(None, use_errno=True)
        self.null = ctypes.c_void_p(0)

    def call(self, name, *arguments):
        result = getattr(self.library, name)(*arguments)
        if result < 0:
            raise OSError(self.errno(), name)
        return result

    def pin(self, mounts, may_be_user):
        """Mount all of these. Returns as pin_in_place()."""
        try:
            self.call('unshare', CLONE_NEWNS)
        except OSError:
            # A user's namespace can't be left again: whether mounts are allowed there is tried by somebody else.
            if not is_allowed_to(self, mounts):
                return 'forbidden'
            if not may_be_user:
                return 'privileges'
            own_users(self)
        return None if self.mount_all(mounts) else 'forbidden'

    def mount_all(self, mounts):
        done = []
        try:
            # What is mounted here stays here; what is mounted outside later appears here, too.
            self.call('mount', self.null, b'/', self.null, MS_REC | MS_SLAVE, self.null)
            for source, target in mounts:
                self.mount(os.fsencode(source), os.fsencode(target))
                done.append(os.fsencode(target))
        except OSError:
            for target in reversed(done):
                self.call('umount2', target, MNT_DETACH)
            return False
        return True

    def mount(self, source, target):
        """Show a directory, a file or a link, as itself, at another path: bind mounts follow links, these don't."""
        flags = OPEN_TREE_CLONE | os.O_CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_RECURSIVE
        tree = self.call('syscall', OPEN_TREE, AT_FDCWD, source, flags)
        try:
            self.call('syscall', MOVE_MOUNT, tree, b'', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH)
        finally:
            os.close(tree)


def is_allowed_to(kernel, mounts):
    """Whether a user may pin in place, tried by another process."""
    read, write = os.pipe()
    try:
        child = os.fork()
        if child == 0:
            try:
                own_users(kernel)
                if kernel.mount_all(mounts):
                    os.write(write, b'1')
            finally:
                os._exit(0)
        os.close(write)
        write = None
        allowed = os.read(read, 1) == b'1'
        try:
            os.waitpid(child, 0)
        except OSError:
            pass  # Whoever started this ignores the end of children.
        return allowed
    except OSError:
        return False
    finally:
        os.close(read)
        if write is not None:
            os.close(write)


def own_users(kernel):
    """A namespace in which a user may mount, and is who he was."""
    user, group = os.geteuid(), os.getegid()
    kernel.call('unshare', CLONE_NEWNS | CLONE_NEWUSER)
    for name, text in (('setgroups', 'deny'), ('uid_map', '%d %d 1' % (user, user)), ('gid_map', '%d %d 1' % (group, group))):
        with open('/proc/self/' + name, 'w') as file:
            file.write(text)
'''

# Pinning by code.
BY_CODE = '''
def pin_by_code(base, release, others=True):
    """Have what this process imports come from a release, and what others import that it starts; None where it can't."""
    try:
        if way_of(base, release)[0] in ('release', 'inside'):
            return None
    except OSError:
        pass
    by_code = module_by_code(base)
    if by_code is None:
        return None
    by_code.map_a_file(release)
    if others:
        by_code.pass_on(base, release)
    return by_code.pin(base, release)


def module_by_code(base):
    """What lies ready for it, and may be in this process already; None where it can't be had."""
    if os.pathsep in base or sys.version_info < (3, 8):
        return None
    if 'hot_deploy_by_code' not in sys.modules:
        path = os.path.join(base, '.hot-deploy', 'code', 'sitecustomize.py')
        try:
            from _frozen_importlib_external import SourceFileLoader
            module = type(sys)('hot_deploy_by_code')
            module.__file__ = path
            exec(SourceFileLoader(module.__name__, path).get_code(module.__name__), module.__dict__)
        except Exception:
            return None
        sys.modules[module.__name__] = module
    return sys.modules['hot_deploy_by_code']


def renamed(words, arguments):
    """A command line with other arguments."""
    return words[:len(words) - len(arguments)] + arguments


def is_own_environment(environment):
    return os.path.realpath(sys.prefix) == environment or sys.executable == os.path.join(environment, 'bin', 'python')
'''

# Pinning in the release.
IN_RELEASE = '''
def arguments_of(base, release, entrypoint):
    try:
        inside = way_of(base, release)[0] == 'inside'
    except OSError:
        inside = False
    return (Inside if inside else Arguments)(base, release, entrypoint)


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
        except OSError:
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
            place = os.path.join(self.base, first)
            try:
                if os.readlink(place) != 'current/' + first:
                    return None
            except OSError:
                if not rarely('stands_in')(self.base, self.release, below):
                    return None
        return os.path.join(self.release, below)

    def go_inside(self):
        """Nothing: the working directory is the caller's."""


class Inside(Arguments):
    """As Arguments, for a program that works in the release, where relative paths would lead elsewhere."""

    def pinned_path(self, value):
        found = Arguments.pinned_path(self, value)
        if found != value or not self.cwd or not 0 < len(value) < PATH_MAX:
            return found
        exists = os.path.exists if '/' in value else os.path.isfile
        return os.path.join(self.cwd, value) if exists(value) else value

    def go_inside(self):
        below = self.below_base(self.cwd) if self.cwd else None
        if below is None:
            return
        names = [name for name in below.split('/') if name]
        place = os.path.join(self.release, *(names[2:] if names[:1] == ['releases'] else names))
        if os.path.isdir(place):
            os.chdir(place)
            if 'PWD' in os.environ:
                os.environ['PWD'] = place
'''

# What few starts need.
RARELY = '''
import time


def wait():
    """Waits for a moment for a lock that somebody has; False when this start has waited for long enough."""
    now = time.monotonic()
    WAITED.append(now)
    if now < WAITED[0] + MAX_WAIT_SECONDS:
        time.sleep(0.002)
        return True
    WAITED.append(GAVE_UP)
    return False


def elsewhere():
    """The base path, the entrypoint's name and the interpreter's options, where the command line doesn't have this file.

    The options are None when something else runs this, and goes on afterwards.
    """
    for stream in (sys.stdout, sys.stderr):
        # What was written before is written now: it would go with this program.
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
    line = original_command_line()
    from_input = '__file__' not in globals() and sys.argv[0] in ('', '-')
    # Standard input was read to its end, as it is for a program.
    options = None
    if not line and sys.modules['__main__'].__dict__ is globals():
        options = known_options()
    elif from_input:
        options = line[1:len(line) - len(sys.argv)] if sys.argv[0] else line[1:]
    for candidate in (globals().get('__file__'), '/proc/self/fd/0'):
        path = os.path.realpath(candidate) if candidate else ''
        if is_launcher(path):
            return place_of(path) + (options,)
    # From a pipe, or by something that read it and doesn't say where: the program would find its modules here.
    try:
        base = os.getcwd()
        names = [name for name in os.listdir(base) if is_launcher(os.path.join(base, name))]
    except OSError:
        base, names = '', []
    for found in (names, [name for name in names if any(name in part for part in line)]):
        if len(found) == 1:
            return base, found[0], options
    stop("it can't be told which engine this belongs to; start it by its path")


def module_options(head, last, script):
    """As interpreter_options(), started as a module: `-m run`, `-mrun`, or joined to other options as in `-um run`."""
    module = os.path.splitext(os.path.basename(script))[0]
    if head and last == module:
        last = head.pop() + module
    if not last.startswith('-') or not last.endswith('m' + module):
        return None  # Something else runs this file, such as `-c`; its options are its own.
    others = last[:-len('m' + module)]
    return head if others == '-' else head + [others]


def stands_in(base, release, below):
    """Whether something of ours stands for a path below the base path: another launcher, or what a folder has."""
    first = below.partition('/')[0]
    # What lies beside a release is a link in it.
    if os.path.islink(os.path.join(release, first)) or not os.path.lexists(os.path.join(release, first)):
        return False
    name = ''
    for part in below.split('/'):
        name = os.path.join(name, part)
        place = os.path.join(base, name)
        try:
            return os.readlink(place) == '../' * name.count('/') + 'current/' + name
        except OSError:
            if not os.path.isdir(place):
                return name == below and is_launcher(place)
    return False


def known_options():
    """The options as far as the interpreter itself remembers them: nobody else says which it was given."""
    try:
        from subprocess import _args_from_interpreter_flags as remembered
    except ImportError:
        return []
    return remembered()


def another_interpreter():
    """Without PATH, and under a name that isn't its own, an interpreter doesn't know where it lies."""
    line = original_command_line()
    if line and os.path.exists('/proc/self/exe'):
        return '/proc/self/exe', line[0]
    return (sys.executable, sys.executable) if sys.executable else (None, None)


def run_here(base, home, entrypoint):
    """Runs the program in this very process: for whoever runs this and goes on, or where no other can be started."""
    if home != base:
        release_first(base, home)
    exec(code_of(os.path.join(home, entrypoint)), globals())


def release_first(base, release):
    identity = os.stat(base)
    for entry in list(sys.path):
        try:
            if os.path.samestat(os.stat(entry or '.'), identity):
                sys.path.insert(sys.path.index(entry), release)
        except (OSError, TypeError, ValueError):
            continue


def code_of(program):
    with open(program, 'rb') as file:
        text = file.read()
    globals()['__file__'] = program
    return compile(text, program, 'exec')


def imported():
    """Makes this module the release's program, for whoever imports it by its name."""
    base, name = place_of(os.path.realpath(__file__))
    try:
        release = lease(base)
    except SystemExit:
        raise ImportError('there is no release of ' + base) from None
    by_code = in_part(BY_CODE)['pin_by_code'](base, release, others=False)
    if by_code:
        return by_code.run(globals(), name)
    release_first(base, release)
    code, module = code_of(os.path.join(release, name)), globals()
    for own in [own for own in module if not own.startswith('__')]:
        del module[own]
    exec(code, module)


def undo_locale_coercion():
    """Give LC_CTYPE back as it came: in the C locale Python changes it for its children (PEP 538),
    and the program's own interpreter would then no longer choose the UTF-8 mode (PEP 540)."""
    try:
        with open('/proc/self/environ', 'rb') as file:
            original = [entry for entry in file.read().split(bytes(1)) if entry.startswith(b'LC_CTYPE=')]
    except OSError:
        # The mode says that it was the C locale: the program's interpreter changes it once more.
        if sys.flags.utf8_mode and not os.environ.get('LC_ALL') and os.environ.get('PYTHONUTF8') is None:
            os.environ['LC_CTYPE'] = 'C'
        return
    if original:
        os.environb[b'LC_CTYPE'] = original[0].partition(b'=')[2]
    else:
        del os.environb[b'LC_CTYPE']


def end(sentence):
    if sys.stderr:
        sys.stderr.write(
            '%s: %s.\\nRun "Get Status" of the Hot Deploy node in n8n to see what is there, '
            'or deploy a release from it.\\n' % (os.path.realpath(globals().get('__file__', 'launcher')), sentence)
        )
    sys.exit(NO_RELEASE)
'''

if __name__ == '__main__':
    main()
elif os.path.islink(os.path.join(place_of(os.path.realpath(__file__))[0], 'current')):
    rarely('imported')()
