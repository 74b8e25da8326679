import type { ResultOf } from '../contract/verbs';

/** How plain files were turned into a release. */
export type Adoption = ResultOf<'adopt'>;
