/**
 * Files are small and have kebab-case names, so that a folder reads like a table of contents; no exported name and no path uses a
 * word of the earlier vocabulary (old-names.ts); and what the documents link to exists.
 */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { oldNames } from './old-names.ts';

/** A file of more than a screen or three holds more than one idea. */
const limits = [
  { pattern: /\.test\.ts$/, bytes: 16_000 },
  { pattern: /./, bytes: 11_000 },
];

const sizesAndNames = globSync('{src,test,scripts}/**/*.{ts,mjs,js}').flatMap((file) => {
  const { size } = statSync(file);
  const limit = limits.find(({ pattern }) => pattern.test(file))?.bytes ?? 0;
  return [
    ...(size > limit ? [`${file} has ${size} bytes, more than ${limit}: split it`] : []),
    ...(/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(file))
      ? []
      : [`${file}: name it in kebab-case`]),
    ...oldNames(file, readFileSync(file, 'utf8')),
  ];
});
const deadLinks = globSync('{*.md,docs/**/*.md}').flatMap((file) =>
  Array.from(
    readFileSync(file, 'utf8').matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g),
    ([, path = '']) => path,
  )
    .filter((path) => !existsSync(join(dirname(file), path)))
    .map((path) => `${file} links to ${path}, which does not exist: correct the link`),
);

const problems = [...sizesAndNames, ...deadLinks];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
