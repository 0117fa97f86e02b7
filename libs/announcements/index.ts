export { AnnouncementsModule } from './announcements.module.js';
export { CALENDAR_TYPE } from './calendar-file.js';
export { CalendarFiles } from './calendar-files.service.js';
export { Deliveries } from './deliveries.service.js';
export { ExpirationAnnouncements } from './expiration-announcements.js';
export { webhookErrors } from './errors.js';
export { type WebhookState, webhookStates } from './lifecycle.js';
export { WEBHOOK_SECRET_OVERLAP_MAX } from './webhook-secrets.js';
export { type ShownWebhook, type WebhookWithSecret, Webhooks } from './webhooks.service.js';
