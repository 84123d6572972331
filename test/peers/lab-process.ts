/** The lab as a process, for a network namespace: real ports, its files in the folder given. Commands come a line each: `policy DOMAIN JSON`. */
import { createInterface } from 'node:readline';
import { startLab } from '../../packages/lab/src/index.ts';
import { writeLabFolder } from '../../packages/mailanchor/src/lab/folder.ts';

const [folder] = process.argv.slice(2);
const lab = await startLab({ port: 25, dnsPort: 53 });
await writeLabFolder(lab, folder);
const destinations = lab.destinations.map(({ domain, title, slow }) => ({ domain, title, slow }));
process.stdout.write(`${JSON.stringify(destinations)}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const [, domain, served] = /^policy (\S+) (.*)$/.exec(line) ?? [];
  if (domain && served) lab.servePolicy(domain, JSON.parse(served));
  process.stdout.write('done\n');
}
await lab.close();
process.exit(0);
