import type { Explanation } from './errors.ts';

/** Events on the ConfigMap with the settings of the operator. */
export const settingsEvents = {
  SettingsInvalid: {
    meaning:
      'on the ConfigMap `haservice-operator`: the settings are wrong, and the last good ones hold; the note says what is wrong',
    whatToDo: 'correct what the note names, see docs/operator-settings.md',
  },
  SettingsCorrected: {
    meaning: 'on the ConfigMap `haservice-operator`: the settings are valid again, and hold',
    whatToDo: 'nothing',
  },
  NamespacesChanged: {
    meaning:
      'on the ConfigMap `haservice-operator`: `namespaces` has changed, and the operator starts again to work on the new list',
    whatToDo: 'nothing',
  },
} as const satisfies Record<string, Explanation>;
