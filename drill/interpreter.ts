import { changedPython } from '../test/support/changedPython';
import type { Fault, Phase } from './faults';

/** Where an executor meets its fault: at the `index`-th call into the system inside a verb, or before or after it. */
export interface Point {
  verb: string;
  phase: Phase;
  index: number;
  fault: Fault;
  /** Written with the executor's process id when the point is reached. */
  marker: string;
}

/** Functions of Python's `os` that are points inside a verb: what changes a disk, what looks at it, what waits. */
const CALLS = [
  ...['rename', 'symlink', 'link', 'unlink', 'fsync', 'mkdir', 'rmdir', 'chmod', 'write', 'fchmod'],
  ...['open', 'read', 'stat', 'lstat', 'readlink', 'listdir', 'scandir', 'access', 'statvfs'],
];

/** Appended to the executor's `conversation` module: sees every verb from outside, and every call from inside. */
const HOOK = `
import os as _os, signal as _signal, sys as _sys, threading as _threading, time as _time, json as _json
_inside = _threading.local()
_counts = {}
_reached = [False]

def _meet(wire):
    if _reached[0]:
        return
    _reached[0] = True
    with open(_POINT['marker'] + '.part', 'w') as handle:
        handle.write(str(_os.getpid()))
    _rename(_POINT['marker'] + '.part', _POINT['marker'])
    if _POINT['fault'] in ('executor SIGKILL', 'power loss'):
        _os.kill(_os.getpid(), _signal.SIGKILL)
    if _POINT['fault'] == 'controller SIGKILL':
        _os.kill(_os.getppid(), _signal.SIGKILL)
    # The step goes on once the executor knows what became of the other side.
    end = _time.monotonic() + 30
    while wire.gone is None and _time.monotonic() < end:
        _time.sleep(0.002)

_perform = Conversation._perform

def _faulty(self, request):
    verb = request.get('verb')
    chosen = _POINT is not None and verb == _POINT['verb']
    if chosen and _POINT['phase'] == 'before':
        _meet(self.wire)
    _inside.verb, _inside.wire = verb, self.wire
    try:
        return _perform(self, request)
    finally:
        _inside.verb = None
        if _COUNTS is not None:
            with open(_COUNTS, 'w') as handle:
                _json.dump(_counts, handle)
        if chosen and _POINT['phase'] == 'after':
            _meet(self.wire)

Conversation._perform = _faulty

def _counted(function):
    def call(*arguments, **options):
        verb = getattr(_inside, 'verb', None)
        if verb is not None:
            _counts[verb] = _counts.get(verb, 0) + 1
            if _POINT is not None and _POINT['phase'] == 'during' and verb == _POINT['verb']:
                if _counts[verb] == _POINT['index']:
                    _meet(_inside.wire)
        return function(*arguments, **options)
    return call

_rename = _os.rename
for _name in _CALLS:
    setattr(_os, _name, _counted(getattr(_os, _name)))
`;

/** Writes an interpreter to `directory` whose executor meets a fault. */
export async function faultyPython(directory: string, point: Point): Promise<string> {
  const name = [point.verb, point.phase, point.index, point.fault.replace(/\W/g, '-')].join('-');
  return hookedPython(directory, name, { point });
}

/** Writes an interpreter whose executor writes down, verb by verb, how many points there are inside. */
export async function countingPython(directory: string, counts: string): Promise<string> {
  return hookedPython(directory, 'counting', { counts });
}

async function hookedPython(
  directory: string,
  name: string,
  { point = null, counts = null }: { point?: Point | null; counts?: string | null },
): Promise<string> {
  const settings = JSON.stringify({ point, counts, calls: CALLS });
  return changedPython(
    directory,
    `python-${name}`,
    `import builtins, json
settings = json.loads(${JSON.stringify(settings)})
before = '_POINT, _COUNTS, _CALLS = %r, %r, %r\\n' % (settings['point'], settings['counts'], settings['calls'])
hook = ${JSON.stringify(HOOK)}
plain = builtins.compile
def compile(source, filename, *rest, **options):
    if filename == 'hot_deploy/conversation.py':
        source += '\\n' + before + hook
    return plain(source, filename, *rest, **options)
builtins.compile = compile`,
  );
}
