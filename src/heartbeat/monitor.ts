import type { MemberReport } from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import type { DetectorConfig } from './detector.ts';
import type { Log } from '../telemetry/log.ts';
import { Grants } from './grants.ts';
import type { MemberHealth, MonitorConfig, MonitorMetrics } from './health.ts';
import { Member } from './member.ts';
import { type MonitorPorts, systemPorts } from './ports.ts';
import type { StallMeter } from './stall-meter.ts';

export type { MemberHealth, MonitorConfig, MonitorMetrics, ProtocolConfig } from './health.ts';

export interface MonitoredMember {
  uid: string;
  name: string;
  /** IP address. */
  host: string;
  port: number;
  /** Whether it speaks the member protocol there. */
  speaksProtocol: boolean;
}

export interface MonitorOptions {
  clock: Clock;
  /** Default: the machine's own. */
  ports?: MonitorPorts;
  log: Log;
  metrics?: MonitorMetrics;
  /** Whether the API server was heard within so many milliseconds: only then may leaders be granted time. */
  mayGrant?: (withinMs: number) => boolean;
  /**
   * A member's verdict or cause has changed, or what it says of itself, but for numbers that grow with each write. Called at once, from the I/O that showed it, never during a call to the
   * monitor. It must not throw.
   */
  onChange: (key: string, uid: string) => void;
}

/** Hears the heartbeats of all members of all resources and judges them. */
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
        options.log.warn({ stalledMs: Math.round(ms) }, 'the operator itself stood still');
      }
    });
  }

  /**
   * Sets the members of one resource, by UID: asks new ones at once, drops those that are gone. A changed address,
   * port, engine or heartbeat restarts the probe and keeps the history.
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

  health(key: string, uid: string): MemberHealth | undefined {
    return this.#members.get(key)?.get(uid)?.health();
  }

  /** A member has answered an order with its report: as new as a heartbeat's. Nobody is called. */
  reported(key: string, uid: string, report: MemberReport): void {
    this.#members.get(key)?.get(uid)?.reported(report);
  }

  /** Grants the member time where it is to lead: the headers to send with an order, now. */
  grant(key: string, uid: string): Record<string, string> {
    return this.#members.get(key)?.get(uid)?.grant() ?? {};
  }

  /**
   * Milliseconds from now until each lease of this pod has surely ended, whether it is heard, silent or gone; 0 where it has.
   * See lease.ts. Ask after `setMembers` has named another holder, or none: until then it may be granted more.
   */
  leaseEndsInMs(uid: string, leaseMs: number): number {
    return this.#grants.endsInMs(uid, leaseMs);
  }

  /** This process has made a pod: no earlier one can have granted it time. */
  podCreated(uid: string): void {
    this.#grants.podCreated(uid);
  }

  /**
   * Restarts the silence clocks of all members: what was not heard while the operator itself was cut off says nothing.
   * Members that are Dead stay so until they are heard.
   */
  restartSilence(): void {
    for (const members of this.#members.values()) {
      for (const member of members.values()) member.restartSilence();
    }
  }

  remove(key: string): void {
    for (const member of this.#members.get(key)?.values() ?? []) member.close();
    this.#members.delete(key);
  }

  close(): void {
    for (const key of this.#members.keys()) this.remove(key);
    this.#stalls.close();
  }

  /** How many members are heard. */
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
