import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { type VerifierKey, parseLogProof } from '#log-verifier';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { type DroppedFile, DropText } from '../components/drop-text.js';
import { CheckField, Form, Refusal, TextArea, TextField } from '../components/form.js';
import { Card, Page } from '../components/page.js';
import { saveFile } from '../download.js';
import { verifier } from '../log-verifier.js';
import {
  type Finding,
  type KeptEvent,
  type SignedCheckpoint,
  consistencyFindings,
  enteredFindings,
  eventFindings,
  keptEvent,
  readCheckpoint,
  readEntered,
  signatureFinding,
} from '../proof.js';
import { useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const route = getRouteApi('/signed-in/t/$tenant/proof');
const EVENTS = '/v1/tenants/{tenantId}/audit-events';
const HISTORY = '/v1/tenants/{tenantId}/history';

const currentCheckpoint = async (tenantId: string): Promise<string> =>
  String(await dataOf(client.GET(`${EVENTS}/checkpoint`, { params: { path: { tenantId } }, parseAs: 'text' })));

async function keysOf(origin: string, kept: string | undefined): Promise<VerifierKey[]> {
  if (kept !== undefined) return [verifier.parseVerifierKey(kept)];
  const { keys } = await dataOf(client.GET('/v1/history/keys', { params: { query: { origin } } }));
  return keys.map(({ verifierKey }) => verifier.parseVerifierKey(verifierKey));
}

async function consistencyProof(tenantId: string, from: number, to: number): Promise<readonly string[]> {
  if (from === 0 || from >= to) return [];
  const params = { path: { tenantId }, query: { from, to } };
  return (await dataOf(client.GET(`${EVENTS}/proofs/consistency`, { params }))).proof;
}

/** Of the log of the installation: which checkpoint of the history it has, as who kept a checkpoint of that size saw it. */
const entryProof = async (tenantId: string, before?: number): Promise<string> => {
  const params = { path: { tenantId }, query: before === undefined ? {} : { before } };
  return String(await dataOf(client.GET(`${HISTORY}/platform-proof`, { params, parseAs: 'text' })));
};

async function logConsistencyProof(tenantId: string, from: number, to: number): Promise<readonly string[]> {
  if (from === 0 || from >= to) return [];
  const params = { path: { tenantId }, query: { from, to } };
  return (await dataOf(client.GET(`${HISTORY}/platform-consistency`, { params }))).proof;
}

async function inclusionProof(tenantId: string, sequence: number, treeSize: number): Promise<readonly string[]> {
  if (sequence >= treeSize) return [];
  const params = { path: { tenantId }, query: { sequence, treeSize } };
  return (await dataOf(client.GET(`${EVENTS}/proofs/inclusion`, { params }))).proof;
}

async function bytesOf(tenantId: string, sequence: number): Promise<Uint8Array> {
  const params = { path: { tenantId, sequence: String(sequence) } };
  const headers = { Accept: 'application/octet-stream' };
  const bytes = await dataOf(client.GET(`${EVENTS}/{sequence}`, { params, headers, parseAs: 'arrayBuffer' }));
  return new Uint8Array(bytes as unknown as ArrayBuffer);
}

type Fields = Readonly<Record<string, string>>;

/** Verifies what the fields ask for. The server gives proofs and bytes; what they prove is decided here. */
async function verify(
  tenantId: string,
  { kept: keptText, key, sequence, event, ...ofLog }: Fields,
): Promise<Finding[]> {
  const now = readCheckpoint(await currentCheckpoint(tenantId));
  const kept = keptText === undefined ? undefined : readCheckpoint(keptText);
  const keys = await keysOf(now.origin, key);
  const compared =
    kept === undefined
      ? [signatureFinding(`The present checkpoint of ${now.size} events`, now, keys)]
      : consistencyFindings(kept, now, keys, await consistencyProof(tenantId, kept.size, now.size));
  // The server proves nothing about more events than it has.
  const inKept = kept !== undefined && kept.size <= now.size;
  const found = await findEvent(tenantId, inKept ? kept : now, inKept ? 'kept checkpoint' : 'present checkpoint', {
    ...(sequence === undefined ? {} : { sequence: Number(sequence) }),
    ...(event === undefined ? {} : { event: keptEvent(event) }),
  });
  return [...compared, ...found, ...(await findEntry(tenantId, now, keys, ofLog))];
}

/** What the log of the installation has of the history, where the fields ask for it. */
async function findEntry(
  tenantId: string,
  now: SignedCheckpoint,
  keys: readonly VerifierKey[],
  { entered, keptLog, logKey }: Fields,
): Promise<Finding[]> {
  if (entered === undefined && keptLog === undefined) return [];
  const kept = keptLog === undefined ? undefined : readCheckpoint(keptLog);
  const proof = await entryProof(tenantId, kept?.size);
  const { log, entered: entry } = readEntered(proof);
  // The entry can be of a checkpoint that was signed after the one that was read.
  const present = entry.size > now.size ? readCheckpoint(await currentCheckpoint(tenantId)) : now;
  return enteredFindings({
    proof,
    logKeys: await keysOf(log.origin, logKey),
    now: present,
    keys,
    continued: await consistencyProof(tenantId, entry.size, present.size),
    ...(kept === undefined
      ? {}
      : { kept: { checkpoint: kept, proof: await logConsistencyProof(tenantId, kept.size, log.size) } }),
  });
}

interface Asked {
  readonly sequence?: number;
  readonly event?: KeptEvent;
}

async function findEvent(
  tenantId: string,
  checkpoint: SignedCheckpoint,
  which: string,
  { event, sequence = event?.sequence }: Asked,
): Promise<Finding[]> {
  if (sequence === undefined) return [];
  const [bytes, proof] = await Promise.all([
    bytesOf(tenantId, sequence),
    inclusionProof(tenantId, sequence, checkpoint.size),
  ]);
  return eventFindings(which, checkpoint, {
    sequence,
    bytes,
    proof,
    ...(event === undefined ? {} : { kept: event }),
  });
}

export function ProofPage() {
  const { tenantId } = useTenant();
  const { sequence } = route.useSearch();
  const [file, setFile] = useState<DroppedFile>();
  const [logFile, setLogFile] = useState<DroppedFile>();
  const verifying = useChange((fields: Fields) => verify(tenantId, fields));
  const keep = useChange(
    () => currentCheckpoint(tenantId),
    (note) => saveFile(`${readCheckpoint(note).size}.checkpoint`, note),
  );
  const keepLog = useChange(
    async () => parseLogProof(await entryProof(tenantId)).note,
    (note) => saveFile(`installation-${readCheckpoint(note).size}.checkpoint`, note),
  );
  return (
    <Page
      title="Proof"
      introduction="Your browser verifies the hashes and signatures of the history itself; it does not rely on the server."
      actions={
        <>
          <Button onClick={() => keep.mutate(undefined)}>Keep the present checkpoint</Button>
          <Button onClick={() => keepLog.mutate(undefined)}>Keep the checkpoint of the installation</Button>
        </>
      }
    >
      <Refusal error={keep.error ?? keepLog.error} />
      <Card>
        <Form submit="Verify" call={verifying} onSubmit={verifying.mutate}>
          <DropText
            label="Kept checkpoint"
            name="kept"
            value={file?.text ?? ''}
            onFile={setFile}
            required={false}
            hint="Paste it, drop the file here, or choose it. Without it, only the present one is verified"
          />
          <TextField
            label="Verifier key that you kept (optional)"
            name="key"
            hint="Without it, the keys that the server publishes are used: then the signature proves less"
          />
          <TextField
            label="Number of an event (optional)"
            name="sequence"
            type="number"
            min={0}
            defaultValue={sequence}
            hint="Verifies that the history contains the event, as the server returns it"
          />
          <TextArea
            label="The event as you kept it (optional)"
            name="event"
            rows={3}
            hint="Its canonical JSON, or the line of an NDJSON export"
          />
          <CheckField
            label="Also in the log of the installation"
            name="entered"
            hint="It contains checkpoints of all histories, so its checkpoints reveal two versions of any history"
          />
          <DropText
            label="Kept checkpoint of the installation (optional)"
            name="keptLog"
            value={logFile?.text ?? ''}
            onFile={setLogFile}
            required={false}
            hint="Verifies that its log continues this checkpoint, and what it contained of this history"
          />
          <TextField
            label="Verifier key of the installation that you kept (optional)"
            name="logKey"
            hint="Without it, the keys that the server publishes are used"
          />
        </Form>
        <Findings findings={verifying.data} />
      </Card>
    </Page>
  );
}

function Findings({ findings }: { readonly findings: readonly Finding[] | undefined }) {
  if (findings === undefined) return null;
  const failures = findings.filter(({ holds }) => !holds).length;
  return (
    <>
      <p role="status" className="mt-4 font-medium">
        {failures === 0
          ? `Verified: ${findings.length} of ${findings.length}.`
          : `Refuted: ${failures} of ${findings.length}.`}
      </p>
      <ul aria-label="Findings" className="mt-2 space-y-2">
        {findings.map(({ holds, text, difference }) => (
          <li key={text} className="flex flex-wrap items-baseline gap-2">
            <Badge state={holds ? 'verified' : 'refuted'} />
            <span className="min-w-0 break-words">{text}</span>
            {difference !== undefined && <p className="w-full text-sm break-words text-danger">{difference}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}
