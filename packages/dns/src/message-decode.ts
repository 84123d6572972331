/**
 * Octets to message (rfc1035#section-4.1, rfc6891#section-6).
 *
 * What is refused, always with `DnsFormatError`: a header cut short; counts larger than what the message holds; names that loop,
 * run over or are too long; data of a type that holds names which does not fill RDLENGTH exactly; OPT twice, outside the
 * additional section, or with an owner other than the root. Data of other types is opaque here: `decodeX` judges it.
 * Octets after the last record are ignored, as Unbound does: the record counts say what the message is.
 */
import { DnsFormatError } from './errors.ts';
import { RRClass } from './iana/rr-class.ts';
import { RRType } from './iana/rr-type.ts';
import type { Edns, EdnsOption, Message, Question } from './message.ts';
import { MessageReader } from './message-reader.ts';
import { rdataLayout } from './rdata-layout.ts';
import type { ResourceRecord } from './record.ts';

/** Octets of the largest message. */
export const MAX_MESSAGE_OCTETS = 65535;
/** Octets of the header (rfc1035#section-4.1.1). */
const HEADER_OCTETS = 12;

/**
 * Names and record data are views of `octets` where nothing had to be expanded: do not change `octets` afterwards, and copy what
 * is to live long if the whole message should not stay in memory. Throws `DnsFormatError`.
 */
export function decodeMessage(octets: Uint8Array): Message {
  return readMessage(new MessageReader(octets));
}

/**
 * Header and questions alone, the sections empty: for a reply cut off within a record whose TC bit says so. Throws
 * `DnsFormatError`.
 */
export function decodeMessageHead(octets: Uint8Array): Message {
  checkSize(octets);
  const reader = new MessageReader(octets);
  reader.at = HEADER_OCTETS;
  return message(octets, readQuestions(reader), [], [], [], undefined, 0);
}

/** As `decodeMessage`; the caller can look at the reader's count of steps. */
export function readMessage(reader: MessageReader): Message {
  const octets = reader.octets;
  checkSize(octets);
  reader.at = HEADER_OCTETS;
  const questions = readQuestions(reader);
  const opt: OptHolder = { edns: undefined, extendedRcode: 0 };
  const answers = readRecords(reader, (octets[6]! << 8) | octets[7]!, undefined);
  const authorities = readRecords(reader, (octets[8]! << 8) | octets[9]!, undefined);
  const additionals = readRecords(reader, (octets[10]! << 8) | octets[11]!, opt);
  return message(octets, questions, answers, authorities, additionals, opt.edns, opt.extendedRcode);
}

function checkSize(octets: Uint8Array): void {
  if (octets.length < HEADER_OCTETS) throw new DnsFormatError('truncated', 'message shorter than its header');
  if (octets.length > MAX_MESSAGE_OCTETS)
    throw new DnsFormatError('too-large', 'message longer than 65535 octets');
}

function message(
  octets: Uint8Array,
  questions: readonly Question[],
  answers: readonly ResourceRecord[],
  authorities: readonly ResourceRecord[],
  additionals: readonly ResourceRecord[],
  edns: Edns | undefined,
  extendedRcode: number,
): Message {
  const high = octets[2]!;
  const low = octets[3]!;
  const fields = {
    id: (octets[0]! << 8) | octets[1]!,
    qr: (high & 0x80) !== 0,
    opcode: (high >> 3) & 15,
    aa: (high & 0x04) !== 0,
    tc: (high & 0x02) !== 0,
    rd: (high & 0x01) !== 0,
    ra: (low & 0x80) !== 0,
    ad: (low & 0x20) !== 0,
    cd: (low & 0x10) !== 0,
    rcode: (extendedRcode << 4) | (low & 15),
    questions,
    answers,
    authorities,
    additionals,
  };
  return edns === undefined ? fields : { ...fields, edns };
}

function readQuestions(reader: MessageReader): Question[] {
  const questions: Question[] = [];
  for (let n = (reader.octets[4]! << 8) | reader.octets[5]!; n > 0; n--) {
    const name = reader.name();
    questions.push({ name, type: reader.u16(), class: reader.u16() });
  }
  return questions;
}

interface OptHolder {
  edns: Edns | undefined;
  extendedRcode: number;
}

/** `opt` takes the OPT record; undefined in sections where there must be none. */
function readRecords(reader: MessageReader, count: number, opt: OptHolder | undefined): ResourceRecord[] {
  const octets = reader.octets;
  const records: ResourceRecord[] = [];
  for (let n = 0; n < count; n++) {
    const name = reader.name();
    const at = reader.at;
    if (at + 10 > octets.length) throw new DnsFormatError('truncated', 'message ends within a record');
    const type = (octets[at]! << 8) | octets[at + 1]!;
    const rrClass = (octets[at + 2]! << 8) | octets[at + 3]!;
    const length = (octets[at + 8]! << 8) | octets[at + 9]!;
    reader.at = at + 10;
    if (type === RRType.OPT) {
      if (opt === undefined || opt.edns !== undefined || !name.isRoot)
        throw new DnsFormatError('bad-opt', 'OPT record twice, in the wrong section or below the root');
      opt.extendedRcode = octets[at + 4]!;
      opt.edns = {
        udpPayloadSize: rrClass,
        version: octets[at + 5]!,
        do: (octets[at + 6]! & 0x80) !== 0,
        options: readOptions(reader.rdata(length, undefined)),
      };
      continue;
    }
    // rfc2181#section-8: a TTL with the top bit set is read as 0.
    const ttl =
      octets[at + 4]! > 0x7f
        ? 0
        : (octets[at + 4]! << 24) | (octets[at + 5]! << 16) | (octets[at + 6]! << 8) | octets[at + 7]!;
    // Prerequisites and removals of an update name an RRset without data (rfc2136#section-2.4).
    const isBare = length === 0 && (rrClass === RRClass.ANY || rrClass === RRClass.NONE);
    const rdata = reader.rdata(length, isBare ? undefined : rdataLayout(type));
    records.push({ name, type, class: rrClass, ttl, rdata });
  }
  return records;
}

const NO_OPTIONS: readonly EdnsOption[] = [];

function readOptions(rdata: Uint8Array): readonly EdnsOption[] {
  if (rdata.length === 0) return NO_OPTIONS;
  const options: EdnsOption[] = [];
  let at = 0;
  while (at < rdata.length) {
    if (at + 4 > rdata.length) throw new DnsFormatError('bad-opt', 'EDNS option cut short');
    const end = at + 4 + ((rdata[at + 2]! << 8) | rdata[at + 3]!);
    if (end > rdata.length) throw new DnsFormatError('bad-opt', 'EDNS option cut short');
    options.push({ code: (rdata[at]! << 8) | rdata[at + 1]!, data: rdata.subarray(at + 4, end) });
    at = end;
  }
  return options;
}
