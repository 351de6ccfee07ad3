/** `npm run check`: everything that is known without running the project. One line a check; exits 1 if one fails. */
import { checks, describe, runChecks } from './checks.ts';

const results = await runChecks((checked) => console.log(describe(checked)));
const failed = results.filter(({ ok }) => !ok).length;
console.log(failed ? `${failed} of ${checks.length} checks failed` : `${results.length} checks ok`);
if (failed > 0 || results.length < checks.length) process.exitCode = 1;
