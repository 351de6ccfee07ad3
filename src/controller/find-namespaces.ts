import { isHAError } from '../api/errors.ts';
import { namespacesOf, settingsName } from '../api/operator-settings.ts';
import { isNotFound } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import { configMaps } from '../kube/resources.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { lastingRefusal } from './own-pod.ts';

const timeoutMs = 5_000;
/** Wait before the next attempt. */
const againMs = 1_000;

interface FindNamespacesOptions {
  client: Pick<KubeClient, 'get'>;
  /** Namespace of the operator, where the ConfigMap of its settings is; if there is none, the operator works on all. */
  namespace: string | undefined;
  clock: Clock;
  log: Log;
  /** The operator cannot begin, for a person; called for each attempt. */
  onFault: (fault: string) => void;
}

/**
 * Reads the namespaces that the operator is to work on, before it begins: once, at start. Waits for the API server, and for the
 * correction of settings of which they cannot be known: the operator might work where another one does. Never throws.
 *
 * @returns undefined: all. Also if the operator may not read its settings, as with the role of an earlier version, and at the signal.
 */
export async function findNamespaces(
  { client, namespace, clock, log, onFault }: FindNamespacesOptions,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  if (!namespace) return undefined;
  const isLasting = lastingRefusal(clock);
  let told = '';
  while (!signal.aborted) {
    try {
      const ref = { namespace, name: settingsName };
      return namespacesOf(await client.get(configMaps, ref, { timeoutMs, signal }));
    } catch (error) {
      if (signal.aborted || isNotFound(error)) break;
      const fault = isHAError(error) ? error.message : String(error);
      const isInvalid = isHAError(error, 'HA_ERR_SETTINGS_INVALID');
      const waits = 'the operator does not know its namespaces, and begins when it does';
      if (fault !== told) {
        log.error(
          { reason: isInvalid ? 'SettingsInvalid' : 'SettingsUnknown' },
          `${waits}: ${fault}`,
        );
      }
      told = fault;
      onFault(`${waits}: ${fault}`);
      if (isLasting(error)) break;
      await sleep(clock, againMs, signal);
    }
  }
  return undefined;
}
