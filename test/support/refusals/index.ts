import { ARCHIVE } from './archive';
import { CONTENT } from './content';
import { ENVIRONMENT } from './environment';
import { LAYOUT } from './layout';
import { LOCK } from './lock';
import { RELEASE } from './release';
import { RUNNING } from './running';
import { SERVICES } from './services';
import { SYSTEM } from './system';
import { WIRE } from './wire';
import type { Refusal } from './refusal';

/** One of every kind, and one for each way in which its sentence can go. */
export const REFUSALS: readonly Refusal[] = [
  ...ARCHIVE,
  ...CONTENT,
  ...ENVIRONMENT,
  ...LAYOUT,
  ...LOCK,
  ...RELEASE,
  ...RUNNING,
  ...SERVICES,
  ...SYSTEM,
  ...WIRE,
];
