import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Component, connect, startComponent, waitForApi } from './control-plane.ts';
import { ClusterError, run } from './exec.ts';
import {
  type Direction,
  type NetworkFaults,
  noFaults,
  pairOf,
  rulesOf,
  withAmount,
  without,
} from './faults.ts';
import type { ClusterNode } from './layout.ts';
import { withLock } from './lock.ts';
import * as node from './node.ts';
import { stateDir } from './paths.ts';
import { type PodRef, processesOf } from './pods.ts';
import { signalProcess } from './processes.ts';
import { Sandbox } from './sandbox.ts';
import { type State, readState, writeState } from './state.ts';
import { emptyVolume } from './volumes.ts';
import { rewire } from './wires.ts';

export type { ClusterNode } from './layout.ts';
export type { Direction } from './faults.ts';
export type { PodRef } from './pods.ts';

function within(amount: number, most: number, unit: string): void {
  if (amount >= 0 && amount <= most) return;
  throw new ClusterError(`${amount} ${unit}: give a number from 0 to ${most}`);
}

/** The running cluster of this checkout, with all faults that can be injected. */
export class Cluster {
  readonly sandbox: Sandbox;
  /** Path of the admin's kubeconfig, for use on the machine. */
  readonly kubeconfig = join(stateDir, 'kubeconfig', 'admin');
  readonly #state: State;

  constructor(sandbox: Sandbox, state: State) {
    this.sandbox = sandbox;
    this.#state = state;
  }

  /** @throws ClusterError if no cluster runs. */
  static async open(): Promise<Cluster> {
    const cluster = await Cluster.find();
    if (cluster === undefined) {
      throw new ClusterError('no local cluster runs here: start it with `npm run cluster -- up`');
    }
    return cluster;
  }

  static async find(): Promise<Cluster | undefined> {
    const sandbox = Sandbox.find();
    const state = await readState();
    if (sandbox === undefined || state?.initPid !== sandbox.initPid) return undefined;
    return new Cluster(sandbox, state);
  }

  get nodes(): ClusterNode[] {
    return this.#state.nodes;
  }

  get faults(): NetworkFaults {
    return this.#state.faults;
  }

  /** The kubectl of the cluster's own version, with its kubeconfig. */
  get kubectl(): string[] {
    const options = ['--kubeconfig', this.kubeconfig, '--cache-dir', join(stateDir, 'kubectl')];
    return [join(this.#state.binDir, 'kubectl'), ...options];
  }

  /** @throws ClusterError that lists the existing names. */
  node(name: string): ClusterNode {
    const found = this.nodes.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    const names = this.nodes.map((candidate) => candidate.name).join(', ');
    throw new ClusterError(`there is no node ${name}: the nodes are ${names}`);
  }

  /** Sends SIGKILL (or another signal) to every process of the pod's containers. */
  async killContainer(pod: PodRef, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    for (const pid of processesOf(this.nodes, pod)) signalProcess(pid, signal);
  }

  freeze(pod: PodRef): Promise<void> {
    return this.killContainer(pod, 'SIGSTOP');
  }

  thaw(pod: PodRef): Promise<void> {
    return this.killContainer(pod, 'SIGCONT');
  }

  /** Cuts a node off from everything else: packets to it (in), from it (out), or both. */
  async cut(name: string, direction: Direction = 'both'): Promise<void> {
    const { name: known } = this.node(name);
    await this.#change(({ cuts }) => ({ cuts: { ...cuts, [known]: direction } }));
  }

  async heal(name: string): Promise<void> {
    const { name: known } = this.node(name);
    await this.#change(({ cuts }) => ({ cuts: without(cuts, [known]) }));
  }

  async cutPair(a: string, b: string): Promise<void> {
    const pair = pairOf(this.node(a).name, this.node(b).name);
    await this.#change(({ pairs }) => ({ pairs: [...new Set([...pairs, pair])] }));
  }

  async healPair(a: string, b: string): Promise<void> {
    const pair = pairOf(this.node(a).name, this.node(b).name);
    await this.#change(({ pairs }) => ({ pairs: pairs.filter((other) => other !== pair) }));
  }

  /** Cuts two pods on different nodes off from each other, or one pod off from everything outside its node, and from nothing else. */
  async cutAddresses(a: string, b?: string): Promise<void> {
    const pair = b === undefined ? a : pairOf(a, b);
    await this.#change(({ addresses }) => ({ addresses: [...new Set([...addresses, pair])] }));
  }

  async healAddresses(a: string, b?: string): Promise<void> {
    const pair = b === undefined ? a : pairOf(a, b);
    await this.#change(({ addresses }) => ({ addresses: addresses.filter((o) => o !== pair) }));
  }

  async loseZone(zone: string): Promise<void> {
    const lost = Object.fromEntries(this.#inZone(zone).map((name) => [name, 'both' as const]));
    await this.#change(({ cuts }) => ({ cuts: { ...cuts, ...lost } }));
  }

  async restoreZone(zone: string): Promise<void> {
    const names = this.#inZone(zone);
    await this.#change(({ cuts }) => ({ cuts: without(cuts, names) }));
  }

  /** Drops `percent` of a node's packets, in each direction; 0 ends it. */
  async lose(name: string, percent: number): Promise<void> {
    const { name: known } = this.node(name);
    within(percent, 100, 'percent');
    await this.#change(({ loss }) => ({ loss: withAmount(loss, known, percent) }));
  }

  /** Delays every packet of a node by `ms` milliseconds, in each direction; 0 ends it. */
  async delay(name: string, ms: number): Promise<void> {
    const { name: known } = this.node(name);
    within(ms, 10_000, 'milliseconds');
    await this.#change(({ delay }) => ({ delay: withAmount(delay, known, ms) }));
  }

  /** Undoes every network fault. */
  healAll(): Promise<void> {
    return this.#change(() => noFaults);
  }

  /** Ends a component at once, as by a crash. */
  stopComponent(name: Component): Promise<void> {
    return this.sandbox.stopDaemon(name, 'SIGKILL');
  }

  async startComponent(name: Component): Promise<void> {
    if ((await this.sandbox.daemonPid(name)) !== undefined) return;
    await startComponent(this.sandbox, name);
    if (name !== 'kube-apiserver') return;
    const client = connect(this.kubeconfig);
    await waitForApi(this.sandbox, client).finally(() => client.close());
  }

  stopKubelet(name: string): Promise<void> {
    return node.stopKubelet(this.sandbox, this.node(name));
  }

  async startKubelet(name: string): Promise<void> {
    if ((await this.sandbox.daemonPid(`kubelet-${this.node(name).name}`)) !== undefined) return;
    await node.startKubelet(this.sandbox, this.node(name));
  }

  /** Deletes all data on a local volume, by the name of its PersistentVolume. */
  emptyVolume(name: string): Promise<void> {
    return emptyVolume(this.nodes, name);
  }

  /** Imports a docker-archive on every node. */
  async loadImage(archive: string): Promise<void> {
    if (!existsSync(archive)) throw new ClusterError(`there is no file ${archive}`);
    await Promise.all(this.nodes.map((each) => node.importImage(this.sandbox, each, archive)));
  }

  /**
   * Whether every node holds the image of a docker-archive. Images are distinguished by the file names of their archives: call this
   * only for an archive whose name depends on its content.
   */
  async hasImage(archive: string): Promise<boolean> {
    const held = await Promise.all(
      this.nodes.map((each) => node.holdsImage(this.sandbox, each, archive)),
    );
    return held.every(Boolean);
  }

  /** Runs kubectl to its end. @returns its output. @throws ClusterError with its error message. */
  runKubectl(
    args: readonly string[],
    options: { input?: string; timeoutMs?: number; signal?: AbortSignal | undefined } = {},
  ) {
    return run([...this.kubectl, ...args], options);
  }

  #inZone(zone: string): string[] {
    const names = this.nodes.filter((each) => each.zone === zone).map((each) => each.name);
    if (names.length > 0) return names;
    const zones = [...new Set(this.nodes.map((each) => each.zone))].join(', ');
    throw new ClusterError(`there is no zone ${zone}: the zones are ${zones}`);
  }

  /** One change after another, also across commands: so none undoes another. */
  #change(next: (faults: NetworkFaults) => Partial<NetworkFaults>): Promise<void> {
    return withLock('faults', 30_000, async () => {
      const before = (await readState())?.faults ?? this.faults;
      const faults = { ...before, ...next(before) };
      await rewire(this.sandbox, this.nodes, { before: before.delay, after: faults.delay }, () =>
        this.sandbox.run(['nft', '-f', '-'], { input: rulesOf(faults, this.nodes) }),
      );
      this.#state.faults = faults;
      await writeState(this.#state);
    });
  }
}
