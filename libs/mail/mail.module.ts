import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { Declares } from '#core';
import { DatabaseModule } from '#database';
import { VaultModule } from '#vault';

import { Mail } from './entities.js';
import { mailEvents } from './events.js';
import { MailDeliveries } from './mail-deliveries.service.js';
import { MailMetrics, MailOutboxMetrics } from './mail-metrics.js';
import { Mails } from './mails.js';
import { MailPurge } from './purge.js';
import { MailRelay } from './relay.js';
import { mailProblems, mailSettings } from './settings.js';

/** The outbox of e-mail, and what sends it. */
@Declares({ events: [mailEvents], settings: [mailSettings], settingProblems: [mailProblems] })
@Module({
  imports: [TypeOrmModule.forFeature([Mail]), DatabaseModule, VaultModule],
  providers: [MailDeliveries, MailMetrics, MailOutboxMetrics, MailPurge, MailRelay, Mails],
  exports: [MailDeliveries, MailRelay, Mails],
})
export class MailModule {}
