import { describe, expect, it } from 'vitest';

import { Secret } from '#core';

import { mailProblems, mailSettings } from './settings.js';
import { smtpConnection } from './smtp-connection.js';

describe('the URL of a mail server', () => {
  it('the URL of a mail server says where it is, how it is encrypted and who signs in', () => {
    expect(smtpConnection('smtps://mailer%40example.com:p%3Ass@mail.example.com')).toEqual({
      host: 'mail.example.com',
      port: 465,
      implicitTls: true,
      isLoopback: false,
      user: 'mailer@example.com',
      password: 'p:ss',
    });
    expect(smtpConnection('smtp://[::1]:2525')).toMatchObject({ host: '::1', port: 2525, isLoopback: true });
    expect(smtpConnection('smtp://127.0.0.2')).toMatchObject({ port: 587, implicitTls: false, isLoopback: true });
    expect(smtpConnection('smtp://localhost.example.com').isLoopback).toBe(false);
  });

  it.each(['http://mail.example.com', 'smtp:', 'smtp://host/path', 'smtp://host?pool=true', 'mail.example.com:25'])(
    'the URL of a mail server is not %s',
    (url) => expect(() => smtpConnection(url)).toThrow(/^must/),
  );
});

describe('the settings of e-mail', () => {
  const complete = {
    smtpUrl: new Secret('smtps://user@mail.example.com'),
    smtpPasswordFile: '/run/secrets/smtp',
    smtpCaFile: undefined,
    mailFrom: 'chancery@example.com',
    publicUrl: 'https://chancery.example.com',
  };

  it('the settings of e-mail need a sender and a public URL', () => {
    expect(mailProblems(complete)).toEqual([]);
    expect(
      mailProblems({ ...complete, mailFrom: undefined, publicUrl: undefined }).map((line) => line.split(':')[0]),
    ).toEqual(['CHANCERY_MAIL_FROM', 'CHANCERY_PUBLIC_URL']);
    expect(mailProblems({ ...complete, smtpUrl: undefined, mailFrom: undefined })).toEqual([]);
  });

  it('the settings of e-mail have one password', () => {
    for (const url of ['smtps://mail.example.com', 'smtps://user:password@mail.example.com']) {
      expect(mailProblems({ ...complete, smtpUrl: new Secret(url) })).toHaveLength(1);
    }
  });

  it.each(['Chancery <a@b.c>', 'a@b.c\r\nBcc: d@e.f', 'a', 'a@b, c@d'])(
    'the settings of e-mail refuse the sender %j',
    (from) => expect(() => mailSettings.mailFrom.parse(from)).toThrow(/e-mail address/),
  );
});
