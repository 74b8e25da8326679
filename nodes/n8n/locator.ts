import type { IDisplayOptions } from 'n8n-workflow';

import { DeployError } from '../shared/errors';
import type { Field } from './field';
import { readText } from './values';

interface Locator {
  displayName: string;
  name: string;
  description: string;
  searchListMethod: string;
  example: string;
  show?: NonNullable<IDisplayOptions['show']>;
}

/** A field that lists what is kept on the engine's side, and takes a name as well; empty where nothing is chosen. */
export function locator({
  displayName,
  name,
  description,
  searchListMethod,
  example,
  show,
}: Locator): Field<string> {
  return {
    place: 'form',
    property: {
      displayName,
      name,
      type: 'resourceLocator',
      default: { mode: 'list', value: '' },
      description,
      modes: [
        {
          displayName: 'From List',
          name: 'list',
          type: 'list',
          // A local engine needs no credential; the list itself says when one is missing.
          typeOptions: { searchListMethod, searchable: true, skipCredentialsCheckInRLC: true },
        },
        { displayName: 'By Name', name: 'id', type: 'string', placeholder: example },
      ],
      ...(show && { displayOptions: { show } }),
    },
    read(get, called = displayName) {
      return readText(called, get(name, '', { extractValue: true })).trim();
    },
  };
}

/** A field that must not be left empty. */
export function required(member: Field<string>): Field<string> {
  const { name, type, default: usual, ...rest } = member.property;
  const { displayName, ...others } = rest;
  return {
    ...member,
    property: { displayName, name, type, default: usual, required: true, ...others },
    read(get, called = displayName) {
      const chosen = member.read(get, called);
      if (chosen) return chosen;
      throw new DeployError('INPUT', `${called} is empty. Choose one from the list, or give its name.`);
    },
  };
}
