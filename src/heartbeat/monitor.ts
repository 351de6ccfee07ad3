import type { Clock } from '../core/clock.ts';
import type { DetectorConfig } from '../core/detector.ts';
import type { Log } from '../telemetry/log.ts';
import type { MemberHealth, MonitorConfig, MonitorMetrics } from './health.ts';
import { Member } from './member.ts';
import { StallMeter } from './stall-meter.ts';

export type { MemberHealth, MonitorConfig, MonitorMetrics } from './health.ts';

export interface MonitoredMember {
  uid: string;
  name: string;
  /** IP address. */
  host: string;
}

export interface MonitorOptions {
  clock: Clock;
  log: Log;
  metrics?: MonitorMetrics;
  /**
   * A member's verdict or cause has changed. Called at once, from the I/O that showed it, never during a call to the
   * monitor. It must not throw.
   */
  onChange: (key: string, uid: string) => void;
}

/** Hears the heartbeats of all members of all resources and judges them. */
export class HeartbeatMonitor {
  readonly #options: MonitorOptions;
  readonly #stalls: StallMeter;
  readonly #members = new Map<string, Map<string, Member>>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#stalls = new StallMeter(options.clock, (ms) => {
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
    for (const { uid, name, host } of members) {
      const member = before.get(uid) ?? this.#create(key, uid, name, config.detector);
      before.delete(uid);
      after.set(uid, member);
      member.configure(host, config);
    }
    for (const gone of before.values()) gone.close();
    if (after.size === 0) this.#members.delete(key);
    else this.#members.set(key, after);
  }

  health(key: string, uid: string): MemberHealth | undefined {
    return this.#members.get(key)?.get(uid)?.health();
  }

  /**
   * Restarts the silence clocks of all members: what was not heard while the operator itself was cut off says nothing.
   * Members that are Dead stay so until they are heard.
   */
  forgiveSilence(): void {
    for (const members of this.#members.values()) {
      for (const member of members.values()) member.forgive();
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
      attentiveNow: () => this.#stalls.attentiveNow(),
      onChange: () => onChange(key, uid),
    });
  }
}
