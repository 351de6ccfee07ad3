import { once } from 'node:events';
import { type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type HookCall, callHook } from './hooks.ts';
import { freePort, serveHttp } from './testing.ts';

const call: HookCall = { action: 'promote', member: 'web-1', epoch: 7, reason: 'Crash' };
const hook = { path: '/promote', timeout: '5s' };
const cleanups: (() => unknown)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

const serve = (listener: RequestListener) => serveHttp(listener, cleanups);

const run = (port: number, spec = hook, signal = new AbortController().signal) =>
  callHook(spec, '127.0.0.1', port, call, { signal });

describe('a hook', () => {
  it('is a POST with the call as JSON and the epoch as a header', async () => {
    let seen: { method?: string; url?: string; headers?: IncomingHttpHeaders; body?: string } = {};
    const port = await serve((request, response) => {
      const { method, url, headers } = request;
      void text(request).then((body) => {
        seen = { method: method!, url: url!, headers, body };
        response.writeHead(204).end();
      });
    });
    await run(port);
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/promote',
      headers: { 'content-type': 'application/json', 'haservice-epoch': '7' },
    });
    expect(JSON.parse(seen.body!)).toEqual(call);
  });

  it('goes to its own port if it has one', async () => {
    const port = await serve((_request, response) => response.end('done'));
    await callHook({ ...hook, port }, '127.0.0.1', 1, call, {
      signal: new AbortController().signal,
    });
  });

  it.each([301, 409, 500])(
    'that answers %d has failed, and the error quotes the answer',
    async (status) => {
      const port = await serve((_request, response) => {
        response.writeHead(status, { location: '/elsewhere' }).end('epoch 7 is too old');
      });
      await expect(run(port)).rejects.toMatchObject({
        code: 'HA_ERR_HOOK_STATUS',
        status,
        message: expect.stringContaining('epoch 7 is too old'),
      });
    },
  );

  it('that answers with a page for a browser has failed, and the error does not have the page', async () => {
    const page = '<html>\r\n<head><title>404 Not Found</title></head>\r\n</html>';
    const port = await serve((_request, response) => {
      response.writeHead(404).end(page);
    });
    const message = expect.not.stringContaining('html') as string;
    await expect(run(port)).rejects.toMatchObject({ code: 'HA_ERR_HOOK_STATUS', message });
  });

  it.each([
    ['does not answer', () => {}],
    ['does not end its answer', (_request, response) => void response.write('wait')],
  ] satisfies [string, RequestListener][])(
    'that %s fails at its timeout',
    async (_name, listener) => {
      const port = await serve(listener);
      await expect(run(port, { ...hook, timeout: '50ms' })).rejects.toMatchObject({
        code: 'HA_ERR_HOOK_TIMEOUT',
        message: expect.stringContaining('50ms'),
      });
    },
  );

  it('that answers without end is cut off after 64 KiB', async () => {
    let cut = Promise.resolve<unknown>(undefined);
    const port = await serve((_request, response) => {
      cut = once(response, 'close');
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', more);
      more();
    });
    await expect(run(port)).rejects.toMatchObject({ code: 'HA_ERR_HOOK_TOO_LARGE' });
    await cut;
  });

  it('may answer with exactly 64 KiB', async () => {
    const port = await serve((_request, response) => response.end(Buffer.alloc(64 * 1024)));
    await run(port);
  });

  it('that nothing serves is unreachable', async () => {
    await expect(run(await freePort())).rejects.toMatchObject({ code: 'HA_ERR_HOOK_UNREACHABLE' });
  });

  it('that closes the connection is unreachable', async () => {
    const port = await serve((request) => request.destroy());
    await expect(run(port)).rejects.toMatchObject({ code: 'HA_ERR_HOOK_UNREACHABLE' });
  });

  it('ends at once, with the reason of the signal, if it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('stopping');
    const port = await serve(() => controller.abort(reason));
    await expect(run(port, hook, controller.signal)).rejects.toBe(reason);
    await expect(run(port, hook, controller.signal)).rejects.toBe(reason);
  });
});
