import { memberCount, nameOf } from './exhaustive-reconcile.ts';
import { type FaultKind, type Laws, type Step, replaced } from './exhaustive-laws.ts';
import { restarted } from './exhaustive-member.ts';
import type { Process, State, View } from './exhaustive-state.ts';

/** Whatever may go wrong next. */
export function faultsIn(
  laws: Laws,
  kinds: ReadonlySet<FaultKind>,
  state: State,
  steps: Step[],
): void {
  const left = { ...state, faults: state.faults - 1 };
  if (kinds.has('crash')) crashes(laws, left, steps);
  state.operators.forEach((process, by) => {
    if (process === null) return;
    if (kinds.has('silence')) silences(left, process, by, steps);
    const views = Array.from({ length: memberCount }, (): View => ['Unknown', -1]);
    const { status, version, consistency } = state;
    const fresh: Process = { status, version, consistency, views, given: [] };
    if (kinds.has('restart')) {
      const operators = [...replaced(state.operators, by, null), fresh];
      steps.push([`op${by} dies, and another begins`, { ...left, operators }]);
    }
    if (kinds.has('second') && state.operators.length === 1) {
      steps.push(['another operator begins', { ...left, operators: [process, fresh] }]);
    }
  });
}

function crashes(laws: Laws, state: State, steps: Step[]): void {
  state.nodes.forEach((_, i) => {
    const crashed = laws.put(state, i, restarted(laws.at(state, i)));
    const operators = state.operators.map(
      (process) => process && { ...process, views: unheard(process.views, i, 'Refused') },
    );
    steps.push([`${nameOf(i)} crashes`, { ...crashed, operators }]);
  });
}

function silences(state: State, process: Process, by: number, steps: Step[]): void {
  process.views.forEach(([verdict], i) => {
    if (verdict !== 'Healthy') return;
    const views = unheard(process.views, i, 'Silent');
    const operators = replaced(state.operators, by, { ...process, views });
    steps.push([`op${by} finds ${nameOf(i)} silent`, { ...state, operators }]);
  });
}

const unheard = (views: readonly View[], at: number, verdict: 'Refused' | 'Silent'): View[] =>
  replaced(views, at, [verdict, views[at]?.[1] ?? -1]);
