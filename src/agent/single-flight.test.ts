import { describe, expect, it } from 'vitest';
import type { EngineReport } from '../engines/managed-engine.ts';
import { SingleFlight } from './single-flight.ts';

function make() {
  const asked: {
    answer: (report: EngineReport) => void;
    fail: (error: Error) => void;
    signal: AbortSignal;
  }[] = [];
  const question = new SingleFlight(
    (signal) => new Promise((answer, fail) => asked.push({ answer, fail, signal })),
  );
  return { asked, question };
}
const patient = () => new AbortController().signal;

describe('the question to the program', () => {
  it('is asked once for all who wait', async () => {
    const { asked, question } = make();
    const answers = [question.answer(patient()), question.answer(patient())];
    expect(asked).toHaveLength(1);
    asked[0]!.answer({ state: 'Detached' });
    expect(await Promise.all(answers)).toEqual([{ state: 'Detached' }, { state: 'Detached' }]);
    void question.answer(patient());
    expect(asked).toHaveLength(2);
  });

  it('goes on as long as one waits, and is given up with the last', async () => {
    const { asked, question } = make();
    const [first, second] = [new AbortController(), new AbortController()];
    const answers = [question.answer(first.signal), question.answer(second.signal)];
    first.abort();
    await expect(answers[0]).rejects.toBe(first.signal.reason);
    expect(asked[0]!.signal.aborted).toBe(false);
    second.abort();
    await expect(answers[1]).rejects.toBe(second.signal.reason);
    expect(asked[0]!.signal.aborted).toBe(true);
  });

  it('is asked anew for those who wait when what it asked about has changed', async () => {
    const { asked, question } = make();
    const answer = question.answer(patient());
    question.renew();
    expect(asked[0]!.signal.aborted).toBe(true);
    asked[0]!.answer({ state: 'Leading' });
    asked[1]!.answer({ state: 'Detached' });
    expect(await answer).toEqual({ state: 'Detached' });
  });

  it('fails for all where the program is not well', async () => {
    const { asked, question } = make();
    const answer = question.answer(patient());
    asked[0]!.fail(new Error('unhealthy'));
    await expect(answer).rejects.toThrow('unhealthy');
  });
});
