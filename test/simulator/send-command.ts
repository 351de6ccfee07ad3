import type { AnyOrder } from '../../src/agent/epoch-check.ts';
import { durationMs } from '../../src/api/duration.ts';
import type { HookKind } from '../../src/api/engine-spec.ts';
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
  /** A hook is called by the operator at this place. */
  hooked(place: string, uid: string, action: HookKind, epoch: number): void;
}

type Done = Parameters<SendRoleCommand>[2];

/** The process of an operator. */
interface Sender {
  readonly place: string;
  readonly isAlive: boolean;
}

/** A role command on the model's network, over a connection of its own: so that a copy may come later. */
export const sendCommand = (
  world: CommandWorld,
  sender: Sender,
  call: OutgoingRoleCommand,
  ...rest: [AbortSignal, Done]
): void =>
  'hook' in call ? callHook(world, sender, call, ...rest) : order(world, sender, call, ...rest);

/** The highest epoch that a process without an agent has been told. */
const roleEpochs = new WeakMap<object, number>();

/** A hook of a program without an agent, which refuses an epoch that is lower than one it has seen, as the documentation asks for. */
function callHook(
  world: CommandWorld,
  sender: Sender,
  { host, hook, call }: Extract<OutgoingRoleCommand, { hook: unknown }>,
  signal: AbortSignal,
  done: Done,
): void {
  const { kernel, network } = world;
  const { action, epoch, member } = call;
  let isOver = false;
  const end = (error?: HAError) => {
    if (isOver || !sender.isAlive || signal.aborted) return;
    isOver = true;
    cancel();
    done(error === undefined ? {} : { error });
  };
  kernel.note(sender.place, () => `calls ${action} of ${member} in epoch ${epoch}`);
  const cancel = kernel.after(durationMs(hook.timeout), () =>
    end(new HAError('HA_ERR_HOOK_TIMEOUT', action)),
  );
  const container = world.containerAt(host);
  if (container === undefined) return;
  world.hooked(sender.place, container.uid, action, epoch);
  const deliver = () => {
    const now = world.containerAt(host);
    if (now === undefined) return;
    const answer = (error?: HAError) => network.send(now.place, sender.place, () => end(error));
    if (now.agent === undefined) {
      answer(new HAError('HA_ERR_HOOK_UNREACHABLE', 'connection refused'));
      return;
    }
    const { agent } = now;
    agent.deliver(() => {
      const isOld = epoch < (roleEpochs.get(agent) ?? 0);
      kernel.note(member, () => `${isOld ? 'refuses' : 'obeys'} ${action} of epoch ${epoch}`);
      if (isOld) return void answer(new HAError('HA_ERR_HOOK_STATUS', '409', { status: 409 }));
      roleEpochs.set(agent, epoch);
      answer();
    });
  };
  network.send(sender.place, container.place, deliver, { duplicates: true });
}

/** An order of the member protocol. */
function order(
  world: CommandWorld,
  sender: Sender,
  call: Extract<OutgoingRoleCommand, { order: unknown }>,
  signal: AbortSignal,
  done: Done,
): void {
  const { kernel, network } = world;
  const { target } = call;
  const given = { kind: call.kind, order: call.order } as AnyOrder;
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
