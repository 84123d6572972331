import { Name, Rcode, RRType, responseTo, rrTypeFromText, rrTypeToText } from '@mailanchor/dns';
import { expect, test } from 'vitest';
import { answers, flipped, on, plus, unsigned } from '../../test/signed-network/forge.ts';
import { World, type WorldOptions, type WorldZone } from '../../test/signed-network/world.ts';
import { DnssecError } from '../errors.ts';

const EXAMPLE: WorldZone = {
  name: 'example.',
  text: 'www A 192.0.2.80\nalias CNAME www\nout CNAME www.other.\n*.wild A 192.0.2.81\nlost CNAME nothing.other.',
};
const OTHER: WorldZone = { name: 'other.', text: 'www A 198.51.100.1' };

const world = (options: WorldOptions = {}, ...zones: WorldZone[]) =>
  new World(zones.length > 0 ? zones : [EXAMPLE, OTHER], options);
const ask = (w: World, name: string, type = 'A', options = {}) =>
  w.resolver.resolveUnchecked(Name.fromText(name), rrTypeFromText(type)!, options);
const types = (records: readonly { type: number; name: Name }[]) =>
  records.map(({ type, name }) => `${rrTypeToText(type)} ${name}`);

test('what the servers say, with its signatures, and no status', async () => {
  const answer = await ask(world(), 'www.example.');
  expect(answer.kind).toBe('unchecked');
  expect('status' in answer).toBe(false);
  expect(answer.rcode).toBe(Rcode.NOERROR);
  expect(types(answer.answer)).toEqual(['A www.example.', 'RRSIG www.example.']);
  expect(answer.ttl).toBe(3600);
});

test('bogus data is handed out to those who check it themselves (rfc4035#section-3.2.2)', async () => {
  const w = world();
  on('www.example. A', answers(flipped('A')))(w);
  expect((await w.ask('www.example.')).status).toBe('bogus');
  const answer = await ask(w, 'www.example.');
  expect(types(answer.answer)).toEqual(['A www.example.', 'RRSIG www.example.']);
});

test('nothing unchecked answers a question that is to be proven', async () => {
  const w = world();
  const forged = on('www.example. A', answers(flipped('A'), unsigned));
  forged(w);
  await ask(w, 'www.example.');
  w.network.heal();
  const proven = await w.ask('www.example.');
  expect(proven).toMatchObject({ kind: 'answer', status: 'secure' });
  expect([...proven.records[0]!.rdata]).toEqual([192, 0, 2, 80]);
});

test.each([
  ['alias.example.', ['CNAME alias.example.', 'A www.example.'], Rcode.NOERROR],
  ['out.example.', ['CNAME out.example.', 'A www.other.'], Rcode.NOERROR],
  ['lost.example.', ['CNAME lost.example.'], Rcode.NXDOMAIN],
  ['a.wild.example.', ['A a.wild.example.'], Rcode.NOERROR],
  ['nothing.example.', [], Rcode.NXDOMAIN],
])('aliases are followed: %s', async (name, expected, rcode) => {
  const answer = await ask(world(), name);
  expect(types(answer.answer).filter((text) => !text.startsWith('RRSIG'))).toEqual(expected);
  expect(answer.rcode).toBe(rcode);
});

test('denials come with their proofs, wildcards with theirs', async () => {
  const denial = await ask(world(), 'nothing.example.');
  expect(types(denial.authority)).toContain('SOA example.');
  expect(types(denial.authority).some((text) => text.startsWith('NSEC '))).toBe(true);
  expect(denial.ttl).toBe(900);
  const wildcard = await ask(world(), 'a.wild.example.');
  expect(types(wildcard.authority).some((text) => text.startsWith('NSEC '))).toBe(true);
  expect(types(wildcard.authority)).not.toContain('SOA example.');
});

test('DS comes from the parent, DNSKEY from the zone', async () => {
  const w = world();
  expect(types((await ask(w, 'example.', 'DS')).answer)).toEqual(['DS example.', 'RRSIG example.']);
  expect(types((await ask(w, 'example.', 'DNSKEY')).answer)).toEqual(['DNSKEY example.', 'RRSIG example.']);
  expect(types((await ask(w, 'www.example.', 'RRSIG')).answer).every((t) => t.startsWith('RRSIG'))).toBe(
    true,
  );
});

test('a server is not believed of the zones of others (MaginotDNS)', async () => {
  const w = world();
  const [forged] = w.zone('example.').of('www', 'A');
  on('out.example. A', answers(plus({ ...forged!, name: Name.fromText('www.other.') })))(w);
  const answer = await ask(w, 'out.example.');
  const address = answer.answer.find(({ type }) => type === RRType.A)!;
  expect([...address.rdata]).toEqual([198, 51, 100, 1]);
});

test('kept for its TTL, by itself, and no longer', async () => {
  const w = world();
  await ask(w, 'www.example.');
  w.network.log();
  w.pass(3000);
  const again = await ask(w, 'WWW.example.');
  expect(w.network.log()).toEqual([]);
  expect(again.ttl).toBe(600);
  expect(again.answer.map(({ ttl }) => ttl)).toEqual([600, 600]);
  w.pass(600);
  await ask(w, 'www.example.');
  expect(w.network.log()).toContain('A www.example. @192.0.2.2');
  await ask(w, 'www.example.', 'A', { fresh: true });
  expect(w.network.log()).toEqual(['A www.example. @192.0.2.2']);
});

test('askers of the same moment share one question', async () => {
  const w = world();
  await Promise.all([ask(w, 'www.example.'), ask(w, 'www.example.')]);
  expect(w.network.log().filter((line) => line === 'A www.example. @192.0.2.2')).toHaveLength(1);
});

test('aliases end', async () => {
  const circle: WorldZone = { name: 'example.', text: 'a CNAME b\nb CNAME a\nself CNAME self' };
  for (const name of ['a.example.', 'self.example.']) {
    const answer = await ask(world({}, circle), name);
    expect(answer).toMatchObject({ rcode: Rcode.SERVFAIL, answer: [] });
    expect(answer.reason?.text).toMatch(/circle|aliases|something else/);
  }
  const chain = Array.from({ length: 20 }, (_, i) => `n${i} CNAME n${i + 1}`).join('\n');
  const long = await ask(world({}, { name: 'example.', text: chain }), 'n0.example.');
  expect(long).toMatchObject({ rcode: Rcode.SERVFAIL, answer: [] });
});

test('no answer: SERVFAIL with the reason, or the code of the server that refuses', async () => {
  const silent = world();
  silent.network.silence('192.0.2.2');
  expect(await ask(silent, 'www.example.')).toMatchObject({
    rcode: Rcode.SERVFAIL,
    reason: { text: expect.stringContaining('no server of example. answers') },
  });
  const refusing = world();
  refusing.network.mutate((_, query) => responseTo(query, { rcode: Rcode.REFUSED }), '192.0.2.2');
  expect(await ask(refusing, 'www.example.')).toMatchObject({ rcode: Rcode.REFUSED, answer: [] });
});

test('bounded as any question is', async () => {
  const w = world({ budgets: { upstreamQueries: 1 } });
  expect(await ask(w, 'www.example.')).toMatchObject({ rcode: Rcode.SERVFAIL, ttl: 0 });
});

test('a signal ends the waiting; a closed resolver takes no questions', async () => {
  const w = world();
  const reason = new Error('enough');
  await expect(ask(w, 'www.example.', 'A', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await w.resolver.close();
  await expect(ask(w, 'www.example.')).rejects.toThrow(DnssecError);
});
