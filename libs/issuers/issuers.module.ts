import { Module } from '@nestjs/common';

import { Declares } from '#core';

import { issuerErrors } from './errors.js';
import { Issuers } from './issuers.js';
import { issuerSettings } from './settings.js';

/** Issuers of OpenID Connect whose word is trusted: for people who sign in, and for workloads. */
@Declares({ errors: [issuerErrors], settings: [issuerSettings] })
@Module({ providers: [Issuers], exports: [Issuers] })
export class IssuersModule {}
