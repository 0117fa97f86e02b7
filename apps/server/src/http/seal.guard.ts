import { applyDecorators, type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from './api-declarations.js';
import { sealingErrors } from '#crypto';
import { Vault } from '#vault';

const ServedWhileSealedMark = Reflector.createDecorator<true>({ transform: () => true });

/** The member of an OpenAPI operation that says so; the completed document does not show it. */
export const SERVED_WHILE_SEALED_EXTENSION = 'x-served-while-sealed';

/** Health and public artefacts: what needs no secret is answered without the master key, too. */
export const ServedWhileSealed = () =>
  applyDecorators(ServedWhileSealedMark(), ApiExtension(SERVED_WHILE_SEALED_EXTENSION, true));

/** Rejects everything else while the installation is sealed, before the caller is identified or data is read. */
@Injectable()
export class SealGuard implements CanActivate {
  constructor(
    private readonly vault: Vault,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (!this.vault.sealed) return true;
    if (this.reflector.getAllAndOverride(ServedWhileSealedMark, [context.getHandler(), context.getClass()]))
      return true;
    throw sealingErrors.SEALED();
  }
}
