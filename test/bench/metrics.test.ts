import { expect, it } from 'vitest';
import { sumOf } from './metrics.ts';

const text = `# HELP rest_client_requests_total Requests.
# TYPE rest_client_requests_total counter
rest_client_requests_total{code="200",method="GET"} 12
rest_client_requests_total{code="200",method="PUT"} 3
rest_client_requests_total{code="<error>",method="PATCH"} 1
rest_client_requests_total_other{method="PUT"} 100
process_resident_memory_bytes 73400320
`;

it('sums the matching label sets', () => {
  expect(sumOf(text, 'rest_client_requests_total', ({ method }) => method !== 'GET')).toBe(4);
  expect(sumOf(text, 'process_resident_memory_bytes')).toBe(73_400_320);
  expect(sumOf(text, 'nothing')).toBe(0);
});
