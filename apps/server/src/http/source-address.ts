import type { FastifyRequest } from 'fastify';
import { coreErrors } from '#core';
import { networkOf, parseSourceAddress } from '#tenants';

const TEXT_CHARACTERS_MAX = 64;

/**
 * Where a request comes from: the address of the connection, or what a trusted proxy says in `X-Forwarded-For`. A text
 * of the proxy that is no address (`unknown`) is passed on as it is: it lies in no network.
 * @throws VALIDATION_ERROR where its caller has closed the connection before it was accepted; INTERNAL_ERROR where there is nothing
 *   otherwise: without it all callers would be counted and recorded as one
 */
export function sourceAddressOf({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const address = parseSourceAddress(ip) ?? (ip as string | undefined)?.slice(0, TEXT_CHARACTERS_MAX);
  if (address) return address;
  // A client that resets its connection causes no failure of this server, so its operator needs no alert.
  if (!socket.remoteAddress) throw coreErrors.VALIDATION_ERROR('The connection was closed before the request was read');
  throw coreErrors.INTERNAL_ERROR('The request has no source address');
}

/**
 * The network that a request is counted by: an IPv4 address, or the /64 of an IPv6 address.
 * @throws INTERNAL_ERROR where it is unknown: one window for all who are unknown would let each lock out the others
 */
export function sourceNetworkOf(request: FastifyRequest): string {
  const network = networkOf(sourceAddressOf(request));
  if (network !== undefined) return network;
  throw coreErrors.INTERNAL_ERROR('The request has no source address: X-Forwarded-For of a trusted proxy holds none');
}
