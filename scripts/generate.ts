/**
 * Writes the files that are made from the schema and its tables; with --check it only says if they are up to date.
 *
 *     npm run generate [-- --check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dump } from 'js-yaml';
import { format, resolveConfig } from 'prettier';
import { haServiceCrd } from '../src/api/crd.ts';
import { memberProto } from '../src/protocol/member-proto.ts';
import { fieldsPage } from './fields.ts';
import { referencePage } from './reference.ts';

const crd = `# Made by \`npm run generate\` from src/api. Do not edit.\n${dump(haServiceCrd(), { noRefs: true, lineWidth: 110 })}`;

const style = await resolveConfig(new URL('../docs/reference.md', import.meta.url));
const markdown = (page: string) => format(page, { ...style, parser: 'markdown' });

const generated = {
  'crds/haservices.haservice.dev.yaml': crd,
  'proto/haservice/member/v1/member.proto': memberProto,
  'docs/reference.md': await markdown(referencePage()),
  'docs/fields.md': await markdown(fieldsPage()),
};

for (const [path, text] of Object.entries(generated)) {
  const file = new URL(`../${path}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(
      `${path} is not what src/api says: run \`npm run generate\` and commit the result`,
    );
    process.exitCode = 1;
  }
}
