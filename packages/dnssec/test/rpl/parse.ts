/**
 * Reader of the `.rpl` scenario language (Unbound's testbound). A scenario has three parts:
 *
 *  configuration   up to CONFIG_END, see config.ts
 *  ranges          RANGE_BEGIN first last ... RANGE_END: what the servers at some addresses answer while the scenario is at one of these steps
 *  steps           STEP number KIND ...: questions to the resolver, answers it must give, time that passes
 *
 * An entry (ENTRY_BEGIN ... ENTRY_END) is a message with rules: MATCH says which query or answer it is about, ADJUST what of the
 * query is copied into it, REPLY gives flags and response code. Every other line of an entry is a question or a record.
 */
import { Name, parseRecord, Rcode, type ResourceRecord, rrTypeFromText } from '@mailanchor/dns';
import { parseConfig, type ScenarioConfig } from './config.ts';

export interface EntryQuestion {
  readonly name: Name;
  readonly type: number;
}

export interface Entry {
  /** Line of the file, from 1. */
  readonly line: number;
  /** MATCH words in lower case, `ede=6` whole. */
  readonly match: ReadonlySet<string>;
  readonly adjust: ReadonlySet<string>;
  /** REPLY words that are flags: QR AA TC RD RA AD CD DO. */
  readonly flags: ReadonlySet<string>;
  readonly rcode: number;
  readonly question: EntryQuestion | undefined;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
}

export interface Range {
  readonly first: number;
  readonly last: number;
  /** Empty: any address. */
  readonly addresses: readonly string[];
  readonly entries: readonly Entry[];
}

export type StepKind =
  | 'QUERY'
  | 'CHECK_ANSWER'
  | 'CHECK_OUT_QUERY'
  | 'REPLY'
  | 'TIMEOUT'
  | 'NOTHING'
  | 'TRAFFIC'
  | 'TIME_PASSES';

export interface Step {
  readonly number: number;
  readonly kind: StepKind;
  readonly line: number;
  readonly entry: Entry | undefined;
  /** TIME_PASSES: milliseconds. */
  readonly elapseMs: number;
}

export interface Scenario {
  readonly title: string;
  readonly config: ScenarioConfig;
  readonly ranges: readonly Range[];
  readonly steps: readonly Step[];
}

const STEP_KINDS: readonly string[] = [
  'QUERY',
  'CHECK_ANSWER',
  'CHECK_OUT_QUERY',
  'REPLY',
  'TIMEOUT',
  'NOTHING',
  'TRAFFIC',
  'TIME_PASSES',
] satisfies StepKind[];
const FLAGS = new Set(['QR', 'AA', 'TC', 'RD', 'RA', 'AD', 'CD', 'DO']);
const SECTIONS = new Set(['QUESTION', 'ANSWER', 'AUTHORITY', 'ADDITIONAL']);
/** Words of an entry that describe how it is matched or changed. Another word is an error: it would silently test less. */
const MATCH_WORDS =
  /^(opcode|qtype|qname|qclass|subdomain|question|answer|all|ttl|rcode|flags|reply|do|noedns|udp|tcp|ede=.*)$/;
const ADJUST_WORDS = /^(copy_id|copy_query|sleep=\d+|packet_sleep=\d+)$/;
/** A type that scenarios ask for and Mailanchor has no name for. */
const LOC = 29;
/** Testbound's TTL for a record without one. */
const DEFAULT_TTL = 3600;

/** Reads a whole file. Throws `Error` with the line number on anything it does not know. */
export function parseScenario(text: string): Scenario {
  return new ScenarioReader(text.split(/\r?\n/)).read();
}

class ScenarioReader {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  read(): Scenario {
    const end = this.#lines.findIndex((line) => line.trim() === 'CONFIG_END');
    if (end < 0) throw new Error('no CONFIG_END');
    const config = parseConfig(this.#lines.slice(0, end));
    this.#at = end + 1;
    let title = '';
    const ranges: Range[] = [];
    const steps: Step[] = [];
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      const [word, ...rest] = line.split(/\s+/);
      if (word === 'SCENARIO_BEGIN') title = rest.join(' ');
      else if (word === 'RANGE_BEGIN') ranges.push(this.#range(rest));
      else if (word === 'STEP') steps.push(this.#step(rest));
      else if (word === 'SCENARIO_END') return { title, config, ranges, steps };
      else throw this.#error(`not expected here: ${line}`);
    }
    throw new Error('no SCENARIO_END');
  }

  /** The next line that says something, trimmed; undefined at the end. */
  #next(): string | undefined {
    while (this.#at < this.#lines.length) {
      const line = this.#lines[this.#at++]!.trim();
      if (line !== '' && !line.startsWith(';')) return line;
    }
    return undefined;
  }

  #error(message: string, options?: ErrorOptions): Error {
    return new Error(`line ${this.#at}: ${message}`, options);
  }

  #range(words: readonly string[]): Range {
    const [first, last] = words.map(Number);
    if (!Number.isInteger(first) || !Number.isInteger(last))
      throw this.#error('RANGE_BEGIN needs two numbers');
    const addresses: string[] = [];
    const entries: Entry[] = [];
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      if (line === 'RANGE_END') return { first: first!, last: last!, addresses, entries };
      if (line.startsWith('ADDRESS')) addresses.push(line.split(/\s+/)[1]!);
      else if (line.startsWith('ENTRY_BEGIN')) entries.push(this.#entry());
      else throw this.#error(`not expected in a range: ${line}`);
    }
    throw this.#error('no RANGE_END');
  }

  #step(words: readonly string[]): Step {
    const line = this.#at;
    const number = Number(words[0]);
    const kind = words[1] ?? '';
    if (!Number.isInteger(number)) throw this.#error('STEP needs a number');
    if (!STEP_KINDS.includes(kind)) throw this.#error(`step not known: ${kind}`);
    const step = { number, kind: kind as StepKind, line, entry: undefined, elapseMs: 0 };
    if (kind === 'TIME_PASSES') {
      if (words[2] !== 'ELAPSE' || !(Number(words[3]) >= 0))
        throw this.#error('TIME_PASSES needs ELAPSE seconds');
      return { ...step, elapseMs: Number(words[3]) * 1000 };
    }
    if (kind === 'NOTHING' || kind === 'TRAFFIC' || kind === 'TIMEOUT') return step;
    if (this.#next() !== 'ENTRY_BEGIN') throw this.#error(`${kind} needs an entry`);
    return { ...step, entry: this.#entry() };
  }

  #entry(): Entry {
    const line = this.#at;
    const match = new Set<string>();
    const adjust = new Set<string>();
    const flags = new Set<string>();
    let rcode: number = Rcode.NOERROR;
    let section = '';
    let question: EntryQuestion | undefined;
    const records: Record<string, ResourceRecord[]> = { ANSWER: [], AUTHORITY: [], ADDITIONAL: [] };
    for (let text = this.#next(); text !== undefined; text = this.#next()) {
      const [word, ...rest] = text.split(/\s+/);
      const words = untilComment(rest);
      if (word === 'ENTRY_END') {
        const { ANSWER: answer, AUTHORITY: authority, ADDITIONAL: additional } = records;
        return {
          line,
          match,
          adjust,
          flags,
          rcode,
          question,
          answer: answer!,
          authority: authority!,
          additional: additional!,
        };
      }
      if (word === 'MATCH') for (const rule of words) this.#known(rule.toLowerCase(), MATCH_WORDS, match);
      else if (word === 'ADJUST')
        for (const rule of words) this.#known(rule.toLowerCase(), ADJUST_WORDS, adjust);
      else if (word === 'REPLY') {
        for (const flag of words) {
          if (FLAGS.has(flag)) flags.add(flag);
          else if (Object.hasOwn(Rcode, flag)) rcode = Rcode[flag as keyof typeof Rcode];
          else throw this.#error(`REPLY word not known: ${flag}`);
        }
      } else if (word === 'SECTION') {
        section = words[0] ?? '';
        if (!SECTIONS.has(section)) throw this.#error(`section not known: ${section}`);
      } else if (section === 'QUESTION') question = this.#question(text);
      else if (section !== '') records[section]!.push(this.#record(text));
      else throw this.#error(`not expected in an entry: ${text}`);
    }
    throw this.#error('no ENTRY_END');
  }

  #known(word: string, known: RegExp, into: Set<string>): void {
    if (!known.test(word)) throw this.#error(`word not known: ${word}`);
    into.add(word);
  }

  #question(text: string): EntryQuestion {
    const words = text.split(/\s+/);
    const typeText = words[1] === 'IN' ? words[2] : words[1];
    const type = typeText === 'LOC' ? LOC : rrTypeFromText(typeText ?? '');
    if (type === undefined) throw this.#error(`type not known: ${typeText}`);
    return { name: Name.fromText(words[0]!), type };
  }

  #record(text: string): ResourceRecord {
    try {
      return parseRecord(text, { defaultTtl: DEFAULT_TTL });
    } catch (cause) {
      throw this.#error(`bad record: ${text}`, { cause });
    }
  }
}

function untilComment(words: readonly string[]): readonly string[] {
  const comment = words.findIndex((word) => word.startsWith(';'));
  return comment < 0 ? words : words.slice(0, comment);
}
