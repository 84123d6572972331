/** Service parameters in record text (RFC 9460, sections 2.1 and 7, appendix A; `dohpath` from RFC 9461). */
import { ipv4FromText, ipv4ToText, ipv6FromText, ipv6ToText } from '../address.ts';
import { DnsFormatError } from '../errors.ts';
import { base64Decode, base64Encode, concatOctets } from '../octets.ts';
import { escapeOctets, quoteString, unescapeString } from '../presentation/text-escape.ts';
import type { SvcParameter } from './svcb.ts';

export const SvcParameterKey = {
  MANDATORY: 0,
  ALPN: 1,
  NO_DEFAULT_ALPN: 2,
  PORT: 3,
  IPV4HINT: 4,
  ECH: 5,
  IPV6HINT: 6,
  DOHPATH: 7,
} as const;

const KEY_NAMES = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
] as const;

function keyToText(key: number): string {
  return KEY_NAMES[key] ?? `key${key}`;
}

/**
 * `key=value`; a value that does not fit its key is written as `keyNNNNN="..."`. `all`: the parameters of the record, since
 * `mandatory` must name others of them.
 */
export function svcParameterToText({ key, value }: SvcParameter, all: readonly SvcParameter[]): string {
  const name = KEY_NAMES[key];
  const generic = value.length === 0 ? `key${key}` : `key${key}=${quoteString(value)}`;
  switch (name) {
    case 'mandatory': {
      const keys = mandatoryKeys(value);
      return keys && mandatoryHolds(keys, all) ? `mandatory=${keys.map(keyToText).join(',')}` : generic;
    }
    case 'alpn': {
      const protocols = splitAlpn(value);
      return protocols ? `alpn="${protocols.map(escapeListItem).join(',')}"` : generic;
    }
    case 'no-default-alpn':
      return value.length === 0 ? name : generic;
    case 'port':
      return value.length === 2 ? `port=${(value[0]! << 8) | value[1]!}` : generic;
    case 'ipv4hint':
      return addressesToText(name, value, 4, ipv4ToText) ?? generic;
    case 'ipv6hint':
      return addressesToText(name, value, 16, ipv6ToText) ?? generic;
    case 'ech':
      return value.length === 0 ? generic : `ech=${base64Encode(value)}`;
    case 'dohpath':
      return value.length === 0 ? generic : `dohpath=${quoteString(value)}`;
    default:
      return generic;
  }
}

function mandatoryKeys(value: Uint8Array): number[] | undefined {
  if (value.length === 0 || value.length % 2 !== 0) return undefined;
  const keys: number[] = [];
  for (let i = 0; i < value.length; i += 2) keys.push((value[i]! << 8) | value[i + 1]!);
  return keys;
}

/** Ascending, each once, each there, and not `mandatory` itself (RFC 9460, section 8). */
function mandatoryHolds(keys: readonly number[], all: readonly SvcParameter[]): boolean {
  return keys.every(
    (key, i) => key > (keys[i - 1] ?? SvcParameterKey.MANDATORY) && all.some((other) => other.key === key),
  );
}

/** The rule of `mandatory`, for parameters read from text. Throws `DnsFormatError`. */
export function checkMandatory(text: string, parameters: readonly SvcParameter[]): void {
  if (!/^mandatory/i.test(text)) return;
  const value = parameters.find(({ key }) => key === SvcParameterKey.MANDATORY)?.value;
  const keys = value && mandatoryKeys(value);
  if (keys && !mandatoryHolds(keys, parameters))
    throw new DnsFormatError(
      'bad-record-text',
      'mandatory must name other parameters of the record, once each',
    );
}

function addressesToText(
  name: string,
  value: Uint8Array,
  size: number,
  toText: (octets: Uint8Array, at: number) => string,
): string | undefined {
  if (value.length === 0 || value.length % size !== 0) return undefined;
  const addresses: string[] = [];
  for (let i = 0; i < value.length; i += size) addresses.push(toText(value, i));
  return `${name}=${addresses.join(',')}`;
}

function splitAlpn(value: Uint8Array): Uint8Array[] | undefined {
  const protocols: Uint8Array[] = [];
  for (let at = 0; at < value.length; at += 1 + value[at]!) {
    const length = value[at]!;
    if (length === 0 || at + 1 + length > value.length) return undefined;
    protocols.push(value.subarray(at + 1, at + 1 + length));
  }
  return protocols.length > 0 ? protocols : undefined;
}

/** A comma or backslash inside an item is escaped for the list, then all is escaped as a string. */
function escapeListItem(item: Uint8Array): string {
  const octets: number[] = [];
  for (const octet of item) {
    if (octet === 0x2c || octet === 0x5c) octets.push(0x5c);
    octets.push(octet);
  }
  return escapeOctets(Uint8Array.from(octets));
}

/** Splits unescaped octets at commas that have no backslash before them. */
function splitList(octets: Uint8Array): Uint8Array[] {
  const items: Uint8Array[] = [];
  let item: number[] = [];
  for (let i = 0; i < octets.length; i++) {
    if (octets[i] === 0x2c) {
      items.push(Uint8Array.from(item));
      item = [];
    } else {
      if (octets[i] === 0x5c) i++;
      const octet = octets[i];
      if (octet === undefined) throw new DnsFormatError('bad-record-text', 'list ends with a backslash');
      item.push(octet);
    }
  }
  items.push(Uint8Array.from(item));
  return items;
}

/** From one token, `key`, `key=value` or `key="value"` with the quotes already gone. */
export function svcParameterFromText(text: string): SvcParameter {
  const equals = text.indexOf('=');
  const name = (equals < 0 ? text : text.slice(0, equals)).toLowerCase();
  const value = equals < 0 ? '' : text.slice(equals + 1);
  const known = (KEY_NAMES as readonly string[]).indexOf(name);
  if (known < 0) return { key: keyFromText(name), value: checkLength(name, unescapeString(value)) };
  return { key: known, value: checkLength(name, valueFromText(KEY_NAMES[known]!, value, equals >= 0)) };
}

function checkLength(name: string, value: Uint8Array): Uint8Array {
  if (value.length > 0xffff) throw new DnsFormatError('bad-record-text', `value of ${name} is too long`);
  return value;
}

function keyFromText(name: string): number {
  const known = (KEY_NAMES as readonly string[]).indexOf(name);
  if (known >= 0) return known;
  const digits = /^key(0|[1-9][0-9]{0,4})$/.exec(name);
  if (!digits || Number(digits[1]) > 0xffff)
    throw new DnsFormatError('bad-record-text', `expected a service parameter, found "${name}"`);
  return Number(digits[1]);
}

function valueFromText(name: (typeof KEY_NAMES)[number], value: string, hasValue: boolean): Uint8Array {
  if (name === 'no-default-alpn') {
    if (hasValue) throw new DnsFormatError('bad-record-text', 'no-default-alpn takes no value');
    return new Uint8Array(0);
  }
  if (value === '') throw new DnsFormatError('bad-record-text', `${name} needs a value`);
  switch (name) {
    case 'mandatory': {
      const keys = value.toLowerCase().split(',').map(keyFromText);
      return concatOctets(keys.sort((a, b) => a - b).map((key) => Uint8Array.of(key >> 8, key & 0xff)));
    }
    case 'alpn':
      return concatOctets(
        splitList(unescapeString(value)).map((protocol) => {
          if (protocol.length === 0 || protocol.length > 255)
            throw new DnsFormatError('bad-record-text', 'alpn protocols are 1 to 255 octets');
          return concatOctets([Uint8Array.of(protocol.length), protocol]);
        }),
      );
    case 'port': {
      if (!/^[0-9]{1,5}$/.test(value) || Number(value) > 0xffff)
        throw new DnsFormatError('bad-record-text', `expected a port, found "${value}"`);
      return Uint8Array.of(Number(value) >> 8, Number(value) & 0xff);
    }
    case 'ipv4hint':
      return concatOctets(value.split(',').map(ipv4FromText));
    case 'ipv6hint':
      return concatOctets(value.split(',').map(ipv6FromText));
    case 'ech':
      return base64Decode(value);
    case 'dohpath':
      return unescapeString(value);
  }
}
