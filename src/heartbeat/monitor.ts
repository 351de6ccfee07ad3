import type { MemberReport } from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import type { DetectorConfig } from './detector.ts';
import type { Log } from '../lib/log.ts';
import { Grants } from './grants.ts';
import type { Contact, MemberHealth, MonitorConfig, MonitorMetrics } from './health.ts';
import { Member } from './member.ts';
import { type MonitorPorts, systemPorts } from './ports.ts';
import type { StallMeter } from './stall-meter.ts';

export type { MemberHealth, MonitorConfig, MonitorMetrics, ProtocolConfig } from './health.ts';

export interface MonitoredMember extends Contact {
  uid: string;
  name: string;
}

/**
 * What the monitor needs from outside. Every function here is called from timers and from I/O, as often as heartbeats come, and
 * must not throw.
 */
export interface MonitorOptions {
  clock: Clock;
  /** Default: those of this machine. */
  ports?: MonitorPorts;
  log: Log;
  metrics?: MonitorMetrics;
  /** Whether the API server has confirmed this operator within so many milliseconds: only then may leases be granted. Default: never. */
  mayGrant?: (withinMs: number) => boolean;
  /**
   * A member's verdict, cause or report has changed; numbers that grow with each write do not count. Called once for each change, at
   * once, from the I/O or timer that showed it, and never during a call to the monitor.
   */
  onChange: (key: string, uid: string) => void;
}

/**
 * Sends heartbeats to all members of all resources and judges the answers. Reconciles call it with `namespace/name` as the key, at
 * any time and in any order; every method returns at once, may be repeated, and does not throw. A key or UID that is not known
 * is no error.
 */
export class HeartbeatMonitor {
  readonly #options: MonitorOptions;
  readonly #ports: MonitorPorts;
  readonly #stalls: Pick<StallMeter, 'attentiveNow' | 'close'>;
  readonly #grants: Grants;
  readonly #members = new Map<string, Map<string, Member>>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#grants = new Grants(options.clock, options.mayGrant ?? (() => false));
    this.#ports = options.ports ?? systemPorts;
    this.#stalls = this.#ports.createStallMeter(options.clock, (ms) => {
      options.metrics?.stalled(ms);
      if (ms >= 500) {
        options.log.warn(
          { stalledMs: Math.round(ms) },
          'the operator itself did not run for a time: it needs more CPU, or its machine was paused',
        );
      }
    });
  }

  /**
   * Sets the members of one resource, by UID: starts to probe new ones at once, and drops those that are missing. A changed address,
   * port, check or heartbeat restarts the probe and keeps the history. Each reconcile calls this before it reads anything.
   */
  setMembers(key: string, members: readonly MonitoredMember[], config: MonitorConfig): void {
    const before = this.#members.get(key) ?? new Map<string, Member>();
    const after = new Map<string, Member>();
    for (const each of members) {
      const { uid, name } = each;
      const member = before.get(uid) ?? this.#create(key, uid, name, config.detector);
      before.delete(uid);
      after.set(uid, member);
      member.configure(each, config);
    }
    for (const gone of before.values()) gone.close();
    if (before.size > 0) this.#grants.forgetEnded();
    if (after.size === 0) this.#members.delete(key);
    else this.#members.set(key, after);
  }

  /** What is known of a member now; undefined if it is not probed. */
  health(key: string, uid: string): MemberHealth | undefined {
    return this.#members.get(key)?.get(uid)?.health();
  }

  /** A member has answered an order with its report, which is as good as a heartbeat's. `onChange` is not called. */
  reported(key: string, uid: string, report: MemberReport): void {
    this.#members.get(key)?.get(uid)?.reported(report);
  }

  /** The headers to send with an order at once: a lease, if the member is its holder and one may be granted. */
  grant(key: string, uid: string): Record<string, string> {
    return this.#members.get(key)?.get(uid)?.grant() ?? {};
  }

  /**
   * Milliseconds from now until every lease of this pod has certainly ended, whether it answers, is silent or gone; 0 if it has.
   * See lease.ts. To be called after `setMembers` with another holder, or none: until then the pod may be granted another lease.
   */
  leaseEndsInMs(uid: string, leaseMs: number): number {
    return this.#grants.endsInMs(uid, leaseMs);
  }

  /** This process has created a pod: no earlier process can have granted it a lease. */
  podCreated(uid: string): void {
    this.#grants.podCreated(uid);
  }

  /**
   * Restarts the silence of all members, after the operator itself was cut off: that no answer arrived then proves nothing. Dead
   * members stay Dead until they answer.
   */
  restartSilence(): void {
    for (const members of this.#members.values()) {
      for (const member of members.values()) member.restartSilence();
    }
  }

  /** The resource is gone: stops the probes of its members. */
  remove(key: string): void {
    for (const member of this.#members.get(key)?.values() ?? []) member.close();
    this.#members.delete(key);
  }

  close(): void {
    for (const key of this.#members.keys()) this.remove(key);
    this.#stalls.close();
  }

  /** How many members are probed. */
  get size(): number {
    let size = 0;
    for (const members of this.#members.values()) size += members.size;
    return size;
  }

  #create(key: string, uid: string, name: string, detector: DetectorConfig): Member {
    const { clock, log, metrics, onChange } = this.#options;
    return new Member({
      uid,
      detector,
      clock,
      log: log.child({ resource: key, pod: name }),
      metrics,
      grants: this.#grants,
      ports: this.#ports,
      attentiveNow: () => this.#stalls.attentiveNow(),
      onChange: () => onChange(key, uid),
    });
  }
}
