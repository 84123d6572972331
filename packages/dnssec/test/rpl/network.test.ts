import { type Endpoint, type Message, makeQuery, Name, RRType, recordToText } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { ScenarioNetwork } from './network.ts';
import { parseScenario } from './parse.ts';

const SERVER: Endpoint = { address: '192.0.2.1', port: 53 };

function entry(match: string, question: string, address: string, more = '', adjust = 'copy_id'): string {
  return `ENTRY_BEGIN
MATCH ${match}
ADJUST ${adjust}
REPLY QR ${more} NOERROR
SECTION QUESTION
${question}
SECTION ANSWER
${question.split(' ')[0]} 60 IN A ${address}
ENTRY_END
`;
}

function network(ranges: string, steps = 'STEP 10 NOTHING\n', echoEdns = false): ScenarioNetwork {
  const text = `server:\nCONFIG_END\nSCENARIO_BEGIN t\n${ranges}${steps}SCENARIO_END\n`;
  return new ScenarioNetwork(parseScenario(text), 1000, { echoEdns });
}

function range(entries: string, steps = '0 100', address = 'ADDRESS 192.0.2.1'): string {
  return `RANGE_BEGIN ${steps}\n${address}\n${entries}RANGE_END\n`;
}

function ask(net: ScenarioNetwork, name: string, type: number = RRType.A, server = SERVER): Promise<Message> {
  return net.exchange(makeQuery(Name.fromText(name), type, { do: true }), server, { timeoutMs: 1000 });
}

async function answered(response: Promise<Message>): Promise<string | undefined> {
  const record = (await response).answers[0];
  return record && recordToText(record).split(' ').at(-1);
}

describe('ranges', () => {
  test('the first entry that matches answers, with the id and question of the query', async () => {
    const net = network(
      range(
        entry('opcode qtype qname', 'a.test. IN A', '1.1.1.1') + entry('opcode', 'a.test. IN A', '2.2.2.2'),
      ),
    );
    const query = { ...makeQuery(Name.fromText('A.test'), RRType.A, {}), id: 4242 };
    const response = await net.exchange(query, SERVER, { timeoutMs: 1 });
    expect(response.id).toBe(4242);
    expect(response.questions[0]?.name.toString()).toBe('A.test.');
    expect(response.answers.map(recordToText)).toEqual(['a.test. 60 IN A 1.1.1.1']);
    expect(net.log).toHaveLength(1);
  });

  test('address and step decide', async () => {
    const net = network(
      range(entry('opcode qtype qname', 'a.test. IN A', '1.1.1.1'), '0 9') +
        range(entry('opcode qtype qname', 'a.test. IN A', '2.2.2.2'), '10 20') +
        range(entry('opcode qtype qname', 'a.test. IN A', '3.3.3.3'), '0 20', 'ADDRESS 192.0.2.2'),
      'STEP 5 CHECK_ANSWER\nENTRY_BEGIN\nENTRY_END\nSTEP 10 CHECK_ANSWER\nENTRY_BEGIN\nENTRY_END\n',
    );
    expect(await answered(ask(net, 'a.test'))).toBe('1.1.1.1');
    expect(await answered(ask(net, 'a.test', RRType.A, { address: '192.0.2.2', port: 53 }))).toBe('3.3.3.3');
    net.cursor++;
    expect(await answered(ask(net, 'a.test'))).toBe('2.2.2.2');
  });

  test('a query without an answer times out at once and is noted', async () => {
    const net = network(range(entry('opcode qtype qname', 'a.test. IN A', '1.1.1.1')));
    await expect(ask(net, 'a.test', RRType.AAAA)).rejects.toMatchObject({ code: 'timeout' });
    await expect(ask(net, 'b.test')).rejects.toMatchObject({ code: 'timeout' });
    expect(net.log.map(({ entry, failure }) => [entry, failure])).toEqual([
      [undefined, 'the scenario has no answer to this query'],
      [undefined, 'the scenario has no answer to this query'],
    ]);
  });

  test('subdomain: the name itself and below; the question is copied only where the entry says so', async () => {
    const copying = network(
      range(entry('opcode subdomain', 'test. IN NS', '1.1.1.1', '', 'copy_id copy_query')),
    );
    expect(await answered(ask(copying, 'test'))).toBe('1.1.1.1');
    expect(await answered(ask(copying, 'a.b.test'))).toBe('1.1.1.1');
    await expect(ask(copying, 'atest')).rejects.toMatchObject({ code: 'timeout' });
    const other = network(range(entry('opcode subdomain', 'test. IN NS', '1.1.1.1')));
    await expect(ask(other, 'a.test')).rejects.toMatchObject({ code: 'timeout' });
    expect(other.log[0]?.failure).toBe('the recorded answer is to another question');
  });

  test('a truncated answer is asked again over TCP', async () => {
    const both = network(
      range(
        entry('UDP qname', 'a.test. IN A', '1.1.1.1', 'TC') + entry('TCP qname', 'a.test. IN A', '2.2.2.2'),
      ),
    );
    expect(await answered(ask(both, 'a.test'))).toBe('2.2.2.2');
  });

  test('EDNS as recorded, or echoed', async () => {
    const one = range(entry('qname', 'a.test. IN A', '1.1.1.1'));
    expect((await ask(network(one), 'a.test')).edns).toBeUndefined();
    expect((await ask(network(one, undefined, true), 'a.test')).edns?.do).toBe(true);
    const recorded = network(range(entry('qname', 'a.test. IN A', '1.1.1.1', 'DO')));
    expect((await ask(recorded, 'a.test')).edns?.do).toBe(true);
  });
});

describe('steps while a question is under way', () => {
  test('time passes where nothing answers yet', async () => {
    const net = network(
      range(entry('qname', 'a.test. IN A', '1.1.1.1'), '20 30'),
      'STEP 10 TIME_PASSES ELAPSE 1.5\nSTEP 20 NOTHING\n',
    );
    expect(await answered(ask(net, 'a.test'))).toBe('1.1.1.1');
    expect(net.now).toBe(2500);
    expect(net.step?.number).toBe(20);
  });

  test('REPLY answers before the ranges, once; TIMEOUT fails a query', async () => {
    const net = network(
      range(entry('qname', 'a.test. IN A', '1.1.1.1'), '30 40'),
      `STEP 10 REPLY\n${entry('qname', 'a.test. IN A', '9.9.9.9')}STEP 20 TIMEOUT\nSTEP 30 NOTHING\n`,
    );
    expect(await answered(ask(net, 'a.test'))).toBe('9.9.9.9');
    await expect(ask(net, 'a.test')).rejects.toMatchObject({ code: 'timeout' });
    expect(await answered(ask(net, 'a.test'))).toBe('1.1.1.1');
  });
});

test('an aborted exchange rejects with the reason of its signal', async () => {
  const net = network(range(entry('qname', 'a.test. IN A', '1.1.1.1')));
  const query = makeQuery(Name.fromText('a.test'), RRType.A, {});
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(net.exchange(query, SERVER, { timeoutMs: 1, signal })).rejects.toThrow('enough');
});
