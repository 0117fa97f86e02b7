import { createHmac } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { HistoryEntry } from '#audit';
import { Secret } from '#core';

import { cloudEvent, webhookHeaders } from './message.js';

const event: HistoryEntry = {
  id: '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47',
  tenantId: 't',
  occurredAt: '2026-01-01T00:00:00.000Z',
  actor: { type: 'user', id: 'u', name: 'ada@example.com' },
  action: 'credential.created',
  target: { type: 'credential', id: 'c' },
  outcome: 'success',
  requestId: 'r',
  sourceAddress: null,
  salt: '00',
  sequence: 7,
  leafHash: 'ab',
};

describe('a message of a webhook', () => {
  it('a message of a webhook is a CloudEvent 1.0 with the event of the history as its data', () => {
    expect(JSON.parse(cloudEvent(event, 'https://chancery.test/v1/tenants/t'))).toEqual({
      specversion: '1.0',
      id: event.id,
      source: 'https://chancery.test/v1/tenants/t',
      type: 'credential.created',
      subject: 'credential/c',
      time: event.occurredAt,
      datacontenttype: 'application/json',
      data: event,
    });
  });

  it('a message of a webhook is signed with each secret as Standard Webhooks says: HMAC-SHA-256 over id, time and body', () => {
    const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const secrets = keys.map((key) => new Secret(`whsec_${key.toString('base64')}`));
    const headers = webhookHeaders({ id: 'msg', body: '{"ü":1}', secrets }, 1_700_000_000_999);
    const signatures = keys.map(
      (key) => `v1,${createHmac('sha256', key).update('msg.1700000000.{"ü":1}').digest('base64')}`,
    );
    expect(headers).toEqual({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': 'msg',
      'webhook-timestamp': '1700000000',
      'webhook-signature': signatures.join(' '),
    });
  });
});
