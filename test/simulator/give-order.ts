import type { RoleCommand } from '../../src/core/model/role-commands.ts';
import type { HookState } from '../../src/core/model/observed.ts';
import type { Operator } from './operator.ts';
import type { AnyOrder } from '../../src/agent/epoch-check.ts';
import type { Answer } from './agent-types.ts';

const firstRetryMs = 200;
const lastRetryMs = 5_000;
const timeoutMs = 10_000;

/** Gives an order beside the loop, and remembers what became of it: src/controller/hook-runner.ts. */
export function giveOrder(
  operator: Operator,
  uid: string,
  given: AnyOrder,
  onSettled: () => void,
  call: Pick<RoleCommand, 'generation' | 'failures' | 'message'> = {
    generation: 0,
    failures: 0,
    message: '',
  },
): void {
  const { world, memory, clock, ears, place } = operator;
  const { kernel, network } = world;
  const { epoch } = given.order;
  const { generation, failures, message } = call;
  const base = { action: given.kind, uid, generation, epoch, calledAtMs: clock.wallNow() };
  const id = `${uid}/${given.kind}`;
  const running: HookState = { ...base, state: 'Running', failures, message, retryAtMs: 0 };
  memory.hooks.set(id, running);
  let isOver = false;
  const settle = (state: HookState) => {
    if (isOver || !operator.isAlive) return;
    isOver = true;
    if (memory.hooks.get(id) !== running) return;
    memory.hooks.set(id, state);
    onSettled();
  };
  const failed = (why: string) =>
    settle({
      ...base,
      state: 'Failed',
      failures: failures + 1,
      message: why,
      retryAtMs: clock.wallNow() + Math.min(lastRetryMs, firstRetryMs * 2 ** failures),
    });
  const answered = (answer: Answer) => {
    if (isOver || !operator.isAlive) return;
    if ('refusal' in answer) return failed(answer.refusal);
    ears.get(uid)?.heard(answer.report);
    settle({ ...base, state: 'Done', failures: 0, message: '', retryAtMs: 0 });
  };
  kernel.note(place, () => `orders ${uid} to ${given.kind} in epoch ${epoch}`);
  world.ordered(uid, given);
  kernel.after(timeoutMs, () => failed('no answer in time'));
  const target = world.find(uid);
  if (target === undefined) return;
  const grant = given.kind === 'promote' ? ears.get(uid)?.grant() : undefined;
  const deliver = () => {
    const now = world.find(uid);
    if (now === undefined) return;
    const answer = (said: Answer) => network.send(now.place, place, () => answered(said));
    if (now.agent === undefined) {
      network.send(now.place, place, () => failed('nothing listens'));
      return;
    }
    const { agent } = now;
    agent.deliver(() => agent.order(given, grant, answer));
  };
  network.send(place, target.place, deliver, { duplicates: true });
}
