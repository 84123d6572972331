/**
 * Master files (rfc1035#section-5): records as text, `$ORIGIN`, `$TTL` (rfc2308#section-4), parentheses, comments, owner, TTL and
 * class left out. `$INCLUDE` and `$GENERATE` are refused: what is parsed is the text at hand and nothing else.
 */
import { DnsFormatError } from '../errors.ts';
import { RRClass, rrClassFromText } from '../iana/rr-class.ts';
import { RRType, rrTypeFromText } from '../iana/rr-type.ts';
import { Name } from '../name.ts';
import type { ResourceRecord } from '../record.ts';
import { readRdata } from './rdata-text.ts';
import { TokenReader } from './token-reader.ts';
import { TokenError, type TokenLine, tokenize } from './tokenize.ts';
import { ttlFromText } from './ttl.ts';

export interface RecordTextOptions {
  /** What relative names are relative to; default the root. */
  readonly origin?: Name;
  /** Seconds, for records that name no TTL and have none before them; default 3600. */
  readonly defaultTtl?: number;
}

export interface ZoneFileOptions extends RecordTextOptions {
  /** Name of the file in error messages; default `zone`. */
  readonly source?: string;
}

/** Types that are questions or belong to messages: no zone has them. */
const META_TYPES: ReadonlySet<number> = new Set([
  RRType.OPT,
  RRType.TSIG,
  RRType.IXFR,
  RRType.AXFR,
  RRType.ANY,
]);

/** The records of a master file, in order. Throws `DnsFormatError`, its message beginning with `source:line:`. */
export function parseZoneFile(text: string, options: ZoneFileOptions = {}): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  const state = new ZoneState(options);
  const source = options.source ?? 'zone';
  // A byte order mark is how some editors begin a file.
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    for (const line of tokenize(plain)) {
      const record = state.read(line, source);
      if (record) records.push(record);
    }
  } catch (error) {
    if (error instanceof TokenError) throw located(source, error.line, error);
    throw error;
  }
  return records;
}

/** Exactly one record. Throws `DnsFormatError`. */
export function parseRecord(text: string, options: RecordTextOptions = {}): ResourceRecord {
  const records = parseZoneFile(text.trimStart(), { ...options, source: 'record' });
  if (records.length !== 1)
    throw new DnsFormatError('bad-record-text', `expected one record, found ${records.length}`);
  return records[0]!;
}

function located(source: string, line: number, cause: Error): DnsFormatError {
  return new DnsFormatError('bad-zone-file', `${source}:${line}: ${cause.message}`, { cause });
}

class ZoneState {
  #origin: Name;
  #owner: Name | undefined;
  #defaultTtl: number | undefined;
  #lastTtl: number;
  #lastClass: number = RRClass.IN;

  constructor(options: RecordTextOptions) {
    this.#origin = options.origin ?? Name.root;
    this.#lastTtl = options.defaultTtl ?? 3600;
  }

  /** The line's record; undefined for a directive. */
  read(line: TokenLine, source: string): ResourceRecord | undefined {
    const tokens = new TokenReader(line.tokens, this.#origin);
    try {
      const first = line.tokens[0]!;
      if (!line.indented && !first.quoted && first.text.startsWith('$')) {
        this.#directive(tokens);
        return undefined;
      }
      return this.#record(tokens, line.indented);
    } catch (error) {
      if (!(error instanceof DnsFormatError)) throw error;
      throw located(source, tokens.line, error);
    }
  }

  #directive(tokens: TokenReader): void {
    const { text } = tokens.next('a directive');
    switch (text.toUpperCase()) {
      case '$ORIGIN':
        this.#origin = tokens.name('a domain name');
        break;
      case '$TTL': {
        const ttl = tokens.next('a TTL');
        const seconds = ttlFromText(ttl.text);
        if (seconds === undefined)
          throw new DnsFormatError('bad-record-text', `expected a TTL, found "${ttl.text}"`);
        this.#defaultTtl = seconds;
        break;
      }
      default:
        throw new DnsFormatError('bad-record-text', `expected $ORIGIN or $TTL, found "${text}"`);
    }
    tokens.end();
  }

  #record(tokens: TokenReader, indented: boolean): ResourceRecord {
    const name = indented ? this.#owner : tokens.name('an owner name');
    if (name === undefined)
      throw new DnsFormatError('bad-record-text', 'expected an owner name on the first record');
    this.#owner = name;
    let ttl: number | undefined;
    let rrClass: number | undefined;
    let type: number | undefined;
    while (type === undefined) {
      const { text } = tokens.next('a record type');
      const seconds = ttl === undefined ? ttlFromText(text) : undefined;
      const classNumber = rrClass === undefined ? zoneClass(text) : undefined;
      if (seconds !== undefined) ttl = seconds;
      else if (classNumber !== undefined) rrClass = classNumber;
      else {
        type = rrTypeFromText(text);
        if (type === undefined || META_TYPES.has(type))
          throw new DnsFormatError(
            'bad-record-text',
            `expected a TTL, class or record type, found "${text}"`,
          );
      }
    }
    this.#lastTtl = ttl ?? this.#defaultTtl ?? this.#lastTtl;
    this.#lastClass = rrClass ?? this.#lastClass;
    const rdata = readRdata(type, tokens);
    return { name, type, class: this.#lastClass, ttl: this.#lastTtl, rdata };
  }
}

function zoneClass(text: string): number | undefined {
  const upper = text.toUpperCase();
  // ANY and NONE are classes of questions and updates, and ANY is also a type.
  return upper === 'ANY' || upper === 'NONE' ? undefined : rrClassFromText(text);
}
