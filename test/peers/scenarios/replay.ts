/**
 * Replays recorded scenarios against the program as it is installed: real sockets at the recorded addresses, a real process, a real clock.
 * It runs inside a network namespace, on the built packages, and prints a line of JSON a scenario.
 *
 *     node replay.ts FOLDER FILE.rpl...        FOLDER with the files and expectations.json
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  createTcpTransport,
  createUdpTransport,
  type Message,
  makeQuery,
  type Transport,
} from '@mailanchor/dns';
import { ScenarioNetwork } from '../../../packages/dnssec/test/rpl/network.ts';
import { type Entry, parseScenario } from '../../../packages/dnssec/test/rpl/parse.ts';
import { settingsOf } from '../../../packages/dnssec/test/rpl/settings.ts';
import { compareResponse } from './compare-response.ts';
import { RESOLVER, startProgram, stopProgram } from './program.ts';
import type { Replayed } from './replayed.ts';
import { addressesOf, openServers } from './servers.ts';

/** Milliseconds that a client waits. */
const CLIENT_MS = 8_000;
/** Milliseconds of TIME_PASSES that are really waited for. */
const LONGEST_WAIT_MS = 10_000;

const [folder = '', ...files] = process.argv.slice(2);
const expectations = JSON.parse(readFileSync(join(folder, 'expectations.json'), 'utf8')) as {
  file: string;
  verdicts: string[];
}[];
const udp = createUdpTransport();
const tcp = createTcpTransport();

/** As `dig` asks: UDP first, TCP where that is cut off. An EDNS record is always sent, since the reason of a failure comes in one. */
async function ask({ question, flags }: Entry): Promise<Message> {
  if (!question) throw new Error('a QUERY without a question');
  const query = makeQuery(question.name, question.type, {
    rd: flags.has('RD'),
    cd: flags.has('CD'),
    ad: flags.has('AD'),
    do: flags.has('DO'),
    udpPayloadSize: 4096,
  });
  const over = (transport: Transport) => transport.exchange(query, RESOLVER, { timeoutMs: CLIENT_MS });
  const response = await over(udp);
  return response.tc ? over(tcp) : response;
}

function isAbout(entry: Entry | undefined, query: Entry): boolean {
  const [a, b] = [entry?.question, query.question];
  return a !== undefined && b !== undefined && a.type === b.type && a.name.equals(b.name);
}

async function play(network: ScenarioNetwork, verdicts: readonly string[]) {
  const answers: { query: Entry; response: Message }[] = [];
  const checks: Replayed['checks'][number][] = [];
  for (let step = network.step; step; step = network.step) {
    const { kind, entry, line } = step;
    network.cursor++;
    if (kind === 'TIME_PASSES') await delay(step.elapseMs);
    else if (kind === 'QUERY' && entry) answers.push({ query: entry, response: await ask(entry) });
    else if (kind === 'CHECK_ANSWER' && entry) {
      const at = answers.findIndex(({ query }) => isAbout(entry, query));
      const [answered] = at < 0 ? [] : answers.splice(at, 1);
      if (!answered) throw new Error(`line ${line}: there was no such question`);
      const { query, response } = answered;
      checks.push({ line, problems: compareResponse(entry, verdicts[checks.length], query, response) });
    } else if (kind !== 'NOTHING' && kind !== 'TRAFFIC')
      throw new Error(`line ${line}: the resolver asked nothing for this ${kind}`);
  }
  return checks;
}

async function replay(file: string): Promise<Replayed> {
  const scenario = parseScenario(readFileSync(join(folder, file), 'utf8'));
  const waits = scenario.steps.map(({ elapseMs }) => elapseMs);
  const longest = Math.max(0, ...waits);
  if (longest > LONGEST_WAIT_MS)
    return { file, skipped: `${longest / 1000} s pass on the scenario's clock`, checks: [], unanswered: [] };
  const verdicts = expectations.find((expectation) => expectation.file === file)?.verdicts ?? [];
  const settings = settingsOf(scenario);
  const network = new ScenarioNetwork(scenario, settings.startMs, { echoEdns: false });
  const files = mkdtempSync(join(tmpdir(), 'mailanchor-scenario-'));
  const servers = await openServers(addressesOf(scenario, settings), network);
  const { unanswered } = servers;
  let program: Awaited<ReturnType<typeof startProgram>> | undefined;
  try {
    program = await startProgram(settings, files);
    return { file, checks: await play(network, verdicts), unanswered };
  } catch (error) {
    return { file, error: String(error), checks: [], unanswered };
  } finally {
    if (program) await stopProgram(program);
    await servers.close();
    rmSync(files, { recursive: true, force: true });
  }
}

for (const file of files) process.stdout.write(`${JSON.stringify(await replay(file))}\n`);
await Promise.all([udp.close(), tcp.close()]);
