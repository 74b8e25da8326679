/** What decides where items go, once more in the engine of the oldest n8n: it is put in place of the newest one. */
const { join } = require('node:path');

const usual = require('../../jest.config');

/** Another folder with an engine in its `node_modules`, if somebody says so. */
const FOLDER = process.env.HOT_DEPLOY_ENGINE ?? __dirname;
const installed = (name) => join(FOLDER, 'node_modules', name);

/** @type {import('jest').Config} */
module.exports = {
  ...usual,
  rootDir: join(__dirname, '..', '..'),
  testMatch: ['nodes/failedItems', 'nodes/items', 'examples/examples'].map(
    (name) => `<rootDir>/test/${name}.test.ts`,
  ),
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/test/live/node_modules'],
  moduleNameMapper: Object.fromEntries(
    ['n8n-core', 'n8n-workflow', 'reflect-metadata'].map((name) => [`^${name}$`, installed(name)]),
  ),
};
