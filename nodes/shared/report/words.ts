/** Milliseconds as people say them. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return '< 1 ms';
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** Who had something written, and when. */
export interface Writing {
  workflow?: string | undefined;
  execution?: string | undefined;
  /** ISO 8601. */
  at: string;
}

/** The last line of a report. */
export function writtenBy({ at, workflow, execution }: Writing): string {
  if (!workflow) return `Written ${at}.`;
  return `Written ${at} by the workflow “${workflow}”${execution ? `, execution ${execution}` : ''}.`;
}

/** A number of things: `1 file`, `2 files`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
