import { Name, RRType } from '@mailanchor/dns';
import { expect, test } from 'vitest';
import { minimise, type QnameMinimisation } from './qname-minimisation.ts';

const cases: readonly [QnameMinimisation, string, string, number, number, string][] = [
  ['off', '.', 'a.b.example.', 0, 0, 'TLSA a.b.example. whole'],
  ['relaxed', '.', 'a.b.example.', 0, 0, 'A example.'],
  ['relaxed', 'example.', 'a.b.example.', 0, 0, 'A b.example.'],
  ['relaxed', 'b.example.', 'z.a.b.example.', 0, 0, 'TLSA z.a.b.example. whole'],
  ['on', 'b.example.', 'z.a.b.example.', 0, 0, 'A a.b.example.'],
  ['on', '.', 'example.', 0, 0, 'TLSA example. whole'],
  ['on', '.', '.', 0, 0, 'TLSA . whole'],
  ['on', 'example.', 'z.a.b.example.', 2, 1, 'A a.b.example.'],
  ['on', 'example.', 'mx._tcp.b.example.', 2, 1, 'TLSA mx._tcp.b.example. whole'],
  // rfc9156#section-2.3: one label at a time, then several, ten questions in all.
  ['on', '.', `${'a.'.repeat(40)}example.`, 4, 4, `A ${'a.'.repeat(6)}example.`],
  ['on', '.', `${'a.'.repeat(40)}example.`, 22, 10, `TLSA ${'a.'.repeat(40)}example. whole`],
];
test.each(cases)(
  '%s, asking %s for %s (%i labels known, %i asked)',
  (mode, zone, name, known, asked, expected) => {
    const made = minimise(mode, Name.fromText(zone), Name.fromText(name), RRType.TLSA, known, asked);
    expect(`${made.type === RRType.A ? 'A' : 'TLSA'} ${made.name}${made.whole ? ' whole' : ''}`).toBe(
      expected,
    );
  },
);
