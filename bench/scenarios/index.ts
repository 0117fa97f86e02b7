import type { Scenario } from '../harness/scenario.ts';
import { accountEnumeration } from './account-enumeration.ts';
import { batch } from './batch.ts';
import { certificates } from './certificates.ts';
import { embedded } from './embedded.ts';
import { groupCommit } from './group-commit.ts';
import { history } from './history.ts';
import { jwks } from './jwks.ts';
import { keyed } from './keyed.ts';
import { licensing } from './licensing.ts';
import { loginBesideKeys } from './login-beside-keys.ts';
import { manyTenants } from './many-tenants.ts';
import { memory } from './memory.ts';
import { ocsp } from './ocsp.ts';
import { overload } from './overload.ts';
import { rsaFlood } from './rsa-flood.ts';
import { sign } from './sign.ts';
import { start } from './start.ts';
import { telesign } from './telesign.ts';
import { tokenEndpoint } from './token-endpoint.ts';
import { twoProcesses } from './two-processes.ts';
import { usualService } from './usual-service.ts';
import { vendorRequest } from './vendor-request.ts';
import { verify } from './verify.ts';

/** Every scenario, in the order in which they run: what a run that is late measures less often is at the end. */
export const scenarios: readonly Scenario[] = [
  sign,
  usualService,
  tokenEndpoint,
  vendorRequest,
  verify,
  telesign,
  keyed,
  licensing,
  certificates,
  ocsp,
  jwks,
  embedded,
  twoProcesses,
  groupCommit,
  batch,
  rsaFlood,
  overload,
  start,
  accountEnumeration,
  loginBesideKeys,
  history,
  manyTenants,
  memory,
];
