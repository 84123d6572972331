import { describe, expect, it } from 'vitest';
import { RRType } from './iana/rr-type.ts';
import { rdataToText } from './presentation/rdata-text.ts';
import { parseZoneFile } from './presentation/zone-file.ts';
import { groupRRsets } from './rrset.ts';

describe('groupRRsets', () => {
  it('groups by name, class and type, in order, without duplicates', () => {
    const sets = groupRRsets(
      parseZoneFile(`
b.  30 IN A 192.0.2.1
a.  20 IN A 192.0.2.1
B.  10 IN A 192.0.2.2
b.  40 IN A 192.0.2.1
b.  50 IN TXT x
b.  50 CH TXT x`),
    );
    expect(
      sets.map(({ name, type, class: rrClass, ttl, rdatas }) => [
        `${name} ${rrClass} ${type} ${ttl}`,
        ...rdatas.map((rdata) => rdataToText(type, rdata)),
      ]),
    ).toEqual([
      ['b. 1 1 10', '192.0.2.1', '192.0.2.2'],
      ['a. 1 1 20', '192.0.2.1'],
      ['b. 1 16 50', '"x"'],
      ['b. 3 16 50', '"x"'],
    ]);
  });

  it('removes duplicates from large sets too', () => {
    const lines = Array.from({ length: 600 }, (_, i) => `a. TXT ${i % 300}`);
    const [set, ...others] = groupRRsets(parseZoneFile(lines.join('\n')));
    expect(others).toEqual([]);
    expect(set?.type).toBe(RRType.TXT);
    expect(set?.rdatas.map((rdata) => rdataToText(RRType.TXT, rdata))).toEqual(
      Array.from({ length: 300 }, (_, i) => `"${i}"`),
    );
  });
});
