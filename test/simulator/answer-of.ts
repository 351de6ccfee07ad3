import { isHAError } from '../../src/api/errors.ts';
import type { ApiRequest, StepsEnd } from '../../src/kube/api-request.ts';
import type { ApiServer } from './api-server.ts';

/** What the API server answers to a request now. */
export function answerOf(api: ApiServer, request: ApiRequest): StepsEnd<unknown> {
  try {
    return { value: api.answer(request) };
  } catch (error) {
    if (!isHAError(error)) throw error;
    return { error };
  }
}
