/** Whether a policy allows an MX host (rfc8461#section-4.1). A wildcard stands for one whole label, the first. */
export function matchesMx(pattern: string, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  const wanted = pattern.toLowerCase().replace(/\.$/, '');
  if (!wanted.startsWith('*.')) return name === wanted;
  const dot = name.indexOf('.');
  return dot > 0 && name.slice(dot + 1) === wanted.slice(2);
}

export function allowsMx(patterns: readonly string[], host: string): boolean {
  return patterns.some((pattern) => matchesMx(pattern, host));
}
