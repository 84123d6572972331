/**
 * Plays a scenario against the resolver: the network and the clock are the scenario's, everything between is real.
 */
import { type Endpoint, Name, parseRecord, RRType } from '@mailanchor/dns';
import { createResolver, parseRootHints, type Resolution, type ResolverOptions } from '../../src/index.ts';
import { compareAnswer, expectedEde, type Verdict } from './compare.ts';
import { type Exchange, ScenarioNetwork } from './network.ts';
import type { Entry, Scenario } from './parse.ts';
import { rootHintsOf, type ScenarioSettings, settingsOf } from './settings.ts';

/** One CHECK_ANSWER: what was wrong with the answer, a line each. */
export interface Check {
  readonly line: number;
  readonly verdict: Verdict | undefined;
  /** Undefined of a new question without RD. */
  readonly resolution: Resolution | undefined;
  readonly problems: readonly string[];
  /** The EDE code demanded and given, where the scenario demands one. */
  readonly ede?: { readonly expected: number; readonly actual: number | undefined };
}

export interface Outcome {
  readonly checks: readonly Check[];
  readonly exchanges: readonly Exchange[];
}

export interface RunOptions {
  /** One for each CHECK_ANSWER, from expectations.json. */
  readonly verdicts: readonly Verdict[];
  readonly echoEdns: boolean;
  readonly onExchange?: (exchange: Exchange) => void;
}

const DNS_PORT = 53;
/** What is wrong with every answer to a question without RD that was not asked before. */
const WITHOUT_RECURSION = 'a new question without RD: in process everything is resolved';

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const settings = settingsOf(scenario);
  const network = new ScenarioNetwork(scenario, settings.startMs, options);
  const resolver = createResolver({
    ...resolverOptions(settings),
    transport: network,
    clock: () => network.now,
    random: () => 0,
    families: { ipv4: true, ipv6: true },
  });
  const checks: Check[] = [];
  const asked = new Set<string>();
  const answers: { query: Entry; resolution: Resolution | undefined }[] = [];
  try {
    for (let step = network.step; step; step = network.step) {
      const { kind, entry, line } = step;
      network.cursor++;
      if (kind === 'TIME_PASSES') network.now += step.elapseMs;
      else if (kind === 'QUERY') {
        const question = demand(entry?.question, line, 'a question');
        const key = `${question.type}/${question.name.key}`;
        const atHand = entry!.flags.has('RD') || asked.has(key);
        asked.add(key);
        const resolution = atHand ? await resolver.resolve(question.name, question.type) : undefined;
        answers.push({ query: entry!, resolution });
      } else if (kind === 'CHECK_ANSWER') {
        const expected = demand(entry, line, 'an entry');
        const at = answers.findIndex(({ query }) => sameQuestion(query, expected));
        const [answered] = at < 0 ? [] : answers.splice(at, 1);
        const { query, resolution } = demand(answered, line, 'an answer to this question');
        const verdict = options.verdicts[checks.length];
        if (!resolution) {
          checks.push({ line, verdict, resolution, problems: [WITHOUT_RECURSION] });
          continue;
        }
        const signatures = query.flags.has('DO') || resolution.type === RRType.RRSIG;
        const ede = expectedEde(expected);
        checks.push({
          line,
          verdict,
          resolution,
          problems: compareAnswer(expected, verdict, resolution, signatures),
          ...(ede === undefined ? {} : { ede: { expected: ede, actual: resolution.reason?.ede } }),
        });
      } else if (kind === 'REPLY' || kind === 'CHECK_OUT_QUERY' || kind === 'TIMEOUT') {
        throw new Error(`line ${line}: the resolver asked nothing for this ${kind}`);
      }
    }
  } finally {
    await resolver.close();
  }
  return { checks, exchanges: network.log };
}

function demand<T>(value: T | undefined, line: number, what: string): T {
  if (value === undefined) throw new Error(`line ${line}: needs ${what}`);
  return value;
}

function sameQuestion(a: Entry, b: Entry): boolean {
  return (
    a.question !== undefined &&
    b.question !== undefined &&
    a.question.type === b.question.type &&
    a.question.name.equals(b.question.name)
  );
}

/** What the configuration block means for `createResolver`. */
function resolverOptions(settings: ScenarioSettings): ResolverOptions {
  const endpoints = (addresses: readonly string[]): Endpoint[] =>
    addresses.map((address) => ({ address, port: DNS_PORT }));
  const { forwarders, forwardZones, trustAnchors, insecureZones } = settings;
  return {
    ...(forwarders.length > 0 ? { mode: { kind: 'forward', servers: endpoints(forwarders) } } : {}),
    rootHints: parseRootHints(rootHintsOf(settings)),
    forwardZones: forwardZones.map(({ zone, addresses }) => ({ zone, servers: endpoints(addresses) })),
    trustAnchors: trustAnchors.map((text) => parseRecord(text, { defaultTtl: 3600 })),
    negativeTrustAnchors: insecureZones.map((text) => Name.fromText(text)),
    nsec3Iterations: settings.nsec3Iterations,
    qnameMinimisation: settings.qnameMinimisation,
  };
}
