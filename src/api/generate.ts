/**
 * Writes the files that are made from the schema; with --check it only says whether they are up to date.
 *
 *     npm run generate [-- --check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dump } from 'js-yaml';
import { haServiceCrd } from './crd.ts';

const file = new URL('../../crds/haservices.haservice.dev.yaml', import.meta.url);
const text = `# Made by \`npm run generate\` from src/api. Do not edit.\n${dump(haServiceCrd(), { noRefs: true, lineWidth: 110 })}`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (readFileSync(file, 'utf8') !== text) {
  console.error('crds/ is not what src/api says: run `npm run generate` and commit the result');
  process.exitCode = 1;
}
