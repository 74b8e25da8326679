import type { IDataObject, IRunExecutionData } from 'n8n-workflow';

/** An execution as n8n's REST API gives it. */
export interface StoredExecution {
  id: string;
  mode: string;
  status: string;
  /** In the form of the package flatted. */
  data: string;
}

const UNFINISHED = ['new', 'running', 'unknown', 'waiting'];

/** Whether an execution has ended. */
export function isOver({ status }: StoredExecution): boolean {
  return !UNFINISHED.includes(status);
}

/** What came of an execution. */
export class Execution {
  readonly id: string;
  readonly mode: string;
  readonly status: string;
  private readonly result: IRunExecutionData['resultData'];

  constructor(stored: StoredExecution) {
    this.id = stored.id;
    this.mode = stored.mode;
    this.status = stored.status;
    this.result = (unflatten(stored.data) as IRunExecutionData).resultData;
  }

  /** Names of the nodes that ran. */
  get nodes(): string[] {
    return Object.keys(this.result.runData);
  }

  /** What it failed with. */
  get failure(): { message: string; description?: string | null } | undefined {
    return this.result.error;
  }

  /** The one item that a node sent out of one of its outputs in its last run. */
  only(node: string, output = 0): IDataObject {
    const items = this.items(node, output);
    if (items.length !== 1) {
      const why = this.failure ? `; it failed with: ${this.failure.message}` : '';
      throw new Error(`${node} sent ${items.length} items; these ran: ${this.nodes.join(', ')}${why}`);
    }
    return items[0];
  }

  /** What a node sent out of one of its outputs in its last run. */
  items(node: string, output = 0): IDataObject[] {
    const items = this.result.runData[node]?.at(-1)?.data?.main[output] ?? [];
    return items.map(({ json }) => json);
  }
}

/** Reads what the package flatted wrote: a list in which texts inside values are positions. */
function unflatten(text: string): unknown {
  const list = JSON.parse(text) as unknown[];
  const done = new Set<unknown>();
  const resolve = (position: unknown): unknown => {
    const value = typeof position === 'string' ? list[Number(position)] : position;
    if (typeof value !== 'object' || value === null || done.has(value)) return value;
    done.add(value);
    for (const [key, inner] of Object.entries(value)) (value as IDataObject)[key] = resolve(inner) as never;
    return value;
  };
  return resolve('0');
}
