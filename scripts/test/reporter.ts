import { appendFileSync } from 'node:fs';
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
    for (const test of module.children.allTests()) write({ type: 'collected', id: test.id });
  }

  onTestCaseResult(test: TestCase): void {
    const { state } = test.result();
    if (state !== 'pending') write({ type: 'result', id: test.id, state });
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0) write({ type: 'broken', what: suite.fullName });
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) write({ type: 'broken', what: module.relativeModuleId });
  }

  onTestRunEnd(_modules: readonly TestModule[], errors: readonly { message: string }[]): void {
    for (const error of errors) write({ type: 'broken', what: error.message });
    write({ type: 'end' });
  }
}

function write(entry: Entry): void {
  const file = process.env[recordVariable];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}
