/** SVCB and HTTPS (RFC 9460, section 2): service binding. The text of its parameters is in `svcb-parameters.ts`. */
import { DnsFormatError } from '../errors.ts';
import type { Name } from '../name.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';
import { checkMandatory, svcParameterFromText, svcParameterToText } from './svcb-parameters.ts';

export interface SvcParameter {
  /** See `SvcParameterKey`. */
  readonly key: number;
  readonly value: Uint8Array;
}

export interface SvcbData {
  /** 0 is alias mode. */
  readonly priority: number;
  readonly target: Name;
  /** In ascending order of key, each key once. */
  readonly parameters: readonly SvcParameter[];
}

export function decodeSvcb(rdata: Uint8Array): SvcbData {
  const reader = new RdataReader(rdata);
  const priority = reader.u16();
  const target = reader.name();
  const parameters: SvcParameter[] = [];
  while (reader.remaining > 0) {
    const key = reader.u16();
    if (key <= (parameters.at(-1)?.key ?? -1))
      throw new DnsFormatError('bad-rdata', 'service parameters out of order');
    parameters.push({ key, value: reader.octets(reader.u16()) });
  }
  return { priority, target, parameters };
}

/** Parameters are put in order; the same key twice throws `DnsFormatError`. */
export function encodeSvcb(data: SvcbData): Uint8Array {
  const writer = new RdataWriter().u16(data.priority).name(data.target);
  let previous = -1;
  for (const { key, value } of [...data.parameters].sort((a, b) => a.key - b.key)) {
    if (key === previous) throw new DnsFormatError('bad-rdata', `service parameter ${key} given twice`);
    previous = key;
    writer.u16(key).u16(value.length).octets(value);
  }
  return writer.finish();
}

export const svcbFormat: RdataFormat = {
  toText(rdata) {
    const { priority, target, parameters } = decodeSvcb(rdata);
    return [`${priority} ${target}`, ...parameters.map((each) => svcParameterToText(each, parameters))].join(
      ' ',
    );
  },
  fromText(tokens) {
    const priority = tokens.u16('a priority');
    const target = tokens.name('a target name');
    const parameters: SvcParameter[] = [];
    const texts: string[] = [];
    while (!tokens.atEnd) texts.push(tokens.next('a parameter').text);
    for (const text of texts) parameters.push(svcParameterFromText(text));
    for (const text of texts) checkMandatory(text, parameters);
    return encodeSvcb({ priority, target, parameters });
  },
};
