import { type ClientHttp2Stream, constants } from 'node:http2';
import type { Clock } from '../../lib/clock.ts';
import type { ProbeTarget } from '../engine.ts';
import type { FailureEvents, ProbeConnection, ProbeConnectionEvents } from '../probe-connection.ts';
import type { GrpcAnswer, GrpcCall } from './call.ts';
import { type GrpcConnection, openConnection } from './connection.ts';

/** What is asked over gRPC, and how its answer is judged. */
export interface GrpcQuestion extends Omit<GrpcCall, 'metadata'> {
  /** Made anew for each question. */
  metadata?: () => Record<string, string>;
  judge: (answer: GrpcAnswer, rttMs: number) => void;
}

/** Asks with a unary call over one kept connection. The whole answer is the sign of life. */
export const askOverGrpc = (
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
  question: GrpcQuestion,
): ProbeConnection => new GrpcLine(target, clock, events, question);

class GrpcLine implements ProbeConnection {
  readonly #target: ProbeTarget;
  readonly #clock: Clock;
  readonly #events: ProbeConnectionEvents;
  readonly #question: GrpcQuestion;
  #connection: GrpcConnection | undefined;
  #call: ClientHttp2Stream | undefined;

  constructor(
    target: ProbeTarget,
    clock: Clock,
    events: ProbeConnectionEvents,
    question: GrpcQuestion,
  ) {
    this.#target = target;
    this.#clock = clock;
    this.#events = events;
    this.#question = question;
  }

  ask(): void {
    this.#call?.close(constants.NGHTTP2_CANCEL);
    if (this.#connection?.closing()) this.close();
    const connection = (this.#connection ??= this.#connect());
    const { path, message, metadata, judge } = this.#question;
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

  wrong(): undefined {
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
