import { describe, expect, it } from 'vitest';
import type { EngineReport } from '../engines/managed-engine.ts';
import { SingleFlight } from './single-flight.ts';

function make() {
  const asked: {
    answer: (report: EngineReport) => void;
    fail: (error: Error) => void;
    signal: AbortSignal;
  }[] = [];
  const flight = new SingleFlight(
    (signal) => new Promise((answer, fail) => asked.push({ answer, fail, signal })),
  );
  return { asked, flight };
}
const patient = () => new AbortController().signal;

describe('a single flight', () => {
  it('makes one request for all waiting callers', async () => {
    const { asked, flight } = make();
    const answers = [flight.answer(patient()), flight.answer(patient())];
    expect(asked).toHaveLength(1);
    asked[0]!.answer({ state: 'Detached' });
    expect(await Promise.all(answers)).toEqual([{ state: 'Detached' }, { state: 'Detached' }]);
    void flight.answer(patient());
    expect(asked).toHaveLength(2);
  });

  it('continues while one caller waits, and is aborted with the last', async () => {
    const { asked, flight } = make();
    const [first, second] = [new AbortController(), new AbortController()];
    const answers = [flight.answer(first.signal), flight.answer(second.signal)];
    first.abort();
    await expect(answers[0]).rejects.toBe(first.signal.reason);
    expect(asked[0]!.signal.aborted).toBe(false);
    second.abort();
    await expect(answers[1]).rejects.toBe(second.signal.reason);
    expect(asked[0]!.signal.aborted).toBe(true);
  });

  it('makes a new request for waiting callers if the status has changed', async () => {
    const { asked, flight } = make();
    const answer = flight.answer(patient());
    flight.renew();
    expect(asked[0]!.signal.aborted).toBe(true);
    asked[0]!.answer({ state: 'Leading' });
    asked[1]!.answer({ state: 'Detached' });
    expect(await answer).toEqual({ state: 'Detached' });
  });

  it('fails for all callers if the request fails', async () => {
    const { asked, flight } = make();
    const answer = flight.answer(patient());
    asked[0]!.fail(new Error('sick'));
    await expect(answer).rejects.toThrow('sick');
  });
});
