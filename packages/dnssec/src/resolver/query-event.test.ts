import { Name, rrTypeToText } from '@mailanchor/dns';
import { expect, test } from 'vitest';
import { World, type WorldOptions } from '../../test/signed-network/world.ts';
import type { QueryEvent } from './exchange.ts';

const name = (text: string) => Name.fromText(text);
const told = ({ purpose, name: asked, type, zone, target }: QueryEvent) =>
  `${purpose}: ${rrTypeToText(type)} ${asked} of ${zone} for ${target}`;

function traced(options: WorldOptions = {}): { world: World; lines: string[] } {
  const lines: string[] = [];
  const world = new World(
    [
      {
        name: 'example.',
        text: '@ NS ns.other.\nsub NS ns1.sub\nns1.sub A 192.0.2.3\nwww.sub A 192.0.2.1',
        servers: ['192.0.2.2'],
      },
      { name: 'sub.example.', text: 'www A 192.0.2.80', servers: ['192.0.2.3'] },
      { name: 'other.', text: 'ns A 192.0.2.2' },
    ],
    { onQuery: (event) => lines.push(told(event)), ...options },
  );
  return { world, lines };
}

test('each packet says what it is for', async () => {
  const { world, lines } = traced();
  expect((await world.ask('www.sub.example.')).status).toBe('secure');
  expect(lines).toEqual([
    'priming: NS . of . for .',
    'question: A example. of . for www.sub.example.',
    // example.'s server is in other., without glue.
    'name-server: A other. of . for ns.other.',
    'name-server: A ns.other. of other. for ns.other.',
    'question: A sub.example. of example. for www.sub.example.',
    'question: A www.sub.example. of sub.example. for www.sub.example.',
    'dnskey: DNSKEY . of . for .',
    'dnskey: DNSKEY example. of example. for example.',
    'dnskey: DNSKEY sub.example. of sub.example. for sub.example.',
  ]);
});

test('a DS that no referral brought is asked for', async () => {
  const { world, lines } = traced({
    mode: { kind: 'forward', servers: [{ address: '192.0.2.9', port: 53 }] },
  });
  for (const zone of ['.', 'example.', 'sub.example.', 'other.'])
    world.network.serve('192.0.2.9', world.zone(zone));
  await world.ask('www.sub.example.');
  expect(lines).toContain('ds: DS sub.example. of . for sub.example.');
  expect(lines[0]).toBe('question: A www.sub.example. of . for www.sub.example.');
});

test('what proves that nobody signs is in the chain', async () => {
  const world = new World([{ name: 'plain.', text: 'www A 192.0.2.1', keys: [] }]);
  const { chain } = await world.ask('www.plain.');
  const proof = chain.at(-1)?.proof;
  expect(proof?.map(({ type, name: owner }) => `${rrTypeToText(type)} ${owner}`)).toEqual(['NSEC plain.']);
  expect(chain[0]?.zone.equals(name('.'))).toBe(true);
});
