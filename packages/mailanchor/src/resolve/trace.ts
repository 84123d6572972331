/** One packet as a line: how long it took, who was asked for what, what came back, and what it was for. */
import { type Message, type Name, Rcode, RRType, rcodeToText, rrTypeToText } from '@mailanchor/dns';
import type { QueryEvent } from '@mailanchor/dnssec';
import type { Paint } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';

export function renderQuery(event: QueryEvent, paint: Paint): string {
  const { server, name, type, ms, zone } = event;
  const who = server.label ?? `${server.address}#${server.port}`;
  const question = paint.bold(printable(`${rrTypeToText(type)} ${name}`));
  const time = paint.dim(`${String(Math.round(ms)).padStart(5)} ms`);
  return `${time}  ${printable(`${who} (${zone})`)}  ${question}  ${outcome(event, paint)}  ${paint.dim(printable(why(event)))}`;
}

function outcome({ outcome: result, zone }: QueryEvent, paint: Paint): string {
  if (result.kind === 'error') return paint.bad(printable(`✘ ${result.error.message}`));
  const { message } = result;
  if (message.rcode !== Rcode.NOERROR && message.rcode !== Rcode.NXDOMAIN)
    return paint.bad(`✘ ${rcodeToText(message.rcode)}`);
  const counts = countsOf(message);
  if (message.rcode === Rcode.NXDOMAIN) return `→ no such name${counts && `, ${counts}`}`;
  if (message.answers.length > 0) return `→ ${counts}`;
  const referral = referralOf(message, zone);
  if (referral) {
    const signed = message.authorities.some(({ type }) => type === RRType.DS);
    return printable(`→ referral to ${referral}${signed ? ', with its DS' : ', without DS'}`);
  }
  return '→ no such records';
}

/** The child that a server of `zone` refers to. */
function referralOf({ authorities }: Message, zone: Name): Name | undefined {
  if (authorities.some(({ type }) => type === RRType.SOA)) return undefined;
  return authorities.find(({ type, name }) => type === RRType.NS && name.isBelow(zone))?.name;
}

/** Types of the answer with their numbers, in order of appearance: `2 MX, 1 RRSIG`. */
function countsOf({ answers }: Message): string {
  const counts = new Map<number, number>();
  for (const { type } of answers) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${count} ${rrTypeToText(type)}`).join(', ');
}

function why({ purpose, name, target }: QueryEvent): string {
  switch (purpose) {
    case 'priming':
      return 'the servers of the root, from the hints';
    case 'name-server':
      return `to find the name server ${target}`;
    case 'ds':
      return `whether its parent vouches for ${target}`;
    case 'dnskey':
      return `the keys of ${target}`;
    case 'question':
      return name.equals(target) ? 'the question' : `on the way to ${target}`;
  }
}
