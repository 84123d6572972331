/**
 * The gate before a mail server: may this certificate be deployed now? Only if what every authoritative server publishes matches it, in
 * every combination, and no sender can still believe anything else, as far as what was seen before says.
 */
import {
  type CoverageOptions,
  coverageOf,
  type HostMemory,
  type HostView,
  keyRecords,
  obstacles,
  type PlaceSight,
  placeFacts,
  remember,
  type Subject,
  TTLS_TO_WAIT,
  tlsaToText,
} from '@mailanchor/dane';
import type { PairFiles } from './pair-files.ts';

export type GateVerdict =
  | { readonly kind: 'match'; readonly text: string }
  /** Matches, and senders may still hold what does not. `until`: milliseconds since the epoch; null: nobody knows. */
  | { readonly kind: 'too-early'; readonly text: string; readonly until: number | null }
  | { readonly kind: 'mismatch'; readonly text: string }
  /** Nothing is published: nothing can fail, and nothing is protected. */
  | { readonly kind: 'no-records'; readonly text: string }
  | { readonly kind: 'unseen'; readonly text: string }
  /** The files are not to be deployed, whatever is published. */
  | { readonly kind: 'unfit'; readonly text: string };

export interface GateResult {
  readonly verdict: GateVerdict;
  /** What to do, a line each; commands and records stand alone. */
  readonly wayOn: readonly string[];
  /** The record of the key, as text. */
  readonly record: string | null;
}

export interface GateQuestion {
  readonly host: string;
  readonly files: PairFiles;
  readonly places: readonly PlaceSight[];
  /** Milliseconds since the epoch, of the look. */
  readonly at: number;
  /** What a roll has seen of the host; undefined where none looks after it. */
  readonly memory: HostMemory | undefined;
  /** One matching record is enough (rfc6698#section-4.1), although rfc7671#section-8 wants every combination to match. */
  readonly anyRecord?: boolean;
  /** Whether `tlsa roll` publishes for this host. */
  readonly rolled?: boolean;
}

export function judgeGate(question: GateQuestion): GateResult {
  const { files } = question;
  if (files.kind === 'unfit') {
    const text = `the files are not whole: ${files.text}`;
    return { verdict: { kind: 'unfit', text }, wayOn: ['Do not deploy them; renew again.'], record: null };
  }
  const [record] = keyRecords(files.leaf.spki).map(tlsaToText);
  const subject: Subject = { kind: 'chain', chain: files.chain };
  const verdict = seen(question) ?? matches(question, subject) ?? aged(question, subject);
  return { verdict, wayOn: wayOn(verdict, question, record ?? ''), record: record ?? null };
}

function seen({ places, host }: GateQuestion): GateVerdict | undefined {
  const unseen = (text: string): GateVerdict => ({ kind: 'unseen', text });
  if (places.length === 0) return unseen(`it is not known where the TLSA records of ${host} belong`);
  for (const { owner, problem, servers } of places) {
    if (problem !== undefined) return unseen(`${owner}: ${problem}`);
    const failed = servers.filter((sight) => sight.kind === 'failed');
    if (servers.length > 0 && failed.length === 0) continue;
    const words = failed.map(({ server, text }) => `${server}: ${text}`).join('; ');
    return unseen(`not every server of ${owner} says what it publishes${words && ` (${words})`}`);
  }
  return undefined;
}

function matches(question: GateQuestion, subject: Subject): GateVerdict | undefined {
  const { places, anyRecord = false } = question;
  let records = 0;
  for (const { owner, names, servers } of places) {
    for (const sight of servers) {
      if (sight.kind !== 'records') continue;
      records += sight.records.length;
      const problem = problemOf(sight.records, subject, optionsOf(names, question), anyRecord);
      if (problem === undefined) continue;
      return {
        kind: 'mismatch',
        text: `what ${sight.server} publishes at ${owner} does not match: ${problem}`,
      };
    }
  }
  if (records > 0) return undefined;
  return {
    kind: 'no-records',
    text: `no TLSA record is published at ${places.map(({ owner }) => owner).join(', ')}`,
  };
}

function optionsOf(names: readonly string[], { at }: GateQuestion): CoverageOptions {
  return { names, at: Math.floor(at / 1000) };
}

function problemOf(
  records: Parameters<typeof coverageOf>[0],
  subject: Subject,
  options: CoverageOptions,
  anyRecord: boolean,
): string | undefined {
  const coverage = coverageOf(records, subject, options);
  if (coverage.kind === 'uncovered') return coverage.text;
  if (coverage.kind !== 'partly' || anyRecord) return undefined;
  return `no record of ${coverage.missing.join(' and ')} matches, and senders that look at that combination alone refuse`;
}

function aged(question: GateQuestion, subject: Subject): GateVerdict {
  const { memory: before, places, at, host } = question;
  const known = before !== undefined && places.every(({ owner }) => before.places[owner] !== undefined);
  const everywhere = `every server publishes records that match, at ${places.map(({ owner }) => owner).join(', ')}`;
  if (!known) return { kind: 'match', text: `${everywhere}; for how long is not known here` };
  const view: HostView = {
    host,
    at,
    policy: 'reuse',
    deploy: 'external',
    issue: 'external',
    identities: [],
    places,
    addresses: [],
  };
  const memory = remember(before, view);
  const [last] = obstacles(subject, placeFacts(view, memory), memory, at);
  if (!last) return { kind: 'match', text: `${everywhere}, and no sender can hold anything older` };
  const what = last.set.records === null ? 'records from before the first look' : setText(last.set.records);
  const until = Number.isFinite(last.until) ? last.until : null;
  const when = until === null ? 'nobody knows how long' : `until ${instantText(until)}`;
  return { kind: 'too-early', until, text: `${everywhere}, but senders may hold ${what} ${when}` };
}

function setText(texts: readonly string[]): string {
  return texts.length === 0 ? 'no record' : texts.map((text) => `${text.slice(0, 18)}...`).join(' and ');
}

function instantText(milliseconds: number): string {
  return `${new Date(Math.ceil(milliseconds / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function wayOn(verdict: GateVerdict, question: GateQuestion, record: string): string[] {
  const { places, rolled } = question;
  const ttl = Math.max(
    0,
    ...places.flatMap(({ servers }) => servers.map((sight) => (sight.kind === 'records' ? sight.ttl : 0))),
  );
  switch (verdict.kind) {
    case 'match':
    case 'unfit':
      return [];
    case 'no-records':
      return ['To publish one:', ...places.map(({ owner }) => `  ${owner}. IN TLSA ${record}`)];
    case 'unseen':
      return ['Do not deploy it yet. Put right what is said above, and look again.'];
    case 'too-early':
      return [
        verdict.until === null ? 'Do not deploy it yet.' : `Deploy it from ${instantText(verdict.until)} on.`,
        'Until then the certificate that is in use goes on to work.',
      ];
    case 'mismatch':
      return [
        'Do not deploy it. The certificate that is in use goes on to work meanwhile.',
        ...(rolled
          ? ['`mailanchor tlsa roll` publishes its record, and says from when it may be deployed.']
          : [
              'Publish its record beside those that are there:',
              ...places.map(({ owner }) => `  ${owner}. IN TLSA ${record}`),
              `and deploy it once every server has had it for two TTLs, ${TTLS_TO_WAIT * ttl} s.`,
            ]),
        'Or renew once more with the key that is in use: `certbot renew --reuse-key`, `lego renew --reuse-key`,',
        'acme.sh without --always-force-new-domain-key.',
      ];
  }
}
