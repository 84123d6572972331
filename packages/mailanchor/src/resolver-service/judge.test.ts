import {
  decodeMessage,
  Ede,
  encodeMessage,
  extendedErrors,
  type Message,
  makeQuery,
  Name,
  parseRecord,
  type QueryOptions,
  Rcode,
  RRType,
} from '@mailanchor/dns';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge } from './judge.ts';

const name = Name.fromText('www.example.');
const query = (type: number = RRType.A, options: QueryOptions = {}): Message =>
  makeQuery(name, type, { id: 4711, rd: true, ...options });
const judged = (message: Message) => judge(encodeMessage(message));
const record = parseRecord('www.example. 300 IN A 192.0.2.1', { origin: Name.root });

test.each([
  ['A', RRType.A],
  ['ANY', RRType.ANY],
  ['RRSIG', RRType.RRSIG],
  ['TYPE65280', 65280],
])('looked up: %s', (_, type) => {
  const judgement = judged(query(type));
  expect(judgement).toMatchObject({ kind: 'ask', question: { type } });
});

test.each<[string, Message, number, number | undefined]>([
  ['class CH', query(RRType.TXT, { class: 3 }), Rcode.REFUSED, Ede.NOT_SUPPORTED],
  ['class ANY', query(RRType.A, { class: 255 }), Rcode.REFUSED, Ede.NOT_SUPPORTED],
  ['AXFR', query(RRType.AXFR), Rcode.REFUSED, Ede.NOT_SUPPORTED],
  ['IXFR', query(RRType.IXFR), Rcode.REFUSED, Ede.NOT_SUPPORTED],
  ['TSIG', query(RRType.TSIG), Rcode.REFUSED, Ede.NOT_SUPPORTED],
  ['OPT', query(RRType.OPT), Rcode.REFUSED, Ede.NOT_SUPPORTED],
  ['MAILA', query(254), Rcode.REFUSED, Ede.NOT_SUPPORTED],
  ['type 0', query(0), Rcode.REFUSED, Ede.NOT_SUPPORTED],
  ['opcode NOTIFY', { ...query(), opcode: 4 }, Rcode.NOTIMP, undefined],
  ['opcode UPDATE', { ...query(), opcode: 5 }, Rcode.NOTIMP, undefined],
  ['no question', { ...query(), questions: [] }, Rcode.FORMERR, undefined],
  [
    'two questions',
    { ...query(), questions: [...query().questions, ...query().questions] },
    Rcode.FORMERR,
    undefined,
  ],
  ['an answer in a query', { ...query(), answers: [record] }, Rcode.FORMERR, undefined],
  ['an authority in a query', { ...query(), authorities: [record] }, Rcode.FORMERR, undefined],
  ['TC in a query', { ...query(), tc: true }, Rcode.FORMERR, undefined],
  [
    'EDNS version 1',
    { ...query(), edns: { udpPayloadSize: 1232, version: 1, do: false, options: [] } },
    Rcode.BADVERS,
    undefined,
  ],
])('answered at once: %s', (_, message, rcode, ede) => {
  const judgement = judged(message);
  if (judgement.kind !== 'reply') throw new Error(judgement.kind);
  // As it goes out and comes in.
  const reply = decodeMessage(encodeMessage(judgement.message));
  expect(reply).toMatchObject({
    id: 4711,
    qr: true,
    opcode: message.opcode,
    rcode,
    aa: false,
    ad: false,
    answers: [],
  });
  expect(extendedErrors(reply).map(({ infoCode }) => infoCode)).toEqual(ede === undefined ? [] : [ede]);
  if (rcode === Rcode.BADVERS) expect(reply.edns?.version).toBe(0);
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array(0)],
  ['eleven octets', new Uint8Array(11)],
  ['a response', encodeMessage({ ...query(), qr: true })],
])('thrown away: %s', (_, octets) => {
  expect(judge(octets)).toEqual({ kind: 'drop' });
});

test.each<[string, (octets: Uint8Array) => Uint8Array]>([
  ['cut short', (octets) => octets.subarray(0, octets.length - 3)],
  ['a pointer to itself', (octets) => octets.with(12, 0xc0).with(13, 12)],
  ['a label of 64 octets', (octets) => octets.with(12, 0x40)],
  ['more records than there are', (octets) => octets.with(11, 9)],
])('malformed, FORMERR with the id alone: %s', (_, spoil) => {
  const judgement = judge(Uint8Array.from(spoil(encodeMessage(query()))));
  expect(judgement).toMatchObject({
    kind: 'reply',
    message: { id: 4711, rcode: Rcode.FORMERR, questions: [] },
  });
});

test('whatever the octets, there is a judgement, and no response is answered', () => {
  const octets = fc.uint8Array({ maxLength: 80 });
  const spoilt = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 255 }))
    .map(([at, value]) => encodeMessage(query(RRType.MX, { do: true })).with(Math.min(at, 39), value));
  fc.assert(
    fc.property(fc.oneof(octets, spoilt), (packet) => {
      const judgement = judge(packet);
      if (judgement.kind === 'reply')
        expect(encodeMessage(judgement.message).length).toBeLessThanOrEqual(512);
      if (packet.length >= 12 && packet[2]! >= 0x80) expect(judgement.kind).toBe('drop');
    }),
    { numRuns: 2000 },
  );
});
