const CODE = ['.py', '.so'];
const BYTECODE = ['.pyc', '.pyo'];

/** Whether a file is code, going by its name: what an engine may import, and what would mislead it if it is an old one. */
export function isCode(path: string): boolean {
  return CODE.some((ending) => path.endsWith(ending));
}

/** Whether a file is compiled code, which no source has in it. */
export function isBytecode(path: string): boolean {
  return BYTECODE.some((ending) => path.endsWith(ending));
}
