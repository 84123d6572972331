/** The status of a zone for people. */
import type { Paint } from '../terminal/paint.ts';
import { sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { pad, wrap } from '../terminal/table.ts';
import { ZONE_STATES } from './state.ts';
import type { ZoneStatus } from './zone-status.ts';

export interface RenderOptions {
  readonly paint: Paint;
  readonly columns: number;
  readonly verbose: boolean;
}

/** One line: sign, zone, state. */
export function renderState({ zone, state }: ZoneStatus, paint: Paint, width = 0): string {
  const { tone } = ZONE_STATES[state];
  return `${sign(paint, tone)} ${pad(printable(zone), width)}  ${paint.tone(tone, state)}`;
}

/** In full: why, what to do, what else. */
export function renderStatus(status: ZoneStatus, { paint, columns, verbose }: RenderOptions): string[] {
  const { text, fix, remarks, registrar, signedUntil, keys, servers, ds, cds, cdnskey } = status;
  const indented = (lines: string): string[] => lines.split('\n').map((line) => `    ${printable(line)}`);
  const inner = columns - 2;
  const paragraph = (text: string): string[] => wrap(printable(text), inner, '').map((line) => `  ${line}`);
  /** What is there to be copied stands on lines of its own. */
  const block = (label: string, body: string): string[] => {
    const [first = '', ...rest] = body.split('\n');
    const head = first === '' ? paint.dim(label) : `${paint.dim(label)} ${printable(first)}`;
    return [...wrap(head, inner, '    ').map((line) => `  ${line}`), ...rest.flatMap(indented)];
  };
  const lines = [renderState(status, paint), ...paragraph(text)];
  if (fix !== undefined) lines.push(...block('to do:', fix));
  if (registrar && registrar.dnskey.length > 0 && (verbose || registrar.ds.length > 0))
    lines.push(...block('or, where the registrar asks for the key:', `\n${registrar.dnskey.join('\n')}`));
  if (registrar && registrar.remove.length > 0 && registrar.ds.length > 0)
    lines.push(...block('and to be removed:', `\n${registrar.remove.join('\n')}`));
  for (const remark of remarks) lines.push(...block('note:', remark.text));
  if (!verbose) return lines;
  const key = ({ tag, algorithm, bits, entryPoint, revoked, inDs }: ZoneStatus['keys'][number]): string =>
    [
      `${tag} ${algorithm} ${bits} bits`,
      entryPoint ? 'entry point' : '',
      revoked ? 'revoked' : '',
      inDs ? 'in DS' : '',
    ]
      .filter(Boolean)
      .join(', ');
  if (keys.length > 0) lines.push(...block('keys:', `\n${keys.map(key).join('\n')}`));
  if (ds && ds.length > 0) lines.push(...block('in the parent:', `\n${ds.join('\n')}`));
  if (cds.length + cdnskey.length > 0)
    lines.push(...block('asked for:', `\n${[...cds, ...cdnskey].join('\n')}`));
  if (signedUntil !== undefined) lines.push(...block('signed until', signedUntil));
  if (servers)
    lines.push(
      ...block('servers:', `\n${servers.map(({ server, state }) => `${server} ${state}`).join('\n')}`),
    );
  return lines;
}
