import { expect, test } from 'vitest';
import type { Collected } from './findings.ts';
import { besideFindings } from './findings-beside.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const findings = (certificateUntil: string | undefined, warnDays = 14) =>
  besideFindings(
    {
      dns: { domain: 'example.org' },
      hosts: [],
      beside: {
        sts: {
          kind: 'policy',
          id: '1',
          policy: { mode: 'enforce', mx: [], maxAge: 1 },
          ...(certificateUntil !== undefined && { certificateUntil }),
        },
        tlsrpt: { kind: 'record', rua: [] },
      },
    } as unknown as Collected,
    { now: NOW, warnDays },
  );

test.each([
  ['2026-12-09T12:00:00Z', 14, true],
  ['2026-12-09T12:00:01Z', 14, false],
  ['2026-12-09T12:00:01Z', 15, true],
  // One that is over is not fetched from; the clock of the check may be another.
  ['2026-11-01T00:00:00Z', 14, true],
  [undefined, 14, false],
] as const)(
  'the certificate of the policy host ends %s, looked at %i days ahead: %s',
  (until, days, told) => {
    expect(findings(until, days)).toMatchObject(
      told ? [{ code: 'sts-expiry', severity: 'warning', subject: 'example.org' }] : [],
    );
  },
);
