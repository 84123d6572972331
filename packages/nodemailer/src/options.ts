/** What the transport takes. */
import type { ConnectMxOptions } from '@mailanchor/smtp';
import type { SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection';

/** All of `connectMx`, but for what is a message's own affair. */
export interface DaneTransportOptions
  extends Omit<ConnectMxOptions, 'requireTls' | 'tlsRequiredNo' | 'exclude' | 'signal'> {
  /** MX hosts of a domain to which a message is offered, where the first defers it or breaks off. Default 2. */
  readonly hostsPerDomain?: number;
  /** Domains of one message that are served at a time. Default 8. */
  readonly domainsAtATime?: number;
  /** Octets of the largest message; it is held in memory. Default 50 MB. */
  readonly maxOctets?: number;
  /** Milliseconds for which a session may be silent while a message is sent. Default five minutes. */
  readonly socketTimeoutMs?: number;
  /** As nodemailer's own: a logger, or true for the console. */
  readonly logger?: SMTPConnectionOptions['logger'];
}

export const DEFAULTS = {
  hostsPerDomain: 2,
  domainsAtATime: 8,
  maxOctets: 50_000_000,
  socketTimeoutMs: 300_000,
} as const;
