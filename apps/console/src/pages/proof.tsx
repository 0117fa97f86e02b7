import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { type DroppedFile, DropText } from '../components/drop-text.js';
import { Form, Refusal, TextField } from '../components/form.js';
import { Card, Page } from '../components/page.js';
import { saveFile } from '../download.js';
import {
  isSignedBy,
  leafHashOf,
  parseSignedCheckpoint,
  provesConsistency,
  provesInclusion,
  rootInHex,
} from '../proof.js';
import { useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const route = getRouteApi('/signed-in/t/$tenant/proof');

/** One statement that the browser has verified, or refuted. */
interface Finding {
  readonly holds: boolean;
  readonly text: string;
}

const currentCheckpoint = async (tenantId: string): Promise<string> =>
  String(
    await dataOf(
      client.GET('/v1/tenants/{tenantId}/audit-events/checkpoint', { params: { path: { tenantId } }, parseAs: 'text' }),
    ),
  );

const keysOf = async (origin: string): Promise<string[]> =>
  (await dataOf(client.GET('/v1/history/keys', { params: { query: { origin } } }))).keys.map((key) => key.verifierKey);

async function signedBy(note: ReturnType<typeof parseSignedCheckpoint>, keys: readonly string[]): Promise<boolean> {
  for (const key of keys) if (await isSignedBy(note, key)) return true;
  return false;
}

/** Compares what an auditor kept with what the server says now. */
async function compare(tenantId: string, kept: string, keptKey: string | undefined): Promise<Finding[]> {
  const [earlier, now] = [kept, await currentCheckpoint(tenantId)].map(parseSignedCheckpoint);
  const keys = keptKey === undefined ? await keysOf(earlier!.origin) : [keptKey];
  const path = '/v1/tenants/{tenantId}/audit-events/proofs/consistency';
  const from = earlier!.size;
  const proof = await dataOf(client.GET(path, { params: { path: { tenantId }, query: { from, to: now!.size } } }));
  return [
    { holds: earlier!.origin === now!.origin, text: `Both are of the log ${now!.origin}` },
    { holds: await signedBy(earlier!, keys), text: `The kept checkpoint of ${from} events is signed by the key` },
    { holds: await signedBy(now!, keys), text: `The checkpoint of now, of ${now!.size} events, is signed by the key` },
    {
      holds: await provesConsistency({
        first: from,
        firstRoot: rootInHex(earlier!),
        second: now!.size,
        secondRoot: rootInHex(now!),
        proof: proof.proof,
      }),
      text: `Nothing of the first ${from} events was changed, removed or inserted since`,
    },
  ];
}

/** Whether the event, as the server hands it out, is in the history that the server signed. */
async function include(tenantId: string, sequence: number): Promise<Finding[]> {
  const checkpoint = parseSignedCheckpoint(await currentCheckpoint(tenantId));
  const path = { tenantId };
  const bytes = String(
    await dataOf(
      client.GET('/v1/tenants/{tenantId}/audit-events/{sequence}', {
        params: { path: { ...path, sequence: String(sequence) } },
        headers: { Accept: 'application/octet-stream' },
        parseAs: 'text',
      }),
    ),
  );
  const query = { sequence, treeSize: checkpoint.size };
  const { proof } = await dataOf(
    client.GET('/v1/tenants/{tenantId}/audit-events/proofs/inclusion', { params: { path, query } }),
  );
  const leafHash = await leafHashOf(bytes);
  const root = rootInHex(checkpoint);
  return [
    {
      holds: await signedBy(checkpoint, await keysOf(checkpoint.origin)),
      text: `The checkpoint of ${checkpoint.size} events is signed by a published key of the log`,
    },
    {
      holds: await provesInclusion({ leafHash, index: sequence, size: checkpoint.size, root, proof }),
      text: `Event ${sequence}, whose bytes were hashed here, is one of them`,
    },
  ];
}

export function ProofPage() {
  const { tenantId } = useTenant();
  const { sequence } = route.useSearch();
  const [file, setFile] = useState<DroppedFile>();
  const comparing = useChange(({ kept = '', key }: Readonly<Record<string, string>>) => compare(tenantId, kept, key));
  const including = useChange(({ sequence: asked = '' }: Readonly<Record<string, string>>) =>
    include(tenantId, Number(asked)),
  );
  const keep = useChange(
    () => currentCheckpoint(tenantId),
    (note) => saveFile(`${parseSignedCheckpoint(note).size}.checkpoint`, note),
  );
  return (
    <Page
      title="Proof"
      introduction="Your browser verifies the history itself: by the hashes and signatures, not by what the server says of them."
      actions={<Button onClick={() => keep.mutate(undefined)}>Keep the checkpoint of now</Button>}
    >
      <Refusal error={keep.error} />
      <Card title="Compare with a checkpoint that you kept">
        <Form submit="Verify" call={comparing} onSubmit={comparing.mutate}>
          <DropText label="Kept checkpoint" name="kept" value={file?.text ?? ''} onFile={setFile} />
          <TextField
            label="Verifier key that you kept (optional)"
            name="key"
            hint="Without it, the key that the server publishes is used: then the signature proves less"
          />
        </Form>
        <Findings findings={comparing.data} />
      </Card>
      <Card title="Is an event in the history?">
        <Form submit="Prove" call={including} onSubmit={including.mutate}>
          <TextField
            label="Number of the event"
            name="sequence"
            type="number"
            min={0}
            defaultValue={sequence}
            required
          />
        </Form>
        <Findings findings={including.data} />
      </Card>
    </Page>
  );
}

function Findings({ findings }: { readonly findings: readonly Finding[] | undefined }) {
  if (findings === undefined) return null;
  return (
    <ul aria-label="Findings" className="mt-4 space-y-2">
      {findings.map(({ holds, text }) => (
        <li key={text} className="flex flex-wrap items-baseline gap-2">
          <Badge state={holds ? 'verified' : 'refuted'} />
          <span className="min-w-0 break-words">{text}</span>
        </li>
      ))}
    </ul>
  );
}
