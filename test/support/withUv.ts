import { FULL_SIZE } from './size';
import { UV_DIRECTORY } from './wheels';

/**
 * Has packages installed by uv, which takes a quarter of pip's work, in tests that are about what was installed. With
 * what machines have without it, pip, they run in `npm run proof`.
 */
export function withUv(): void {
  if (FULL_SIZE) return;
  const { PATH } = process.env;
  beforeAll(() => {
    process.env.PATH = `${UV_DIRECTORY}:${PATH}`;
  });
  afterAll(() => {
    process.env.PATH = PATH;
  });
}
