import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { deployTo, engineVersions, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { availablePythons } from '../../support/pythons';
import {
  needKeywords,
  offline,
  requireKeywords,
  withoutInstallerSettings,
  writeKeywords,
} from '../../support/wheels';

withoutInstallerSettings();
const make = temporaryDirectories();

test.each(availablePythons())(
  'an environment is built, started and taken back with %s',
  async (python) => {
    const wheelhouse = await make('wheelhouse');
    for (const version of ['1', '2']) writeKeywords(wheelhouse, version);
    const [source] = await engineVersions(make, 'base');
    await needKeywords(source);
    const base = await make();
    const live = () =>
      execFileSync(
        join(base, 'current/.venv/bin/python'),
        ['-c', 'import keywords, sys; print(keywords.VERSION, sys.version)'],
        {
          encoding: 'utf8',
        },
      );
    const options = { dependencies: offline(wheelhouse, { installer: 'pip' }) };
    for (const version of ['1', '2']) {
      await requireKeywords(source, version);
      const { dependencies } = await deployTo(base, source, options, { python });
      expect(dependencies).toMatchObject({ status: 'built', installer: expect.stringMatching(/^pip \d/) });
      expect(live()).toMatch(new RegExp(`^${version} ${dependencies.python}`));
    }
    const back = await rollBackTo(base, { target: 'previous' }, {}, { python });
    expect(back.dependencies.status).toBe('reused');
    expect(live()).toMatch(/^1 /);
  },
  60_000,
);
