export { AnnouncementsModule } from './announcements.module.js';
export { Deliveries } from './deliveries.service.js';
export { ExpirationAnnouncements } from './expiration-announcements.js';
export { webhookErrors } from './errors.js';
export { type WebhookState, webhookStates } from './lifecycle.js';
export { announcementSettings } from './settings.js';
export { WEBHOOK_SECRET_OVERLAP_MAX } from './webhook-secrets.js';
export { type ShownWebhook, type WebhookWithSecret, Webhooks } from './webhooks.service.js';
