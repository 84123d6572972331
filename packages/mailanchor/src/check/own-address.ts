/** Whether addresses to connect from are this machine's: told before anything is looked up, not by every host that cannot be connected to. */
import { createServer } from 'node:net';
import { UsageError } from '../errors.ts';

/** Rejects with `UsageError` for the first that is not. */
export async function requireOwnAddresses(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const code = await bindProblem(address);
    if (code === undefined) continue;
    const why = /^E(ADDRNOTAVAIL|INVAL|AFNOSUPPORT)$/.test(code)
      ? 'no address of this machine'
      : `unusable (${code})`;
    throw new UsageError(`--from-address: ${address} is ${why}`);
  }
}

/** The system's code; undefined where connections can come from there. */
function bindProblem(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: address, port: 0, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
