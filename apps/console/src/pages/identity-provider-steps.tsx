import { useQuery } from '@tanstack/react-query';

import { Button } from '../components/button.js';
import { Dialog } from '../components/dialog.js';
import { Facts, Loaded } from '../components/page.js';
import { CopyButton } from '../components/secret.js';
import { StepUpDialog } from '../components/step-up.js';
import type { ProviderSource } from '../identity-provider-source.js';
import { type Schemas, useChange } from '../queries.js';
import type { StepUpHeader } from '../step-up.js';

interface ProviderDialogProps {
  readonly source: ProviderSource;
  readonly provider: Schemas['IdentityProvider'];
  readonly onClose: () => void;
}

/** What the provider publishes, or what is wrong with it; and what has to be registered there. */
export function TestProvider({ source, provider, onClose }: ProviderDialogProps) {
  const { id, name, version } = provider;
  const test = useQuery({
    queryKey: [...source.list.queryKey, id, version, 'test'],
    queryFn: () => source.test(provider),
    staleTime: 0,
  });
  const redirectUri = `${window.location.origin}/console/sign-in/callback/${id}`;
  return (
    <Dialog title={`Test ${name}`} onClose={onClose}>
      <p className="mb-3">Register this redirect URI at the provider, and no other:</p>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <code>{test.data?.redirectUri ?? redirectUri}</code>
        <CopyButton text={test.data?.redirectUri ?? redirectUri} what="redirect URI" />
      </div>
      <Loaded query={test}>
        {({ issuer, authorizationEndpoint, tokenEndpoint, keys, namesIssuerInAnswers }) => (
          <Facts
            facts={[
              { name: 'Issuer', value: issuer },
              { name: 'People sign in at', value: authorizationEndpoint },
              { name: 'Codes are redeemed at', value: tokenEndpoint },
              { name: 'Keys', value: keys },
              { name: 'Responses name the issuer (RFC 9207)', value: namesIssuerInAnswers ? 'yes' : 'no' },
            ]}
          />
        )}
      </Loaded>
      <div className="mt-4">
        <Button look="main" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

export function DeleteProvider({ source, provider, onClose }: ProviderDialogProps) {
  const remove = useChange((header: StepUpHeader) => source.delete(provider, header), onClose);
  return (
    <StepUpDialog
      title={`Delete ${provider.name}?`}
      onClose={onClose}
      secondFactorOnly
      submit="Yes, Delete"
      call={remove}
    >
      <ul className="mb-3 list-disc space-y-1 pl-5">
        <li>Sign-ins through it are rejected, and the sessions that it started end with their next request.</li>
        <li>Members whom it brought stay members; who has no password asks an owner for a reset.</li>
      </ul>
    </StepUpDialog>
  );
}
