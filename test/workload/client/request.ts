import { type Agent, request } from 'node:http';

export interface Outcome {
  ok: boolean;
  /** The member that answered, if the answer names it. */
  who?: string;
  /** `timeout`, `HTTP 503`, or the code of the error: ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ... */
  error?: string;
}

export interface Address {
  /** The name in the address has already been resolved, so that a request never waits for DNS. */
  host: string;
  url: URL;
}

/** Sends a GET. Success is a 2xx with a complete body within the time limit. Nothing is retried. */
export function send({ host, url }: Address, agent: Agent, timeoutMs: number): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const outgoing = request({
    host,
    port: url.port === '' ? 80 : url.port,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host },
    agent,
  });
  const deadline = performance.now() + timeoutMs;
  const giveUp = () => {
    // A timer counts from the start of its turn of the event loop: after a stall of this process it fires too early.
    const left = deadline - performance.now();
    if (left > 1) timer = setTimeout(giveUp, left);
    else end({ ok: false, error: 'timeout' });
  };
  let timer = setTimeout(giveUp, timeoutMs);
  const end = (outcome: Outcome) => {
    clearTimeout(timer);
    resolve(outcome);
    if (!outcome.ok) outgoing.destroy();
  };
  outgoing.on('error', (error) => end({ ok: false, error: codeOf(error) }));
  outgoing.on('response', (response) => {
    const member = response.headers['x-member'];
    const who = typeof member === 'string' ? { who: member } : {};
    const status = response.statusCode ?? 0;
    response.on('error', (error) => end({ ok: false, error: codeOf(error), ...who }));
    response.on('end', () => {
      if (status >= 200 && status < 300) end({ ok: true, ...who });
      else end({ ok: false, error: `HTTP ${status}`, ...who });
    });
    response.resume();
  });
  outgoing.end();
  return promise;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
