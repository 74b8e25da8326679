import type { IDataObject } from 'n8n-workflow';

import type { Field, Option, ReadParameter } from './field';
import type { ItemContext } from './item';

/** All that there is to know of one operation of a node. Whatever n8n, people and agents see of it is made of this. */
export interface Operation {
  /** What the parameter `operation` holds, and how its schema below `__schema__` is called. */
  readonly value: string;
  readonly name: string;
  readonly description: string;
  /** What n8n's list of actions says. */
  readonly action: string;
  /** Whether it changes the engine: then an agent may call it only where a person allowed that. */
  readonly changes: boolean;
  /** What it asks for, in the order in which a person thinks of it. */
  readonly fields: readonly Field[];
  /** What it has in the collection Options. */
  readonly options: readonly Option[];
  /** How many items are worked on at once; one after the other when left out. */
  readonly lanes?: (read: ReadParameter) => number;
  /** Does it for one item; resolves with the `json` of one or several output items. */
  run(item: ItemContext): Promise<IDataObject | IDataObject[]>;
}

/** Operations as n8n lists them: by name. */
export function byName(operations: readonly Operation[]): Operation[] {
  return [...operations].sort((one, other) => one.name.localeCompare(other.name, 'en'));
}
