export { MailDeliveries } from './mail-deliveries.service.js';
export { MailModule } from './mail.module.js';
export { Mails } from './mails.js';
export { MailRelay } from './relay.js';
export { inLine } from './text.js';
