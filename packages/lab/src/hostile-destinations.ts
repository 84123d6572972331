/** Destinations whose mail host misbehaves on purpose: a check must end, in bounded time and memory, and say what happened. */
import type { DestinationSpec } from './destination-spec.ts';
import type { MailFault } from './mail/mail-fault.ts';

interface Hostile {
  readonly fault: MailFault;
  readonly title: string;
  readonly special: string;
  /** 'broken': the host cannot be used by senders that validate DANE. 'unknown': it takes no mail from anybody just now. */
  readonly verdict: 'broken' | 'unknown';
  readonly finding: string;
  readonly slow?: boolean;
}

const HOSTILE: readonly Hostile[] = [
  {
    fault: 'injected-data',
    title: 'data behind STARTTLS',
    special: 'More text in clear follows the reply to STARTTLS: somebody injects commands (CVE-2011-0411).',
    verdict: 'broken',
    finding: 'starttls-injection',
  },
  {
    fault: 'no-handshake',
    title: 'no TLS after STARTTLS',
    special: 'STARTTLS is accepted, and what follows is no TLS.',
    verdict: 'broken',
    finding: 'tls-fails',
  },
  {
    fault: 'closing-after-starttls',
    title: '421 after STARTTLS',
    special: 'TLS stands, then the server says 421 and closes.',
    verdict: 'unknown',
    finding: 'host-unreachable',
  },
  {
    fault: 'closing-at-starttls',
    title: '421 at STARTTLS',
    special: 'STARTTLS is answered with 421 and the end of the connection.',
    verdict: 'unknown',
    finding: 'host-unreachable',
  },
  {
    fault: 'ehlo-flood',
    title: 'EHLO reply of 10 MB',
    special: 'The reply to EHLO has 10 MB in many lines: the session ends at a limit.',
    verdict: 'unknown',
    finding: 'host-unreachable',
  },
  {
    fault: 'slow-handshake',
    title: 'handshake an octet a second',
    special: 'The TLS handshake trickles in: it has a time limit as a whole.',
    verdict: 'broken',
    finding: 'tls-fails',
    slow: true,
  },
  {
    fault: 'greeting-refused',
    title: '554 as greeting',
    special: 'The host accepts connections and takes no mail.',
    verdict: 'unknown',
    finding: 'host-unreachable',
  },
  {
    fault: 'banner-flood',
    title: 'banner of 10 MB',
    special: 'The greeting has 10 MB in many lines: the session ends at a limit.',
    verdict: 'unknown',
    finding: 'host-unreachable',
  },
  {
    fault: 'endless-line',
    title: 'endless line',
    special: 'The greeting is one line of 10 MB: the session ends at a limit.',
    verdict: 'unknown',
    finding: 'host-unreachable',
  },
  {
    fault: 'byte-a-second',
    title: 'an octet a second',
    special: 'The greeting trickles in: a reply has a time limit as a whole.',
    verdict: 'unknown',
    finding: 'host-unreachable',
    slow: true,
  },
  {
    fault: 'silent',
    title: 'accepts and is silent',
    special: 'The host accepts connections and says nothing: the session ends at a time limit.',
    verdict: 'unknown',
    finding: 'host-unreachable',
    slow: true,
  },
];

export const HOSTILE_DESTINATIONS: readonly DestinationSpec[] = HOSTILE.map(
  ({ fault, title, special, verdict, finding, slow = false }) => {
    const domain = `${fault}.example`;
    return {
      domain,
      title,
      special,
      slow,
      verdict,
      hostVerdicts: [[`mx.${domain}`, 'deferred']],
      findings: [finding],
      zones: [{ origin: domain, records: '@ MX 10 mx' }],
      hosts: [{ name: `mx.${domain}`, fault }],
    };
  },
);
