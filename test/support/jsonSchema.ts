/** The part of JSON Schema that describes what nodes send out. */
export interface OutputSchema {
  type: string | string[];
  properties?: Record<string, OutputSchema>;
  items?: OutputSchema;
}

/** Where a value is not what the schema says; a field that it doesn't know counts, too. */
export function mismatches(schema: OutputSchema | undefined, value: unknown, path = ''): string[] {
  if (!schema) return [`${path} is not in the schema`];
  const allowed = [schema.type].flat();
  const type = typeOf(value);
  if (!allowed.includes(type) && !(type === 'integer' && allowed.includes('number'))) {
    return [`${path} is ${type}, not ${allowed.join(' or ')}`];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => mismatches(schema.items, item, `${path}[${index}]`));
  }
  if (type !== 'object') return [];
  return Object.entries(value as object).flatMap(([name, field]) =>
    mismatches(schema.properties?.[name], field, `${path}.${name}`),
  );
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
