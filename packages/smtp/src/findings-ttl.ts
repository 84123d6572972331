/** Findings on how long TLSA records are kept: the time that a key change has to wait for. */
import { RRType } from '@mailanchor/dns';
import { finding } from './finding-table.ts';
import { nameText } from './name-text.ts';
import type { Finding } from './verdict.ts';
import { byQuestion } from './zone-inspection/words.ts';
import { hasSpoken, type ZoneInspection } from './zone-inspection/zone-inspection.ts';

/** Seconds. */
const SHORT = 300;
const LONG = 86_400;

export function ttlFindings({ answers }: ZoneInspection): Finding[] {
  const findings: Finding[] = [];
  for (const same of byQuestion(answers.filter(({ type }) => type === RRType.TLSA))) {
    const ttls = same.flatMap((answer) =>
      hasSpoken(answer) && answer.outcome === 'answer' ? [answer.ttl] : [],
    );
    if (ttls.length === 0) continue;
    const [least, most] = [Math.min(...ttls), Math.max(...ttls)];
    const name = nameText(same[0]!.name);
    const fix = `Give the TLSA records of ${name} a TTL of 1800 to 3600 seconds.`;
    if (most > LONG) {
      const text = `The TLSA records of ${name} have a TTL of ${most} seconds, more than a day.`;
      findings.push(finding('ttl-long', name, text, { fix }));
    }
    if (least < SHORT) {
      const text = `The TLSA records of ${name} have a TTL of ${least} seconds, less than five minutes.`;
      findings.push(finding('ttl-short', name, text, { fix }));
    }
  }
  return findings;
}
