import { NodeHelpers } from 'n8n-workflow';
import type { IDataObject, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { HotDeployEngineSecretsApi } from '../../credentials/HotDeployEngineSecretsApi.credentials';
import { HotDeploySshApi } from '../../credentials/HotDeploySshApi.credentials';
import { HotDeployWebhookApi } from '../../credentials/HotDeployWebhookApi.credentials';
import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { HotDeployTrigger } from '../../nodes/HotDeployTrigger/HotDeployTrigger.node';
import { RollbackExtractionEngine } from '../../nodes/RollbackExtractionEngine/RollbackExtractionEngine.node';
import { RunExtractionEngine } from '../../nodes/RunExtractionEngine/RunExtractionEngine.node';
import '../support/withoutProcesses';

const hotDeploy = new HotDeploy().description;
const trigger = new HotDeployTrigger().description;
const rollback = new RollbackExtractionEngine().description;
const run = new RunExtractionEngine().description;
const credential = new HotDeploySshApi();
const secretsCredential = new HotDeployEngineSecretsApi();
const webhookCredential = new HotDeployWebhookApi();

const DESCRIPTIONS: Array<[string, INodeProperties[]]> = [
  ['hotDeploy', hotDeploy.properties],
  ['rollbackExtractionEngine', rollback.properties],
  ['runExtractionEngine', run.properties],
  ['hotDeployTrigger', trigger.properties],
  ['hotDeploySshApi', credential.properties],
  ['hotDeployWebhookApi', webhookCredential.properties],
  ['hotDeployEngineSecretsApi', secretsCredential.properties],
];

interface Placed {
  property: INodeProperties;
  /** The properties it stands among. */
  siblings: INodeProperties[];
}

/** All properties, those inside collections too. */
function everyProperty(siblings: INodeProperties[]): Placed[] {
  return siblings.flatMap((property) => [
    { property, siblings },
    ...groupsIn(property).flatMap(everyProperty),
  ]);
}

function groupsIn({ type, options = [] }: INodeProperties): INodeProperties[][] {
  if (type === 'collection') return [options as INodeProperties[]];
  if (type !== 'fixedCollection') return [];
  return options.map((option) => ('values' in option ? option.values : []));
}

function named(properties: INodeProperties[], name: string): INodeProperties {
  const found = properties.find((property) => property.name === name);
  if (!found) throw new Error(`There is no parameter "${name}"`);
  return found;
}

const names = (properties: INodeProperties[]) => properties.map(({ name }) => name);
const valuesOf = ({ options = [] }: INodeProperties) =>
  options.map((option) => (option as INodePropertyOptions).value);

describe.each(DESCRIPTIONS)('%s', (_name, root) => {
  const all = everyProperty(root);

  test('shows fields depending on fields and values that exist', () => {
    for (const { property, siblings } of all) {
      for (const [path, values] of Object.entries(property.displayOptions?.show ?? {})) {
        // Decided by n8n: whether the node is a tool.
        if (path === '@tool') continue;
        const deciding = path.startsWith('/') ? named(root, path.slice(1)) : named(siblings, path);
        expect(valuesOf(deciding)).toEqual(expect.arrayContaining(values as unknown[]));
      }
    }
  });

  test('has defaults that its fields accept', () => {
    for (const { property } of all) {
      const { type, default: value, typeOptions = {} } = property;
      if (type === 'options') expect(valuesOf(property)).toContain(value);
      if (type === 'multiOptions') expect(valuesOf(property)).toEqual(expect.arrayContaining(value as []));
      if (typeOptions.multipleValues && type === 'string') expect(value).toEqual([]);
      else if (type === 'boolean' || type === 'string') expect(typeof value).toBe(type);
      if (type === 'number') {
        expect(value).toBeGreaterThanOrEqual(typeOptions.minValue ?? 0);
        expect(value).toBeLessThanOrEqual(typeOptions.maxValue ?? Infinity);
      }
      if (type === 'collection' || type === 'fixedCollection') expect(value).toEqual({});
    }
  });

  test('has every name once among its siblings', () => {
    for (const siblings of new Set(all.map((placed) => placed.siblings))) {
      expect(new Set(names(siblings)).size).toBe(siblings.length);
    }
  });

  test('explains every field a person fills in', () => {
    const filledIn = all.filter(
      ({ property }) => property.type !== 'notice' && property.name !== 'operation',
    );
    const unexplained = filledIn.filter(
      ({ property }) => !property.description && groupsIn(property).length === 0,
    );
    expect(unexplained.map(({ property }) => property.name)).toEqual([]);
  });
});

test('the fields of a container suggest the engine’s, and say what reaches it', () => {
  for (const { properties } of [hotDeploy, rollback]) {
    const container = named(properties, 'container');
    expect(container.placeholder).toBe('engine');
    expect(container.description).toMatch(/with docker; the option Container Command names another/);
    const { options } = named(properties, 'connection');
    expect(options).toContainEqual({
      name: 'Local',
      value: 'local',
      description: 'The engine runs on this machine, n8n’s own, or in a container on it',
    });
  }
});

test('Extraction Wait says how long it waits at least', () => {
  const options = named(rollback.properties, 'options').options as INodeProperties[];
  expect(named(options, 'extractionWaitSeconds').description).toMatch(/the wait is 10 s at least/);
});

describe('the contract', () => {
  const onEveryNode = [
    'operation',
    'connection',
    'hostOverride',
    'basePath',
    'runtime',
    'container',
    'options',
  ];
  const everyOption = ['python', 'containerCommand', 'commandTimeoutSeconds', 'lockWaitSeconds'];
  const defaults = (properties: INodeProperties[]) =>
    NodeHelpers.getNodeParameters(properties, {}, true, false, null, null) as IDataObject;
  const optionsOf = (properties: INodeProperties[]) =>
    named(properties, 'options').options as INodeProperties[];

  test('Hot Deploy has its names, values and defaults', () => {
    const { name, displayName, properties } = hotDeploy;
    expect({ name, displayName }).toEqual({ name: 'hotDeploy', displayName: 'Hot Deploy' });
    expect(names(properties)).toEqual(
      expect.arrayContaining([
        ...onEveryNode,
        ...[
          'source',
          'sourceDirectory',
          'binaryProperty',
          'include',
          'exclude',
          'entrypoint',
          'dependencies',
          'checks',
        ],
      ]),
    );
    expect(valuesOf(named(properties, 'operation'))).toEqual(
      expect.arrayContaining(['deploy', 'plan', 'repair', 'status']),
    );
    expect(valuesOf(named(properties, 'source'))).toEqual(expect.arrayContaining(['binary', 'directory']));
    expect(valuesOf(named(properties, 'dependencies'))).toContain('none');
    expect(defaults(properties)).toMatchObject({
      operation: 'deploy',
      connection: 'ssh',
      basePath: '/app',
      runtime: 'host',
      include: 'src/**, config/**, run.py, requirements.txt',
      entrypoint: 'run.py',
      simplify: true,
    });
    expect(named(properties, 'binaryProperty').default).toBe('data');
    const options = Object.fromEntries(optionsOf(properties).map((option) => [option.name, option.default]));
    expect(Object.keys(options)).toEqual(expect.arrayContaining(everyOption));
    expect(options).toMatchObject({
      python: 'python3',
      containerCommand: 'docker',
      lockWaitSeconds: 0,
      createBackup: true,
      keepReleases: 10,
      keepBackups: 10,
      deployUnchanged: false,
      n8nHealthUrl: '',
    });
  });

  test('Rollback Extraction Engine has its names and values', () => {
    const { name, displayName, properties } = rollback;
    expect({ name, displayName }).toEqual({
      name: 'rollbackExtractionEngine',
      displayName: 'Rollback Extraction Engine',
    });
    expect(names(properties)).toEqual(
      expect.arrayContaining([...onEveryNode, 'target', 'release', 'backup', 'entrypoint', 'checks']),
    );
    expect(valuesOf(named(properties, 'operation'))).toEqual(
      expect.arrayContaining(['detach', 'getAll', 'prune', 'rollback']),
    );
    expect(valuesOf(named(properties, 'target')).sort()).toEqual(['backup', 'previous', 'release']);
    expect(named(properties, 'release').type).toBe('resourceLocator');
    expect(named(properties, 'backup').type).toBe('resourceLocator');
    expect(defaults(properties)).toMatchObject({ simplify: true });
    const options = optionsOf(properties);
    expect(names(options)).toEqual(expect.arrayContaining(everyOption));
    // Only pruning removes what is beyond these numbers.
    for (const name of ['keepReleases', 'keepBackups']) {
      expect(named(options, name).displayOptions).toEqual({ show: { '/operation': ['prune'] } });
    }
  });

  test('Hot Deploy Trigger has its names, values and defaults', () => {
    const { name, displayName, properties, webhooks, inputs } = trigger;
    expect({ name, displayName, inputs }).toEqual({
      name: 'hotDeployTrigger',
      displayName: 'Hot Deploy Trigger',
      inputs: [],
    });
    const { include } = defaults(hotDeploy.properties);
    expect(defaults(properties)).toMatchObject({
      forge: 'automatic',
      repositories: '',
      references: 'main',
      referenceKinds: ['branch'],
      include,
      exclude: '',
      subdirectory: '',
      options: {},
    });
    expect(valuesOf(named(properties, 'forge'))).toEqual(
      expect.arrayContaining(['automatic', 'github', 'gitlab', 'gitea', 'bitbucket']),
    );
    // Answered at once with what was decided, whatever follows takes.
    expect(webhooks).toEqual([
      { name: 'default', httpMethod: 'POST', path: 'webhook', responseMode: 'onReceived', responseData: '' },
    ]);
  });

  test('the webhook credential hides its secret, and no parameter of the trigger holds one', () => {
    expect(names(secretsCredential.properties)).toEqual(['secretVariables', 'pass']);
    expect(named(secretsCredential.properties, 'secretVariables').typeOptions?.password).toBe(true);
    expect(names(webhookCredential.properties)).toEqual(['secret']);
    expect(named(webhookCredential.properties, 'secret').typeOptions?.password).toBe(true);
    expect(names(trigger.properties).filter((name) => /secret|token|password/i.test(name))).toEqual([]);
    expect(trigger.credentials).toEqual([
      { name: 'hotDeployWebhookApi', required: true, testedBy: 'hotDeployWebhookApiTest' },
    ]);
  });

  test.each([
    ['Hot Deploy', hotDeploy],
    ['Rollback Extraction Engine', rollback],
  ])('%s has checks with these fields', (_name, { properties }) => {
    const [check] = groupsIn(named(properties, 'checks'));
    expect(names(check).sort()).toEqual(
      [
        'type',
        'name',
        'code',
        'command',
        'arguments',
        'url',
        'method',
        'headers',
        'expectedStatus',
        'expectedText',
        'expectedJson',
        'ignoreSslIssues',
        'startCommand',
        ...[
          'inputsFrom',
          'binaryFields',
          'inputDirectory',
          'maxInputs',
          'maxMinutes',
          'onDifferent',
          'differenceDigest',
          'ignoreFields',
        ],
        ...['listKeys', 'tolerance', 'engineLimit', 'allowNetwork'],
        'leaveOut',
        'when',
        'timeoutSeconds',
        'environment',
      ].sort(),
    );
    expect(valuesOf(named(check, 'type')).sort()).toEqual([
      ...['command', 'compile', 'engine', 'http', 'json', 'python', 'replay'],
    ]);
    expect(valuesOf(named(check, 'when')).sort()).toEqual(['after', 'before', 'both']);
  });

  test('the credential has its names and hides its secrets', () => {
    expect(credential).toMatchObject({ name: 'hotDeploySshApi', displayName: 'Hot Deploy SSH API' });
    const login = ['privateKey', 'passphrase', 'password'];
    const jumped = (name: string) => `jump${name[0].toUpperCase()}${name.slice(1)}`;
    const secrets = [...login, ...login.map(jumped), 'sudoPassword'];
    const host = ['host', 'port', 'username', 'authentication', 'hostKeyFingerprint'];
    const way = ['route', 'connectTimeoutSeconds', 'idleTimeoutSeconds'];
    const others = [...host, ...host.map(jumped), ...way, 'become', 'access'];
    expect(names(credential.properties).sort()).toEqual([...secrets, ...others].sort());
    for (const name of secrets) expect(named(credential.properties, name).typeOptions?.password).toBe(true);
    const ssh = { name: 'hotDeploySshApi', required: true, testedBy: 'hotDeploySshApiTest' };
    for (const { credentials } of [hotDeploy, rollback]) expect(credentials?.[0]).toMatchObject(ssh);
  });
});
