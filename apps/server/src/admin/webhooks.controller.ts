import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';
import { Webhooks, webhookErrors } from '#announcements';
import { type Page, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { WithDryRun } from './dry-run.js';
import { NamedPageQuery, presentPage } from './page.contract.js';
import {
  Delivery,
  DeliveryPage,
  DeliveryQuery,
  NewWebhook,
  OVERLAP_SECONDS_DEFAULT,
  SecretRotation,
  Webhook,
  WebhookChange,
  WebhookPage,
  WebhookWithSecret,
  presentDelivery,
  presentWebhook,
  presentWebhookWithSecret,
} from './webhooks.contract.js';

/** URLs to which events of the history are sent. */
@ApiTags('Webhooks')
@Controller('v1/tenants/:tenantId/webhooks')
@Requires('webhooks:write')
export class WebhooksController {
  constructor(private readonly webhooks: Webhooks) {}

  @Post()
  @ApiOperation({ summary: 'Create a webhook: future events are sent to it' })
  @Answers(201, WebhookWithSecret, 'The webhook with its secret, shown only once')
  @Fails(webhookErrors.WEBHOOK_LIMIT_REACHED)
  async createWebhook(@Body() body: NewWebhook, @InScope() scope: TenantScope): Promise<WebhookWithSecret> {
    return answerOnce(scope, presentWebhookWithSecret, () => this.webhooks.create(scope, body));
  }

  @Get()
  @Requires('webhooks:read')
  @ApiOperation({ summary: 'List the webhooks' })
  @Answers(200, WebhookPage, 'One page, oldest first')
  async listWebhooks(
    @Query() { name, ...page }: NamedPageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Webhook>> {
    return presentPage(await this.webhooks.list(scope, name, page), presentWebhook);
  }

  @Get(':webhookId')
  @Requires('webhooks:read')
  @ApiOperation({ summary: 'Read a webhook' })
  @Answers(200, Webhook, 'The webhook')
  async getWebhook(@Param('webhookId') webhookId: string, @InScope() scope: TenantScope): Promise<Webhook> {
    return presentWebhook(await this.webhooks.get(scope, webhookId));
  }

  @Patch(':webhookId')
  @ApiOperation({ summary: 'Change the URL or the actions of a webhook' })
  @Answers(200, Webhook, 'The updated webhook')
  async changeWebhook(
    @Param('webhookId') webhookId: string,
    @Body() body: WebhookChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Webhook> {
    return presentWebhook(await this.webhooks.change(scope, webhookId, body, ifMatch));
  }

  @Delete(':webhookId')
  @ApiOperation({ summary: 'Delete a webhook with its secrets' })
  @WithDryRun('The webhook is deleted; nothing more is sent to it')
  async deleteWebhook(
    @Param('webhookId') webhookId: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<void> {
    await this.webhooks.delete(scope, webhookId, ifMatch);
  }

  @Post(':webhookId/disable')
  @ApiOperation({ summary: 'Disable a webhook: events that occur until it is enabled are never sent' })
  @Answers(200, Webhook, 'The webhook')
  async disableWebhook(
    @Param('webhookId') webhookId: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Webhook> {
    return answerOnce(scope, presentWebhook, () => this.webhooks.disable(scope, webhookId, ifMatch));
  }

  @Post(':webhookId/enable')
  @ApiOperation({ summary: 'Enable a webhook: future events are sent' })
  @Answers(200, Webhook, 'The webhook')
  async enableWebhook(
    @Param('webhookId') webhookId: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<Webhook> {
    return answerOnce(scope, presentWebhook, () => this.webhooks.enable(scope, webhookId, ifMatch));
  }

  @Post(':webhookId/rotate-secret')
  @ApiOperation({ summary: 'Rotate the secret of a webhook; the previous one also signs during the overlap' })
  @Answers(200, WebhookWithSecret, 'The webhook with its new secret, shown only once')
  async rotateWebhookSecret(
    @Param('webhookId') webhookId: string,
    @Body() { overlapSeconds = OVERLAP_SECONDS_DEFAULT }: SecretRotation,
    @InScope() scope: TenantScope,
  ): Promise<WebhookWithSecret> {
    return answerOnce(scope, presentWebhookWithSecret, () =>
      this.webhooks.rotateSecret(scope, webhookId, overlapSeconds),
    );
  }

  @Get(':webhookId/deliveries')
  @Requires('webhooks:read')
  @ApiOperation({ summary: "List a webhook's deliveries of the last 30 days" })
  @Answers(200, DeliveryPage, 'One page, newest first')
  async listDeliveries(
    @Param('webhookId') webhookId: string,
    @Query() { state, ...page }: DeliveryQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Delivery>> {
    return presentPage(await this.webhooks.deliveries(scope, webhookId, state, page), presentDelivery);
  }

  @Post(':webhookId/deliveries/:deliveryId/redeliver')
  @ApiOperation({ summary: 'Send an event to a webhook again' })
  @Answers(200, Delivery, 'The delivery, pending')
  @Fails(coreErrors.WRONG_STATE)
  async redeliver(
    @Param('webhookId') webhookId: string,
    @Param('deliveryId') deliveryId: string,
    @InScope() scope: TenantScope,
  ): Promise<Delivery> {
    return answerOnce(scope, presentDelivery, () => this.webhooks.redeliver(scope, webhookId, deliveryId));
  }
}
