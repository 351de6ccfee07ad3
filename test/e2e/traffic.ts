import type { KubeObject } from '../../src/kube/api-types.ts';
import { firstFound } from '../framework/first-found.ts';
import { lines } from '../framework/lines.ts';
import { workloadImage } from './manifests.ts';
import type { World } from './world.ts';

/** What the client program reports of one request: see test/workload/client/report.ts. */
export interface Report {
  k: 'new' | 'kept';
  t: number;
  d: number;
  ok: boolean;
  who?: string;
  e?: string;
}

const startMs = 60_000;

/** A client in a pod that asks a Service a hundred times a second, on a kept connection and on new ones. */
export class Traffic {
  readonly reports: Report[] = [];
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  #failure: unknown;

  private constructor() {}

  /** @param node that the client runs on. Resolves with its first answer. */
  static async start(world: World, service: string, node: string): Promise<Traffic> {
    const name = `client-of-${service}`;
    const ip = world.services.get(world.namespace, service)?.spec?.clusterIP;
    await world.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        nodeName: node,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'client', image: workloadImage, args: ['client', `http://${ip}/`] }],
      },
    } as KubeObject);
    await world.until('the client to run', () => world.pod(name)?.status?.phase === 'Running');
    const traffic = new Traffic();
    const path = `/api/v1/namespaces/${world.namespace}/pods/${name}/log?follow=true`;
    void traffic.#read(world, path);
    await traffic.until((report) => report.ok, startMs);
    return traffic;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Waits for such a report. @throws Error if none comes. */
  until(wanted: (report: Report) => boolean, timeoutMs = 30_000): Promise<Report> {
    let next = this.reports.length;
    const onChange = (listener: () => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    const read = () => {
      const found = this.reports.slice(next).find(wanted);
      next = this.reports.length;
      return found;
    };
    const late = () => {
      const last = JSON.stringify(this.reports.slice(-5));
      const cause = this.#failure;
      return new Error(`no such answer in ${timeoutMs} ms; the last: ${last}`, { cause });
    };
    return firstFound(onChange, read, { timeoutMs, late });
  }

  /** Who has answered requests over new connections, in the order of their answers, each change once. */
  answerers(): string[] {
    const answers = this.reports
      .filter(({ k, ok }) => k === 'new' && ok)
      .sort((a, b) => a.t + a.d - (b.t + b.d))
      .map(({ who }) => who ?? '');
    return answers.filter((who, i) => who !== answers[i - 1]);
  }

  async #read(world: World, path: string): Promise<void> {
    try {
      for await (const line of lines(world.api.stream(path, this.#stop.signal))) {
        this.reports.push(JSON.parse(line) as Report);
        for (const listener of [...this.#listeners]) listener();
      }
    } catch (error) {
      this.#failure = error;
    }
  }
}
