import eslint from '@eslint/js';
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import prettier from 'eslint-config-prettier';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

import { arrows } from './eslint.layers.mjs';

/*
 * n8n's own rules for community nodes, in the variant for packages that don't ask to run on n8n Cloud: it differs from
 * `recommended` only in not forbidding timers, `process` and imports beyond a short list. Opening an SSH connection
 * and honouring time limits is what this package is for, and n8n Cloud accepts no package with dependencies anyway.
 */
const communityNodes = n8nCommunityNodesPlugin.configs.recommendedWithoutN8nCloudSupport;

export default tseslint.config(
  {
    ignores: [
      'dist',
      'coverage',
      'node_modules',
      'test-results',
      'bench/results',
      'test/fixtures',
      'test/live/artefacts',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,js,mjs}'],
    extends: [eslint.configs.recommended, tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      eqeqeq: 'error',
    },
  },
  {
    // The rules that need types and find what a reader misses; the rest of the type-checked set isn't worth its time.
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: [
      'gulpfile.js',
      'jest.config.js',
      'scripts/**/*.js',
      'test/{live,oldest}/*.js',
      'test/support/*.js',
    ],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { __dirname: 'readonly', console: 'readonly', process: 'readonly' },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
    extends: [communityNodes],
    rules: {
      'no-console': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js'] })],
    },
  },
  ...arrows,
  {
    files: ['package.json'],
    extends: [communityNodes],
    // The community rules read JSON as TypeScript's parser presents it.
    languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
    rules: {
      // ssh2 and tar stay runtime dependencies: security fixes to them must reach users without a release
      // of ours, which a copy bundled into dist would prevent. It costs the "verified" badge, which child processes
      // (source "Git", connection "Local") rule out anyway.
      '@n8n/community-nodes/no-runtime-dependencies': 'off',
    },
  },
  prettier,
);
