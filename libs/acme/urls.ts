/** The addresses of the ACME server of one authority (RFC 8555 §7.1). */
export interface AcmeUrls {
  readonly directory: string;
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string;
  readonly keyChange: string;
  readonly renewalInfo: string;
  account(id: string): string;
  orders(accountId: string): string;
  order(id: string): string;
  finalize(orderId: string): string;
  authorization(id: string): string;
  challenge(authorizationId: string, type: string): string;
  certificate(kid: string): string;
}

/** @param publicUrl without a slash at its end */
export function acmeUrls(publicUrl: string, caId: string): AcmeUrls {
  const base = `${publicUrl}/acme/${caId}`;
  return {
    directory: `${base}/directory`,
    newNonce: `${base}/new-nonce`,
    newAccount: `${base}/new-account`,
    newOrder: `${base}/new-order`,
    revokeCert: `${base}/revoke-cert`,
    keyChange: `${base}/key-change`,
    renewalInfo: `${base}/renewal-info`,
    account: (id) => `${base}/accounts/${id}`,
    orders: (accountId) => `${base}/accounts/${accountId}/orders`,
    order: (id) => `${base}/orders/${id}`,
    finalize: (orderId) => `${base}/orders/${orderId}/finalize`,
    authorization: (id) => `${base}/authorizations/${id}`,
    challenge: (authorizationId, type) => `${base}/challenges/${authorizationId}/${type}`,
    certificate: (kid) => `${base}/certificates/${kid}`,
  };
}
