import type {
  ExecutionError,
  ExecutionStatus,
  INodeExecutionData,
  IRun,
  ITaskData,
  NodeExecutionHint,
} from 'n8n-workflow';

/** How a workflow's run ended, and what each of its nodes did. */
export class RunResult {
  constructor(
    /** The run as n8n stores it. */
    readonly run: IRun,
    private readonly nodeNames: ReadonlySet<string>,
  ) {}

  /** `success`, `error` or `canceled`. */
  get status(): ExecutionStatus {
    return this.run.status;
  }

  /** How often a node ran, and with what result each time; empty when it was not reached. */
  tasks(nodeName: string): ITaskData[] {
    if (!this.nodeNames.has(nodeName)) throw new Error(`The workflow has no node named "${nodeName}"`);
    return this.run.data.resultData.runData[nodeName] ?? [];
  }

  /** The items a node's last run sent to one of its outputs; the error output comes after the regular ones. */
  output(nodeName: string, outputIndex = 0): INodeExecutionData[] {
    return this.tasks(nodeName).at(-1)?.data?.main[outputIndex] ?? [];
  }

  /** What a node's last run threw, or what ended the whole run when no node is named. */
  error(nodeName?: string): ExecutionError | undefined {
    if (nodeName === undefined) return this.run.data.resultData.error;
    return this.tasks(nodeName).at(-1)?.error;
  }

  /** The hints that a node's last run left for the editor. */
  hints(nodeName: string): NodeExecutionHint[] {
    return this.tasks(nodeName).at(-1)?.hints ?? [];
  }
}
