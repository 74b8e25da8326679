/** P7, P10: a command that only a shell would understand is told apart from one that runs without. */
import { spawnSync } from 'node:child_process';

import fc from 'fast-check';

import { shellOnly } from '../../../nodes/shared/release/shellOperators';
import { availablePythons } from '../../support/pythons';
import { holds } from '../../support/property';

test.each([
  ['python run.py --version && python src/selftest.py', '&&'],
  ['python a.py || true', '||'],
  ['python a.py | tee log', '|'],
  ['python a.py; python b.py', ';'],
  ['python a.py > out.txt', '>'],
  ['python a.py 2>&1', '>'],
  ['python a.py < in.txt', '<'],
  ['python server.py &', '&'],
  ['cd src', 'cd'],
  ['  cd src && python a.py', 'cd'],
  ['python a.py "x" && y', '&&'],
])('%s: %s', (command, found) => expect(shellOnly(command)).toBe(found));

test.each([
  'python run.py extract sample.pdf',
  `sh -c 'python run.py --version && python src/selftest.py'`,
  `python -c "import sys; print(1 < 2 or 3 > 2)"`,
  'python fetch.py http://localhost/?a=1&b=2',
  'python run.py a\\;b c\\|d \\> e',
  'cdparanoia -v',
  'python cd',
  `python -c 'it'"'"'s | fine'`,
  '',
])('runs without a shell: %s', (command) => expect(shellOnly(command)).toBeUndefined());

/** As Python's own splitter sees it, which the engine's side uses: its runs of operators are words of their own. */
const JUDGE = `
import json, shlex, sys
def judged(text):
    lexer = shlex.shlex(text, posix=True, punctuation_chars='|;<>')
    lexer.commenters = ''
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return None
print(json.dumps([judged(text) for text in json.load(sys.stdin)]))
`;

const piece = fc.constantFrom('a', ' ', '"', "'", '\\', '|', ';', '<', '>', 'x y', '-c', '"a b"', "'|'");
const command = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

test('P7: an operator is found where Python’s splitter finds one outside of quotes', () => {
  holds(
    fc.array(command, { minLength: 400, maxLength: 400 }),
    (commands) => {
      const { stdout } = spawnSync(availablePythons()[0] as string, ['-c', JUDGE], {
        input: JSON.stringify(commands),
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      const judged = JSON.parse(stdout) as (string[] | null)[];
      // A word of operators alone may have been quoted, which the splitter no longer tells.
      const mayBeQuoted = /["'\\][|;<>]+["']?/;
      const compared = commands
        .map((each, index) => ({ each, words: judged[index] }))
        .filter(({ each, words }) => words && !mayBeQuoted.test(each));
      expect(compared.length).toBeGreaterThan(50);
      for (const { each, words } of compared) {
        const expected = words?.some((word) => /^[|;<>]+$/.test(word));
        expect([each, shellOnly(each) !== undefined]).toEqual([each, expected]);
      }
    },
    4,
  );
});
