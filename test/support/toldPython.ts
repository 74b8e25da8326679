import type { Hello } from '../../nodes/shared/contract/messages';

/** An interpreter as an executor tells of it, where none is started. */
export const TOLD_PYTHON: Hello['python'] = {
  version: '3.11.2',
  implementation: 'CPython',
  executable: '/usr/bin/python3',
  supported: true,
  base: '/usr/bin/python3.11',
  abi: '.cpython-311-x86_64-linux-gnu.so',
};
