import { describe, expect, it } from 'vitest';
import { isHAError } from './errors.ts';
import { defaultSettings, namespacesOf, parseSettings, settingsOf } from './operator-settings.ts';

const faultOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (isHAError(error, 'HA_ERR_SETTINGS_INVALID')) return error.message;
    throw error;
  }
  throw new Error('the settings were accepted');
};

describe('the settings of the operator', () => {
  it('have defaults, which a text changes field by field', () => {
    const { chaos } = defaultSettings;
    expect(chaos).toEqual({ enabled: true, maxExperiments: 3, maxExperimentsPerZone: 1 });
    for (const text of ['', '# chaos:\n', '{}', 'chaos: {}']) {
      expect(parseSettings(text)).toEqual(defaultSettings);
    }
    expect(parseSettings('chaos:\n  enabled: false\n').chaos).toEqual({ ...chaos, enabled: false });
    expect(parseSettings('chaos: { maxExperiments: 9 }').chaos).toEqual({
      ...chaos,
      maxExperiments: 9,
    });
  });

  it.each([
    ['chaos: { enabld: false }', /^chaos\.enabld: there is no such field/],
    [
      'caos: { enabled: false }',
      /^caos: there is no such field; the fields are chaos\.enabled, chaos\.max/,
    ],
    // YAML 1.2 has no other words for true and false.
    ['chaos: { enabled: off }', /^chaos\.enabled is "off"; write true or false/],
    ['chaos: { maxExperiments: 0 }', /^chaos\.maxExperiments is 0; write at least 1/],
    ['chaos: { maxExperiments: 1.5 }', /^chaos\.maxExperiments is 1\.5; write a whole number/],
    [
      'chaos: { maxExperimentsPerZone: many }',
      /^chaos\.maxExperimentsPerZone is "many"; write a whole/,
    ],
    ['chaos:', /^chaos is null; write its fields below it/],
    ['- chaos', /^settings\.yaml is a list; write fields/],
    ['chaos: &itself [*itself]', /^chaos is a list; write its fields/],
    ['chaos: { enabled: {} }', /^chaos\.enabled is a mapping; write true or false/],
    ['namespaces: shop', /^namespaces is "shop"; write a list, such as \[shop, payments\]/],
    ['namespaces: []', /^namespaces is an empty list; write at least one namespace, or leave/],
    ['namespaces: [a, Shop_1]', /^namespaces\.1 is "Shop_1"; write the name of a namespace/],
    ['namespaces: [7]', /^namespaces\.0 is 7; write the name of a namespace/],
    ['chaos: {}\nchaos: {}', /^settings\.yaml is not YAML in line 2: duplicated/],
    ['chaos: [', /^settings\.yaml is not YAML in line 1/],
    ['chaos: {}\n---\nchaos: {}', /^settings\.yaml has 2 YAML documents/],
  ])('are refused as %j, and the message names the place', (text, message) => {
    expect(faultOf(() => parseSettings(text))).toMatch(message);
  });

  it('name every fault', () => {
    const text = 'chaos: { enabled: 1, maxExperiments: 0, more: 1 }';
    expect(faultOf(() => parseSettings(text))).toMatch(
      /enabled is 1; .*maxExperiments is 0; .*more: /,
    );
  });

  it('are the defaults without the ConfigMap or without its key, but a wrong key is refused', () => {
    expect(settingsOf()).toEqual(defaultSettings);
    expect(settingsOf({})).toEqual(defaultSettings);
    const data = { 'settings.yaml': 'chaos: { enabled: false }' };
    expect(settingsOf({ data }).chaos.enabled).toBe(false);
    const wrong = { data: { 'settings.yml': 'chaos: { enabled: false }' } };
    expect(faultOf(() => settingsOf(wrong))).toMatch(/^settings\.yml: there is no such key/);
    // As kubectl stores a file in UTF-16.
    const binaryData = { 'settings.yaml': '//5jAGgAYQBvAHMA' };
    expect(faultOf(() => settingsOf({ binaryData }))).toMatch(/settings\.yaml is in binaryData/);
  });

  it('tell the namespaces also if they are wrong elsewhere, but not if a field may be a misspelt one', () => {
    const of = (text: string) => namespacesOf({ data: { 'settings.yaml': text } });
    expect(of('namespaces: [shop]\nchaos: { enabled: perhaps }')).toEqual(['shop']);
    expect(of('chaos: { enabled: perhaps }')).toBeUndefined();
    expect(namespacesOf(undefined)).toBeUndefined();
    for (const text of ['namespace: [shop]', 'namespaces: shop', 'namespaces: [', '- shop']) {
      expect(
        faultOf(() => of(text)),
        text,
      ).not.toBe('');
    }
  });
});
