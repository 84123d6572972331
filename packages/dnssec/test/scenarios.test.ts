/** Recorded resolver scenarios of time and network (Unbound's), each file a test: verdict, response code and answer. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseScenario } from './rpl/parse.ts';
import { runScenario } from './rpl/run.ts';
import { NO_VECTORS, readVector, vectorFolder } from './vectors.ts';

/** Files that say nothing about this resolver, and why. */
const NOT_APPLICABLE: Readonly<Record<string, string>> = {
  'val_referd.rpl': 'asks a server without RD for a referral from its cache',
  'val_referglue.rpl': 'asks a server without RD for a referral from its cache',
};

/** CHECK_ANSWERs, by their line, of which less is compared, and why. */
const LESS: Readonly<
  Record<string, Readonly<Record<number, { readonly compare: 'status'; readonly why: string }>>>
> = {
  'val_any_cap.rpl': {
    267: { compare: 'status', why: 'recorded: ANY cut short; here: the whole of it' },
  },
  'val_cnameqtype.rpl': {
    514: { compare: 'status', why: 'QTYPE CNAME with the NXDOMAIN of where it leads: the CNAME exists' },
    587: { compare: 'status', why: 'the same through a DNAME' },
  },
};

/** CHECK_ANSWERs where we decided otherwise than the recording, and why: the difference is held as firmly as agreement. */
const DECIDED: Readonly<
  Record<string, Readonly<Record<number, { readonly differs: readonly string[]; readonly why: string }>>>
> = {
  'val_anchor_nx_nosig.rpl': {
    201: {
      differs: ['status bogus, expected insecure', 'rcode SERVFAIL, expected NXDOMAIN'],
      why: 'a denial by a zone above the closest anchor: taking it would let anybody remove an island of trust',
    },
  },
  'val_dnametoolong.rpl': {
    245: {
      differs: ['status indeterminate, expected insecure'],
      why: 'YXDOMAIN is a lookup error to a DANE client (rfc7672#section-2.1.2), never an answer',
    },
  },
};

interface Expectation {
  readonly file: string;
  readonly title: string;
  readonly verdicts: readonly string[];
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
    const reason = NOT_APPLICABLE[file];
    test.skipIf(reason !== undefined)(
      `${file}: ${title}${reason ? ` (skipped: ${reason})` : ''}`,
      async () => {
        const scenario = parseScenario(readVector(folder, file));
        // Once as recorded, where servers leave EDNS out, and once with the EDNS that they must have had.
        for (const echoEdns of [false, true]) {
          const { checks } = await runScenario(scenario, { verdicts, echoEdns });
          expect(checks).toHaveLength(verdicts.length);
          const problems = checks.flatMap(({ line, problems: all }) => {
            const less = LESS[file]?.[line];
            const decided = DECIDED[file]?.[line];
            if (decided) {
              expect(all, decided.why).toEqual(decided.differs);
              return [];
            }
            const relevant = less ? all.filter((text) => text.startsWith(`${less.compare} `)) : all;
            return relevant.map((text) => `line ${line}: ${text}`);
          });
          expect(problems, echoEdns ? 'with EDNS' : 'as recorded').toEqual([]);
        }
      },
    );
  }
});
