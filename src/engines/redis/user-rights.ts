import * as z from 'zod';

/** How a foreign replica would begin. The second is that of servers before 2.8, and of a channel of its own for the snapshot. */
export const ways = [['psync', '?', '-1'], ['sync']] as const;

/** What a user of the server may do. The rules are those that ACL SETUSER reads. */
export const userRightsSchema = z.object({
  user: z.string(),
  /** Commands of replication that the user may call. */
  able: z.array(z.string()),
  /** Commands by the rules of the user itself. They begin with all commands or with none. */
  root: z.string(),
  /** Further sets of rules, each of which allows what it allows, whatever the others forbid. */
  selectors: z.array(z.string()),
});

export type UserRights = z.output<typeof userRightsSchema>;

/** The commands whose answers `readRights` reads, for each user. */
export const askRights = (users: readonly string[]): string[][] =>
  users.flatMap((user) => [
    ['ACL', 'GETUSER', user],
    ...ways.map((way) => ['ACL', 'DRYRUN', user, ...way]),
  ]);

/** Users that somebody has removed meanwhile are left out. */
export function readRights(users: readonly string[], answers: readonly unknown[]): UserRights[] {
  const each = 1 + ways.length;
  return users.flatMap((user, i) => {
    const [found, ...dryRuns] = answers.slice(i * each, (i + 1) * each);
    if (!Array.isArray(found)) return [];
    const fields = found as unknown[];
    const field = (name: string) => fields[fields.indexOf(name) + 1];
    const selectors = fields.includes('selectors') ? field('selectors') : [];
    return [
      {
        user,
        able: ways.flatMap(([command], way) => (dryRuns[way] === 'OK' ? [command] : [])),
        root: String(field('commands')),
        selectors: (Array.isArray(selectors) ? selectors : []).map(selectorRules),
      },
    ];
  });
}

/** A selector is a list of names and values. Whatever a later server adds is in the form of rules, too. */
function selectorRules(selector: unknown): string {
  const values = (Array.isArray(selector) ? selector : []).filter((_value, i) => i % 2 === 1);
  // Without this a selector begins with what acl-pubsub-default says.
  return ['resetchannels', ...values.map(String).filter((value) => value !== '')].join(' ');
}

/** `+psync|ID` allows the command with that first argument: the question with another one is denied. */
const isBound = (rules: string): boolean => /\+p?sync\|/i.test(rules);

/** Whether the user may replicate in any way. */
export const mayReplicate = ({ able, root, selectors }: UserRights): boolean =>
  able.length > 0 || [root, ...selectors].some(isBound);

const forbid = ways.map(([command]) => `-${command}`);

/** Takes that right, and no other: a selector cannot be changed, so that each is made anew. */
export const takeRights = ({ user, selectors }: UserRights): string[] => [
  ...['ACL', 'SETUSER', user, ...forbid],
  ...inPlaceOf(
    selectors,
    selectors.map((rules) => [rules, ...forbid].join(' ')),
  ),
];

const isOnReplication = (rule: string): boolean => /^[+-]p?sync(\||$)/i.test(rule);

/** Redis 7.0 names the rules in an order that differs from start to start. */
const sorted = (rules: readonly string[]): string => rules.toSorted().join(' ');

/** Rules without those on replication: equal before the right was taken and after. */
const otherRules = (rules: string): string =>
  sorted(rules.split(' ').filter((rule) => !isOnReplication(rule)));

const isSame = (one: string) => (other: string) => otherRules(one) === otherRules(other);

/** Whether nobody has changed the user since, except for the right to replicate. */
const isAsBefore = (before: UserRights, now: UserRights): boolean =>
  isSame(before.root)(now.root) &&
  before.selectors.length === now.selectors.length &&
  before.selectors.every((rules) => now.selectors.some(isSame(rules)));

const allRules = ({ root, selectors }: UserRights): string =>
  [root, ...selectors].map((rules) => sorted(rules.split(' '))).join();

/** Whether a right was taken from the user and not given back, and nobody has changed the user besides. */
export const isTaken = (before: UserRights, now: UserRights): boolean =>
  isAsBefore(before, now) && allRules(before) !== allRules(now);

/** Gives back what was taken, and leaves what somebody has changed meanwhile. */
export function giveRights(before: UserRights, now: UserRights): string[] {
  const root = isSame(before.root)(now.root) ? before.root.split(' ') : [];
  const selectors = now.selectors.map((rules) => before.selectors.find(isSame(rules)) ?? rules);
  // Which of the changed rules had the right is not known: it needs no key, so that it is the same by whichever it comes.
  const added = isAsBefore(before, now) ? [] : before.able.map((command) => `+${command}`);
  return ['ACL', 'SETUSER', now.user, ...root, ...added, ...inPlaceOf(now.selectors, selectors)];
}

/** What a user has had, if a part of it was taken before, and somebody has given the user the right again since. */
export function joinRights(former: UserRights | undefined, now: UserRights): UserRights {
  if (former === undefined) return now;
  return {
    user: now.user,
    able: [...new Set([...former.able, ...now.able])],
    root: isSame(former.root)(now.root) ? former.root : now.root,
    selectors: now.selectors.map((rules) => former.selectors.find(isSame(rules)) ?? rules),
  };
}

const inPlaceOf = (former: readonly string[], selectors: readonly string[]): string[] =>
  former.length === 0 ? [] : ['clearselectors', ...selectors.map((rules) => `(${rules})`)];
