import { expect, it } from 'vitest';
import type { HAService } from '../../api/haservice.ts';
import { makeResource } from '../../core/testing/fixtures.ts';
import { toResource } from './observe.ts';

it('a request is kept as the API server stores it in the status: without half of a character', () => {
  const { spec } = makeResource();
  const annotations = { 'haservice.dev/switchover': `${'x'.repeat(139)}\u{1F600}` };
  const metadata = { name: 'web', namespace: 'shop', uid: 'uid-web', annotations };
  const { requests } = toResource({ metadata, spec } as unknown as HAService);
  expect(requests?.switchover).toBe(`${'x'.repeat(139)}\uFFFD`);
});
