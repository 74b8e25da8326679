import type { IBinaryData, IDataObject, INode } from 'n8n-workflow';

import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n } from '../support/n8n';
import { checks, credentialFor, hotDeploy, onlyJson, openN8n, rollback } from '../support/nodes';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let versions: string[];

beforeAll(async () => {
  sshd = await startSshd();
  // In memory, so that an item holds the very bytes.
  n8n = await openN8n(credentialFor(sshd), { binaryData: 'memory' });
  versions = await engineVersions(make, 'base', 'v2');
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

const reported = { options: { report: true } };
const hostile = {
  type: 'command',
  name: '<img src=x onerror=alert(1)>',
  command: 'python -c "print(\'<script>alert(1)</script>\'); raise SystemExit(1)"',
  when: 'before',
};

async function deployed(parameters: IDataObject, rest: Partial<INode> = {}) {
  return n8n.run(chain(hotDeploy({ sourceDirectory: versions[0], ...parameters }, rest)));
}

const contentOf = ({ data }: IBinaryData) => Buffer.from(data, 'base64').toString('utf8');

test('a deployment carries a report on request, and so does going back', async () => {
  const basePath = await make('app');
  const first = onlyJson(await deployed({ basePath }));
  const result = await deployed({ basePath, sourceDirectory: versions[1], ...reported });
  const { release } = onlyJson(result);
  const { report, reportView } = result.output('Hot Deploy')[0].binary ?? {};
  expect(report).toMatchObject({ fileName: `hot-deploy-${String(release)}.html`, mimeType: 'text/html' });
  // What n8n's viewer needs to show it: no "text/html", and the kind of file all the same.
  expect(reportView).toMatchObject({ mimeType: 'text/plain', fileType: 'html', data: report.data });
  const text = contentOf(report);
  for (const part of [`Deployed: ${String(release)}`, String(first.release), 'src/matcher.py', 'switch']) {
    expect(text).toContain(part);
  }

  const back = await n8n.run(chain(rollback({ basePath, ...reported })));
  const file = back.output('Rollback')[0].binary?.report;
  expect(file?.fileName).toBe(`hot-deploy-${String(first.release)}.html`);
  expect(contentOf(file as IBinaryData)).toContain('Rolled back');
});

test('nothing is carried unless it is asked for', async () => {
  const result = await deployed({ basePath: await make('app') });
  expect(result.output('Hot Deploy')[0].binary).toBeUndefined();
});

test.each(['continueRegularOutput', 'continueErrorOutput'] as const)(
  'P7: what did not go live has a report, too (%s), and nothing that a check is called or prints is markup',
  async (onError) => {
    const parameters = { basePath: await make('app'), checks: checks(hostile), ...reported };
    const result = await deployed(parameters, { onError });
    const [{ binary }] = result.output('Hot Deploy', onError === 'continueErrorOutput' ? 1 : 0);
    const text = contentOf(binary?.report as IBinaryData);
    expect(text).toContain('Did not go live');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toMatch(/<script|<img/);
  },
);

test('what never got to the engine has one that says so', async () => {
  const parameters = { basePath: await make('app'), hostOverride: 'nowhere.invalid', ...reported };
  const result = await deployed(parameters, { onError: 'continueRegularOutput' });
  expect(contentOf(result.output('Hot Deploy')[0].binary?.report as IBinaryData)).toContain(
    'nowhere.invalid',
  );
});
