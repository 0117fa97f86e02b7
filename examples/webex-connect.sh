#!/bin/sh
# Makes the JWT of a service by hand, as Webex Connect's document describes it, and calls Chancery with it: the secret is
# Base64 and is decoded before use. CHANCERY_URL, SERVICE_ID, SERVICE_SECRET
set -eu
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

iat=${NOW:-$(date +%s)}
header=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url)
payload=$(printf '{"iss":"%s","iat":%d,"exp":%d}' "$SERVICE_ID" "$iat" $((iat + 600)) | base64url)
key=$(printf %s "$SERVICE_SECRET" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
signature=$(printf %s "$header.$payload" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64url)

curl -sSf "$CHANCERY_URL/v1/whoami" -H "Authorization: Bearer $header.$payload.$signature"
