// The JavaScript of SuperOffice's document, with a key of its own: the same minute and key give the same text as Chancery.
// PRIVATE_KEY is the path of a PEM file, SYSTEM_USER_TOKEN the token, MINUTE (optional) a `YYYYMMDDHHmm` other than now.
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';

const rsaPrivateKey = readFileSync(process.env.PRIVATE_KEY, 'utf8');
const utcTimestamp = process.env.MINUTE ?? new Date().toISOString().slice(0, 16).replace(/\D/g, '');

const data = `${process.env.SYSTEM_USER_TOKEN}.${utcTimestamp}`;
let sign = crypto.createSign('SHA256');
sign.update(data);
sign.end();
sign = sign.sign(rsaPrivateKey, 'base64');
const signedToken = `${data}.${sign}`;

process.stdout.write(`${signedToken}\n`);
