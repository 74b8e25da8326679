/** What a switch does for a service, as the fields have it. */
import { within } from '../../nodes/n8n/field';
import { readService } from '../../nodes/n8n/serviceFields';
import type { ServiceOptions } from '../../nodes/shared/release/servicePolicy';

const read = (values: object): ServiceOptions => readService(within(values));
const reload = (values: object): ServiceOptions => read({ service: 'reload', ...values });
const timeoutSeconds = 60;

test('untouched, a service is handed over where serve.py runs it', () => {
  expect(read({})).toEqual({ method: 'auto', readySeconds: 60, drainSeconds: 30, keepOldSeconds: 0 });
});

test('times come from the options, and minutes are told as seconds', () => {
  const options = { readySeconds: 5, drainSeconds: 0, keepOldMinutes: 2 };
  expect(read({ service: 'handOver', options })).toEqual({
    method: 'handOver',
    readySeconds: 5,
    drainSeconds: 0,
    keepOldSeconds: 120,
  });
});

test('None', () => {
  expect(read({ service: 'none', reloadBy: 'unit', unit: '' })).toEqual({ method: 'none' });
});

test.each([
  [
    { reloadBy: 'command', reloadCommand: ['supervisorctl', 'restart', '$(x)', '-7'] },
    { by: 'command', command: ['supervisorctl', 'restart', '$(x)', '-7'] },
  ],
  [
    { reloadBy: 'container', serviceContainer: ' engine_1.a-b ' },
    { by: 'container', container: 'engine_1.a-b' },
  ],
  [
    { reloadBy: 'unit', unit: 'engine@1.service' },
    { by: 'unit', unit: 'engine@1.service', unitAction: 'restart', userUnit: false },
  ],
  [
    { reloadBy: 'unit', unit: 'a\\x2db.service', unitAction: 'reload', userUnit: true },
    { by: 'unit', unit: 'a\\x2db.service', unitAction: 'reload', userUnit: true },
  ],
  [
    { reloadBy: 'pidFile', pidFile: 'run/engine.pid' },
    { by: 'pidFile', path: 'run/engine.pid', signal: 'HUP' },
  ],
  [
    { reloadBy: 'processes', signal: 'TERM' },
    { by: 'processes', signal: 'TERM' },
  ],
])('reload by %j', (given, action) => {
  expect(reload(given)).toEqual({ method: 'reload', reload: { ...action, timeoutSeconds } });
});

test.each([
  [{ reloadBy: 'command' }, 'Reload Command is empty. Add the program and its arguments.'],
  [{ reloadBy: 'command', reloadCommand: [{}] }, 'Reload Command holds something else than texts.'],
  [{ reloadBy: 'container', serviceContainer: '--all' }, 'Container to Restart "--all" is no name of one.'],
  [{ reloadBy: 'container', serviceContainer: '' }, 'Container to Restart "" is no name of one.'],
  [{ reloadBy: 'unit', unit: '--now' }, 'Unit "--now" is no name of one.'],
  [{ reloadBy: 'unit', unit: 'a; reboot' }, 'Unit "a; reboot" is no name of one.'],
  [{ reloadBy: 'unit', unit: 'a\nb' }, 'is no name of one.'],
  [{ reloadBy: 'pidFile', pidFile: ' ' }, 'PID File is empty.'],
  [{ reloadBy: 'processes', signal: 'KILL' }, 'KILL'],
  [{ reloadBy: 'hope' }, 'hope'],
])('P7: %j is refused by a sentence that names the field', (given, sentence) => {
  expect(() => reload(given)).toThrow(expect.objectContaining({ code: 'INPUT' }));
  expect(() => reload(given)).toThrow(sentence);
});
