"""Pins a process by code: what it imports of the base path comes from one release, under its plain path.

On an engine this lies at `.hot-deploy/code/sitecustomize.py`, and a run that is pinned so has that directory in
PYTHONPATH: so every Python that it starts in turn is pinned, too (ddtrace-run and opentelemetry-instrument get into their
programs that way). Each such Python imports this before its program. Whatever it meets, the program is started.

Python 2 and versions before 3.8 can read this, and do nothing.
"""

import os
import sys

# The releases that a run is pinned to by code, each of another base path.
PINNED = "HOT_DEPLOY_PINNED"
MODULE = "hot_deploy_by_code"
LAUNCHER = b"# hot-deploy launcher"
# Where there are no more descriptors than this to be had, the program gets all of them.
FEW_DESCRIPTORS = 16
# Of 2 ms, as long as a launcher waits for the lock of a release.
ATTEMPTS = 250
HELD = []


def pin(base, release):
    """Pins this process; returns what does that, which may be there already."""
    for hook in sys.path_hooks:
        if isinstance(hook, Pin) and hook.release == release:
            return hook
    made = Pin(base, release)
    if not any(isinstance(hook, Pin) for hook in sys.path_hooks):
        lead_loaders()
    sys.path_hooks.insert(0, made)
    # What was looked for by now was found without this.
    sys.path_importer_cache.clear()
    return made


def pass_on(base, release):
    """Has the processes that this one starts be pinned, too."""
    others = [path for path in pinned_releases() if not path.startswith(base + "/releases/")]
    os.environ[PINNED] = os.pathsep.join([release] + others)
    code = os.path.join(base, ".hot-deploy", "code")
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if code not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([code] + [path for path in paths if path])


def pinned_releases():
    return [path for path in os.environ.get(PINNED, "").split(os.pathsep) if path]


def hold(release):
    """Keeps a release from removal as long as this process lives; False where it is gone."""
    import fcntl

    try:
        directory = opened(release, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return os.path.isdir(release)
    for attempt in range(ATTEMPTS):
        try:
            fcntl.flock(directory, fcntl.LOCK_SH | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            # Somebody removes it, or keeps it for longer than anybody needs.
            if attempt == 0:
                import time
            time.sleep(0.002)
        except OSError:
            break  # Where it can't be locked, it is known by what is open and mapped.
    if not os.path.isdir(release) or not os.path.samestat(os.fstat(directory), os.stat(release)):
        os.close(directory)
        return False
    if 0 < os.sysconf("SC_OPEN_MAX") < directory + FEW_DESCRIPTORS:
        os.close(directory)
    else:
        map_a_file(release)
    return True


def map_a_file(release):
    """By what is mapped a process is known that closes all its descriptors."""
    try:
        map_first(release)
    except (ImportError, OSError):
        pass  # It is known by its environment, too, where it was started with one.


def map_first(release):
    for above, _, names in os.walk(release):
        for name in names:
            path = os.path.join(above, name)
            if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path):
                import mmap

                opened(
                    path, os.O_RDONLY, lambda file: HELD.append(mmap.mmap(file, 1, mmap.MAP_PRIVATE, mmap.PROT_READ))
                )
                return


def opened(path, flags, use=None):
    """A descriptor, or whatever is made of it, such as a map, which has another one of its own; standard streams that are
    closed stay closed."""
    descriptors = [os.open(path, flags)]
    try:
        while descriptors[-1] <= 2:
            descriptors.append(os.open(path, flags))
        return descriptors.pop() if use is None else use(descriptors[-1])
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


class Pin:
    """A path hook: finders for the directories of one base path, in which a release stands at the deployed names."""

    def __init__(self, base, release):
        self.base = base
        self.release = release
        self.identity = os.stat(base)
        self.seen = {}
        # Of directories by their whole paths: the names from the base path on; None elsewhere.
        self.places = {}

    def __call__(self, path):
        try:
            # Nobody of Python's calls this for the program that it was told to run: see ProgramFinder.
            return self.finder_of(path, sys._getframe().f_back is None)
        except OSError as error:
            # Such as a relative path where the working directory is gone.
            raise ImportError("can't be looked at: %s" % error, path=path)

    def finder_of(self, path, started):
        names = self.below(os.path.abspath(path))
        own, alone = (None, False) if names is None else self.own(names)
        if own is None:
            raise ImportError("not below the base path", path=path)
        if os.path.isfile(own):
            # A program that Python is told to run is asked for as if it was an archive: see runpy.
            if not is_program(own) or (started and is_launcher(path)):
                raise ImportError("no program", path=path)
            return ProgramFinder(self, os.path.abspath(path), own, path, started)
        if not alone and not os.path.isdir(own):
            raise ImportError("not deployed", path=path)
        # Who names a release's directory gets this one's, and knows it by its own path.
        plain = own if names and names[0] in ("current", "releases") else os.path.join(os.getcwd(), path)
        return Finder(self, plain, own, names, alone)

    def below(self, path):
        """The names from the base path on, known by its identity; None for what lies elsewhere."""
        names = []
        while not self.is_base(path):
            path, name = os.path.split(path)
            if not name:
                return None
            names.insert(0, name)
        return names

    def is_base(self, directory):
        if directory not in self.seen:
            try:
                self.seen[directory] = os.path.samestat(os.stat(directory), self.identity)
            except OSError:
                self.seen[directory] = False
        return self.seen[directory]

    def own(self, names):
        """(where the release has what lies there, whether nothing else lies there); (None, False) for neighbours."""
        if names[:1] == ["current"]:
            return os.path.join(self.release, *names[1:]), True
        if names[:1] == ["releases"]:
            return (os.path.join(self.release, *names[2:]), True) if names[1:] else (None, False)
        whole, name = os.path.join(self.release, *names), ""
        for part in names:
            name = os.path.join(name, part)
            if self.is_deployed(name):
                return whole, True
            own = os.path.join(self.release, name)
            if os.path.islink(own) or not os.path.exists(own):
                return None, False
        return whole, False

    def led(self, path):
        """Where what a path names is read from: the release, if that has it."""
        directory, name = os.path.split(path)
        if directory in self.places:
            names = self.places[directory]
        else:
            names = self.below(os.path.abspath(directory))
            # A relative one leads elsewhere from elsewhere.
            if os.path.isabs(directory):
                self.places[directory] = names
        own, alone = (None, False) if names is None else self.own(names + [name])
        return own if own is not None and (alone or os.path.exists(own)) else path

    def is_deployed(self, name):
        """Whether a link of ours stands at a name in the base path: it is what releases have, and nobody else's."""
        try:
            return os.readlink(os.path.join(self.base, name)) == "../" * name.count("/") + "current/" + name
        except OSError:
            return False

    def directory_of(self, own, plain):
        """The plain directory in which a program of the release lies, once its links are followed."""
        place = os.path.dirname(os.path.realpath(own))
        if os.path.islink(own) and (place + "/").startswith(self.release + "/"):
            return (self.base + place[len(self.release) :]).rstrip("/")
        return plain

    def run(self, module, name):
        """Runs a program in a module's dictionary that was somebody else's until now."""
        code = compiled(os.path.join(self.release, name))
        # Where a script is found is where its links lead, and modules are looked for there.
        here = os.path.dirname(os.path.join(self.base, name))
        if sys.path[:1] == [here]:
            sys.path[0] = self.directory_of(os.path.join(self.release, name), here)
        for own in [own for own in module if not own.startswith("__")]:
            del module[own]
        run(code, module)


def compiled(program):
    """A program of a release. Its lines are shown from where they are: at its plain path may be a launcher."""
    with open(program, "rb") as file:
        return compile(file.read(), program, "exec")


def run(code, module):
    """Runs a program, of which nobody needs to see by whom it was run."""
    if module.get("__name__") == "__main__":

        def tell(kind, error, trace):
            shown = trace
            while shown is not None and shown.tb_frame.f_code.co_filename != code.co_filename:
                shown = shown.tb_next
            if shown is not None and error is not None:
                error.__traceback__ = trace = shown
            sys.__excepthook__(kind, error, trace)

        sys.excepthook = tell
    exec(code, module)


def is_launcher(path):
    try:
        with open(path, "rb") as file:
            return LAUNCHER in file.read(400)
    except OSError:
        return False


def is_program(path):
    if path.endswith((".py", ".pyw")):
        return True
    with open(path, "rb") as file:
        line = file.readline(200)
    return line.startswith(b"#!") and b"python" in line


if sys.version_info >= (3, 8):
    from _frozen_importlib import ModuleSpec
    from _frozen_importlib_external import (
        BYTECODE_SUFFIXES,
        SOURCE_SUFFIXES,
        ExtensionFileLoader,
        FileFinder,
        FileLoader,
        SourceFileLoader,
        SourcelessFileLoader,
        spec_from_file_location,
    )
    from _imp import extension_suffixes

    KINDS = (
        (ExtensionFileLoader, extension_suffixes()),
        (SourceFileLoader, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )

    class Finder:
        """Finds the modules of a directory: those of the release, and what lies beside them where something may."""

        def __init__(self, pin, path, own, names, alone):
            self.path = path
            self._pin = pin
            self._names = names
            self._own_path = own
            self._own = FileFinder(own, *KINDS)
            self._beside = None if alone else FileFinder(path, *KINDS)

        def find_spec(self, fullname, target=None):
            found = [spec for spec in (self._find_own(fullname), self._find_beside(fullname)) if spec is not None]
            # As in one directory: a package, then a module, then what has no more than a directory.
            return max(found, key=rank) if found else None

        def _find_own(self, fullname):
            spec = self._own.find_spec(fullname)
            if spec is None or (not self._names and os.path.islink(self._entry(spec, self._own_path))):
                return None
            if spec.loader is None:
                places = [self._plain(place) for place in spec.submodule_search_locations]
                spec.submodule_search_locations = places
                return spec
            path = self._plain(spec.origin)
            loader = type(spec.loader)(fullname, path)
            places = None if spec.submodule_search_locations is None else [os.path.dirname(path)]
            return spec_from_file_location(fullname, path, loader=loader, submodule_search_locations=places)

        def _plain(self, own):
            return self.path + own[len(self._own_path) :]

        def _find_beside(self, fullname):
            spec = self._beside.find_spec(fullname) if self._beside is not None else None
            if spec is None or not self._is_beside(self._entry(spec, self.path)):
                return None
            return spec

        def _is_beside(self, entry):
            name = os.path.join(*(self._names + [os.path.basename(entry)]))
            return not self._pin.is_deployed(name) and not is_launcher(entry)

        def _entry(self, spec, directory):
            """What in a directory a module was found in or as."""
            path = spec.origin if spec.loader is not None else next(iter(spec.submodule_search_locations))
            return os.path.join(directory, path[len(directory) :].lstrip("/").split("/")[0])

        def iter_modules(self, prefix=""):
            """For pkgutil."""
            import pkgutil

            found = dict(pkgutil.iter_importer_modules(self._own, prefix))
            for name, is_package in pkgutil.iter_importer_modules(self._beside, prefix) if self._beside else ():
                if self._find_beside(name[len(prefix) :]) is not None:
                    found.setdefault(name, is_package)
            return sorted(found.items())

        def invalidate_caches(self):
            for finder in (self._own, self._beside):
                if finder is not None:
                    finder.invalidate_caches()

    def led(path):
        """Where a loader reads what a path names: in the release that this process is pinned to, if that has it."""
        for hook in sys.path_hooks:
            if isinstance(hook, Pin):
                try:
                    path = hook.led(path)
                except OSError:
                    pass
        return path

    def lead_loaders():
        """Has all that loads a module from a file read the release's: what the finders found, and what is loaded by a file's
        path, as plug-ins are (spec_from_file_location())."""
        read, look = FileLoader.get_data, SourceFileLoader.path_stats
        write, create = SourceFileLoader.set_data, ExtensionFileLoader.create_module
        resources = FileLoader.get_resource_reader

        def own(self, path):
            """What lies beside a module of the release, its bytecode included, is the release's."""
            module, plain = led(self.path), os.path.join(os.path.dirname(self.path), "")
            alike = os.path.isabs(path) == os.path.isabs(self.path) and path.startswith(plain)
            if module != self.path and alike:
                return os.path.dirname(module) + "/" + path[len(plain) :]
            return led(path)

        def get_data(self, path):
            return read(self, own(self, path))

        def path_stats(self, path):
            return look(self, own(self, path))

        def set_data(self, path, data, **options):
            # Bytecode that a release doesn't have yet stays away: releases don't change.
            if own(self, path) == path:
                write(self, path, data, **options)

        def create_module(self, spec):
            if led(spec.origin) == spec.origin:
                return create(self, spec)
            module = create(self, ModuleSpec(spec.name, self, origin=led(spec.origin)))
            # Before 3.12, it is that of the file that was loaded.
            module.__file__ = spec.origin
            return module

        def get_resource_reader(self, name):
            module = led(self.path)
            return resources(self if module == self.path else type(self)(self.name, module), name)

        FileLoader.get_data, SourceFileLoader.path_stats = get_data, path_stats
        SourceFileLoader.set_data, ExtensionFileLoader.create_module = set_data, create_module
        FileLoader.get_resource_reader = get_resource_reader

    def rank(spec):
        return (spec.loader is not None, spec.submodule_search_locations is not None)

    class ProgramFinder:
        """Finds `__main__` of a path that is a program."""

        def __init__(self, pin, path, own, entry, started):
            self._path, self._own = path, own
            directory = pin.directory_of(own, os.path.dirname(path))
            is_safe = getattr(sys.flags, "safe_path", False)
            # What stands in sys.path in place of what stands there while Python asks for it.
            self._given = (entry, [directory] if started and not is_safe else [])

        def find_spec(self, fullname, target=None):
            if fullname != "__main__":
                return None
            loader = Program(fullname, self._path)
            loader.own, (loader.entry, loader.instead) = self._own, self._given
            return spec_from_file_location(fullname, self._path, loader=loader)

    class Program(SourceFileLoader):
        """Loads a program as if it was a module, which then sees what a script does."""

        def get_code(self, fullname):
            return compile("__loader__.run(globals())", __file__, "exec")

        def run(self, module):
            if self.entry in sys.path:
                index = sys.path.index(self.entry)
                sys.path[index : index + 1] = self.instead
            sys.path_importer_cache.pop(self.entry, None)
            module.update(__spec__=None, __package__=None, __cached__=None, __file__=self.entry)
            run(compiled(self.own), module)


def start():
    """As Python imports this by itself: pins the process to the release that it was given, and lets others start theirs."""
    code = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path != code]
    this = sys.modules.pop(__name__)
    try:
        if sys.version_info >= (3, 8):
            base = os.path.dirname(os.path.dirname(code))
            for release in pinned_releases():
                if release.startswith(base + "/releases/") and hold(release):
                    sys.modules[MODULE] = this
                    pin(base, release)
    except Exception:
        pass
    try:
        import sitecustomize  # noqa: F401 - the one that was there before
    except ImportError as error:
        sys.modules.setdefault(__name__, this)
        if getattr(error, "name", __name__) != __name__:
            raise


if __name__ == "sitecustomize":
    start()
