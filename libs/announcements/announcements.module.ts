import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { AuditModule } from '#audit';
import { ContactsModule } from '#contacts';
import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { SchedulerModule } from '#scheduler';
import { TenantsModule } from '#tenants';
import { VaultModule } from '#vault';

import { CalendarFiles } from './calendar-files.service.js';
import { Deliveries } from './deliveries.service.js';
import { DeliveryExpiry } from './delivery-expiry.js';
import { GivenUpDeliveries } from './delivery-metrics.js';
import { Announcement, Webhook, WebhookDelivery, WebhookSecret } from './entities.js';
import { webhookErrors } from './errors.js';
import { expirationEvents, webhookEvents } from './events.js';
import { ExpirationAnnouncements } from './expiration-announcements.js';
import { KnownActions } from './known-actions.js';
import { AnnouncementPurge, DeliveryPurge } from './purges.js';
import { announcementSettings } from './settings.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { Webhooks } from './webhooks.service.js';

const announcementEntities: readonly EntityClass[] = [Announcement, Webhook, WebhookSecret, WebhookDelivery];

/** What tells people and programs of a tenant about the events of its history. */
@Declares({ errors: [webhookErrors], events: [expirationEvents, webhookEvents], settings: [announcementSettings] })
@Module({
  imports: [
    TypeOrmModule.forFeature([...announcementEntities]),
    AuditModule,
    ContactsModule,
    DatabaseModule,
    SchedulerModule,
    TenantsModule,
    VaultModule,
  ],
  providers: [
    AnnouncementPurge,
    CalendarFiles,
    Deliveries,
    DeliveryExpiry,
    DeliveryPurge,
    ExpirationAnnouncements,
    GivenUpDeliveries,
    KnownActions,
    WebhookSecrets,
    Webhooks,
  ],
  exports: [CalendarFiles, Deliveries, ExpirationAnnouncements, Webhooks],
})
export class AnnouncementsModule {}
