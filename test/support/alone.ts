/**
 * Importing this says that a test measures time or memory, which other tests would spoil: `npm test` runs it when nothing
 * else runs (scripts/suites.js).
 */
export {};
