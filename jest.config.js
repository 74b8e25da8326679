const { suite } = require('./scripts/suites.js');

/** A part of the tests: `fast`, `alone` or `together`. Without it, all of them. */
const part = process.env.HOT_DEPLOY_SUITE;

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: part ? suite(part) : ['<rootDir>/test/**/*.test.ts'],
  globalSetup: '<rootDir>/test/support/pythons.ts',
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json' }],
  },
  // The live suite has its own configuration, and a whole n8n in its folder.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/live/'],
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/test/live/node_modules',
    '<rootDir>/test/oldest/node_modules',
  ],
  // Tests wait for a third of their time: for time limits, for servers and for one another.
  maxWorkers: part === 'alone' ? 1 : 3,
  testTimeout: 60_000,
  // By V8 itself: instrumented code changes what n8n shows of a node. `.ci/run` measures the fast suite; raise the limits with it.
  coverageProvider: 'v8',
  collectCoverageFrom: ['nodes/**/*.ts', 'credentials/*.ts'],
  coverageReporters: ['text-summary'],
  coverageThreshold: { global: { lines: 70, functions: 59 } },
};
