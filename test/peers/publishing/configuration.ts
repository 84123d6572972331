/** Mailanchor's configuration for the network, with a publisher for each way and for each thing that can be wrong with one. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADDRESS, ADDRESS6, API_KEY, SECRET, type ServerSetting } from './servers.ts';

const OTHER_SECRET = Buffer.alloc(32, 99).toString('base64');

export function writeConfiguration({ folder }: ServerSetting): void {
  const secret = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o600);
  };
  secret('bind.key', `key "mail" {\n\talgorithm hmac-sha256;\n\tsecret "${SECRET['hmac-sha256']}";\n};\n`);
  secret(
    'knot.key',
    `# hmac-sha384:mail:${SECRET['hmac-sha384']}\nkey:\n  - id: mail\n    algorithm: hmac-sha384\n    secret: ${SECRET['hmac-sha384']}\n`,
  );
  secret('pdns.key', `mail. hmac-sha512. ${SECRET['hmac-sha512']}\n`);
  secret('bind.wrong', `hmac-sha256:mail:${OTHER_SECRET}\n`);
  secret('knot.wrong', `hmac-sha384:mail:${OTHER_SECRET}\n`);
  secret('pdns.wrong', `hmac-sha512:mail:${OTHER_SECRET}\n`);
  secret('unknown.key', `hmac-sha256:nobody:${OTHER_SECRET}\n`);
  secret('api.key', `${API_KEY}\n`);
  secret('api.wrong', 'another-key\n');
  writeFileSync(join(folder, 'publish-exec.mjs'), EXEC_COMMAND);
  const update = (name: string, server: string, key: string) =>
    `  ${name}: { kind: rfc2136, server: ${server}, tsig-key: ${key}, timeout: 5 }\n`;
  const exec = (name: string, server: string, key: string) =>
    `  ${name}: { kind: exec, command: [${process.execPath}, ${folder}/publish-exec.mjs, ${server}, ${folder}/${key}], timeout: 5 }\n`;
  const api = (name: string, url: string, key: string) =>
    `  ${name}: { kind: powerdns, url: "${url}", api-key-file: ${key}, timeout: 5 }\n`;
  const updates = (['bind', 'knot', 'pdns'] as const)
    .map(
      (name) =>
        update(name, ADDRESS[name], `${name}.key`) +
        update(`${name}-secret`, ADDRESS[name], `${name}.wrong`) +
        update(`${name}-unknown`, ADDRESS[name], 'unknown.key') +
        update(`${name}-dead`, ADDRESS.nobody, `${name}.key`),
    )
    .join('');
  const url = `http://${ADDRESS.pdns}:8081`;
  writeFileSync(
    join(folder, 'mailanchor.yaml'),
    `root-hints: root.hints
trust-anchor: root.key
publishers:
${updates}${update('bind-six', `"[${ADDRESS6.bind}]"`, 'bind.key')}${api('pdnsapi', url, 'api.key')}${api('pdnsapi-secret', url, 'api.wrong')}${api('pdnsapi-dead', `http://${ADDRESS.nobody}:8081`, 'api.key')}${exec('exec', ADDRESS.knot, 'knot.key')}${exec('exec-secret', ADDRESS.knot, 'knot.wrong')}${exec('exec-dead', ADDRESS.nobody, 'knot.key')}  snippet: { kind: snippet, file: nsd/tlsa.inc, reload: [nsd/reload.sh, ${folder}/nsd], timeout: 10 }
  snippet-dead: { kind: snippet, file: nsd/tlsa.inc, reload: ["false"], timeout: 10 }
`,
  );
}

/** A command as an operator might write one: the change on standard input, to knsupdate with prerequisites, the exit status by its answer. */
const EXEC_COMMAND = `import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
const [server, keyFile] = process.argv.slice(2);
const { zone, owner, ttl, expected, result, remove } = JSON.parse(readFileSync(0, 'utf8'));
const key = /hmac-sha\\d+:\\S+:\\S+/.exec(readFileSync(keyFile, 'utf8'))[0];
const script = [
  \`server \${server}\`,
  \`zone \${zone}\`,
  ...(expected.length > 0 ? expected.map((data) => \`prereq yxrrset \${owner} IN TLSA \${data}\`) : [\`prereq nxrrset \${owner} IN TLSA\`]),
  ...remove.map((data) => \`del \${owner} TLSA \${data}\`),
  ...result.map((data) => \`add \${owner} \${ttl} TLSA \${data}\`),
  'send',
].join('\\n');
const { status, stderr } = spawnSync('knsupdate', ['-v', '-t', '3', '-r', '0', '-y', key], { input: script + '\\n', encoding: 'utf8' });
process.stderr.write(stderr);
if (/NXRRSET|YXRRSET/.test(stderr)) process.exit(3);
if (/NOTAUTH|BADKEY|BADSIG|REFUSED|NOTZONE/.test(stderr)) process.exit(4);
process.exit(status === 0 ? 0 : 1);
`;
