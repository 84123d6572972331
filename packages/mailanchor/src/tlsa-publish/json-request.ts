/** One request to an HTTP API that speaks JSON: bounded in time and size, no redirects followed. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface JsonRequest {
  readonly method: 'GET' | 'PATCH' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** PEM of CAs in place of the system's. */
  readonly ca?: string;
  /** Milliseconds for the whole. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface JsonReply {
  readonly status: number;
  /** What the text of the reply says, read as JSON; undefined where it is empty or none. */
  readonly body: unknown;
}

/** Octets of a reply beyond which it is not read: a zone of many thousand records, where the server does not leave out the others. */
const LARGEST = 32 * 1024 * 1024;

/** What kept a request from its reply. */
export class RequestError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestError';
  }
}

/** Rejects with `RequestError`, and with the reason of `signal`. */
export function requestJson(options: JsonRequest): Promise<JsonReply> {
  const { method, url, headers, body, ca, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, {
      method,
      // One connection a request: nothing is left open, and none is used that the server is about to close.
      agent: false,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(payload)),
        }),
      },
      ...(ca !== undefined && { ca }),
    });
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      settle();
      request.destroy();
    };
    const fail = (text: string, cause?: unknown) =>
      end(() => reject(new RequestError(text, cause === undefined ? undefined : { cause })));
    const aborted = () => end(() => reject(signal.reason));
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    signal.addEventListener('abort', aborted);
    request.on('error', (error) => fail(error.message, error));
    request.on('response', (response) => {
      read(response).then(
        (text) => end(() => resolve({ status: response.statusCode ?? 0, body: parsed(text) })),
        (error: unknown) => fail(error instanceof Error ? error.message : String(error), error),
      );
    });
    request.end(payload);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > LARGEST) throw new Error('the reply is larger than 32 MB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
