/** The end of a test run: what was skipped and why, then one line `N passed, N failed, N skipped`. */
import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';

/** A test's own word for why it is skipped, as given to `skip(reason)`; else what its name and its suites' names say. */
function reasonOf(test: TestCase): string {
  const result = test.result();
  return (result.state === 'skipped' && result.note) || 'no reason given';
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
