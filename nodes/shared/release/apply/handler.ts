import type { BasePath } from '../../contract/names';
import type { Holder } from '../../contract/records';
import type { DependencyOptions } from '../../dependencies/installOptions';
import type { DeployError } from '../../errors';
import type { ExecutorClient } from '../../executor/client';
import type { Pipeline } from '../../executor/pipeline';
import type { FilesOf } from '../../replay/replaySettings';
import type { Content } from '../bundleContent';
import type { StepLog } from '../stepLog';
import type { Learned } from './learned';

/** What a plan is applied with: all that is no plain data. */
export interface Applying {
  readonly client: ExecutorClient;
  readonly basePath: BasePath;
  /** Who asked for it. */
  readonly holder: Holder;
  readonly log: StepLog;
  /** What the item carries, for replays. */
  readonly filesOf?: FilesOf | undefined;
  /** What is sent, for plans that bring a version. */
  readonly content?: Content | undefined;
  /** Seconds and secrets, which no plan has. */
  readonly installing: Pick<DependencyOptions, 'timeoutSeconds' | 'credentials'>;
}

/** How one step was answered. */
export interface Answered {
  readonly learned?: Partial<Learned>;
  /** Why the plan ends here. */
  readonly failure?: DeployError;
}

/** A step that was sent. */
export interface Sent {
  /** As outputs and progress call it; none where nobody needs to know of it. */
  readonly label?: string;
  answer(): Promise<Answered>;
}

/** How a kind of step is carried out. */
export interface Handler<S> {
  /**
   * Whether the next step is sent without waiting for this one: `sent`; `beside` for one that is not awaited before the
   * steps after it, either; `awaited` for one whose answer the next needs.
   */
  readonly order: 'sent' | 'beside' | 'awaited';
  send(step: S, context: Applying, together: Pipeline, learned: Learned): Sent;
}
