import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { configs } from 'typescript-eslint';

const engineName = 'Literal[value=/^(TCP|HTTP|GRPC|Exec|Redis|Postgres)$/]';
const engineMessage =
  'Do not compare engine types here: what an engine can do is a column of core/model/capabilities.ts, what its program is one of protocol/agent-config.ts.';

export default defineConfig(
  { ignores: ['dist/', 'coverage/', '.cluster/', '.cluster-copies/', 'tmp/'] },
  eslint.configs.recommended,
  configs.strictTypeChecked,
  configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      // The compiler knows what is defined, in JavaScript too (checkJs).
      'no-undef': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A function that does nothing is a value like any other, and `async` keeps a promise of rejecting, not throwing.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      // Narrowing does not see what a callback or an await changes, such as `signal.aborted`.
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: [
      '**/*.test.ts',
      '**/testing/**',
      'src/api/**',
      'src/core/model/capabilities.ts',
      'src/agent/create-engine.ts',
      'src/member-client/health-check-connection.ts',
    ],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          // The protocol of a Service's port is TCP or UDP.
          `BinaryExpression[operator=/^[!=]==?$/]:not([left.property.name='protocol'], [left.name='protocol']) > ${engineName}`,
          `SwitchCase > ${engineName}`,
          `ArrayExpression > ${engineName}`,
        ].map((selector) => ({ selector, message: engineMessage })),
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    // Plain JavaScript has no `as`; its types are in comments, which this rule does not read.
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    files: ['**/*.test.ts', '**/testing/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // The matchers, such as expect.any(), are of type any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
