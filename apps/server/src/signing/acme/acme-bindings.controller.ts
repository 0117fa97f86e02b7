import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../../http/api-declarations.js';

import { AcmeBindings, acmeErrors } from '#acme';
import { authorityErrors } from '#certificates';
import type { TenantScope } from '#core';

import { AcmeBindingWithKey, NewAcmeBinding, presentAcmeBindingWithKey } from '../../admin/acme.contract.js';
import type { GrantedService } from '../../callers.js';
import { answerOnce } from '../../http/answer-once.js';
import { Answers } from '../../http/answers.js';
import { Fails } from '../../http/fails.js';
import { Caller, InScope } from '../../http/in-scope.js';
import { Requires } from '../../http/requires.js';

/** External account bindings that a service creates for its own ACME client. */
@ApiTags('ACME')
@Controller('v1/acme-bindings')
@Requires('certificates:request')
export class OwnAcmeBindingsController {
  constructor(private readonly bindings: AcmeBindings) {}

  @Post()
  @ApiOperation({
    operationId: 'requestAcmeBinding',
    summary: 'Create a key that binds one ACME account to the calling service',
  })
  @Answers(201, AcmeBindingWithKey, 'The binding with its key, shown only once')
  @Fails(acmeErrors.ACME_BINDING_LIMIT_REACHED, authorityErrors.CA_NOT_USABLE, authorityErrors.NO_CERTIFICATE_AUTHORITY)
  async requestAcmeBinding(
    @Body() body: NewAcmeBinding,
    @InScope() scope: TenantScope,
    @Caller() { serviceId }: GrantedService,
  ): Promise<AcmeBindingWithKey> {
    return answerOnce(scope, presentAcmeBindingWithKey, () => this.bindings.create(scope, { ...body, serviceId }));
  }
}
