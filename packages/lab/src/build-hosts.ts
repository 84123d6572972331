/** Mail hosts from their specification: certificates, addresses, TLSA data. Ports and zones come later. */

import { tlsaFromCertificate, tlsaFromPublicKey } from '@mailanchor/dane';
import { encodeA, encodeTlsa, hexDecode, Name, type ResourceRecord, RRClass, RRType } from '@mailanchor/dns';
import type { Clock } from '@mailanchor/dnssec';
import type { CertificateSpec, HostSpec, KeyLabel, TlsaSpec } from './destination-spec.ts';
import { type KeyPair, p256KeyPair } from './keys/key-pair.ts';
import type { Seed } from './keys/seed.ts';
import { issueCertificate, type LabCertificate } from './mail/certificate.ts';
import { MailHost } from './mail/mail-host.ts';

const DAY_MS = 86_400_000;
/** Seconds. */
const TTL = 3600;

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
    const chains = [spec.certificate ?? {}, ...(spec.secondAddress ? [spec.secondAddress] : [])];
    const { fault } = spec;
    const addresses = chains.map(nextAddress);
    if (fault === 'refused') return { spec, addresses, servers: [] };
    const servers = chains.map((certificate, i) => {
      const chain = this.chain(spec.name, certificate);
      return new MailHost({ name: spec.name, address: addresses[i]!, chain, ...(fault ? { fault } : {}) });
    });
    return { spec, addresses, servers };
  }

  /** What a host presents, leaf first. */
  chain(name: string, spec: CertificateSpec): LabCertificate[] {
    const { issuer = 'self', names = [name], send = [], expired = false } = spec;
    const notAfter = this.#now + (expired ? -10 : 90) * DAY_MS;
    const leaf = issueCertificate(this.#seed, `${name} ${this.#issued++}`, {
      subject: names[0] ?? name,
      names,
      ...(issuer === 'self' ? {} : { issuer: this.ca[issuer] }),
      notBefore: notAfter - 100 * DAY_MS,
      notAfter,
      key: this.key(name, spec.key ?? 'present'),
    });
    return [leaf, ...send.map((which) => this.ca[which])];
  }

  key(name: string, label: KeyLabel): KeyPair {
    return p256KeyPair(this.#seed, `host ${name} ${label}`);
  }

  /** A and TLSA records, TLSA at the usual port and at the lab's own. */
  records({ spec, addresses }: BuiltHost, port: number): ResourceRecord[] {
    const host = Name.fromText(spec.name);
    const base = Name.fromText(spec.tlsaBase ?? spec.name);
    const tlsa = spec.tlsa ?? [{ usage: 3, selector: 1, matching: 1, of: 'present' } as const];
    const rdatas = tlsa.map((record) => this.#tlsa(spec.name, record));
    return [
      ...addresses.map((address) => record(host, RRType.A, encodeA(address))),
      ...[...new Set([25, port])].flatMap((number) =>
        rdatas.map((rdata) => record(base.prepend('_tcp').prepend(`_${number}`), RRType.TLSA, rdata)),
      ),
    ];
  }

  #tlsa(host: string, { usage, selector, matching, of }: TlsaSpec): Uint8Array {
    if (typeof of === 'object') return encodeTlsa({ usage, selector, matching, data: hexDecode(of.data) });
    const parameters = { usage, selector, matching };
    return encodeTlsa(
      of === 'root' || of === 'intermediate'
        ? tlsaFromCertificate(this.ca[of].der, parameters)
        : tlsaFromPublicKey(this.key(host, of).spki, parameters),
    );
  }
}

function record(name: Name, type: number, rdata: Uint8Array): ResourceRecord {
  return { name, type, class: RRClass.IN, ttl: TTL, rdata };
}
