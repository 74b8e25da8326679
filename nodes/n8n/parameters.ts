import type { IDataObject, IExecuteFunctions, ILoadOptionsFunctions } from 'n8n-workflow';

import type { ReadParameter } from './field';

/** A function that reads parameters of the item `itemIndex`. */
export function parametersOf(context: IExecuteFunctions, itemIndex: number): ReadParameter {
  return (name, fallback, options) =>
    context.getNodeParameter(name, itemIndex, fallback as IDataObject, options) as unknown;
}

/** A function that reads parameters as the editor holds them, for lists. */
export function parametersInEditor(context: ILoadOptionsFunctions): ReadParameter {
  return (name, fallback, options) =>
    context.getNodeParameter(name, fallback as IDataObject, options) as unknown;
}
