import type { Api } from '../../framework/api.ts';
import type {
  FinalAnswer,
  FinalRequest,
  Progress,
  StartRequest,
} from '../../workload/torture/control.ts';
import type { Operation } from '../../workload/torture/operation.ts';
import { controlPort } from '../../workload/torture/start.ts';

const callMs = 5_000;
/** A history has a megabyte or two, which takes time on a busy machine. Milliseconds. */
const historyMs = 20_000;

/** A client in a pod, controlled through the API server. Every call throws if the client cannot be reached. */
export class RemoteClient {
  readonly name: string;
  readonly #api: Api;
  readonly #path: string;
  #boot: string | undefined;

  constructor(api: Api, namespace: string, name: string) {
    this.name = name;
    this.#api = api;
    this.#path = `/api/v1/namespaces/${namespace}/pods/${name}:${controlPort}/proxy`;
  }

  async prepare(request: FinalRequest): Promise<void> {
    await this.#post('/prepare', request, request.timeoutMs + callMs);
  }

  async final(request: FinalRequest): Promise<FinalAnswer> {
    const text = await this.#post('/final', request, request.timeoutMs + callMs);
    return JSON.parse(text) as FinalAnswer;
  }

  /** @returns the client's own time, as in its operations. */
  async start(request: StartRequest): Promise<number> {
    this.#boot = (await this.progress()).boot;
    return (JSON.parse(await this.#post('/start', request, callMs)) as { now: number }).now;
  }

  async stop(): Promise<void> {
    await this.#post('/stop', {}, callMs);
  }

  async progress(): Promise<Progress> {
    const signal = AbortSignal.timeout(callMs);
    return JSON.parse(await this.#api.text(`${this.#path}/progress`, signal)) as Progress;
  }

  /** All operations since start(). @throws Error if the client was restarted in the meantime, and has lost them. */
  async history(): Promise<Operation[]> {
    const { boot, count } = await this.progress();
    const operations = await this.operations(0);
    if (boot !== this.#boot || operations.length < count) {
      throw new Error(`the client ${this.name} was restarted and has lost its history`);
    }
    return operations;
  }

  /** Operations since start(), in the order of their ends, without the first ones. @param from how many to leave out. */
  async operations(from: number): Promise<Operation[]> {
    const path = `${this.#path}/history?from=${from}`;
    const text = await this.#api.text(path, AbortSignal.timeout(historyMs));
    return text.split('\n').flatMap((line) => {
      return line === '' ? [] : [JSON.parse(line) as Operation];
    });
  }

  #post(path: string, body: object, timeoutMs: number): Promise<string> {
    return this.#api.post(this.#path + path, body, AbortSignal.timeout(timeoutMs));
  }
}
