import { expect, it } from 'vitest';
import { protocolHeaders } from './health.ts';

it('a heartbeat names the epoch, and the password that all members accept, if there is one', () => {
  expect(protocolHeaders({ epoch: 7, password: 'b8e1' })).toEqual({
    'haservice-epoch': '7',
    'haservice-password': 'b8e1',
  });
  expect(protocolHeaders({ epoch: 7, password: undefined })).toEqual({ 'haservice-epoch': '7' });
  expect(protocolHeaders(undefined)).toEqual({ 'haservice-epoch': '0' });
});
