/** Octets as lower-case hexadecimal digits. */
export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
