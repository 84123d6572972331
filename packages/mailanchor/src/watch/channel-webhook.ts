/**
 * Alerts to a web server: a POST of JSON. It is signed as https://www.standardwebhooks.com has it: HMAC with SHA-256 over
 * `id.timestamp.body`, in base64, so that the receiver knows who sent it and when.
 */
import { createHmac } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { messageOf, UsageError } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { VERSION } from '../version.ts';
import { messageJson } from './alert-json.ts';
import type { Channel, Delivered } from './channel.ts';
import type { WebhookChannelSettings } from './channel-settings.ts';

/** Octets of a secret: fewer could be guessed. */
const MIN_SECRET = 16;

/** Throws `UsageError` for files that cannot be used. `clock`: of the timestamp that is signed. */
export async function openWebhook(
  settings: WebhookChannelSettings,
  clock: () => number = Date.now,
): Promise<Channel> {
  const { name, least, url, secretFile, ca } = settings;
  const secret =
    secretFile && readSecret(await readTextFile(secretFile.path, secretFile.from), secretFile.from);
  const pem = ca && (await readTextFile(ca.path, ca.from));
  return {
    name,
    kind: 'webhook',
    least,
    async deliver(envelope, signal) {
      const body = messageJson(envelope);
      const timestamp = String(Math.floor(clock() / 1000));
      const headers: Record<string, string> = {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': `mailanchor/${VERSION}`,
        'webhook-id': envelope.id,
        'webhook-timestamp': timestamp,
        ...(secret && { 'webhook-signature': sign(secret, envelope.id, timestamp, body) }),
      };
      try {
        const status = await post(url, { headers, body, pem, timeoutMs: settings.timeoutMs, signal });
        return outcomeOf(status);
      } catch (error) {
        return { kind: 'failed', text: messageOf(error) };
      }
    },
  };
}

export function sign(secret: Uint8Array, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** `whsec_` and base64, or whatever the file holds. */
function readSecret(text: string, from: string): Uint8Array {
  const line = text.trim();
  const secret = line.startsWith('whsec_') ? Buffer.from(line.slice(6), 'base64') : Buffer.from(line, 'utf8');
  if (secret.length < MIN_SECRET)
    throw new UsageError(
      `${from}: the secret has ${secret.length} octets; ${MIN_SECRET} are the least: openssl rand -hex 32`,
    );
  return secret;
}

interface Post {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly pem: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Resolves with the status. Redirects are not followed: an alert goes where it was meant to go. */
function post(url: URL, { headers, body, pem, timeoutMs, signal }: Post): Promise<number> {
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const options = {
      method: 'POST',
      headers,
      signal: limit,
      agent: false as const,
      ...(pem && { ca: [pem] }),
    };
    const request = url.protocol === 'http:' ? requestHttp(url, options) : requestHttps(url, options);
    request.once('response', (response) => {
      // What it says besides interests nobody.
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.once('error', (error) =>
      reject(limit.aborted && !signal.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error),
    );
    request.end(body);
  });
}

function outcomeOf(status: number): Delivered {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const text = `the server answers ${status}`;
  // Gone, or larger than it takes: it would say so again.
  return { kind: status === 410 || status === 413 ? 'refused' : 'failed', text };
}
