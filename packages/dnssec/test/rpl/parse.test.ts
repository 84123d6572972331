import { RRType, recordToText } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { parseConfig, signatureTimeToMs } from './config.ts';
import { parseScenario } from './parse.ts';

const SCENARIO = `; config options
server:
	trust-anchor: "example.com.    3600    IN      DS      32108 13 2 5e5a022a2f225d91c596a8d8446abeb8cc3b30e377f8b46760862e5890ea915e"
	trust-anchor: "example.net. DS 1 13 2 00"
	val-override-date: "20070916134226"
	qname-minimisation: no
stub-zone:
	name: "."
	stub-addr: 193.0.14.129 	# K.ROOT-SERVERS.NET.
forward-zone:
	name: "sub.example.com"
	forward-addr: 1.2.3.6@5353
	forward-addr: 1.2.3.7
CONFIG_END

SCENARIO_BEGIN A title of words
RANGE_BEGIN 0 100
	ADDRESS 193.0.14.129
ENTRY_BEGIN
MATCH opcode qtype qname  ; a remark
ADJUST copy_id copy_query
REPLY QR AA DO NXDOMAIN
SECTION QUESTION
www.example.com. IN A
SECTION ANSWER
; a remark
www.example.com. IN A	10.20.30.40
SECTION AUTHORITY
example.com.	86400 IN NS	ns.example.com. ;{id = 1}
SECTION ADDITIONAL
ns.example.com. 3600 IN A 1.2.3.4
ENTRY_END
RANGE_END
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD DO
SECTION QUESTION
www.example.com. LOC
ENTRY_END
STEP 5 TIME_PASSES ELAPSE 0.05
STEP 6 TRAFFIC
STEP 10 CHECK_ANSWER
ENTRY_BEGIN
MATCH all ttl ede=6
REPLY QR RD RA SERVFAIL
SECTION QUESTION
www.example.com. IN LOC
ENTRY_END
SCENARIO_END
`;

describe('scenario', () => {
  const scenario = parseScenario(SCENARIO);

  test('configuration', () => {
    const { server, zones } = scenario.config;
    expect(server.get('trust-anchor')).toHaveLength(2);
    expect(server.get('trust-anchor')?.[1]).toBe('example.net. DS 1 13 2 00');
    expect(server.get('val-override-date')).toEqual(['20070916134226']);
    expect(server.get('qname-minimisation')).toEqual(['no']);
    expect(zones.map(({ kind, name, addresses }) => [kind, name.toString(), ...addresses])).toEqual([
      ['stub', '.', '193.0.14.129'],
      ['forward', 'sub.example.com.', '1.2.3.6', '1.2.3.7'],
    ]);
  });

  test('range and entry', () => {
    expect(scenario.title).toBe('A title of words');
    const [range] = scenario.ranges;
    expect([range?.first, range?.last, range?.addresses]).toEqual([0, 100, ['193.0.14.129']]);
    const entry = range?.entries[0];
    expect([...(entry?.match ?? [])]).toEqual(['opcode', 'qtype', 'qname']);
    expect([...(entry?.adjust ?? [])]).toEqual(['copy_id', 'copy_query']);
    expect([...(entry?.flags ?? [])]).toEqual(['QR', 'AA', 'DO']);
    expect(entry?.rcode).toBe(3);
    expect([entry?.question?.name.toString(), entry?.question?.type]).toEqual(['www.example.com.', RRType.A]);
    expect(entry?.answer.map(recordToText)).toEqual(['www.example.com. 3600 IN A 10.20.30.40']);
    expect(entry?.authority.map(recordToText)).toEqual(['example.com. 86400 IN NS ns.example.com.']);
    expect(entry?.additional).toHaveLength(1);
  });

  test('steps', () => {
    expect(scenario.steps.map(({ number, kind, elapseMs }) => [number, kind, elapseMs])).toEqual([
      [1, 'QUERY', 0],
      [5, 'TIME_PASSES', 50],
      [6, 'TRAFFIC', 0],
      [10, 'CHECK_ANSWER', 0],
    ]);
    expect(scenario.steps[0]?.entry?.question?.type).toBe(29);
    expect([...(scenario.steps[3]?.entry?.match ?? [])]).toEqual(['all', 'ttl', 'ede=6']);
    expect(scenario.steps[3]?.entry?.rcode).toBe(2);
  });
});

describe('what is not understood is refused, with its line', () => {
  const cases: [what: string, from: string | RegExp, to: string, error: RegExp][] = [
    ['a word in MATCH', 'MATCH opcode qtype', 'MATCH opcode qtyp', /line \d+: word not known: qtyp/],
    ['a word in ADJUST', 'copy_query', 'copy_all', /word not known: copy_all/],
    ['a word in REPLY', 'REPLY QR AA', 'REPLY QR XX', /REPLY word not known: XX/],
    ['a section', 'SECTION ANSWER', 'SECTION ANSWERS', /section not known: ANSWERS/],
    ['a record', '10.20.30.40', '10.20.30', /bad record/],
    ['a step', 'STEP 6 TRAFFIC', 'STEP 6 FLUSH', /step not known: FLUSH/],
    ['time without ELAPSE', 'ELAPSE 0.05', '0.05', /ELAPSE/],
    ['a configuration line', 'stub-zone:', 'stub zone', /not a configuration line/],
    ['a clause', 'stub-zone:', 'auth-zone:', /clause not known/],
    ['no end', 'SCENARIO_END', '', /no SCENARIO_END/],
    ['no range end', 'RANGE_END', '', /line \d+: not expected in a range: STEP/],
  ];
  test.each(cases)('%s', (_what, from, to, error) => {
    expect(() => parseScenario(SCENARIO.replace(from, to))).toThrow(error);
  });
});

test('an option outside a clause', () => {
  expect(() => parseConfig(['name: "."'])).toThrow(/outside a clause/);
});

test('signature times', () => {
  expect(signatureTimeToMs('20070916134226')).toBe(Date.parse('2007-09-16T13:42:26Z'));
  expect(() => signatureTimeToMs('-1')).toThrow();
});
