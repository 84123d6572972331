/** The key tag of a DNSKEY (rfc4034#appendix-B): a hint for choosing a key, not an identity. */
export function keyTag(rdata: Uint8Array): number {
  // RSA/MD5 has a tag of its own (rfc4034#appendix-B.1): the low 16 bits of the modulus but the last octet.
  if (rdata[3] === 1)
    return rdata.length < 7 ? 0 : (rdata[rdata.length - 3]! << 8) | rdata[rdata.length - 2]!;
  let sum = 0;
  for (let i = 0; i < rdata.length; i++) sum += i & 1 ? rdata[i]! : rdata[i]! << 8;
  return (sum + ((sum >>> 16) & 0xffff)) & 0xffff;
}
