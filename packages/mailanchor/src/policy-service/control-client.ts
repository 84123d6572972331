/** Talks to a running server through its control socket. */
import { request } from 'node:http';
import { messageOf, UsageError } from '../errors.ts';

/** Milliseconds for an answer: a lookup may be behind it. */
const TIMEOUT_MS = 40_000;

/** The lines of the answer. Throws `UsageError` where nobody answers or the request is refused. */
export async function askControl(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
): Promise<string[]> {
  const { status, body } = await exchange(socketPath, method, path);
  if (status !== 200) throw new UsageError(errorIn(body));
  return body.split('\n').filter((line) => line !== '');
}

function exchange(
  socketPath: string,
  method: string,
  path: string,
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => reject(notThere(socketPath, error));
    const call = request({ socketPath, method, path, timeout: TIMEOUT_MS, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () =>
        resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', failed);
    call.end();
  });
}

function errorIn(body: string): string {
  try {
    return String((JSON.parse(body) as { error?: unknown }).error);
  } catch {
    return 'the server refuses';
  }
}

function notThere(path: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === 'ENOENT' || code === 'ECONNREFUSED'
      ? 'no policy server is there: start it with --control, or name its socket with --server'
      : code === 'EACCES'
        ? 'only the user of the server and root may ask'
        : messageOf(error);
  return new UsageError(`${path}: ${why}`, { cause: error });
}
