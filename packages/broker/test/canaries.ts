import { certificate } from '@wsbroker/testkit';

/**
 * What must never be shown, at no level: secrets, passwords, cookies, tokens, headers that prove who somebody is.
 * Repeated, so that a piece of it is found as well: an engine's error shows ten characters of a text.
 */
export const secretCanary = 'CANARYCANARYCANARYCANARYCANARYCANARYCANARYA';
const secretTraces = /CANAR|NARYCA/;

/** What is shown at `debug` alone: what users and the backend write. */
export const payloadCanary = 'PARROTPARROTPARROTPARROTPARROT';
const payloadTraces = /PARRO|ROTPAR/;

/** The same as bytes: how `inspect` shows a Buffer, and how JSON does. */
const asBytes = (text: string): RegExp => {
  const bytes = Buffer.from(text);
  const hex = [...bytes].map((byte) => byte.toString(16)).join(' ');
  return new RegExp(`${hex}|${bytes.join(',')}|${bytes.toString('base64').slice(0, -4)}`, 'i');
};

const keyLines = certificate('first')
  .key.split('\n')
  .filter((line) => /^[\w+/=]{30,}$/.test(line));

/** The lines in which something of a secret is, and those in which something of a payload is. */
export const tracesIn = (lines: readonly string[], tokens: readonly string[] = []) => {
  const password = Buffer.from(`user:${secretCanary}`).toString('base64');
  const secrets = [password, ...keyLines, ...tokens];
  return {
    secrets: lines.filter(
      (line) =>
        secretTraces.test(line) ||
        asBytes('CANARY').test(line) ||
        secrets.some((secret) => line.includes(secret)),
    ),
    payloads: lines.filter((line) => payloadTraces.test(line) || asBytes('PARROT').test(line)),
  };
};
