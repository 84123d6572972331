/**
 * A resolver that answers from a table: for tests, and for trying out what a destination's plan would be. No network, no
 * signatures; each name's proof state is said in the table. Aliases are followed as the real resolver does, each link with
 * its own status, and the final status is the weakest.
 *
 *     const resolver = new FakeResolver({
 *       zone: `example.org. 300 IN MX 10 mx.example.net.
 *              mx.example.net. 300 IN A 192.0.2.1`,
 *       status: { 'example.net': 'insecure' },
 *       failures: { '_25._tcp.mx.example.net TLSA': { status: 'bogus', text: 'signature expired' } },
 *     });
 */
import {
  Ede,
  Name,
  parseZoneFile,
  Rcode,
  type ResourceRecord,
  RRType,
  rrTypeFromText,
} from '@mailanchor/dns';
import { type AliasLink, type Resolution, type Status, weakest } from './proof.ts';
import type { ResolveOptions, Resolver } from './resolver.ts';

export interface FakeFailure {
  readonly status: 'bogus' | 'indeterminate';
  readonly text?: string;
  /** Default: DNSSEC Bogus for 'bogus', No Reachable Authority otherwise. */
  readonly ede?: number;
  /** Default: SERVFAIL. */
  readonly rcode?: number;
}

export interface FakeTable {
  /** Master-file text (lines may be indented; each has its owner), or records. No signatures are needed. */
  readonly zone: string | readonly ResourceRecord[];
  /** Proof state of a name and all below it; the longest entry wins. Default: everything is secure. */
  readonly status?: Readonly<Record<string, 'secure' | 'insecure'>>;
  /** Questions that fail, as `name TYPE` or `name *`. The question on the way of an alias fails the whole. */
  readonly failures?: Readonly<Record<string, FakeFailure>>;
  /** Questions that are never answered: they end by `timeoutMs` (as indeterminate) or by the signal. As `name TYPE`. */
  readonly silent?: readonly string[];
}

const MAX_ALIASES = 11;

export class FakeResolver implements Resolver {
  /** Questions asked so far, as `name. TYPE-number`, in order. */
  readonly asked: { readonly name: string; readonly type: number }[] = [];
  readonly #records: readonly ResourceRecord[];
  readonly #zones: readonly { readonly name: Name; readonly status: 'secure' | 'insecure' }[];
  readonly #failures = new Map<string, FakeFailure>();
  readonly #silent = new Set<string>();

  constructor(table: FakeTable) {
    this.#records =
      typeof table.zone === 'string' ? parseZoneFile(table.zone.replace(/^[ \t]+/gm, '')) : table.zone;
    this.#zones = Object.entries(table.status ?? {})
      .map(([text, status]) => ({ name: Name.fromText(text), status }))
      .sort((a, b) => b.name.labelCount - a.name.labelCount);
    for (const [question, failure] of Object.entries(table.failures ?? {})) {
      this.#failures.set(questionKey(question), failure);
    }
    for (const question of table.silent ?? []) this.#silent.add(questionKey(question));
  }

  async resolve(name: Name, type: number, options: ResolveOptions = {}): Promise<Resolution> {
    options.signal?.throwIfAborted();
    this.asked.push({ name: name.toString(), type });
    const aliases: AliasLink[] = [];
    let at = name;
    let status: Status = 'secure';
    for (;;) {
      if (this.#silent.has(`${at.key} ${type}`)) {
        await silence(options);
        return failure(name, type, aliases, at, { status: 'indeterminate', text: 'timeout' });
      }
      const planned = this.#failures.get(`${at.key} ${type}`) ?? this.#failures.get(`${at.key} *`);
      if (planned) return failure(name, type, aliases, at, planned);
      status = weakest(status, this.#statusOf(at));
      const link = type === RRType.CNAME ? undefined : this.#alias(at);
      if (!link) break;
      aliases.push(link);
      status = weakest(status, link.status);
      if (aliases.length > MAX_ALIASES) {
        const text = 'too many aliases';
        return failure(name, type, aliases, at, { status: 'indeterminate', text, ede: Ede.OTHER });
      }
      at = link.target;
    }
    const proven = status === 'secure' ? 'secure' : 'insecure';
    const base = { name, type, aliases, canonicalName: at, chain: [], ttl: 300, authority: [] } as const;
    const records = this.#records.filter((rr) => rr.type === type && rr.name.equals(at));
    if (records.length > 0) {
      return { ...base, kind: 'answer', status: proven, rcode: 0, records, answer: records };
    }
    const exists = this.#records.some((rr) => rr.name.isAtOrBelow(at));
    const kind = exists ? 'nodata' : 'nxdomain';
    const rcode = exists ? Rcode.NOERROR : Rcode.NXDOMAIN;
    return { ...base, kind, status: proven, rcode, records: [], answer: [] };
  }

  close(): void {}

  #statusOf(name: Name): 'secure' | 'insecure' {
    return this.#zones.find((zone) => name.isAtOrBelow(zone.name))?.status ?? 'secure';
  }

  #alias(name: Name): AliasLink | undefined {
    for (const rr of this.#records) {
      if (rr.type === RRType.CNAME && rr.name.equals(name)) {
        const target = Name.fromWire(rr.rdata);
        return { kind: 'CNAME', owner: name, target, status: this.#statusOf(name) };
      }
      if (rr.type === RRType.DNAME && name.isBelow(rr.name)) {
        const target = name.replaceSuffix(rr.name, Name.fromWire(rr.rdata));
        return { kind: 'DNAME', owner: name, target, status: this.#statusOf(rr.name) };
      }
    }
    return undefined;
  }
}

function questionKey(question: string): string {
  const [name = '', type = ''] = question.trim().split(/\s+/);
  const number = type === '*' ? '*' : rrTypeFromText(type);
  if (number === undefined) throw new TypeError(`no such question: "${question}"`);
  return `${Name.fromText(name).key} ${number}`;
}

function silence(options: ResolveOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(done, options.timeoutMs);
    options.signal?.addEventListener('abort', abort, { once: true });
    function done(): void {
      options.signal?.removeEventListener('abort', abort);
      resolve();
    }
    function abort(): void {
      clearTimeout(timer);
      reject(options.signal?.reason);
    }
  });
}

function failure(
  name: Name,
  type: number,
  aliases: readonly AliasLink[],
  canonicalName: Name,
  planned: FakeFailure,
): Resolution {
  const ede = planned.ede ?? (planned.status === 'bogus' ? Ede.DNSSEC_BOGUS : Ede.NO_REACHABLE_AUTHORITY);
  return {
    kind: 'failure',
    status: planned.status,
    rcode: planned.rcode ?? Rcode.SERVFAIL,
    name,
    type,
    aliases,
    canonicalName,
    chain: [],
    records: [],
    answer: [],
    authority: [],
    ttl: 0,
    reason: { ede, text: planned.text ?? planned.status },
  };
}
