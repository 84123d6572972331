/**
 * Asking the Internet itself: from the root down, referral by referral (rfc1034#section-5.3.3). What comes back is unproven; the
 * validator judges it.
 *
 * One question: the deepest zone known is taken, its servers are asked in the order of their speed, a referral leads one zone
 * further down, and anything else is the answer. Servers without glue are looked up the same way, by their names, within bounds.
 */
import { type Endpoint, type Message, Name, Rcode, RRType, rrTypeToText } from '@mailanchor/dns';
import { BoundedMap } from '../bounded-map.ts';
import { BudgetExceeded, type Work } from '../budget.ts';
import type { Reason } from '../proof.ts';
import { collectRRsets } from '../rrsets.ts';
import type { FetchRequest, QueryPurpose, RawAnswer, ReferralDs, Source } from '../source.ts';
import {
  addressesOf,
  type Delegation,
  DelegationCache,
  type NameServer,
  readReferral,
  rootDelegation,
} from './delegation.ts';
import { type Exchanger, serverId } from './exchange.ts';
import { isEmptyCache, isLame, isUsable } from './lameness.ts';
import { minimise, type QnameMinimisation } from './qname-minimisation.ts';
import type { RootHint } from './root-hints.ts';
import { ServerFailures } from './server-failures.ts';
import type { ServerStats } from './server-stats.ts';

export interface IterativeOptions {
  readonly exchanger: Exchanger;
  readonly stats: ServerStats;
  readonly rootHints: readonly RootHint[];
  /** Port of authoritative servers. */
  readonly port: number;
  readonly qnameMinimisation: QnameMinimisation;
  readonly families: { readonly ipv4: boolean; readonly ipv6: boolean };
  /** Epoch seconds. */
  readonly now: () => number;
}

interface Address {
  readonly id: string;
  readonly endpoint: Endpoint;
}

type Told =
  | { readonly kind: 'told'; readonly message: Message; readonly server: string }
  | { readonly kind: 'failure'; readonly rcode: number; readonly reason: Reason };

/** One name on its way: what it has cost, and for whose sake it is looked up. */
interface Walk {
  readonly work: Work;
  readonly avoid: ReadonlySet<string>;
  readonly depth: number;
  readonly purpose: QueryPurpose;
  /** The name to be found. */
  readonly target: Name;
  /** Names of servers being looked up above this walk: looking one up for its own sake would never end. */
  readonly path: ReadonlySet<string>;
  queries: number;
}

/** Passes over all servers of a zone: those that were silent are asked once more, with more patience. */
const PASSES = 2;
/** Of a shortened question: the whole one is to follow, and it tells more. */
const SHORTENED_PASSES = 1;
/** Seconds for which a zone whose servers do not answer shortened questions is spared them. */
const CHOKER_TTL = 900;

export class IterativeSource implements Source {
  readonly #options: IterativeOptions;
  readonly #delegations: DelegationCache;
  readonly #addresses = new BoundedMap<{ addresses: readonly string[]; expiresAt: number }>(20_000);
  /** Zones whose servers did not answer a shortened question, by the time until which they are asked for whole names. */
  readonly #chokers = new BoundedMap<number>(5_000);
  #root: Delegation | undefined;
  #priming: Promise<Delegation> | undefined;

  constructor(options: IterativeOptions) {
    this.#options = options;
    this.#delegations = new DelegationCache(50_000, options.now);
  }

  referralDs(zone: Name): ReferralDs | undefined {
    return this.#delegations.referralDs(zone);
  }

  forget(): void {
    this.#delegations.clear();
    this.#addresses.clear();
    this.#chokers.clear();
    this.#root = undefined;
  }

  close(): void {}

  fetch(name: Name, type: number, { work, avoid, purpose }: FetchRequest): Promise<RawAnswer> {
    return this.#walk(name, type, {
      work,
      avoid,
      depth: 0,
      purpose,
      target: name,
      path: new Set(),
      queries: 0,
    });
  }

  /** As `fetch`, beginning with a referral that came from elsewhere. */
  fetchFrom(
    start: Delegation,
    name: Name,
    type: number,
    { work, avoid, purpose }: FetchRequest,
  ): Promise<RawAnswer> {
    this.#delegations.set(start);
    this.#rememberGlue(start);
    const walk = { work, avoid, depth: 0, purpose, target: name, path: new Set<string>(), queries: 0 };
    return this.#walk(name, type, walk, start);
  }

  /** The deepest zone at or above `name` that a referral has told of. */
  delegationOf(name: Name): Delegation | undefined {
    return this.#delegations.closest(name);
  }

  async #walk(name: Name, type: number, walk: Walk, start?: Delegation): Promise<RawAnswer> {
    const mode = this.#options.qnameMinimisation;
    // A DS lies in the parent zone (rfc4035#section-4.2).
    const from = type === RRType.DS && !name.isRoot ? name.parent : name;
    let delegation = start ?? this.#delegations.closest(from) ?? (await this.#rootServers(walk));
    let known = 0;
    let shortened = 0;
    let minimising = true;

    for (let referrals = 0; referrals < walk.work.budgets.referrals; ) {
      const ask =
        minimising && !this.#chokes(delegation.zone)
          ? minimise(mode, delegation.zone, name, type, known, shortened)
          : { name, type, whole: true };
      const passes = ask.whole ? PASSES : SHORTENED_PASSES;
      const told = await this.#askZone(delegation, ask.name, ask.type, walk, passes);
      if (told.kind === 'failure') {
        if (ask.whole) {
          // Where every server was to be avoided, the delegation is not what was wrong.
          if (walk.avoid.size === 0) this.#forget(delegation);
          return told;
        }
        minimising = false;
        if (mode === 'relaxed') this.#chokers.set(delegation.zone.key, this.#options.now() + CHOKER_TTL);
        continue;
      }
      const { message, server } = told;
      const referral = readReferral(message, delegation.zone, ask.name, {
        servers: walk.work.budgets.serversPerDelegation,
        now: this.#options.now(),
        maxTtl: walk.work.budgets.maxTtl,
      });
      if (referral && !(type === RRType.DS && referral.zone.equals(name))) {
        this.#delegations.set(referral);
        this.#rememberGlue(referral);
        delegation = referral;
        known = 0;
        referrals++;
        continue;
      }
      if (ask.whole) return { kind: 'message', message, server, bailiwick: delegation.zone };
      if (message.rcode === Rcode.NXDOMAIN) {
        // True for whole names below as well (rfc8020), if the server is; many are not where the name is an empty non-terminal.
        minimising = false;
        continue;
      }
      known = ask.name.labelCount;
      shortened++;
    }
    throw new BudgetExceeded('referrals', `more than ${walk.work.budgets.referrals} referrals for ${name}`);
  }

  #chokes(zone: Name): boolean {
    return (this.#chokers.get(zone.key) ?? 0) > this.#options.now();
  }

  /** The root's servers: the hints, asked once for what is current (rfc8109). */
  async #rootServers(walk: Walk): Promise<Delegation> {
    if (this.#root && this.#root.expiresAt > this.#options.now()) return this.#root;
    this.#priming ??= this.#prime(walk).finally(() => {
      this.#priming = undefined;
    });
    return this.#priming;
  }

  async #prime(walk: Walk): Promise<Delegation> {
    const hints = rootDelegation(this.#options.rootHints, Name.root);
    const now = this.#options.now();
    const retry = { ...hints, expiresAt: now + 60 };
    const told = await this.#askZone(hints, Name.root, RRType.NS, {
      ...walk,
      purpose: 'priming',
      target: Name.root,
    });
    if (told.kind === 'failure') return this.#keepRoot(retry);
    const ns = collectRRsets(told.message.answers).get(Name.root, RRType.NS);
    const additional = collectRRsets(told.message.additionals);
    const servers: NameServer[] = [];
    for (const rdata of ns?.rdatas ?? []) {
      const name = Name.fromWire(rdata);
      const addresses = [
        ...addressesOf(additional.get(name, RRType.A)),
        ...addressesOf(additional.get(name, RRType.AAAA)),
      ];
      const hinted = this.#options.rootHints.find((hint) => hint.name.equals(name));
      if (addresses.length > 0) servers.push({ name, addresses });
      else if (hinted) servers.push(hinted);
    }
    if (!ns || servers.length === 0) return this.#keepRoot(retry);
    return this.#keepRoot({
      zone: Name.root,
      servers,
      expiresAt: now + Math.min(Math.max(ns.ttl, 60), 86_400),
    });
  }

  #keepRoot(root: Delegation): Delegation {
    this.#root = root;
    return root;
  }

  /** Asks the servers of a zone until one gives an answer that is about the question. */
  async #askZone(
    delegation: Delegation,
    name: Name,
    type: number,
    walk: Walk,
    passes = PASSES,
  ): Promise<Told> {
    const { exchanger, stats } = this.#options;
    const { budgets } = walk.work;
    let failures: ServerFailures | undefined;
    const failed = (): ServerFailures => {
      failures ??= new ServerFailures(delegation.zone, name, type);
      return failures;
    };
    let empty: Told | undefined;
    const silent: Address[] = [];
    const seen = new Set<string>();
    const addressless: Name[] = [];

    // Those whose addresses are known, by speed; then those whose names must be looked up first.
    for (const address of this.#knownServers(delegation, walk, seen, addressless)) {
      const told = await attempt.call(this, address, 0);
      if (told) return told;
    }
    for (const server of addressless.slice(0, budgets.addresslessServers)) {
      const addresses = await this.#lookUpServer(server, walk);
      for (const address of this.#usable(addresses, delegation, walk, seen)) {
        const told = await attempt.call(this, address, 0);
        if (told) return told;
      }
    }
    for (let pass = 1; pass < passes; pass++) {
      for (const address of silent.splice(0)) {
        const told = await attempt.call(this, address, pass);
        if (told) return told;
      }
    }
    return empty ?? failed().verdict();

    async function attempt(this: IterativeSource, address: Address, pass: number): Promise<Told | undefined> {
      if (++walk.queries > budgets.upstreamQueriesPerName) {
        throw new BudgetExceeded(
          'upstreamQueriesPerName',
          `more than ${budgets.upstreamQueriesPerName} packets for ${rrTypeToText(type)} of ${name}`,
        );
      }
      const timeoutMs = stats.patience(address.id, pass, budgets.packetMs);
      const exchanged = await exchanger.ask(
        {
          server: address.endpoint,
          name,
          type,
          recurse: false,
          timeoutMs,
          purpose: walk.purpose,
          target: walk.target,
          zone: delegation.zone,
        },
        walk.work,
      );
      if (exchanged.kind === 'error') {
        failed().transport(address.id, exchanged.error.message);
        if (exchanged.error.code === 'timeout') silent.push(address);
        return undefined;
      }
      const { message } = exchanged;
      if (!isUsable(message)) {
        failed().rcode(address.id, message.rcode);
        return undefined;
      }
      if (isLame(message, delegation.zone)) {
        stats.lame(address.id, delegation.zone.key);
        failed().lame(address.id);
        return undefined;
      }
      const told: Told = { kind: 'told', message, server: address.id };
      if (!isEmptyCache(message)) return told;
      empty ??= told;
      return undefined;
    }
  }

  /** Servers of a zone whose addresses are known, by speed; the names of the others go into `addressless`. */
  #knownServers(
    { servers, zone }: Delegation,
    walk: Walk,
    seen: Set<string>,
    addressless: Name[],
  ): readonly Address[] {
    const direct: string[] = [];
    for (const server of servers) {
      const known = server.addresses.length > 0 ? server.addresses : this.#knownAddresses(server.name);
      if (known) direct.push(...known);
      else addressless.push(server.name);
    }
    return this.#usable(direct, { zone }, walk, seen);
  }

  /** Addresses that can be asked and have not been, in the order to ask them in. */
  #usable(
    addresses: readonly string[],
    { zone }: Pick<Delegation, 'zone'>,
    walk: Walk,
    seen: Set<string>,
  ): readonly Address[] {
    const { port, stats, families } = this.#options;
    const found: Address[] = [];
    for (const address of addresses) {
      if (address.includes(':') ? !families.ipv6 : !families.ipv4) continue;
      const endpoint = { address, port };
      const id = serverId(endpoint);
      if (seen.has(id) || walk.avoid.has(id)) continue;
      seen.add(id);
      found.push({ id, endpoint });
    }
    return found.length > 1 ? stats.order(found, zone.key) : found;
  }

  /** Glue is good for asking the same servers on behalf of another zone: it says whom to ask, nothing more. */
  #rememberGlue({ servers, expiresAt }: Delegation): void {
    for (const { name, addresses } of servers) {
      if (addresses.length > 0 && !this.#knownAddresses(name))
        this.#addresses.set(name.key, { addresses, expiresAt });
    }
  }

  /** No server of the zone is of any use: whatever said that these are its servers, it is asked again before it is believed again. */
  #forget({ zone, servers }: Delegation): void {
    // The hints are all there is: there is nobody to ask for others.
    if (zone.isRoot && this.#root?.servers !== this.#options.rootHints) this.#root = undefined;
    this.#delegations.forget(zone);
    for (const { name } of servers) if (this.#knownAddresses(name)?.length) this.#addresses.delete(name.key);
  }

  #knownAddresses(server: Name): readonly string[] | undefined {
    const known = this.#addresses.get(server.key);
    return known && known.expiresAt > this.#options.now() ? known.addresses : undefined;
  }

  /** A name server's addresses, looked up without proof: they only say whom to ask, and what is answered is proven anyway. */
  async #lookUpServer(server: Name, walk: Walk): Promise<readonly string[]> {
    const { budgets } = walk.work;
    if (walk.depth >= budgets.addressDepth || walk.path.has(server.key)) return [];
    const { families, now } = this.#options;
    const types = [...(families.ipv4 ? [RRType.A] : []), ...(families.ipv6 ? [RRType.AAAA] : [])];
    const addresses: string[] = [];
    let ttl = 3600;
    for (const type of types) {
      const raw = await this.#walk(server, type, {
        work: walk.work,
        avoid: new Set(),
        depth: walk.depth + 1,
        purpose: 'name-server',
        target: server,
        path: new Set([...walk.path, server.key]),
        queries: 0,
      });
      if (raw.kind === 'failure') continue;
      const set = collectRRsets(raw.message.answers).get(server, type);
      if (!set || !server.isAtOrBelow(raw.bailiwick)) continue;
      addresses.push(...addressesOf(set));
      ttl = Math.min(ttl, Math.max(set.ttl, 1));
    }
    const lifetime = addresses.length > 0 ? ttl : budgets.failureTtl;
    this.#addresses.set(server.key, { addresses, expiresAt: now() + lifetime });
    return addresses;
  }
}
