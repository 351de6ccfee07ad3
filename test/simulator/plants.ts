import * as data from './data-mutants.ts';
import type { Mutant } from './mutant.ts';
import * as broken from './mutants.ts';
import * as updates from './update-mutants.ts';
import type { Plant } from './plant.ts';

const lost = /lost|lacks it|is not there in the end/;
const late = /acknowledges write \d+ in epoch \d+ after/;
const early = /before that epoch had landed/;
const blocked = /cannot be promoted, and it holds writes/;
const otherSet = /acknowledges by .*, and the status has/;
const asked = /is asked for .*, and was made to answer/;
const forbidden = /is elected in epoch \d+, and may not lead/;
const unnamed = /no stored status has named it as Injecting/;

/** Operators and members that are broken on purpose, by a loss that was found or feared: CI plays them all. */
export const plants: Record<string, Plant> = {
  'no-quorum': {
    breaks: 'a failover elects without the proof that the members left hold every write',
    mutant: { unsafe: 'no-quorum' },
    found: [
      { engine: 'postgres', by: lost, from: 55 },
      { engine: 'redis', by: lost, from: 40 },
    ],
  },
  'no-fence': {
    breaks: 'a failover does not stop the old primary and its followers first',
    mutant: { unsafe: 'no-fence' },
    found: [
      { engine: 'postgres', by: lost, from: 36 },
      { engine: 'lease', by: late, from: 1 },
    ],
  },
  'promotes-early': {
    breaks: 'a member is promoted before the compare-and-swap of its election has landed',
    mutant: { decide: broken.promotesEarly },
    found: [
      { engine: 'postgres', by: early, from: 1 },
      { engine: 'lease', by: early, from: 12 },
    ],
  },
  'fewer-acks': {
    breaks: 'a leader waits for one acknowledgement less than it reports',
    mutant: { behaviour: { fewerAcks: true } },
    found: [
      { engine: 'postgres', by: lost, from: 45 },
      { engine: 'redis', by: lost, from: 1 },
    ],
  },
  'clones-acknowledge': {
    breaks: 'a member acknowledges writes while it is still being made a copy',
    mutant: { behaviour: { clonesAcknowledge: true } },
    found: [{ engine: 'postgres', by: lost, from: 632 }],
  },
  'old-log': {
    breaks: 'a promotion counts a copy as written that is not on the disk yet',
    mutant: { behaviour: { forgetsOldLog: true } },
    found: [
      {
        ...{ engine: 'redis', by: lost, from: 440 },
        faults: ['reboots', 'crashAll', 'crash', 'freeze', 'cutPair', 'scale'],
      },
    ],
  },
  'counts-incomplete': {
    breaks: 'a member without data, or in the middle of a copy, votes as if it held some',
    mutant: { decide: data.countsIncomplete },
    found: [
      {
        engine: 'postgres',
        by: lost,
        faults: ['slowCopy', 'loseClaim', 'wipe', 'crash'],
        from: 70,
      },
    ],
  },
  'ignores-positions': {
    breaks: 'a failover takes every member that has data for one that has the newest',
    mutant: { decide: data.ignoresPositions },
    found: [
      {
        ...{ engine: 'postgres', by: lost, from: 41 },
        faults: ['crash', 'cutPair', 'cutFromMembers', 'freeze'],
      },
    ],
  },
  'trusts-memory': {
    breaks: 'an election and a planned change count data in memory as written to the disk',
    mutant: { decide: data.trustsMemory },
    found: [
      {
        ...{ engine: 'redis', by: blocked, from: 75 },
        faults: ['slowCopy', 'wipe', 'crashAll', 'crash', 'stop'],
      },
    ],
  },
  'begins-unheard': {
    breaks: 'a resource that is applied again begins before each that may have data is heard',
    mutant: { decide: data.beginsUnheard },
    found: [
      {
        ...{ engine: 'postgres', by: lost, from: 90 },
        faults: ['reapply', 'slowVolume', 'cutPair', 'crash'],
      },
    ],
  },
  'waits-on': {
    breaks: 'a leader that waits for followers is not told that Strong has been given up',
    mutant: { decide: broken.waitsOn },
    found: [],
    inSearch: { edits: 1, by: /the spec says Eventual, but the leader waits/ },
  },
  'forgets-refusals': {
    breaks: 'a member is moved again and again to a zone that has no room',
    mutant: { decide: broken.forgetsRefusals },
    found: [{ engine: 'postgres', by: /is made again for zone/, faults: ['fullZone'], from: 1 }],
  },
  'forgets-leader-at-0': {
    breaks: 'a service that is scaled to 0 and back does not remember who led',
    mutant: { decide: broken.forgetsLeaderAt0 },
    found: [
      { engine: 'redis', by: lost, faults: ['stop'], from: 615 },
      { engine: 'postgres', by: lost, faults: ['stop', 'crash', 'cutPair'], from: 95 },
    ],
  },
  'first-set-believed': {
    breaks: 'the first sync set counts before the leader has it in force',
    mutant: { decide: broken.believesFirstSet },
    found: [{ engine: 'postgres', by: otherSet, from: 1 }],
  },
  'unheard-is-broken': {
    breaks: 'a member that a new operator has not heard yet is replaced as if it were broken',
    mutant: { decide: broken.deletesUnheard },
    found: [{ engine: 'postgres', by: /by an operator that has not heard it yet/, from: 45 }],
  },
  'any-refusal-proves': {
    breaks: 'a port on which nobody has ever listened proves the end of a primary',
    mutant: { oneContact: true, decide: broken.believesAnyRefusal },
    found: [{ engine: 'lease', by: late, from: 101 }],
  },
  'follows-spec': {
    breaks: 'a member is reached where the spec of this minute says, not as its pod was made',
    mutant: { decide: data.followsSpec },
    found: [
      { engine: 'postgres', by: /slice .* leads to/, faults: ['ports'], from: 1 },
      { engine: 'lease', by: /slice .* leads to/, faults: ['ports'], from: 1 },
    ],
  },
  'spec-of-this-minute': {
    breaks:
      'a member is asked, judged and led as the spec of this minute says, not as its pod was made',
    mutant: { believesSpec: true },
    found: [
      { engine: 'postgres', by: asked, faults: ['ports'], from: 1 },
      { engine: 'lease', by: asked, faults: ['leaseConsistency', 'check'], from: 1 },
    ],
  },
  'forgets-lease': {
    breaks: 'the lease that the primary was made with is forgotten with its pod',
    mutant: { decide: broken.forgetsLease },
    found: [{ engine: 'lease', by: late, from: 20, faults: ['shorterWhileLost'] }],
  },
  'renews-by-spec': {
    breaks: 'the lease of a primary is renewed only while the spec of this minute asks for a lease',
    mutant: { grantsBySpec: true },
    found: [
      {
        ...{ engine: 'lease', by: /ends, and an operator has reached it/, from: 3575 },
        faults: ['leaseConsistency', 'pause'],
      },
    ],
  },
  'never-adopts': {
    breaks: 'a pod whose owner references somebody has removed is not taken over again',
    mutant: { decide: broken.neverAdopts },
    found: [{ engine: 'postgres', by: /has no owner/, faults: ['stripOwners'], from: 1 }],
  },
  'any-epoch': {
    breaks: 'a member obeys an order of an absurd epoch',
    mutant: { behaviour: { anyEpoch: true } },
    found: [{ engine: 'postgres', by: /not whole/, from: 50 }],
  },
  'any-revision': {
    breaks: 'a late order makes a leader go back to an earlier sync set',
    mutant: { behaviour: { anyRevision: true } },
    found: [{ engine: 'postgres', by: otherSet, faults: ['scale', 'lateness'], from: 290 }],
  },
  'told-terms': {
    breaks: 'members do not report the history of their positions',
    mutant: { behaviour: { withoutHistory: true } },
    found: [
      {
        ...{ engine: 'redis', by: lost, from: 2445 },
        faults: ['cutFromOperator', 'cutPair', 'crash', 'lateness', 'loss'],
      },
    ],
  },
  'kills-at-once': {
    breaks: 'an experiment kills before its intent is stored',
    mutant: { decide: broken.killsAtOnce },
    found: [{ engine: 'postgres', by: unnamed, faults: ['experiment'], from: 10 }],
  },
  'kills-quorum': {
    breaks: 'an experiment does not ask whether enough members are left',
    mutant: { decide: broken.killsQuorum },
    found: [{ engine: 'redis', by: /kills too many/, faults: ['experiment'], from: 1 }],
  },
  'kills-again': {
    breaks: 'an experiment names its members by their pods and forgets what it has killed',
    mutant: { decide: broken.killsAgain },
    found: [{ engine: 'postgres', by: unnamed, faults: ['experiment'], from: 1 }],
  },
  'forgets-kill': {
    breaks: 'the operator forgets what it has killed',
    mutant: { decide: broken.forgetsKill },
    found: [
      {
        ...{ engine: 'postgres', faults: ['experiment'], from: 1 },
        by: /is Unknown, and every kill was answered/,
      },
    ],
  },
  'elects-anybody': {
    breaks: 'a failover elects a member that may not lead',
    mutant: { decide: broken.electsAnybody },
    found: [
      { engine: 'postgres', by: forbidden, faults: ['neverPrimary', 'crash', 'wipe'], from: 1 },
      { engine: 'lease', by: forbidden, faults: ['neverPrimary', 'crash', 'deletePod'], from: 1 },
    ],
  },
  'replaces-for-text': {
    breaks: 'a pod is replaced for another text of the same template',
    mutant: { decideOf: updates.replacesForText },
    found: [
      { engine: 'postgres', by: /means what it was made from/, faults: ['sameMeaning'], from: 1 },
    ],
  },
  'restarts-primary-first': {
    breaks: 'a restart takes the primary before the standbys',
    mutant: { decide: updates.restartsPrimaryFirst },
    found: [
      {
        engine: 'postgres',
        by: /gives up its role for a restart/,
        faults: ['requestRestart'],
        from: 1,
      },
    ],
  },
  'forgets-half': {
    breaks: 'a new operator takes an election that the one before has committed for carried out',
    mutant: { decideOf: broken.promotesOwnAlone },
    found: [],
    inStories: [
      { engine: 'postgres', story: 'crash', by: /it has no end/ },
      { engine: 'lease', story: 'deletePod', by: /it has no end/ },
    ],
  },
  'stale-is-true': {
    breaks: 'what a cache shows is acted on, whatever the object has become meanwhile',
    mutant: { isUnguarded: true },
    found: [],
    inStories: [
      { engine: 'postgres', story: 'crash', by: /status.epoch fell/ },
      { engine: 'redis', story: 'crash', by: /has two primaries/ },
    ],
  },
  'unseen-is-there': {
    breaks: 'an object whose end no watch has shown stays in the cache',
    mutant: { keepsUnlisted: true },
    found: [],
    inStories: [
      { engine: 'postgres', story: 'deletePod', by: /it has no end: web-\d is being deleted/ },
    ],
  },
};

/** The mutant of this name; without a name, nothing is broken. */
export const mutantOf = (name: string | undefined): Mutant => plants[name ?? '']?.mutant ?? {};
