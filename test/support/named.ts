import type { BasePath, CommitId, Entrypoint, ReleaseId } from '../../nodes/shared/contract/names';

/** Names as tests write them down. Product code gets them through the doors of `contract/names` only. */
export const asBasePath = (text: string): BasePath => text as BasePath;
export const asEntrypoint = (text: string): Entrypoint => text as Entrypoint;
export const asReleaseId = (text: string): ReleaseId => text as ReleaseId;
export const asCommit = (text: string): CommitId => text as CommitId;
