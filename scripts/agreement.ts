/**
 * `npm run agreement [DOMAINS]`: raises the bed and the zones that others signed, and prints as Markdown how far this repository
 * agrees with Unbound on answers and with posttls-finger on mail servers. Exit 1 where anything differs.
 */

import { mailanchor, type Network, raiseBed, readTable } from '../test/peers/bed.ts';
import { agrees, type Comparison, compareWithUnbound, describeComparison } from '../test/peers/compare.ts';
import { questionsBeside, questionsOfMail, readDomains } from '../test/peers/domains.ts';
import { askFinger, type Checked, fingerWanted } from '../test/peers/finger.ts';
import { whyNoPeers } from '../test/peers/peers.ts';
import { raiseSignedNetwork, ZONES } from '../test/peers/signed-network.ts';
import { QUESTIONS, questionOf } from '../test/peers/signed-questions.ts';

let differences = 0;

function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  console.log(`| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log('');
}

/** Questions, their outcomes as we see them, and how many of them Unbound sees alike. */
function summary(compared: readonly Comparison[]): readonly (string | number)[] {
  const count = (status: string): number => compared.filter(({ ours }) => ours.status === status).length;
  const agreeing = compared.filter(agrees);
  for (const one of compared)
    if (!agrees(one)) {
      differences++;
      console.error(describeComparison(one));
    }
  return [
    compared.length,
    count('secure'),
    count('insecure'),
    count('bogus'),
    count('indeterminate'),
    `${agreeing.length} of ${compared.length}`,
  ];
}

const OUTCOMES = ['questions', 'secure', 'insecure', 'bogus', 'indeterminate', 'Unbound agrees'];

async function answersOnTheBed(bed: Network): Promise<void> {
  console.log('## Answers: the bed\n');
  const rows: (readonly (string | number)[])[] = [];
  const all: Comparison[] = [];
  const domains = readDomains(bed);
  for (const kind of new Set(domains.map((domain) => domain.kind))) {
    const ofKind = domains.filter((domain) => domain.kind === kind);
    const questions = ofKind.flatMap((domain) => [...questionsOfMail(domain), ...questionsBeside(domain)]);
    const compared = await compareWithUnbound(bed, questions);
    all.push(...compared);
    rows.push([kind, ofKind.length, ...summary(compared)]);
  }
  rows.sort(([a], [b]) => String(a).localeCompare(String(b)));
  printTable(['kind of domain', 'domains', ...OUTCOMES], rows);
  console.log(`All: ${all.filter(agrees).length} of ${all.length} alike in status, rcode and records.\n`);
}

async function answersOfSignedZones(): Promise<void> {
  console.log('## Answers: zones signed by others, served by NSD\n');
  const { network, lower } = await raiseSignedNetwork();
  try {
    const rows: (readonly (string | number)[])[] = [];
    for (const [zone, { tool, algorithm, denial, expired }] of Object.entries(ZONES)) {
      const questions = QUESTIONS.map((question) => questionOf(zone, question));
      const compared = await compareWithUnbound(network, questions);
      const signer = tool === 'bind' ? 'dnssec-signzone' : 'ldns-signzone';
      rows.push([signer, algorithm, expired ? `${denial}, expired` : denial, ...summary(compared)]);
    }
    printTable(['signed by', 'algorithm', 'denial', ...OUTCOMES], rows);
  } finally {
    lower();
  }
}

async function destinations(bed: Network): Promise<void> {
  console.log('## Mail servers: a Postfix that receives, and posttls-finger\n');
  const rows: (readonly string[])[] = [];
  for (const [domain = '', expected = ''] of readTable(bed, 'cases.tsv')) {
    const run = await mailanchor(bed, ['check', '--json', domain]);
    const checked = JSON.parse(run.stdout) as Checked;
    const finger = await askFinger(bed, domain);
    const [first] = checked.hosts;
    const want = first === undefined ? 'null-mx' : fingerWanted(first);
    if (finger !== want) differences++;
    const hosts = checked.hosts.map(({ host, verdict }) => `${host} ${verdict}`).join(', ');
    rows.push([domain, expected, checked.verdict, hosts, finger, finger === want ? 'yes' : 'NO']);
  }
  printTable(['destination', 'a sender should', '`check`', 'hosts', 'posttls-finger', 'agree'], rows);

  const hosts = readTable(bed, 'hosts.tsv').map(([name = '']) => name.slice(0, -1));
  const input = hosts.map((host) => `${host}:25\n`).join('');
  const run = await mailanchor(bed, ['check', '--json', '--parallel', '8', '-'], { input });
  let alike = 0;
  for (const line of run.stdout.split('\n').filter(Boolean)) {
    const [host] = (JSON.parse(line) as Checked).hosts;
    if (host === undefined) continue;
    const finger = await askFinger(bed, `[${host.host}]`);
    if (finger === fingerWanted(host)) alike++;
    else console.error(`${host.host}: check says ${host.verdict}, posttls-finger ${finger}`);
  }
  differences += hosts.length - alike;
  console.log(`Each host of the bed by itself: ${alike} of ${hosts.length} alike.\n`);
}

const absent = whyNoPeers();
if (absent !== undefined) {
  console.error(`agreement: ${absent}`);
  process.exitCode = 1;
} else {
  const { network, lower } = raiseBed(Number(process.argv[2] ?? 200), 20);
  try {
    await destinations(network);
    await answersOnTheBed(network);
  } finally {
    lower();
  }
  await answersOfSignedZones();
  console.log(differences === 0 ? 'Nothing differs.' : `${differences} differences.`);
  process.exitCode = differences === 0 ? 0 : 1;
}
