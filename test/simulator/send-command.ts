import type { AnyOrder } from '../../src/agent/epoch-check.ts';
import { HAError } from '../../src/api/errors.ts';
import type {
  OutgoingRoleCommand,
  SendRoleCommand,
} from '../../src/controller/act/send-role-command.ts';
import { leaseHeader } from '../../src/protocol/member-protocol.ts';
import type { Answer } from './agent-types.ts';
import type { Kernel } from './kernel.ts';
import type { ConnectionWorld } from './probe-connection.ts';

export interface CommandWorld extends ConnectionWorld {
  readonly kernel: Kernel;
  /** An order leaves the operator. */
  ordered(uid: string, order: AnyOrder): void;
}

/** The process of an operator. */
interface Sender {
  readonly place: string;
  readonly isAlive: boolean;
}

/** A role command on the model's network, over a connection of its own: so that a copy may come later. */
export function sendCommand(
  world: CommandWorld,
  sender: Sender,
  call: OutgoingRoleCommand,
  signal: AbortSignal,
  done: Parameters<SendRoleCommand>[2],
): void {
  const { kernel, network } = world;
  const { given, target } = orderOf(call);
  const { uid = '', epoch } = given.order;
  let isOver = false;
  const end = (answer: Answer | HAError) => {
    if (isOver || !sender.isAlive || signal.aborted) return;
    isOver = true;
    cancel();
    if (answer instanceof HAError) done({ error: answer });
    else if ('refusal' in answer) {
      const reason = answer.refusal;
      done({ error: new HAError('HA_ERR_ORDER_REFUSED', reason, { reason }) });
    } else done({ report: answer.report });
  };
  kernel.note(sender.place, () => `orders ${uid} to ${given.kind} in epoch ${epoch}`);
  world.ordered(uid, given);
  const cancel = kernel.after(target.timeoutMs, () =>
    end(new HAError('HA_ERR_ORDER_TIMEOUT', given.kind)),
  );
  const container = world.containerAt(target.host);
  const deliver = () => {
    const now = world.containerAt(target.host);
    if (now === undefined) return;
    const answer = (said: Answer | HAError) =>
      network.send(now.place, sender.place, () => end(said));
    if (now.agent === undefined || target.port !== now.agentPort) {
      answer(new HAError('HA_ERR_ORDER_UNREACHABLE', 'connection refused'));
      return;
    }
    const { agent } = now;
    agent.deliver(() => agent.order(given, target.headers?.[leaseHeader], answer));
  };
  if (container === undefined) return;
  network.send(sender.place, container.place, deliver, { duplicates: true });
}

/** No member of the model has a hook. */
function orderOf(call: OutgoingRoleCommand) {
  if ('hook' in call) throw new Error(`a hook was called: ${call.hook.path}`);
  const { kind, order, target } = call;
  return { given: { kind, order } as AnyOrder, target };
}
