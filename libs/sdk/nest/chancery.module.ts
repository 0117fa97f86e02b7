import { ConfigurableModuleBuilder, Module } from '@nestjs/common';

import { createClient } from '../client.js';
import { tokenVerifier } from '../verify/index.js';
import { ChanceryGuard } from './chancery.guard.js';
import { CHANCERY_CLIENT, type ChanceryModuleOptions, TOKEN_VERIFIER } from './options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<ChanceryModuleOptions>()
  .setClassMethodName('forRoot')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/**
 * Checks tokens of Chancery in a Nest application, and calls its server: `ChanceryModule.forRoot({ tokens, client })`, or
 * `forRootAsync({ inject, useFactory })`. It is global unless `isGlobal` is false.
 */
@Module({
  providers: [
    {
      provide: TOKEN_VERIFIER,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ tokens }: ChanceryModuleOptions) => tokenVerifier(tokens),
    },
    {
      provide: CHANCERY_CLIENT,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ client }: ChanceryModuleOptions) => (client === undefined ? null : createClient(client)),
    },
    ChanceryGuard,
  ],
  exports: [TOKEN_VERIFIER, CHANCERY_CLIENT, ChanceryGuard],
})
export class ChanceryModule extends ConfigurableModuleClass {}
