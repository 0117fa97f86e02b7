interface Authority {
  readonly id: string;
  readonly parentId: string | null;
}

/**
 * The authorities from the issuer up to its root.
 *
 * @param authorities those that are known; where one is missing the chain ends before it
 */
export function chainOf<Known extends Authority>(authorities: readonly Known[], caId: string): Known[] {
  const byId = new Map(authorities.map((authority) => [authority.id, authority]));
  const chain: Known[] = [];
  for (let next = byId.get(caId); next !== undefined; next = byId.get(next.parentId ?? '')) {
    chain.push(next);
    byId.delete(next.id);
  }
  return chain;
}
