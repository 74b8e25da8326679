import type { RepositoryAddress } from './address';

/** What `git` may know of n8n's environment: where programs, temporary files, proxies and certificates are. */
const PASSED_ON =
  /^(?:PATH|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|GIT_SSL_CAINFO|GIT_SSL_CAPATH|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|all_proxy|ALL_PROXY)$/;

/**
 * The environment of `git`: no configuration but ours, no prompts, no hooks, no transport but the address's own, and
 * nobody's home directory, whose `.netrc` and keys are not the workflow's.
 *
 * @param directory the repository, whatever lies around it
 * @param talks whether this run may talk to a server; a cached repository that lacks an object would otherwise ask for
 * it, one by one
 */
export function gitEnvironment(
  own: NodeJS.ProcessEnv,
  { kind, url }: Pick<RepositoryAddress, 'kind' | 'url'>,
  { credentialHelper, sshCommand }: { credentialHelper: string; sshCommand: string },
  { directory, talks }: { directory: string; talks: boolean },
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && PASSED_ON.test(name)) environment[name] = value;
  }
  const settings = settingsFor({ kind, url }, { credentialHelper });
  environment.GIT_CONFIG_COUNT = String(settings.length);
  settings.forEach(([key, value], index) => {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return {
    ...environment,
    GIT_DIR: directory,
    GIT_LITERAL_PATHSPECS: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: talks ? kind : 'none',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_SSH_COMMAND: sshCommand,
    GIT_SSH_VARIANT: 'ssh',
    GIT_OPTIONAL_LOCKS: '0',
    HOME: '/nonexistent',
    LC_ALL: 'C',
  };
}

/** Configuration, which wins over every other. */
function settingsFor(
  { kind, url }: Pick<RepositoryAddress, 'kind' | 'url'>,
  { credentialHelper }: { credentialHelper: string },
): Array<[string, string]> {
  return [
    ['remote.origin.url', url],
    // Of this machine, exactly the directory that was looked at, and none like it.
    ...(kind === 'file'
      ? [['remote.origin.uploadpack', 'git-upload-pack --strict'] as [string, string]]
      : []),
    ['remote.origin.promisor', 'true'],
    // The first, empty one forgets those of other configurations.
    ['credential.helper', ''],
    ['credential.helper', credentialHelper],
    ['protocol.version', '2'],
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['core.askPass', ''],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['fetch.negotiationAlgorithm', 'default'],
    ['fetch.fsckObjects', 'false'],
    // Few objects would otherwise become a file each.
    ['fetch.unpackLimit', '1'],
    // From here on content is passed on without holding it in memory.
    ['core.bigFileThreshold', '16m'],
    // A server that sends less than this for so long has gone away.
    ['http.lowSpeedLimit', '100'],
    ['http.lowSpeedTime', '60'],
  ];
}
