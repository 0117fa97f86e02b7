import type { Scenario } from '../harness/scenario.ts';
import { batch } from './batch.ts';
import { loginBesideKeys } from './login-beside-keys.ts';
import { rsaFlood } from './rsa-flood.ts';
import { sign } from './sign.ts';
import { verify } from './verify.ts';

/** Every scenario, in the order in which they run. */
export const scenarios: readonly Scenario[] = [sign, batch, verify, rsaFlood, loginBesideKeys];
