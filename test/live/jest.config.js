/** Apart from the main suite: each file needs a whole n8n of its own, which its tests follow each other on. */
/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  rootDir: __dirname,
  testMatch: ['<rootDir>/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json' }],
  },
  reporters: ['default', '<rootDir>/reporter.js'],
  globalSetup: '<rootDir>/pack.js',
  globalTeardown: '<rootDir>/removePacked.js',
  maxWorkers: 2,
  // Whatever a test that did not pass left behind ends with it.
  forceExit: true,
  testTimeout: 180_000,
};
