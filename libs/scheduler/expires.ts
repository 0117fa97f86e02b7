import type { Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';

import type { Expirable } from '#core';

interface ExpiresOptions {
  /** Kinds that depend on what this one does: they are asked after it. */
  readonly before?: readonly Type<Expirable>[];
}

/** Marks a kind of thing that falls due: the scheduler finds it among the providers of all modules. */
export const Expires = DiscoveryService.createDecorator<ExpiresOptions>();

export interface DeclaredKind {
  readonly kind: Expirable;
  readonly before: readonly Type<Expirable>[];
}

/**
 * The kinds in the order in which they are asked: by name, but each after those that declared to come before it.
 * @throws Error where kinds depend on each other in a circle
 */
export function inOrder(declared: readonly DeclaredKind[]): readonly Expirable[] {
  const left = declared.toSorted((one, other) => (one.kind.kind < other.kind.kind ? -1 : 1));
  const ordered: Expirable[] = [];
  while (left.length > 0) {
    const isFree = ({ kind }: DeclaredKind): boolean =>
      !left.some(({ before }) => before.some((type) => kind instanceof type));
    const next = left.findIndex(isFree);
    if (next < 0) throw new Error(`These kinds wait for each other: ${left.map(({ kind }) => kind.kind).join(', ')}`);
    ordered.push(...left.splice(next, 1).map(({ kind }) => kind));
  }
  return ordered;
}
