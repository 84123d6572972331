import { expect, test } from 'vitest';
import { DnsFormatError } from './errors.ts';
import { RRType } from './iana/rr-type.ts';
import { makeQuery, responseTo } from './message-build.ts';
import { decodeMessage } from './message-decode.ts';
import { encodeMessage } from './message-encode.ts';
import { Name } from './name.ts';
import { makeUpdate, removeRRset, rrsetExists, rrsetIsAbsent } from './update.ts';

const zone = Name.fromText('example.org');

test('an update names RRsets without data, of any type', () => {
  const update = makeUpdate({
    zone,
    prerequisites: [rrsetIsAbsent(zone, RRType.CNAME), rrsetExists(zone, RRType.MX)],
    updates: [removeRRset(zone, RRType.SOA)],
  });
  expect(decodeMessage(encodeMessage(update))).toEqual(update);
});

test('a record has data', () => {
  const bare = { ...rrsetIsAbsent(zone, RRType.CNAME), class: 1 };
  const answer = responseTo(makeQuery(zone, RRType.CNAME), { answers: [bare] });
  expect(() => decodeMessage(encodeMessage(answer))).toThrow(DnsFormatError);
});
