import type { DeployErrorCode } from '../../../nodes/shared/errors';

/** A refusal as the engine's side says it, and as people read it. */
export interface Refusal {
  kind: string;
  facts: Record<string, unknown>;
  code: DeployErrorCode;
  message: string;
  description?: string;
  /** What programs may read beside `skipped`. */
  details?: Record<string, unknown>;
}
