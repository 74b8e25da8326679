import { checks } from '../n8n/checkFields';
import { entrypoint } from '../n8n/engineFields';
import { choice, flag, neverEmptied, option, trimmed } from '../n8n/field';
import type { ItemContext } from '../n8n/item';
import { locationFields } from '../n8n/locationFields';
import { progressOf } from '../n8n/progress';
import { readWatch } from '../n8n/rolloutFields';
import { exclude, include, readSelection, shared } from '../n8n/selectionFields';
import { serviceFields } from '../n8n/serviceFields';
import { connectAnd } from '../n8n/sideBySide';
import { readSwitch } from '../n8n/switchOperation';
import type { ExecutorClient } from '../shared/executor/client';
import { type DeployOptions, PINNINGS } from '../shared/release/options';
import type { Bundle } from '../shared/source/bundle';
import type { Source } from '../shared/source/source';
import { dependencyFields, readDependencies } from './dependencies/dependencyFields';
import { openSource, sourceFields } from './source/openSource';

/** What a deployment and its plan ask for. */
export const deploymentFields = [
  ...locationFields,
  ...sourceFields,
  include,
  exclude,
  entrypoint,
  ...dependencyFields,
  checks,
  ...serviceFields,
];

export const deployUnchanged = option(
  flag({
    displayName: 'Deploy Unchanged',
    name: 'deployUnchanged',
    default: false,
    description: 'Whether to make and switch to a new release even when its content is what is live',
  }),
);

export const removeOldCode = option(
  flag({
    displayName: 'Remove Old Code',
    name: 'removeOldCode',
    default: false,
    description:
      'Whether a first deployment may be without code (.py, .so) that only the base path has. Without this it is refused and names the files.',
  }),
);

export const pinning = option(
  choice(PINNINGS, {
    displayName: 'Pinning',
    name: 'pinning',
    default: 'auto',
    options: [
      {
        name: 'In Place Where Possible',
        value: 'auto',
        description:
          'Runs see their plain directory, with one release in it; where the kernel forbids that, they are pinned by code',
      },
      {
        name: 'In Place',
        value: 'place',
        description: 'As above, and a deployment is refused where the kernel forbids it',
      },
      {
        name: 'By Code',
        value: 'code',
        description:
          'Modules and programs are one release’s, at their plain paths; data files that are opened late are those of what is live',
      },
      {
        name: 'In the Release',
        value: 'release',
        description: 'Runs are started in the release’s directory, which has links to what lies beside',
      },
      {
        name: 'In the Release, Working There',
        value: 'inside',
        description:
          'As above, with the release as working directory in place of the base path: what is opened relative to that is one release’s, and nothing can be written there',
      },
    ],
    description: 'How runs of this version go on with one release while others are deployed',
  }),
);

export const expectedDigest = option(
  neverEmptied(
    trimmed({
      displayName: 'Expected Digest',
      name: 'expectedDigest',
      default: '',
      placeholder: '={{ $json.source.digest }}',
      description:
        'The source.digest of a deployment elsewhere, such as to staging: only the very same bytes are deployed',
    }),
  ),
);

export const planDigest = option(
  neverEmptied(
    trimmed({
      displayName: 'Plan Digest',
      name: 'planDigest',
      default: '',
      placeholder: '={{ $json.planDigest }}',
      description:
        'The planDigest of Plan Deployment: the deployment goes ahead only if the plan would still be the same',
    }),
  ),
);

/** Opens source and engine side by side for as long as `work` takes. */
export async function withDeployment<T>(
  item: ItemContext,
  options: DeployOptions,
  work: (client: ExecutorClient, source: Source | Bundle) => Promise<T>,
): Promise<T> {
  const [client, source] = await connectAnd(item, options, () => openSource(item, options.selection));
  try {
    return await work(client, source);
  } finally {
    await source.close();
  }
}

/** The options of a deployment, as the item's parameters have them. */
export async function readDeployment(item: ItemContext): Promise<DeployOptions> {
  const { read, node, signal } = item;
  const options = readSwitch(item);
  const patterns = shared.read(read);
  return {
    ...options,
    selection: { ...readSelection(read), ...(patterns.length > 0 && { shared: patterns }) },
    dependencies: await readDependencies(item),
    deployUnchanged: deployUnchanged.read(read),
    removeOldCode: removeOldCode.read(read),
    pinning: pinning.read(read),
    expectedDigest: expectedDigest.read(read) || undefined,
    planDigest: planDigest.read(read) || undefined,
    watch: readWatch(read),
    onStep: progressOf(node, options.basePath),
    signal,
  };
}
