import { toNodeError } from '../../nodes/common/nodeError';
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
