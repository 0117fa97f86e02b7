import { useState } from 'react';

import { Button } from '../components/button.js';
import { Refusal } from '../components/form.js';
import { OutsidePage, Panel } from '../components/outside.js';
import { passkeyRequestIn } from '../passkey-request.js';
import { askPasskey } from '../passkeys.js';
import { useChange } from '../queries.js';

/** Where the command line of a person has a passkey used: only a page of the installation itself may. */
export function SignInPasskeyPage() {
  const [request] = useState(() => passkeyRequestIn(window.location.hash));
  const sign = useChange(
    async () => askPasskey(request?.options ?? {}),
    (passkey) => window.location.assign(request!.answerUrl(passkey)),
  );
  return (
    <OutsidePage title="Sign in the command line">
      <Panel title="Sign in the command line">
        {request === undefined ? (
          <p>The command line did not open this address.</p>
        ) : (
          <>
            <p className="mb-4">
              The program <code>chancery</code> on this computer asks for your passkey. Continue only if you have just
              started it.
            </p>
            <Button look="main" onClick={() => sign.mutate(undefined)}>
              Use a passkey
            </Button>
            <Refusal error={sign.error} />
          </>
        )}
      </Panel>
    </OutsidePage>
  );
}
