/** One server's response, judged by itself: what an answer, a denial and a delegation are worth, and that no other server's word mends it. */
import { type Message, makeQuery, Name, Rcode, RRType, responseTo, rrTypeFromText } from '@mailanchor/dns';
import { expect, test } from 'vitest';
import { World } from './world.ts';

const TEXT = `
www A 192.0.2.80
_25._tcp.www TLSA 3 1 1 0011
alias CNAME www
`;
const build = () =>
  new World([
    { name: '.' },
    { name: 'example.', text: TEXT },
    { name: 'sub.example.', text: 'www A 192.0.2.90' },
    { name: 'plain.example.', keys: [], text: 'www A 192.0.2.91' },
  ]);
const ZONE = 'example.';

async function judge(
  name: string,
  type: string,
  change: (message: Message) => Message = (m) => m,
  zone = ZONE,
) {
  const world = build();
  const question = { name: Name.fromText(name), type: rrTypeFromText(type)!, zone: Name.fromText(zone) };
  const server = { address: zone === ZONE ? '192.0.2.2' : '192.0.2.4', port: 53 };
  const query = makeQuery(question.name, question.type, { do: true });
  const message = await world.network.exchange(query, server, { timeoutMs: 1000 });
  return world.resolver.judgeResponse(change(message), question);
}

const drop = (type: number) => (message: Message) => ({
  ...message,
  answers: message.answers.filter((record) => record.type !== type),
  authorities: message.authorities.filter((record) => record.type !== type),
});

test.each([
  ['www.example.', 'A', 'answer', 'secure'],
  ['_25._tcp.www.example.', 'TLSA', 'answer', 'secure'],
  ['example.', 'DNSKEY', 'answer', 'secure'],
  ['sub.example.', 'DS', 'answer', 'secure'],
  ['www.example.', 'TLSA', 'nodata', 'secure'],
  ['_tcp.www.example.', 'A', 'nodata', 'secure'],
  ['no.example.', 'A', 'nxdomain', 'secure'],
  ['www.sub.example.', 'A', 'referral', 'indeterminate'],
])('%s %s: %s, %s', async (name, type, kind, status) => {
  expect(await judge(name, type)).toMatchObject({ kind, status });
});

test('an alias is not followed', async () => {
  const judged = await judge('alias.example.', 'A');
  expect(judged).toMatchObject({ kind: 'alias', status: 'secure' });
  expect(judged.target?.toString()).toBe('www.example.');
});

test('an unsigned zone is insecure', async () => {
  const judged = await judge('www.plain.example.', 'A', undefined, 'plain.example.');
  expect(judged).toMatchObject({ kind: 'answer', status: 'insecure' });
});

test.each([
  ['signatures taken away', drop(RRType.RRSIG), 'bogus'],
  ['another record', (m: Message) => forged(m), 'bogus'],
  ['SERVFAIL', (m: Message) => responseTo(m, { rcode: Rcode.SERVFAIL }), 'indeterminate'],
])('%s: a failure', async (_, change, status) => {
  expect(await judge('www.example.', 'A', change)).toMatchObject({ kind: 'failure', status });
});

test('a denial without its proof', async () => {
  expect(await judge('no.example.', 'A', drop(RRType.NSEC))).toMatchObject({
    kind: 'failure',
    status: 'bogus',
    reason: { ede: 12 },
  });
});

test('NXDOMAIN of a name that has names below it, with the proof of the opposite', async () => {
  const judged = await judge('_tcp.www.example.', 'A', (m) => ({ ...m, rcode: Rcode.NXDOMAIN }));
  expect(judged).toMatchObject({ kind: 'nodata', status: 'secure' });
});

test('a good answer from before does not mend a bad one, nor a bad one spoil a good one', async () => {
  const world = build();
  expect((await world.ask('www.example.', 'A')).status).toBe('secure');
  const question = { name: Name.fromText('www.example.'), type: RRType.A, zone: Name.fromText(ZONE) };
  const query = makeQuery(question.name, RRType.A, { do: true });
  const message = await world.network.exchange(query, { address: '192.0.2.2', port: 53 }, { timeoutMs: 9 });
  expect((await world.resolver.judgeResponse(forged(message), question)).status).toBe('bogus');
  expect((await world.ask('www.example.', 'A')).status).toBe('secure');
});

function forged(message: Message): Message {
  const answers = message.answers.map((record) =>
    record.type === RRType.A ? { ...record, rdata: Uint8Array.of(203, 0, 113, 1) } : record,
  );
  return { ...message, answers };
}
