import { checkLocalContainer } from '../../../nodes/shared/connection/localContainers';

const none = { containers: undefined, commands: undefined };

test('P7: no container is reached unless the administrator lists it, and the message says how', () => {
  expect(() => checkLocalContainer('n8n', 'docker', none)).toThrow(
    expect.objectContaining({
      code: 'INPUT',
      message: '"Container" "n8n" is not allowed for the connection Local on this machine.',
      description: expect.stringContaining('N8N_HOT_DEPLOY_LOCAL_CONTAINERS=n8n'),
    }),
  );
  expect(() => checkLocalContainer('n8n-2', 'docker', { ...none, containers: 'n8n' })).toThrow(
    /"n8n-2" is not allowed/,
  );
});

test.each(['docker', 'podman', 'nerdctl'])('a listed one is reached with %s', (command) => {
  expect(() => checkLocalContainer('engine', command, { ...none, containers: 'n8n, engine' })).not.toThrow();
});

test('P7: another program is none for containers, unless the administrator lists it', () => {
  const settings = { ...none, containers: 'engine' };
  expect(() => checkLocalContainer('engine', '/usr/bin/env', settings)).toThrow(
    /"\/usr\/bin\/env" is not allowed/,
  );
  expect(() =>
    checkLocalContainer('engine', '/opt/bin/podman', { ...settings, commands: '/opt/bin/podman' }),
  ).not.toThrow();
});
