import { isHAError } from '../../api/errors.ts';
import {
  type OperatorSettings,
  defaultSettings,
  settingsName,
  settingsOf,
} from '../../api/operator-settings.ts';
import type { EventReason } from '../../api/reasons.ts';
import type { ConfigMap } from '../../kube/api-types.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import { configMaps } from '../../kube/resources.ts';
import type { Store } from '../../kube/store.ts';
import type { Log } from '../../lib/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

export interface LiveSettingsOptions {
  /** Namespace of the operator, where the ConfigMap is. Without one the defaults hold. */
  namespace: string | undefined;
  /** Holds the ConfigMap of the settings alone, if there is one. */
  store: Store<ConfigMap>;
  events: Pick<EventRecorder, 'record'>;
  log: Log;
  metrics: Pick<Metrics, 'settingsValid'>;
  /** The settings have changed, or whether they are known. */
  onChange: () => void;
}

const unreadable =
  `the ConfigMap ${settingsName} cannot be read: see the log of the operator, and apply the role of ` +
  'this version (manifests/rbac.yaml)';

/**
 * The settings of the operator, as its ConfigMap has them now. Settings that are wrong do not hold: the last good ones stay, and
 * the log, an Event and a metric say so. Created once; the control loop reads it in each pass.
 */
export class LiveSettings {
  readonly #options: LiveSettingsOptions;
  #current = defaultSettings;
  /** The present settings are wrong: for a person, how. */
  #fault: string | undefined;
  /** This process has read settings that are valid: `#current`. */
  #hasRead = false;

  constructor(options: LiveSettingsOptions) {
    this.#options = options;
    const { store } = options;
    store.onChange(() => this.#read());
    store.completeness.onChange(() => this.#read());
  }

  /** Where the ConfigMap is, if the operator has a namespace. */
  get ref(): { namespace: string; name: string } | undefined {
    const { namespace } = this.#options;
    return namespace === undefined || namespace === ''
      ? undefined
      : { namespace, name: settingsName };
  }

  /** The last settings that were valid; the defaults if there have not been any. */
  get current(): OperatorSettings {
    return this.#current;
  }

  /**
   * Whether `current` is what the operator was told. False if the ConfigMap cannot be read, or was wrong ever since this process has
   * started: then nobody knows if chaos is switched off.
   */
  get known(): boolean {
    return this.#options.store.isComplete && this.#hasRead;
  }

  /** Why the present settings do not hold, and what to do; undefined if they do. For a person. */
  get problem(): string | undefined {
    return this.#options.store.isComplete ? this.#fault : unreadable;
  }

  #read(): void {
    const { store, onChange } = this.#options;
    // The first list is stored object by object.
    if (store.isComplete) this.#parse(store.list()[0]);
    onChange();
  }

  #parse(configMap: ConfigMap | undefined): void {
    const before = this.#fault;
    try {
      this.#current = settingsOf(configMap);
      this.#hasRead = true;
      this.#fault = undefined;
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_SETTINGS_INVALID')) throw error;
      this.#fault = error.message;
    }
    const { log, metrics } = this.#options;
    metrics.settingsValid(this.#fault === undefined);
    if (this.#fault !== undefined && this.#fault !== before) {
      log.error({ reason: 'SettingsInvalid', current: this.#current }, this.#fault);
      this.tell('Warning', 'SettingsInvalid', this.#fault);
    } else if (this.#fault === undefined) {
      log.info({ settings: this.#current }, 'these settings hold');
      const note = `these settings hold: ${JSON.stringify(this.#current)}`;
      if (before !== undefined) this.tell('Normal', 'SettingsCorrected', note);
    }
  }

  /** An Event on the ConfigMap. */
  tell(type: 'Normal' | 'Warning', reason: EventReason, note: string): void {
    const { name, namespace, uid } = this.#options.store.list()[0]?.metadata ?? {};
    // It was deleted: there is nothing to show an Event on.
    if (name === undefined || namespace === undefined) return;
    const { apiVersion, kind } = configMaps;
    const regarding = { apiVersion, kind, name, namespace, ...(uid === undefined ? {} : { uid }) };
    this.#options.events.record(regarding, { type, reason, action: 'ReadSettings', note });
  }
}
