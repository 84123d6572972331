/** The end of a test run: what was skipped and why, then one line `N passed, N failed, N skipped`. */
import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';

/** What the name of a test or of its suite says of the reason: `(skipped: why)`, `(skipped where ...)`, `absent: what`. */
const IN_NAME = /\(skipped:? (.+?)\)(?= > |$)|\b(?:skipped|absent): (.+)$/;

/** The reason in a test's full name, if there is one. */
export function reasonIn(fullName: string): string | undefined {
  const match = IN_NAME.exec(fullName);
  return match?.[1] ?? match?.[2];
}

/** Why a test is skipped: what it gave to `skip(reason)`, or what its name says. */
function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note || (reasonIn(test.fullName) ?? 'no reason given');
}

export default class ClosingReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandled: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    const skipped = new Map<string, TestCase[]>();
    for (const module of modules) {
      count.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') count.passed++;
        else if (state === 'failed') count.failed++;
        else {
          count.skipped++;
          const key = `${module.relativeModuleId}: ${reasonOf(test)}`;
          skipped.set(key, [...(skipped.get(key) ?? []), test]);
        }
      }
    }
    // A run that fails before its first test has failed all the same.
    if (reason !== 'passed' && count.failed === 0) count.failed = 1;
    const lines = [''];
    for (const [key, tests] of skipped) {
      const names = tests.slice(0, 3).map((test) => test.fullName);
      const more = tests.length > names.length ? ` and ${tests.length - names.length} more` : '';
      lines.push(
        `skipped ${tests.length} of ${key}`,
        ...names.map((name) => `    ${name}`),
        ...(more ? [`   ${more}`] : []),
      );
    }
    lines.push(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
    console.log(lines.join('\n'));
  }
}
