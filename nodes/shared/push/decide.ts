import type { CommitId } from '../contract/names';
import { quote } from '../source/quote';
import type { CompiledSelection } from '../source/patterns';
import { everyPath } from './changedPaths';
import type { Deliveries, Delivery } from './deliveries';
import { readReference, type Reference } from './gitNames';
import type { ReferenceFilter } from './references';
import { findRepository, type Repository } from './repositories';
import type { DeployKind, Push } from './push';

/** What a trigger is set up for. */
export interface TriggerSettings {
  repositories: readonly Repository[];
  selects: ReferenceFilter;
  /** What is deployed, relative to `subdirectory`. */
  selection: CompiledSelection;
  /** Where in the repository the engine is; empty for its root. */
  subdirectory: string;
  /** Whether pushes that need no deployment are let through too. */
  emitAll: boolean;
  /** Whether a push counts as not forced where the forge doesn't say. */
  neverForced: boolean;
}

/** What was decided about one reference of a push. */
export type Decision = Ignored | Accepted;

interface Decided {
  push: Push;
  reason: string;
  /** The key under which a later delivery of the same is told from a new one; left out where it may be decided anew. */
  remember?: string;
}

export interface Ignored extends Decided {
  decision: 'ignored';
  deploy?: DeployKind;
  pathsKnown?: boolean;
}

export interface Accepted extends Decided {
  decision: 'accepted';
  deploy: DeployKind;
  pathsKnown: boolean;
  /** The names in the push, verified. */
  commit: CommitId;
  repository: Repository;
  named: Reference;
}

/** Decides about one reference of a push. Throws `INPUT` for an unusable name. */
export function decide(
  push: Push,
  delivery: Delivery,
  settings: TriggerSettings,
  deliveries: Deliveries,
): Decision {
  const ignored = (reason: string): Ignored => ({ decision: 'ignored', reason, push });
  const { reference, commit } = push;
  const named = readReference(reference);
  if (!named) return ignored(`${quote(reference)} is neither a branch nor a tag.`);
  const repository = findRepository(settings.repositories, push.addresses);
  if (!repository) {
    return ignored(`The trigger is not set up for the repository ${quote(push.addresses[0] ?? '')}.`);
  }
  if (!settings.selects(named)) {
    return ignored(`The trigger is not set up for the ${named.kind} ${quote(named.name)}.`);
  }
  if (deliveries.has(delivery, repository.key, push)) return ignored('This delivery was acted on before.');
  const remember = repository.key;
  if (commit === null) return { ...ignored(`The ${named.kind} ${quote(named.name)} was deleted.`), remember };
  const judgement = judge(push, settings);
  if (judgement.deploy !== 'hot' && !settings.emitAll) return { ...ignored(''), ...judgement };
  return { decision: 'accepted', ...judgement, push, commit, repository, named, remember };
}

interface Judgement {
  deploy: DeployKind;
  pathsKnown: boolean;
  reason: string;
}

/** What a push asks for. Unknown paths are no reason to leave a change out: Hot Deploy compares the content itself. */
function judge(push: Push, settings: TriggerSettings): Judgement {
  if (push.before === push.commit) {
    return { deploy: 'none', pathsKnown: true, reason: 'The reference is where it was.' };
  }
  const unknown = whyUnknown(push, settings);
  if (unknown)
    return { deploy: 'hot', pathsKnown: false, reason: `${unknown} Hot Deploy finds out what changed.` };
  const paths = everyPath(push.listed.paths);
  if (paths.length === 0) {
    return { deploy: 'none', pathsKnown: true, reason: 'The commits change no path.' };
  }
  const isDeployed = paths.some((path) => isSelected(path, settings));
  return isDeployed
    ? { deploy: 'hot', pathsKnown: true, reason: 'A changed path is one that is deployed.' }
    : { deploy: 'standard', pathsKnown: true, reason: 'No changed path is one that is deployed.' };
}

/** Why the payload doesn't tell all paths that differ between before and after; undefined when it does. */
function whyUnknown({ before, forced, listed }: Push, { neverForced }: TriggerSettings): string | undefined {
  if (before === null) return 'The reference is new.';
  if (forced) return 'The push was forced, which may have taken commits away.';
  if (!listed.complete) return 'The payload doesn’t list all changed paths.';
  if (forced === null && !neverForced) {
    return 'The forge doesn’t say whether the push was forced, which would have taken commits away.';
  }
  return undefined;
}

/** A path above the subdirectory is one that is deployed: a submodule or a link that took its place. */
function isSelected(path: string, { selection, subdirectory }: TriggerSettings): boolean {
  if (subdirectory === '') return selection.includes(path);
  if (`${subdirectory}/`.startsWith(`${path}/`)) return true;
  return path.startsWith(`${subdirectory}/`) && selection.includes(path.slice(subdirectory.length + 1));
}
