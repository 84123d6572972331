/** Whether a TLS error is about the server's certificate: OpenSSL's words for a chain, and Node's for a name. */
export function isCertificateError({ code = '' }: NodeJS.ErrnoException): boolean {
  return /^(?:ERR_TLS_CERT|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH)/.test(
    code,
  );
}
