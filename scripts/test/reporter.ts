import { appendFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import type { Entry } from './totals.ts';

/** Names the file that this reporter writes to. */
export const recordVariable = 'HASERVICE_TEST_RECORD';

/**
 * Writes down each result as it comes, one JSON text a line, so that the count stays right when vitest itself ends
 * before its time.
 */
export default class RecordReporter implements Reporter {
  onTestModuleCollected(module: TestModule): void {
    for (const test of module.children.allTests()) {
      const name = `${module.relativeModuleId}: ${test.fullName}`;
      write({ type: 'collected', id: test.id, name });
    }
  }

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    if (state === 'pending') return;
    const [error] = errors ?? [];
    write({
      type: 'result',
      id: test.id,
      state,
      ...(error && { error: firstLine(error.message) }),
    });
  }

  onTestSuiteResult(suite: TestSuite): void {
    const [error] = suite.errors();
    if (error) write({ type: 'broken', what: `${suite.fullName}: ${firstLine(error.message)}` });
  }

  onTestModuleEnd(module: TestModule): void {
    const [error] = module.errors();
    if (error) {
      write({ type: 'broken', what: `${module.relativeModuleId}: ${firstLine(error.message)}` });
    }
  }

  onTestRunEnd(_modules: readonly TestModule[], errors: readonly { message: string }[]): void {
    for (const error of errors) write({ type: 'broken', what: firstLine(error.message) });
    write({ type: 'end' });
  }
}

/** One line, without the colours of vitest's comparisons. */
function firstLine(message: string): string {
  return stripVTControlCharacters(message).split('\n')[0] ?? '';
}

function write(entry: Entry): void {
  const file = process.env[recordVariable];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}
