/**
 * Zones signed by `dnssec-signzone` and by `ldns-signzone`, served by NSD: each question gets the status that the RFCs give it,
 * and Unbound agrees on status, rcode and records.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailanchor, type RaisedNetwork } from './bed.ts';
import { agrees, type Comparison, compareWithUnbound, describeComparison } from './compare.ts';
import { raiseSignedNetwork, ZONES } from './signed-network.ts';
import { QUESTIONS, questionOf, wanted } from './signed-questions.ts';
import { describeWithBed } from './with-bed.ts';

describeWithBed('zones signed by others, served by NSD', () => {
  let raised: RaisedNetwork | undefined;
  let compared: ReadonlyMap<string, Comparison> = new Map();

  beforeAll(async () => {
    raised = await raiseSignedNetwork();
    const questions = Object.keys(ZONES).flatMap((zone) =>
      QUESTIONS.map((question) => questionOf(zone, question)),
    );
    const answers = await compareWithUnbound(raised.network, questions);
    compared = new Map(answers.map((one) => [`${one.name} ${one.type}`, one]));
  });

  afterAll(() => raised?.lower());

  const zones = Object.entries(ZONES).map(([zone, signing]) => ({ zone, ...signing }));

  test.for(zones)('$zone ($algorithm): each question gets its status', ({ zone }) => {
    const got: Record<string, string> = {};
    const want: Record<string, string> = {};
    for (const question of QUESTIONS) {
      const key = questionOf(zone, question).join(' ');
      const { status, rcode } = compared.get(key)!.ours;
      got[key] = status === 'bogus' ? status : `${status} ${rcode}`;
      want[key] = wanted(zone, question);
    }
    expect(got).toEqual(want);
  });

  test.for(zones)('$zone: Unbound agrees', ({ zone }) => {
    const differing = [...compared.values()].filter(
      (one) => (one.name === `${zone}.` || one.name.endsWith(`.${zone}.`)) && !agrees(one),
    );
    expect(differing.map(describeComparison)).toEqual([]);
  });

  test.for([
    ['_25._tcp.mx.ldns-nsec3', 'TLSA', 0, 'secure', 'NOERROR'],
    ['absent.bind-optout', 'A', 0, 'insecure', 'NXDOMAIN'],
    ['www.bind-expired', 'A', 1, 'bogus', 'SERVFAIL'],
  ] as const)('the command: %s %s', async ([name, type, exit, status, rcode]) => {
    const run = await mailanchor(raised!.network, ['resolve', name, type, '--json']);
    expect(run.status).toBe(exit);
    expect(JSON.parse(run.stdout)).toMatchObject({ name: `${name}.`, type, status, rcode });
  });
});
