/** A root zone whose keys change, signed for whatever time it is told, with a server of its own. */
import {
  createListener,
  type DnsListener,
  decodeMessage,
  encodeA,
  encodeMessage,
  encodeRrsig,
  encodeSingleName,
  Name,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
  recordToText,
  responseTo,
} from '@mailanchor/dns';
import { keyTag, signedData } from '@mailanchor/dnssec';
import { createSigningKey, dsRecords, Seed, type SigningKey } from '@mailanchor/lab';

const DAY = 86_400;
const TTL = 2 * DAY;
const REVOKE_FLAG = 0x80;

const record = (type: number, rdata: Uint8Array, name = Name.root): ResourceRecord => ({
  name,
  type,
  class: RRClass.IN,
  ttl: TTL,
  rdata,
});

export function makeKey(label: string): Promise<SigningKey> {
  return createSigningKey('ed25519', 'ksk', new Seed('rolling root'), label);
}

/** The same key with the REVOKE bit: another tag (rfc5011#section-2.1). */
export function revoked(key: SigningKey): SigningKey {
  const rdata = Uint8Array.from(key.rdata);
  rdata[1]! |= REVOKE_FLAG;
  return { ...key, rdata, tag: keyTag(rdata) };
}

export class RollingRoot {
  /** Epoch seconds. */
  now: number;
  /** Published, all of them signing. */
  keys: readonly SigningKey[];

  constructor(now: number, ...keys: readonly SigningKey[]) {
    this.now = now;
    this.keys = keys;
  }

  dnskeys(): ResourceRecord[] {
    const rdatas = this.keys.map(({ rdata }) => rdata);
    const rrset = { name: Name.root, type: RRType.DNSKEY, class: RRClass.IN, ttl: TTL, rdatas };
    const signatures = this.keys.map((key) => {
      const fields = {
        typeCovered: RRType.DNSKEY,
        algorithm: key.algorithm,
        labels: 0,
        originalTtl: TTL,
        expiration: this.now + 14 * DAY,
        inception: this.now - DAY,
        keyTag: key.tag,
        signer: Name.root,
      };
      const head = encodeRrsig({ ...fields, signature: new Uint8Array(0) });
      return encodeRrsig({ ...fields, signature: key.sign(signedData(head, Name.root, rrset)) });
    });
    return [
      ...rdatas.map((rdata) => record(RRType.DNSKEY, rdata)),
      ...signatures.map((rdata) => record(RRType.RRSIG, rdata)),
    ];
  }

  /** The anchor file of a user who trusts the key. */
  static anchorText(...keys: readonly SigningKey[]): string {
    return `${dsRecords(Name.root, keys).map(recordToText).join('\n')}\n`;
  }

  /** Nobody is there but the root's keys and its server. */
  serve(): Promise<DnsListener> {
    const server = Name.fromText('ns1.');
    return createListener({
      protocols: ['udp', 'tcp'],
      onQuery: (octets, _client, reply) => {
        const query = decodeMessage(octets);
        const { name, type } = query.questions[0]!;
        const sections = !name.isRoot
          ? { rcode: Rcode.NXDOMAIN }
          : type === RRType.DNSKEY
            ? { answers: this.dnskeys() }
            : {
                answers: [record(RRType.NS, encodeSingleName(server))],
                additionals: [record(RRType.A, encodeA('127.0.0.1'), server)],
              };
        reply(encodeMessage(responseTo(query, { aa: true, ...sections })));
      },
    });
  }
}
