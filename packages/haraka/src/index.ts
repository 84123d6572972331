/**
 * `haraka-plugin-mailanchor`: Haraka's outgoing mail goes over sessions that DANE (rfc7672), MTA-STS (rfc8461) or REQUIRETLS (rfc8689) ask
 * for, or it stays in Haraka's queue.
 *
 * Haraka asks plug-ins where a message goes (`get_mx`). The answer is always a unix socket of our own, with our session behind it. It is
 * never "no answer", nor a refusal: on the one Haraka looks for MX records by itself, and so it does on the other where some plug-in for
 * the hook `deny` thinks better of it. See docs/adr/0012-mail-software-gets-our-session.md.
 */
import { type ConnectMxOptions, connectMx, type MxConnection, type TlsRptSink } from '@mailanchor/smtp';
import { Fronts } from './front.ts';
import { type HMail, type Next, OK, type Plugin } from './haraka.ts';
import { noteHeader, noteMail, offerRequireTls } from './message-notes.ts';
import { openReports } from './reports.ts';
import { readSettings, type Settings } from './settings.ts';

/** Haraka's highest: before every other plug-in that may answer. */
const FIRST = -100;
/** Nobody listens there: Haraka finds no host and defers. */
const NOWHERE = '/dev/null/mailanchor';

const fronts = new Fronts();

/** Called by Haraka, with the plug-in as `this`. */
export function register(this: Plugin): void {
  let settings: Settings;
  let report: TlsRptSink | undefined;
  const load = (): Settings =>
    readSettings(this.config, () => {
      try {
        settings = load();
        report = openReports(settings.reports, (text) => this.logerror(text));
      } catch (error) {
        this.logerror(`${messageOf(error)}; the settings stay as they were`);
      }
    });
  settings = load();
  report = openReports(settings.reports, (text) => this.logerror(text));

  this['mailanchor_get_mx'] = (next: Next, hmail: HMail, domain: string): void => {
    fronts
      .open((signal) => deliver(this, { ...settings, report }, hmail, domain, signal))
      .then(
        (path) => next(OK, { path, priority: 0 }),
        (error: unknown) => {
          this.logerror(`${domain}: no session can be handed to Haraka: ${messageOf(error)}`);
          next(OK, { path: NOWHERE, priority: 0 });
        },
      );
  };
  this['mailanchor_header'] = noteHeader;
  this['mailanchor_mail'] = noteMail;
  this['mailanchor_capabilities'] = (next: Next, connection: Parameters<typeof offerRequireTls>[1]): void =>
    settings.offerRequireTls ? offerRequireTls(next, connection) : next();
  this.register_hook('get_mx', 'mailanchor_get_mx', FIRST);
  this.register_hook('data_post', 'mailanchor_header');
  this.register_hook('mail', 'mailanchor_mail');
  this.register_hook('capabilities', 'mailanchor_capabilities');
}

/** Called by Haraka. */
export function shutdown(): void {
  void fronts.close();
}

async function deliver(
  plugin: Plugin,
  settings: Settings & { readonly report: TlsRptSink | undefined },
  hmail: HMail,
  domain: string,
  signal: AbortSignal,
): Promise<MxConnection> {
  const key = domain.toLowerCase();
  const relay = settings.relays.get(key);
  const { requireTls = false, tlsRequiredNo = false } = hmail.todo.notes.mailanchor ?? {};
  const options: ConnectMxOptions = {
    ...settings.connect,
    mode: settings.modes.get(key) ?? settings.mode,
    requireTls,
    tlsRequiredNo,
    signal,
    ...(relay !== undefined && { relay }),
    ...(settings.report && { report: settings.report }),
  };
  const result = forceTls(await connectMx(domain, options), domain, settings);
  tell(plugin, domain, result);
  if (result.kind === 'connected') {
    const { host, address, authenticated, secure } = result;
    // For plug-ins of the hook `delivered`: Haraka itself sees a unix socket.
    hmail.notes.mailanchor = { host, address, authenticated, secure };
  }
  return result;
}

/**
 * What tls.ini forces, Haraka would have done itself: TLS and a certificate that is verified. It sees no TLS here, so it is done for it. A domain
 * that asks for neither DANE nor MTA-STS has nothing to verify by, and its mail waits.
 */
function forceTls(result: MxConnection, domain: string, { forced }: Settings): MxConnection {
  if (result.kind !== 'connected') return result;
  const { host, address, authenticated, socket, dns, attempts, events } = result;
  if (authenticated === 'dane' || authenticated === 'pkix') return result;
  if (![domain.toLowerCase(), host, address].some((name) => forced.has(name))) return result;
  socket.destroy();
  const text = `${host} [${address}]: ${authenticated} only, and force_tls_hosts of tls.ini names it`;
  return { kind: 'deferred', reason: 'pkix-failed', status: '4.7.5', text, dns, attempts, events };
}

function tell(plugin: Plugin, domain: string, result: MxConnection): void {
  // Of a single attempt the outcome says it all.
  const attempts = result.kind === 'connected' || result.attempts.length > 1 ? result.attempts : [];
  for (const { host, address, reason, text } of attempts) {
    plugin.lognotice(`${domain}: ${host}${address === null ? '' : ` [${address}]`}: ${reason}: ${text}`);
  }
  if (result.kind !== 'connected') {
    plugin.lognotice(`${domain}: ${result.kind}: ${result.status} ${result.reason}: ${result.text}`);
    return;
  }
  const { host, address, authenticated, secure, flaw } = result;
  plugin.loginfo(`${domain}: session with ${host} [${address}], ${authenticated}${secure ? ', secure' : ''}`);
  if (flaw) plugin.lognotice(`${domain}: let pass: ${host} [${address}]: ${flaw.reason}: ${flaw.text}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
