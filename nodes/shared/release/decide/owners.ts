import type { OtherOwned, Survey } from '../../contract/facts';
import { directoryOf } from '../../source/paths';
import type { DeployOptions } from '../options';
import { found, type PreflightFinding, told } from '../preflight';

const READ = 4;
const WRITE = 2;

/**
 * What another user than the one who deploys could no longer read, or no longer write to although only the engine has
 * it: copies belong to whoever makes them.
 *
 * @param keep paths that releases take along
 */
export function lostOwners(
  { uid, gid, others }: Survey,
  keep: readonly string[],
  { basePath }: Pick<DeployOptions, 'basePath'>,
): PreflightFinding[] {
  const kept = new Set(keep);
  const holding = new Set(keep.map(directoryOf));
  const lost = others.filter((entry) => {
    const gone = rightsLost(entry, gid);
    if (entry.directory) return (kept.has(entry.path) || holding.has(entry.path)) && ownerMay(entry, WRITE);
    return (gone & READ) !== 0 || ((gone & WRITE) !== 0 && kept.has(entry.path));
  });
  const [first] = lost;
  if (!first) return [];
  return [
    found(
      'ownersLost',
      'refused',
      told(lost.map(({ path }) => path)),
      (shown) =>
        `In ${basePath}, ${shown} belongs to user ${first.uid}, and what a release has would belong to user ${uid}, who deploys: user ${first.uid} could no longer read or write there. Deploy as user ${first.uid}, or as root with Become, which keeps owners; or put what the engine writes into Exclude and outside of deployed directories.`,
    ),
  ];
}

/** Bits that the owner of a file has and would not have of a copy with the same mode. */
function rightsLost({ mode, gid }: OtherOwned, copiedGid: number): number {
  const before = mode >> 6;
  const after = gid === copiedGid ? mode >> 3 : mode;
  return before & ~after & 7;
}

function ownerMay({ mode }: OtherOwned, right: number): boolean {
  return ((mode >> 6) & right) !== 0;
}
