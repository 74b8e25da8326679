import { choice, collection, display, type Field, field, flag, text } from '../n8n/field';
import { exclude, include } from '../n8n/selectionFields';
import { readChoice } from '../n8n/values';
import { FORGES } from '../shared/push/push';

const KINDS = ['branch', 'tag'] as const;

const setupNotice = display({
  displayName:
    'Add a webhook for pushes in the forge: the URL above, the content type application/json, and the secret of the credential. No access token is needed.',
  name: 'setupNotice',
  type: 'notice',
  default: '',
});

export const forge = choice(['automatic', ...FORGES], {
  displayName: 'Forge',
  name: 'forge',
  noDataExpression: true,
  options: [
    {
      name: 'Automatic',
      value: 'automatic',
      description: 'By the headers of each request; every forge has to use the same secret',
    },
    { name: 'Bitbucket Cloud', value: 'bitbucket' },
    { name: 'Gitea or Forgejo', value: 'gitea' },
    { name: 'GitHub', value: 'github' },
    { name: 'GitLab', value: 'gitlab' },
  ],
  default: 'automatic',
  description: 'Whose webhooks are let in',
});

export const repositories = text({
  displayName: 'Repositories',
  name: 'repositories',
  typeOptions: { rows: 2 },
  default: '',
  required: true,
  placeholder: 'https://github.com/owner/name.git',
  description:
    'Whose pushes are let in: addresses separated by commas or lines, such as git@host:owner/name.git or host/owner/name. The output has the address as it is written here.',
});

export const references = text({
  displayName: 'References',
  name: 'references',
  default: 'main',
  required: true,
  placeholder: 'main, release/*, refs/tags/v*',
  description:
    'Branches or tags that are acted on: names and globs, separated by commas or lines. * stays within a part of a name, ** spans several; refs/heads/… and refs/tags/… mean just that.',
});

export const referenceKinds = field(
  {
    displayName: 'Reference Kinds',
    name: 'referenceKinds',
    type: 'multiOptions',
    options: [
      { name: 'Branches', value: 'branch' },
      { name: 'Tags', value: 'tag' },
    ],
    default: ['branch'],
    description:
      'What References names. A tag can have the name of a protected branch, so choose tags only where they are wanted.',
  },
  (value, called) => [value].flat().map((kind) => readChoice(called, kind, KINDS)),
);

export const subdirectory = text({
  displayName: 'Subdirectory',
  name: 'subdirectory',
  default: '',
  placeholder: 'engine',
  description: 'Directory of the repository that holds the engine, if it is not its root',
});

export const options = collection(
  { displayName: 'Options', name: 'options', placeholder: 'Add Option' },
  {
    neverForced: flag({
      displayName: 'Branches Are Never Force-Pushed',
      name: 'neverForced',
      default: false,
      description:
        'Whether to trust the paths that GitLab and Gitea list. They don’t say whether a push was forced and took commits away; turn it on when the chosen branches are protected against that.',
    }),
    emitAll: flag({
      displayName: 'Emit Every Push',
      name: 'emitAll',
      default: false,
      description:
        'Whether to start the workflow also for pushes that need no deployment, with the field deploy standard or none',
    }),
  },
);

/** Everything the trigger asks for. */
export const triggerFields: Field[] = [
  setupNotice,
  forge,
  repositories,
  references,
  referenceKinds,
  explained(
    include,
    'The same as in Hot Deploy: a push that changes none of these paths needs no deployment. Names and globs, separated by commas or lines.',
  ),
  explained(exclude, 'The same as in Hot Deploy: what of that is not deployed'),
  subdirectory,
  options,
];

/** A field of the other nodes, in words for this one. */
function explained(shared: Field, description: string): Field {
  return { ...shared, property: { ...shared.property, description } };
}
