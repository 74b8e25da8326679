import { readFileSync } from 'node:fs';

import { runProgram } from '../../../nodes/shared/git/runProgram';
import { thrownBy } from '../../support/thrown';

const options = { directory: '/', environment: { PATH: process.env.PATH ?? '' } };
const sh = (script: string, changes = {}) => runProgram(['sh', '-c', script], { ...options, ...changes });

describe.each([true, false])('guarded: %s', (guard) => {
  test('input, output, complaints and exit code are the program’s own', async () => {
    const input = ['one\n', 'two\n'];
    const ran = await sh('cat; echo complaint >&2; exit 3', { guard, input });
    expect(ran).toEqual({ code: 3, stdout: Buffer.from('one\ntwo\n'), stderr: 'complaint\n' });
  });

  test('arguments are passed on as they are', async () => {
    const argument = '"$(id)" \'\\ \n* ;';
    const ran = await runProgram(['printf', '%s', argument], { ...options, guard });
    expect(ran.stdout.toString()).toBe(argument);
  });

  test('a program that a signal ended has no exit code', async () => {
    expect((await sh('kill -KILL $$', { guard })).code).toBeNull();
  });

  test('git’s own codes stay what they are', async () => {
    expect((await sh('exit 128', { guard })).code).toBe(128);
    expect((await sh('exit 129', { guard })).code).toBe(129);
  });

  test('one that is not there is a sentence', async () => {
    const started = runProgram(['no-such-program'], { ...options, guard });
    expect(await thrownBy(started)).toMatchObject({
      code: 'INPUT',
      message: "The program no-such-program can't be started on n8n’s machine (ENOENT).",
    });
  });

  test('what ignores being asked to end is ended, with all that it started', async () => {
    const controller = new AbortController();
    const script = 'trap "" TERM; (trap "" TERM; sleep 100) & echo; wait; sleep 100';
    const ended = thrownBy(sh(script, { guard, signal: controller.signal }));
    setTimeout(() => controller.abort(), 100);
    expect(await ended).toMatchObject({ code: 'CANCELLED' });
  });

  test('no process is left that nobody waits for', async () => {
    const before = children();
    for (let round = 0; round < 5; round += 1) await sh('true', { guard });
    expect(children()).toEqual(before);
  });
});

/** Processes whose parent is this one, ended ones that were not waited for included. */
function children(): string {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
}
