import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { sealingErrors } from '#crypto';

/** Whether the installation lacks the master key that opens its data. */
export abstract class SealState {
  abstract readonly sealed: boolean;
}

/** Health and public artefacts: what needs no secret is answered without the master key, too. */
export const ServedWhileSealed = Reflector.createDecorator<true>({ transform: () => true });

/** Rejects everything else while the installation is sealed, before the caller is identified or data is read. */
@Injectable()
export class SealGuard implements CanActivate {
  constructor(
    private readonly state: SealState,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (!this.state.sealed) return true;
    if (this.reflector.getAllAndOverride(ServedWhileSealed, [context.getHandler(), context.getClass()])) return true;
    throw sealingErrors.SEALED();
  }
}
