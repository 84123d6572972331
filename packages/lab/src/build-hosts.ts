/** Mail hosts from their specification: certificates, addresses, TLSA data. Ports and zones come later. */

import { tlsaFromCertificate, tlsaFromPublicKey } from '@mailanchor/dane';
import {
  encodeA,
  encodeSrv,
  encodeTlsa,
  hexDecode,
  Name,
  type ResourceRecord,
  RRClass,
  RRType,
} from '@mailanchor/dns';
import type { Clock } from '@mailanchor/dnssec';
import type { CertificateSpec, HostSpec, KeyLabel, TlsaSpec } from './destination-spec.ts';
import { type KeyPair, p256KeyPair, rsaCertificateKey } from './keys/key-pair.ts';
import type { Seed } from './keys/seed.ts';
import { issueCertificate, type LabCertificate } from './mail/certificate.ts';
import { MailHost } from './mail/mail-host.ts';

const DAY_MS = 86_400_000;
/** Seconds. */
const TTL = 3600;

const OWN_KEY: readonly TlsaSpec[] = [{ usage: 3, selector: 1, matching: 1, of: 'present' }];

/** The CA of the lab: a root and an intermediate. */
export interface LabCa {
  readonly root: LabCertificate;
  readonly intermediate: LabCertificate;
}

export interface BuiltHost {
  readonly spec: HostSpec;
  readonly addresses: readonly string[];
  /** One for each address that listens. */
  readonly servers: readonly MailHost[];
}

export class HostBuilder {
  readonly ca: LabCa;
  readonly #seed: Seed;
  readonly #now: number;
  /** Hosts that have the keys of another. */
  readonly #keyOwners = new Map<string, string>();
  #issued = 0;

  constructor(seed: Seed, clock: Clock) {
    this.#seed = seed;
    this.#now = clock();
    const period = { notBefore: this.#now - 300 * DAY_MS, notAfter: this.#now + 3000 * DAY_MS };
    const root = issueCertificate(seed, 'root', { subject: 'Lab Root CA', ca: true, ...period });
    const intermediate = issueCertificate(seed, 'intermediate', {
      subject: 'Lab Issuing CA',
      ca: true,
      pathLength: 0,
      issuer: root,
      ...period,
    });
    this.ca = { root, intermediate };
  }

  /** `nextAddress` hands out a loopback address at each call. */
  build(spec: HostSpec, nextAddress: () => string): BuiltHost {
    if (spec.keysOf) this.#keyOwners.set(spec.name, spec.keysOf);
    const chains = [spec.certificate ?? {}, ...(spec.secondAddress ? [spec.secondAddress] : [])];
    const { fault, rsaCertificate, dialect } = spec;
    const addresses = chains.map(nextAddress);
    if (fault === 'refused') return { spec, addresses, servers: [] };
    const servers = chains.map((certificate, i) => {
      const chain = this.chain(spec.name, certificate);
      return new MailHost({
        name: spec.name,
        address: addresses[i]!,
        chain,
        ...(rsaCertificate && { rsaChain: this.chain(spec.name, { key: 'rsa', ...rsaCertificate }) }),
        ...(fault && { fault }),
        ...(dialect && { dialect }),
      });
    });
    return { spec, addresses, servers };
  }

  /** What a host presents, leaf first. */
  chain(name: string, spec: CertificateSpec): LabCertificate[] {
    const {
      issuer = 'self',
      names = [name],
      send = [],
      expired = false,
      days = 90,
      strangers = 0,
      padding = 0,
    } = spec;
    const notAfter = this.#now + (expired ? -10 : days) * DAY_MS;
    const leaf = issueCertificate(this.#seed, `${name} ${this.#issued++}`, {
      subject: names[0] ?? name,
      names,
      ...(issuer === 'self' ? {} : { issuer: this.ca[issuer] }),
      notBefore: notAfter - 100 * DAY_MS,
      notAfter,
      key: this.key(name, spec.key ?? 'present'),
      padding,
    });
    return [leaf, ...send.map((which) => this.ca[which]), ...this.#strangers(name, strangers, padding)];
  }

  /** Of a policy host, which HTTPS clients validate by the root. */
  policyChain(host: string, selfSigned: boolean): LabCertificate[] {
    return this.chain(host, selfSigned ? {} : { issuer: 'root' });
  }

  #strangers(name: string, count: number, padding: number): LabCertificate[] {
    return Array.from({ length: count }, (_, i) =>
      issueCertificate(this.#seed, `${name} stranger ${i}`, {
        subject: `Stranger ${i + 1}`,
        ca: true,
        notBefore: this.#now - DAY_MS,
        notAfter: this.#now + DAY_MS,
        // One key for all of them: nobody uses it.
        key: this.key(name, 'past'),
        padding,
      }),
    );
  }

  key(name: string, label: KeyLabel): KeyPair {
    if (label === 'rsa') return rsaCertificateKey();
    return p256KeyPair(this.#seed, `host ${this.#keyOwners.get(name) ?? name} ${label}`);
  }

  /** A and TLSA records, TLSA at the usual port and at the lab's own. */
  records(built: BuiltHost, port: number, tlsa: readonly TlsaSpec[] = OWN_KEY): ResourceRecord[] {
    const { spec, addresses } = built;
    const host = Name.fromText(spec.name);
    const base = Name.fromText(spec.tlsaBase ?? spec.name);
    const rdatas = tlsa.map((wanted) => this.#tlsa(built, wanted));
    const ttl = spec.tlsaTtl ?? TTL;
    return [
      ...addresses.map((address) => record(host, RRType.A, encodeA(address))),
      ...[...new Set([25, port])].flatMap((number) =>
        rdatas.map((rdata) => record(base.prepend('_tcp').prepend(`_${number}`), RRType.TLSA, rdata, ttl)),
      ),
      ...srvRecords(spec, port),
    ];
  }

  #tlsa({ spec, servers }: BuiltHost, { usage, selector, matching, of }: TlsaSpec): Uint8Array {
    if (typeof of === 'object') return encodeTlsa({ usage, selector, matching, data: hexDecode(of.data) });
    const parameters = { usage, selector, matching };
    // A certificate, not a key alone: the one that the host presents.
    const presented = selector === 0 && of === 'present' ? servers[0]?.chain[0] : undefined;
    if (presented) return encodeTlsa(tlsaFromCertificate(presented.der, parameters));
    return encodeTlsa(
      of === 'root' || of === 'intermediate'
        ? tlsaFromCertificate(this.ca[of].der, parameters)
        : tlsaFromPublicKey(this.key(spec.name, of).spki, parameters),
    );
  }
}

function srvRecords({ name, srv, srvTarget = name }: HostSpec, port: number): ResourceRecord[] {
  if (srv === undefined) return [];
  const rdata = encodeSrv({ priority: 10, weight: 0, port, target: Name.fromText(srvTarget) });
  return [record(Name.fromText(srv), RRType.SRV, rdata)];
}

function record(name: Name, type: number, rdata: Uint8Array, ttl = TTL): ResourceRecord {
  return { name, type, class: RRClass.IN, ttl, rdata };
}
