import { expect, test } from 'vitest';
import { npmrcForBuild } from './npm-secrets.ts';

test('keeps tokens and scopes, replaces registry and cafile', () => {
  const npmrc =
    '@acme:registry=https://b\n//b/:_authToken=t\nregistry = https://old\ncafile=/home/ca';
  expect(npmrcForBuild(npmrc, 'https://a/', true).trim().split('\n')).toEqual([
    '@acme:registry=https://b',
    '//b/:_authToken=t',
    'registry=https://a/',
    'cafile=/run/secrets/ca',
  ]);
});

test('no cafile without a certificate authority', () => {
  expect(npmrcForBuild('', 'https://a/', false)).not.toContain('cafile');
});
