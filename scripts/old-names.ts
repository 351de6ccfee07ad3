/**
 * Words of an earlier vocabulary. The project uses the terms of Kubernetes, Patroni, CloudNativePG and SWIM instead, so that a
 * search for those finds the code. A word must not return as a part of an exported name, of a file's name or of a folder's name.
 *
 * By path: a word holds for all files below. With `=` it is only the whole name: `=child` allows trackChild. To add a word, rename
 * what has it first.
 */
const oldWords: Record<string, string> = {
  src:
    'awaited children course custody differs ear flapping hopeless lease-runs left-overs lifeline lineage order-desk ' +
    'ownership perform presume presumed pulse reporter rest-ms sick slim stranger strangers stray takeover trouble troubled ' +
    'unsettled witness wire',
  'src/agent': 'desk guard keep line plain question refusal rules',
  'src/core':
    '=calls =claims =finding =findings =loss =managed =open =problem =problems =record =timeline left-over memory settle settled timeline',
  'src/controller':
    '=claims =connection =lifeline =timeline left-over memories memory performed settle settled timeline',
  'src/engines':
    '=begin =child adopt =copy =course =history =leader =memory last-order musts nowhere owner plain program same-log strayed torn',
  'src/heartbeat': '=phase forgive hear heard sound wire',
  'src/member-client': 'heard line plain question refusal',
  test: 'arena ear ears peer peers victim victims',
  'test/bench': 'plant plants scene stage',
  'test/cluster': 'plant plants scene stage',
  'test/torture': 'cast habits plant plants scene stage',
  'test/workload': 'plant plants scene stage',
};

const exportedName =
  /^export (?:async )?(?:abstract )?(?:class|const|enum|function\*?|interface|let|type) (\w+)/gm;

/** `replicationTarget` and `ReplicationTarget` as `replication-target`. */
const kebab = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();

const matches = (name: string, word: string): boolean =>
  word.startsWith('=') ? name === word.slice(1) : `-${name}-`.includes(`-${word}-`);

/** One line for each name in a file, or on its path, that uses an old word. @param path relative to the checkout, with `/`. */
export function oldNames(path: string, text: string): string[] {
  const exported = [...text.matchAll(exportedName)].map(([, name = '']) => name);
  return Object.entries(oldWords).flatMap(([folder, words]) => {
    if (!path.startsWith(`${folder}/`)) return [];
    const parts = path.slice(folder.length + 1).replace(/(\.test|\.cluster)*\.\w+$/, '');
    return [...parts.split('/'), ...exported].flatMap((name) =>
      words
        .split(' ')
        .filter((word) => matches(kebab(name), word))
        .map(
          (word) =>
            `${path}: ${name} uses the old word ${word.replace('=', '')}: see scripts/old-names.ts`,
        ),
    );
  });
}
