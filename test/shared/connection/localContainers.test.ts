import { checkLocalContainer } from '../../../nodes/shared/connection/localContainers';
import { type DeployError, toDeployError } from '../../../nodes/shared/errors';

const none = { containers: undefined, commands: undefined };

test('P7: no container is reached unless the administrator lists it, and the message says how', () => {
  expect(() => checkLocalContainer('n8n', 'docker', none)).toThrow(
    expect.objectContaining({
      code: 'INPUT',
      message: '"Container" "n8n" is not allowed for the connection Local on this machine.',
      description:
        'Correct Container, or have the administrator add it to n8n’s environment variable N8N_HOT_DEPLOY_LOCAL_CONTAINERS, which lists nothing so far (separated by commas, read when n8n starts). Or use SSH.',
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

test('what is listed already is named, and no line to copy that would drop it', () => {
  const settings = { containers: 'newc-engine,newc-user', commands: '/opt/bin/docker' };
  const refused = (container: string, command: string) =>
    refusal(() => checkLocalContainer(container, command, settings)).description;
  expect(refused('newc-engin', 'docker')).toBe(
    'Correct Container, or have the administrator add it to n8n’s environment variable N8N_HOT_DEPLOY_LOCAL_CONTAINERS, which lists newc-engine, newc-user (separated by commas, read when n8n starts). Or use SSH.',
  );
  expect(refused('newc-engine', '/opt/bin/podman')).toBe(
    'Correct Container Command, or have the administrator add it to n8n’s environment variable N8N_HOT_DEPLOY_LOCAL_CONTAINER_COMMANDS, which lists /opt/bin/docker (separated by commas, read when n8n starts).',
  );
});

test.each([';', ' ', ':'])('names that are separated by %j are said to be one', (separator) => {
  const containers = `first,newc-engine${separator}newc-user`;
  const { description } = refusal(() =>
    checkLocalContainer('newc-engine', 'docker', { ...none, containers }),
  );
  expect(description).toContain(
    `“newc-engine${separator}newc-user” is taken for one name, which nothing can have: separate names by commas.`,
  );
});

function refusal(check: () => void): DeployError {
  try {
    check();
  } catch (error) {
    return toDeployError(error);
  }
  throw new Error('It was allowed.');
}
