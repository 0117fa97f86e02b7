import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { sealingErrors } from '#crypto';
import { Vault } from '#vault';

/** Health and public artefacts: what needs no secret is answered without the master key, too. */
export const ServedWhileSealed = Reflector.createDecorator<true>({ transform: () => true });

/** Rejects everything else while the installation is sealed, before the caller is identified or data is read. */
@Injectable()
export class SealGuard implements CanActivate {
  constructor(
    private readonly vault: Vault,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (!this.vault.sealed) return true;
    if (this.reflector.getAllAndOverride(ServedWhileSealed, [context.getHandler(), context.getClass()])) return true;
    throw sealingErrors.SEALED();
  }
}
