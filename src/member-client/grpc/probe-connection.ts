import { type ClientHttp2Stream, constants } from 'node:http2';
import type { Clock } from '../../lib/clock.ts';
import type { ProbeTarget } from '../probe.ts';
import type { FailureEvents, ProbeConnection, ProbeConnectionEvents } from '../probe-connection.ts';
import type { GrpcAnswer, GrpcCall } from './call.ts';
import { type GrpcConnection, openConnection } from './connection.ts';

/** A call over gRPC, and how its answer is judged. */
export interface GrpcCheck extends Omit<GrpcCall, 'metadata'> {
  /** Called anew for each request. */
  metadata?: () => Record<string, string>;
  judge: (answer: GrpcAnswer, rttMs: number) => void;
}

/** Asks by a unary call over one kept connection. The complete answer is the sign of life. */
export const askOverGrpc = (
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
  check: GrpcCheck,
): ProbeConnection => new GrpcProbeConnection(target, clock, events, check);

class GrpcProbeConnection implements ProbeConnection {
  readonly #target: ProbeTarget;
  readonly #clock: Clock;
  readonly #events: ProbeConnectionEvents;
  readonly #check: GrpcCheck;
  #connection: GrpcConnection | undefined;
  #call: ClientHttp2Stream | undefined;

  constructor(target: ProbeTarget, clock: Clock, events: ProbeConnectionEvents, check: GrpcCheck) {
    this.#target = target;
    this.#clock = clock;
    this.#events = events;
    this.#check = check;
  }

  ask(): void {
    this.#call?.close(constants.NGHTTP2_CANCEL);
    if (this.#connection?.closing()) this.close();
    const connection = (this.#connection ??= this.#connect());
    const { path, message, metadata, judge } = this.#check;
    const askedAt = this.#clock.now();
    const call = connection.call({ path, message, metadata: metadata?.() ?? {} }, (answer) => {
      if (call !== this.#call) return;
      this.#call = undefined;
      if (typeof answer !== 'string') judge(answer, this.#clock.now() - askedAt);
      else this.#events.badAnswer(`not the gRPC that was expected: ${answer}`);
    });
    this.#call = call;
  }

  connected(): boolean {
    return this.#connection !== undefined && !this.#connection.socket.connecting;
  }

  unexpectedData(): undefined {
    return undefined;
  }

  close(): void {
    this.#call = undefined;
    this.#connection?.cut();
    this.#connection = undefined;
  }

  #connect(): GrpcConnection {
    const over = (kind: keyof FailureEvents) => (message: string) => {
      this.#call = undefined;
      this.#connection = undefined;
      this.#events[kind](message);
    };
    return openConnection(this.#target, {
      badAnswer: over('badAnswer'),
      refused: over('refused'),
      closed: over('closed'),
      unreachable: over('unreachable'),
      fault: over('fault'),
    });
  }
}
