/** The opener of each protocol. */
import type { ServiceProtocol } from '../service.ts';
import { openImap } from './imap.ts';
import type { Opener } from './opener.ts';
import { openPop3 } from './pop3.ts';
import { openSieve } from './sieve.ts';
import { openSmtp } from './smtp.ts';
import { openXmppClient, openXmppServer } from './xmpp.ts';

export const OPENERS: Readonly<Record<Exclude<ServiceProtocol, 'tls'>, Opener>> = {
  smtp: openSmtp,
  imap: openImap,
  pop3: openPop3,
  sieve: openSieve,
  'xmpp-client': openXmppClient,
  'xmpp-server': openXmppServer,
};
