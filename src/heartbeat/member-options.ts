import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { DetectorConfig } from './detector.ts';
import type { Grants } from './grants.ts';
import type { MonitorMetrics } from './health.ts';
import type { MonitorPorts } from './ports.ts';

export interface MemberOptions {
  uid: string;
  detector: DetectorConfig;
  clock: Clock;
  log: Log;
  metrics: MonitorMetrics | undefined;
  grants: Grants;
  ports: MonitorPorts;
  /** Monotonic milliseconds without the operator's own stalls. */
  attentiveNow: () => number;
  onChange: () => void;
}
