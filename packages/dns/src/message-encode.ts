/** Message to octets (rfc1035#section-4.1, rfc6891#section-6), with name compression and truncation. */
import { namesOf } from './embedded-names.ts';
import { DnsFormatError } from './errors.ts';
import { RRType } from './iana/rr-type.ts';
import type { Edns, Message } from './message.ts';
import { MAX_MESSAGE_OCTETS } from './message-decode.ts';
import { MessageWriter } from './message-writer.ts';
import { rdataLayout } from './rdata-layout.ts';
import type { ResourceRecord } from './record.ts';

export interface EncodeOptions {
  /** Largest size of the result in octets; default 65535. */
  readonly maxOctets?: number;
  /** Whether to compress names; default true. */
  readonly compress?: boolean;
}

/**
 * The octets of a message. Owner names, and names in data of the types of RFC 1035, are compressed (rfc3597#section-4), and only
 * to names of the same case, so that every name decodes as it was given.
 *
 * Where not all fits into `maxOctets`, whole RRsets are left off from the end (records in a row of the same name, class and type)
 * and TC is set; OPT is always kept. Throws `DnsFormatError` 'too-large' where not even header, questions and OPT fit, and
 * 'out-of-range' where an extended response code has no OPT to hold it.
 */
export function encodeMessage(message: Message, options: EncodeOptions = {}): Uint8Array {
  const { edns } = message;
  if (message.rcode > 15 && edns === undefined)
    throw new DnsFormatError('out-of-range', `response code ${message.rcode} needs EDNS`);
  const limit = Math.min(options.maxOctets ?? MAX_MESSAGE_OCTETS, MAX_MESSAGE_OCTETS);
  const reserved = edns === undefined ? 0 : optLength(edns);
  const writer = new MessageWriter(limit - reserved, options.compress ?? true);
  writer.u16(message.id);
  writer.u16(flags(message));
  writer.u16(message.questions.length);
  for (let i = 0; i < 3; i++) writer.u16(0);
  for (const question of message.questions) {
    writer.name(question.name);
    writer.u16(question.type);
    writer.u16(question.class);
  }
  if (writer.overflow) throw new DnsFormatError('too-large', `message does not fit into ${limit} octets`);
  const counts = [0, 0, 0];
  const sections = [message.answers, message.authorities, message.additionals];
  let complete = true;
  for (let i = 0; i < 3 && complete; i++) {
    counts[i] = writeRecords(writer, sections[i]!);
    complete = counts[i] === sections[i]!.length;
  }
  if (!complete) writer.setTruncated();
  if (edns !== undefined) {
    writer.limit = limit;
    writeOpt(writer, edns, message.rcode);
    counts[2]!++;
  }
  counts.forEach((count, i) => {
    writer.setU16(6 + i * 2, count);
  });
  return writer.finish();
}

function flags(m: Message): number {
  return (
    (m.qr ? 0x8000 : 0) |
    ((m.opcode & 15) << 11) |
    (m.aa ? 0x0400 : 0) |
    (m.tc ? 0x0200 : 0) |
    (m.rd ? 0x0100 : 0) |
    (m.ra ? 0x0080 : 0) |
    (m.ad ? 0x0020 : 0) |
    (m.cd ? 0x0010 : 0) |
    (m.rcode & 15)
  );
}

/** Writes whole RRsets while they fit; says how many records were written. */
function writeRecords(writer: MessageWriter, records: readonly ResourceRecord[]): number {
  let setStart = writer.at;
  let setIndex = 0;
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!;
    const before = records[i - 1];
    if (before === undefined || !sameSet(before, record)) {
      setStart = writer.at;
      setIndex = i;
    }
    writeRecord(writer, record);
    if (writer.overflow) {
      writer.rewind(setStart);
      return setIndex;
    }
  }
  return records.length;
}

function sameSet(a: ResourceRecord, b: ResourceRecord): boolean {
  return a.type === b.type && a.class === b.class && a.name.equals(b.name);
}

function writeRecord(writer: MessageWriter, record: ResourceRecord): void {
  const { rdata } = record;
  if (rdata.length > 0xffff) throw new DnsFormatError('out-of-range', 'record data longer than 65535 octets');
  if (!Number.isInteger(record.ttl) || record.ttl < 0 || record.ttl > 0x7fffffff)
    throw new DnsFormatError('out-of-range', `${record.ttl} is no TTL`);
  if (record.type === RRType.OPT)
    throw new DnsFormatError('bad-opt', 'the OPT record is given as `edns`, not as a record');
  writer.name(record.name);
  writer.u16(record.type);
  writer.u16(record.class);
  writer.u32(record.ttl);
  const lengthAt = writer.at;
  writer.u16(rdata.length);
  const layout = rdataLayout(record.type);
  // Data that does not fit its type is written as it is: a test server may want exactly that.
  const names = layout?.compressible ? namesOf(layout, rdata) : undefined;
  if (names === undefined) {
    writer.octets(rdata, 0, rdata.length);
    return;
  }
  let at = 0;
  for (const { offset, length } of names) {
    writer.octets(rdata, at, offset);
    writer.nameWire(rdata.subarray(offset, offset + length));
    at = offset + length;
  }
  writer.octets(rdata, at, rdata.length);
  writer.setU16(lengthAt, writer.at - lengthAt - 2);
}

function optLength(edns: Edns): number {
  let length = 11;
  for (const option of edns.options) length += 4 + option.data.length;
  return length;
}

function writeOpt(writer: MessageWriter, edns: Edns, rcode: number): void {
  writer.u8(0);
  writer.u16(RRType.OPT);
  writer.u16(edns.udpPayloadSize);
  writer.u8((rcode >> 4) & 0xff);
  writer.u8(edns.version);
  writer.u16(edns.do ? 0x8000 : 0);
  writer.u16(optLength(edns) - 11);
  for (const { code, data } of edns.options) {
    writer.u16(code);
    writer.u16(data.length);
    writer.octets(data, 0, data.length);
  }
}
