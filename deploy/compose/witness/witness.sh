#!/bin/sh
# Starts litewitness with a key that is made at the first start. It writes its verifier key to the log (`vkey=`).
#   WITNESS_NAME    name of the witness, without a scheme: auditor.example/witness
#   WITNESS_DATA    folder of its key (`key`) and of what it has cosigned (`witness.db`), which must never be that of an earlier day
#   WITNESS_LISTEN  address and port
set -eu
cd "$WITNESS_DATA"
test -f key || ssh-keygen -q -t ed25519 -N '' -C "$WITNESS_NAME" -f key
WITNESS_FINGERPRINT=$(ssh-keygen -lf key.pub | cut -d ' ' -f 2)
export WITNESS_FINGERPRINT
# The agent ends with the program that it starts.
exec ssh-agent sh -euc '
  ssh-add -q key
  exec litewitness -name "$WITNESS_NAME" -db witness.db -ssh-agent "$SSH_AUTH_SOCK" -key "$WITNESS_FINGERPRINT" -listen "$WITNESS_LISTEN"'
