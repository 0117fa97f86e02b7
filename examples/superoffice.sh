#!/bin/sh
# Hands the XML key of the document's C# sample to Chancery, makes a profile of it, and lets a service sign by it.
# CHANCERY_URL, TENANT (id or slug), ACCESS_TOKEN (of an owner), SERVICE_KEY, PRIVATE_XML (path), SYSTEM_USER_TOKEN
set -eu
tenant="$CHANCERY_URL/v1/tenants/$TENANT"
xml=$(tr -d '\r\n"\\' <"$PRIVATE_XML")

key=$(curl -sSf -X POST "$tenant/keys/import" -H "Authorization: Bearer $ACCESS_TOKEN" \
  -H 'Content-Type: application/json' \
  -d "{\"name\":\"superoffice\",\"algorithm\":\"RS256\",\"format\":\"rsa-xml\",\"data\":\"$xml\"}")
key_id=$(printf %s "$key" | sed 's/^{"id":"\([^"]*\)".*/\1/')

curl -sSf -o /dev/null -X POST "$tenant/token-profiles" -H "Authorization: Bearer $ACCESS_TOKEN" \
  -H 'Content-Type: application/json' \
  -d "{\"name\":\"superoffice\",\"format\":\"superoffice-system-user\",\"keyId\":\"$key_id\"}"

curl -sSf -X POST "$CHANCERY_URL/v1/sign/superoffice" -H "X-Service-Key: $SERVICE_KEY" \
  -H 'Content-Type: application/json' -d "{\"systemUserToken\":\"$SYSTEM_USER_TOKEN\"}" |
  sed 's/^{"token":"\([^"]*\)".*/\1/'
