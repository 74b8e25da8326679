import { ConnectionFailed, type Obstacle } from '../../nodes/shared/connection/sshMessages';
import { detailsOf, toNodeError } from '../../nodes/n8n/nodeError';
import { DeployError } from '../../nodes/shared/errors';

const NODE = {
  id: '1',
  name: 'Hot Deploy',
  type: 'n8n-nodes-hot-deploy.hotDeploy',
  typeVersion: 1,
  position: [0, 0] as [number, number],
  parameters: {},
};

it('P7: what a check printed comes out as text in the editor, which shows descriptions as HTML', () => {
  const description = 'File "<stdin>", line 1 & more\n<a href="https://example.org">log in here</a>';
  const shown = toNodeError(NODE, new DeployError('CHECK', 'It did not pass.', { description })).description;
  expect(shown).toBe(
    'File &quot;&lt;stdin&gt;&quot;, line 1 &amp; more<br>&lt;a href=&quot;https://example.org&quot;&gt;log in here&lt;/a&gt;',
  );
});

it('keeps a sentence that holds a system code', () => {
  const sentence = 'Check “x” did not pass: ENOENT: no such file. Release a is live.';
  expect(toNodeError(NODE, new DeployError('CHECK', sentence)).message).toBe(sentence);
});

it('P7: what is known of a failure never takes the place of its code or sentence', () => {
  const details = JSON.parse(
    '{"code":"DEPLOYED","message":"All is well.","error":"","__proto__":{"polluted":1},"live":"a"}',
  ) as Record<string, unknown>;
  const read = detailsOf(new DeployError('CHECK', 'It did not pass.', { details }));
  expect(Object.entries(read)).toEqual([
    ['code', 'CHECK'],
    ['live', 'a'],
  ]);
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
});

describe('what n8n and error workflows can read of it', () => {
  const error = new DeployError('CHECK', 'Check “x” did not pass.', {
    description: 'exit code 1',
    details: { live: 'a', attempted: undefined, checks: [{ name: 'x', passed: false }] },
  });
  const shown = toNodeError(NODE, error, 2);

  it('is an operation error of the item, with what was thrown as its cause and nothing said twice', () => {
    expect(shown).toMatchObject({ name: 'NodeOperationError', node: NODE, context: { itemIndex: 2 } });
    expect(shown.cause).toBe(error);
    expect(shown.messages).toEqual([]);
  });

  it('carries what the error output would carry', () => {
    const data = { code: 'CHECK', live: 'a', checks: [{ name: 'x', passed: false }] };
    expect(shown.context.data).toEqual(data);
    expect(JSON.parse(JSON.stringify(shown))).toMatchObject({ context: { data } });
  });

  const CAUSES: Array<[DeployError['code'], Record<string, unknown>, string | undefined]> = [
    ['INPUT', {}, 'configuration-invalid'],
    ['NOT_FOUND', {}, 'configuration-invalid'],
    ['PLAN_CHANGED', {}, 'configuration-invalid'],
    ['LOCKED', {}, 'temporarily-unavailable'],
    ['LOST', {}, 'temporarily-unavailable'],
    ['SOURCE_CHANGED', {}, 'temporarily-unavailable'],
    ['CONNECTION', { stage: 'connect' }, 'temporarily-unavailable'],
    ['CONNECTION', { stage: 'name' }, 'configuration-invalid'],
    ['CONNECTION', { stage: 'login' }, 'credential-invalid'],
    ['CONNECTION', { stage: 'hostKey' }, 'credential-invalid'],
    ['CONNECTION', {}, 'configuration-invalid'],
    ['CHECK', { stage: 'login' }, undefined],
    ['STEP', {}, undefined],
    ['DEPENDENCIES', { stage: 'install' }, undefined],
    ['CANCELLED', {}, undefined],
  ];
  it.each(CAUSES)('%s with %j has the failure cause %s', (code, details, cause) => {
    const { stage } = details as { stage?: Obstacle };
    const error =
      code === 'CONNECTION' && stage
        ? new ConnectionFailed('No.', { host: 'h', port: 22, username: 'u' }, stage, {})
        : new DeployError(code, 'No.', { details });
    const { failure } = toNodeError(NODE, error);
    expect(failure).toEqual(cause && { cause });
  });
});
