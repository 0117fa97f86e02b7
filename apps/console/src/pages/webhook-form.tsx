import { useState } from 'react';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { CheckField, Form, TextField } from '../components/form.js';
import { NewSecret } from '../components/secret.js';
import { type Schemas, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { EVERY_ACTION, actionGroups, withoutIncluded } from '../webhook-actions.js';

interface NewWebhookProps {
  readonly onClose: () => void;
  readonly onCreated: (answer: Schemas['WebhookWithSecret']) => void;
}

export function NewWebhook({ onClose, onCreated }: NewWebhookProps) {
  const { tenantId } = useTenant();
  const create = useChange(
    (body: Schemas['NewWebhook']) =>
      dataOf(client.POST('/v1/tenants/{tenantId}/webhooks', { params: { path: { tenantId } }, body })),
    onCreated,
  );
  return (
    <WebhookDialog
      title="Create a webhook"
      submit="Create"
      url=""
      actions={[]}
      call={create}
      onClose={onClose}
      onSubmit={(body) => create.mutate(body)}
    />
  );
}

interface ChangeWebhookProps {
  readonly webhook: Schemas['Webhook'];
  readonly onClose: () => void;
}

export function ChangeWebhook({ webhook: { id: webhookId, url, actions, version }, onClose }: ChangeWebhookProps) {
  const { tenantId } = useTenant();
  const change = useChange(
    (body: Schemas['WebhookChange']) =>
      dataOf(
        client.PATCH('/v1/tenants/{tenantId}/webhooks/{webhookId}', {
          params: { path: { tenantId, webhookId }, header: { 'If-Match': `"${version}"` } },
          body,
        }),
      ),
    onClose,
  );
  return (
    <WebhookDialog
      title="Change the webhook"
      submit="Save"
      url={url}
      actions={actions}
      call={change}
      onClose={onClose}
      onSubmit={(body) => change.mutate(body)}
    />
  );
}

interface WebhookDialogProps {
  readonly url: string;
  readonly actions: readonly string[];
  readonly title: string;
  readonly submit: string;
  readonly call: { readonly isPending: boolean; readonly error: unknown };
  readonly onClose: () => void;
  readonly onSubmit: (body: Schemas['NewWebhook']) => void;
}

function WebhookDialog({ title, submit, url: present, actions, call, onClose, onSubmit }: WebhookDialogProps) {
  const [chosen, setChosen] = useState<readonly string[]>(actions);
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        submit={submit}
        call={call}
        reason={chosen.length === 0 ? 'Choose which events are sent' : undefined}
        onCancel={onClose}
        onSubmit={({ url = '' }) => onSubmit({ url, actions: [...withoutIncluded(chosen)] })}
      >
        <TextField label="URL" name="url" type="url" defaultValue={present} maxLength={2_048} required />
        <Actions chosen={chosen} onChoose={setChosen} />
      </Form>
    </Dialog>
  );
}

interface ActionsProps {
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

/** Which events are sent: all, all of a noun, or one by one. */
function Actions({ chosen, onChoose }: ActionsProps) {
  const every = chosen.includes(EVERY_ACTION);
  const field = (action: string, label: string, included: boolean, hint?: string) => (
    <CheckField
      key={action}
      label={label}
      hint={hint}
      checked={included || chosen.includes(action)}
      disabled={included}
      onChange={({ target }) =>
        onChoose(target.checked ? [...chosen, action] : chosen.filter((each) => each !== action))
      }
    />
  );
  return (
    <fieldset className="mb-3">
      <legend className="mb-1 text-sm font-medium text-strong">Events that are sent</legend>
      {field(EVERY_ACTION, 'Every event', false)}
      {actionGroups.map(({ noun, all, actions }) => {
        const own = chosen.filter((action) => action === all || action.startsWith(`${noun}.`)).length;
        return (
          <details key={noun} className="mb-2 rounded-md border border-line px-3 py-2">
            <summary>
              {noun.replaceAll('_', ' ')}
              {own > 0 && ` (${chosen.includes(all) ? 'all' : own})`}
            </summary>
            <div className="mt-2">
              {field(all, `Every event of ${noun.replaceAll('_', ' ')}`, every)}
              {actions.map(({ action, description }) =>
                field(action, action, every || chosen.includes(all), description),
              )}
            </div>
          </details>
        );
      })}
    </fieldset>
  );
}

interface WebhookSecretProps {
  readonly answer: Schemas['WebhookWithSecret'];
  readonly onClose: () => void;
}

export function WebhookSecret({ answer: { webhook, secret }, onClose }: WebhookSecretProps) {
  return (
    <Dialog title="The secret of the webhook" onClose={onClose}>
      <p className="mb-3">
        The receiver at {webhook.url} verifies each message with it (Standard Webhooks). It is shown only once.
      </p>
      <NewSecret what="Secret" secret={secret} />
      <Button look="main" onClick={onClose}>
        Done
      </Button>
    </Dialog>
  );
}
