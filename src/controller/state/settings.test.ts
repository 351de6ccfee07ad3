import { beforeEach, expect, it } from 'vitest';
import { defaultSettings } from '../../api/operator-settings.ts';
import type { ConfigMap } from '../../kube/api-types.ts';
import { Store } from '../../kube/store.ts';
import { silentLog } from '../../lib/log.ts';
import { LiveSettings } from './settings.ts';

let store: Store<ConfigMap>;
let settings: LiveSettings;
/** What it has told of, as `type reason name`. */
let events: string[];
let valid: boolean[];
let logged: string[];
let changes: number;
let version = 0;

const configMap = (text: string): ConfigMap => ({
  metadata: {
    ...{ name: 'haservice-operator', namespace: 'system', uid: 'u1' },
    resourceVersion: String(++version),
  },
  data: { 'settings.yaml': text },
});
const off = 'chaos: { enabled: false }';
const wrong = 'chaos: { enabled: perhaps }';

beforeEach(() => {
  [events, valid, logged, changes] = [[], [], [], 0];
  store = new Store();
  settings = new LiveSettings({
    namespace: 'system',
    store,
    events: {
      record: ({ name }, { type, reason }) => void events.push(`${type} ${reason} ${name}`),
    },
    log: { ...silentLog, error: (_fields, message) => void logged.push(message) },
    metrics: { settingsValid: (isValid) => void valid.push(isValid) },
    onChange: () => changes++,
  });
});

it('holds the defaults, but does not know them, until the first list', () => {
  expect(settings.current).toEqual(defaultSettings);
  expect(settings.known).toBe(false);
  expect(settings.problem).toMatch(/cannot be read/);
  store.replace([], '1');
  expect(settings.current).toEqual(defaultSettings);
  expect(settings.known).toBe(true);
  expect(settings.problem).toBeUndefined();
  expect(changes).toBe(1);
});

it('follows the ConfigMap live, and returns to the defaults when it is deleted', () => {
  store.replace([configMap(off)], '1');
  expect(settings.current.chaos.enabled).toBe(false);
  store.put(configMap('chaos: { maxExperiments: 7 }'));
  expect(settings.current.chaos).toMatchObject({ enabled: true, maxExperiments: 7 });
  store.remove(configMap(''));
  expect(settings.current).toEqual(defaultSettings);
  expect(settings.known).toBe(true);
  expect(events).toEqual([]);
});

it('keeps the last good settings while the present ones are wrong, and says so once', () => {
  store.replace([configMap(off)], '1');
  const before = changes;
  store.put(configMap(wrong));
  store.put(configMap(wrong));
  expect(settings.current.chaos.enabled).toBe(false);
  expect(settings.known).toBe(true);
  expect(settings.problem).toMatch(/^chaos\.enabled is "perhaps"; write true or false/);
  expect(events).toEqual(['Warning SettingsInvalid haservice-operator']);
  expect(logged).toEqual([settings.problem]);
  expect(valid.at(-1)).toBe(false);
  expect(changes).toBeGreaterThan(before);
  store.put(configMap('chaos: {}'));
  expect(settings.current).toEqual(defaultSettings);
  expect(settings.problem).toBeUndefined();
  expect(events.slice(1)).toEqual(['Normal SettingsCorrected haservice-operator']);
  expect(valid.at(-1)).toBe(true);
});

it('says anew what is wrong if another thing is', () => {
  store.replace([configMap(wrong)], '1');
  store.put(configMap('chaos: { more: 1 }'));
  expect(logged).toHaveLength(2);
  expect(events).toHaveLength(2);
});

it('does not know the settings if they were never right since the start', () => {
  store.replace([configMap(wrong)], '1');
  expect(settings.known).toBe(false);
  store.put(configMap(off));
  expect(settings.known).toBe(true);
});

it('does not know the settings while the API server refuses them, and tells that', () => {
  store.replace([configMap(off)], '1');
  const before = changes;
  store.setRefused();
  expect(settings.known).toBe(false);
  expect(settings.problem).toMatch(/cannot be read: .*manifests\/rbac\.yaml/);
  expect(settings.current.chaos.enabled).toBe(false);
  expect(changes).toBe(before + 1);
  store.replace([configMap(off)], '9');
  expect(settings.known).toBe(true);
});

it('is valid again when wrong settings are deleted', () => {
  store.replace([configMap(wrong)], '1');
  store.remove(configMap(''));
  expect(settings.known).toBe(true);
  expect(valid.at(-1)).toBe(true);
});
