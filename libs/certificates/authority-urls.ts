import type { StatusUrls } from '#pki';

/**
 * The addresses at which an authority publishes; every certificate that it issues contains them.
 * @param publicUrl without a slash at its end
 */
export const authorityUrls = (publicUrl: string, caId: string): Required<StatusUrls> => ({
  caIssuers: `${publicUrl}/pki/${caId}/ca.crt`,
  crl: `${publicUrl}/pki/${caId}/crl`,
  ocsp: `${publicUrl}/pki/${caId}/ocsp`,
});
