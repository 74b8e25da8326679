/** One step of an operation, as the output lists it. */
export interface Step {
  name: string;
  durationMs: number;
}

/** Called when a step starts and, with its duration, when it ends; `output` brings a running program's output. */
export type StepListener = (event: {
  step: string;
  phase: 'start' | 'end' | 'output';
  durationMs?: number;
  text?: string;
}) => void;

/** Times an operation's steps and tells the listener about each. */
export class StepLog {
  readonly steps: Step[] = [];

  /** The step that is under way, or the last one, for people to read: where an operation stopped. */
  current = '';

  private readonly started = performance.now();

  constructor(private readonly listener: StepListener = () => undefined) {}

  /** Runs `work` as the step `name`. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.current = name;
    const started = performance.now();
    this.listener({ step: name, phase: 'start' });
    const result = await work();
    const durationMs = elapsed(started);
    this.steps.push({ name, durationMs });
    this.listener({ step: name, phase: 'end', durationMs });
    return result;
  }

  /** A function that passes a program's output on as output of the step `name`. */
  outputOf(name: string): (text: string) => void {
    return (text) => this.listener({ step: name, phase: 'output', text });
  }

  /** A log for what is a part of one step here: only a program's output is passed on. */
  within(): StepLog {
    return new StepLog((event) => event.phase === 'output' && this.listener(event));
  }

  /** Milliseconds since this log was started. */
  get durationMs(): number {
    return elapsed(this.started);
  }
}

function elapsed(since: number): number {
  return Math.round((performance.now() - since) * 10) / 10;
}
