import { Webhook as Signer } from 'standardwebhooks';

import type { HistoryEntry } from '#audit';
import { type EpochMilliseconds, type Secret, toDate, toEpochSeconds } from '#core';

/** Media type of an event in structured mode (CloudEvents JSON format 1.0 §3). */
const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/**
 * An event of the history as a CloudEvent 1.0 in structured mode: the same bytes for each attempt.
 * @param source URL of the tenant whose history it is
 * @returns JSON
 */
export function cloudEvent(event: HistoryEntry, source: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source,
    type: event.action,
    subject: `${event.target.type}/${event.target.id}`,
    time: event.occurredAt,
    datacontenttype: 'application/json',
    data: event,
  });
}

/** A message and what its signature is made from. */
export interface Message {
  /** The same for each attempt, so that a receiver recognises what it has already. */
  readonly id: string;
  readonly body: string;
  /** The newest first. */
  readonly secrets: readonly Secret[];
}

/**
 * The headers of one attempt by Standard Webhooks 1.0: one signature for each secret, so that a receiver can change from
 * the former secret to the new one when it suits.
 */
export const webhookHeaders = (
  { id, body, secrets }: Message,
  now: EpochMilliseconds,
): Readonly<Record<string, string>> => ({
  'content-type': CLOUD_EVENT_TYPE,
  'webhook-id': id,
  'webhook-timestamp': String(toEpochSeconds(now)),
  'webhook-signature': secrets.map((secret) => new Signer(secret.reveal()).sign(id, toDate(now), body)).join(' '),
});
