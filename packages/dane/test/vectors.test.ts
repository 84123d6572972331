/**
 * OpenSSL's own DANE cases (rfc7671#section-5 as its most used implementation reads it): verdict and depth of each, in mode
 * `general`; and those with usages 2 and 3 alone in mode `smtp` too.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { certificatesFromPem, type DaneMode, type DaneVerdict, matchDane } from '../src/index.ts';

interface VectorCase {
  readonly n: number;
  readonly section: string;
  readonly comment: string;
  readonly tlsa: readonly { usage: number; selector: number; mtype: number; data: string }[];
  readonly noNameChecks: boolean;
  readonly wantError: number;
  readonly wantDepth: number;
  readonly chain: readonly string[];
}
interface VectorFile {
  readonly baseDomain: string;
  readonly caFile: string;
  readonly cases: readonly VectorCase[];
}

const folder =
  process.env['MAILANCHOR_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));
const required =
  process.env['MAILANCHOR_VECTORS_REQUIRED'] === '1' || process.env['MAILANCHOR_TEST_PEERS'] === 'required';
const present = existsSync(`${folder}/openssl/danetest.json`);

/** The certificates are valid to 3015, or never. */
const AT = Date.UTC(2026, 10, 24) / 1000;

/** X509_V_ERR_* to reasons. */
const REASONS: Readonly<Record<number, string>> = { 20: 'untrusted', 62: 'name-mismatch', 65: 'no-match' };

function read(name: string): VectorFile {
  return JSON.parse(readFileSync(`${folder}/openssl/${name}`, 'utf8')) as VectorFile;
}

function run(file: VectorFile, vector: VectorCase, mode: DaneMode): DaneVerdict {
  return matchDane({
    records: vector.tlsa.map(({ usage, selector, mtype, data }) => ({
      usage,
      selector,
      matching: mtype,
      data: Buffer.from(data, 'hex'),
    })),
    chain: vector.chain.flatMap((pem) => certificatesFromPem(pem)),
    names: [file.baseDomain],
    at: AT,
    mode,
    ca: certificatesFromPem(file.caFile),
    eeNames: !vector.noNameChecks && mode === 'general',
  });
}

function outcome(verdict: DaneVerdict): unknown {
  if (verdict.kind === 'match') return { kind: 'match', depth: verdict.depth };
  if (verdict.kind === 'mismatch') return { kind: 'mismatch', reason: verdict.reason, depth: verdict.depth };
  return verdict;
}

function expected(vector: VectorCase): unknown {
  const depth = vector.wantDepth < 0 ? null : vector.wantDepth;
  if (vector.wantError === 0) return { kind: 'match', depth };
  return { kind: 'mismatch', reason: REASONS[vector.wantError], depth };
}

const title = (vector: VectorCase): string => `${vector.n} ${vector.comment || vector.section}`;
const daneOnly = (vector: VectorCase): boolean => vector.tlsa.every(({ usage }) => usage >= 2);

if (!present) {
  describe('OpenSSL vectors', () => {
    if (required) {
      test('are present', () => {
        throw new Error(`vectors are required, but ${folder}/openssl is absent (set MAILANCHOR_VECTORS)`);
      });
    } else {
      test.skip('absent: set MAILANCHOR_VECTORS to the folder of recorded vectors', () => {});
    }
  });
} else {
  for (const [name, count, smtpCount] of [
    ['danetest.json', 54, 34],
    ['dane-cross.json', 1, 1],
  ] as const) {
    const file = read(name);

    describe(`OpenSSL ${name}, mode general`, () => {
      test('all cases are there', () => expect(file.cases).toHaveLength(count));
      for (const vector of file.cases) {
        test(title(vector), () => expect(outcome(run(file, vector, 'general'))).toEqual(expected(vector)));
      }
    });

    describe(`OpenSSL ${name}, mode smtp`, () => {
      const cases = file.cases.filter(daneOnly);
      test('all cases with usages 2 and 3 are there', () => expect(cases).toHaveLength(smtpCount));
      for (const vector of cases) {
        // Case 54 asks for name checks with DANE-EE, which rfc7672#section-3.2.1 forbids: for SMTP it matches.
        const forbidden = name === 'danetest.json' && vector.n === 54;
        const want = forbidden ? { kind: 'match', depth: 0 } : expected(vector);
        test(title(vector), () => expect(outcome(run(file, vector, 'smtp'))).toEqual(want));
      }
      for (const vector of file.cases.filter((one) => one.tlsa.every(({ usage }) => usage < 2))) {
        test(`${title(vector)}: usages 0 and 1 are unusable`, () => {
          expect(run(file, vector, 'smtp').kind).toBe('unusable');
        });
      }
    });
  }
}
