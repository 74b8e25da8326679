/** Apart from the main suite: it needs a whole n8n, and its tests follow each other on one. */
/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  rootDir: __dirname,
  testMatch: ['<rootDir>/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json' }],
  },
  reporters: ['default', '<rootDir>/reporter.js'],
  maxWorkers: 1,
  // Whatever a test that did not pass left behind ends with it.
  forceExit: true,
  testTimeout: 180_000,
};
