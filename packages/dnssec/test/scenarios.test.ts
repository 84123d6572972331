/** Recorded resolver scenarios of time and network (Unbound's), each file a test: verdict, response code and answer. */
import { readdirSync } from 'node:fs';
import { Ede } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { differencesAt } from './rpl/differences.ts';
import { parseScenario } from './rpl/parse.ts';
import { runScenario } from './rpl/run.ts';
import { NO_VECTORS, readVector, vectorFolder } from './vectors.ts';

interface Expectation {
  readonly file: string;
  readonly title: string;
  readonly verdicts: readonly string[];
}

/** Reasons that fit a recorded one: the same; one that says more than `bogus` does; any where `other` was recorded. */
function reasonsFor(recorded: number): readonly (number | undefined)[] {
  if (recorded === Ede.DNSSEC_BOGUS) return [recorded, Ede.NSEC_MISSING];
  if (recorded === Ede.OTHER) return [recorded, Ede.DNSSEC_BOGUS];
  return [recorded];
}

const folder = vectorFolder('unbound');

describe.skipIf(folder === undefined)('recorded scenarios', () => {
  if (folder === undefined) {
    test(NO_VECTORS, () => {});
    return;
  }
  const expectations = JSON.parse(readVector(folder, 'expectations.json')) as Expectation[];

  test('every file has expectations and every expectation its file', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.rpl'));
    expect(expectations.map(({ file }) => file).sort()).toEqual(files.sort());
  });

  for (const { file, title, verdicts } of expectations) {
    test(`${file}: ${title}`, async () => {
      const scenario = parseScenario(readVector(folder, file));
      // Once as recorded, where servers leave EDNS out, and once with the EDNS that they must have had.
      for (const echoEdns of [false, true]) {
        const { checks, exchanges } = await runScenario(scenario, { verdicts, echoEdns });
        expect(checks).toHaveLength(verdicts.length);
        // Asked beyond the recording: it would be waited for in vain.
        expect(exchanges.filter(({ response }) => !response).map(({ failure }) => failure)).toEqual([]);
        for (const { line, ede } of checks)
          if (ede) expect(reasonsFor(ede.expected), `reason, line ${line}`).toContain(ede.actual);
        for (const { line, problems } of checks)
          expect(problems, `line ${line}, ${echoEdns ? 'with EDNS' : 'as recorded'}`).toEqual(
            differencesAt(file, line, 'inProcess'),
          );
      }
    });
  }
});
