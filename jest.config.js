/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
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
  maxWorkers: 2,
  testTimeout: 60_000,
};
