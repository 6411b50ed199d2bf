import { isIP } from 'node:net';
import type { HttpClient } from './http-client.ts';
import { hasKey, readJsonTree } from './json-tree.ts';
import { parsed } from './parsed.ts';

const maxTreeDepth = 10_000;

const hasOwnFields = ({ ip, wskey }: Readonly<Record<string, unknown>>): boolean =>
  isIP(String(ip)) > 0 && /^[\w-]{22}$/.test(String(wskey));

/**
 * Lists every connection.
 * @throws Error when one has not what the broker alone may set, or has `__proto__`
 */
export const checkOwnFields = async (http: HttpClient, port: number): Promise<void> => {
  const headers = { 'content-type': 'application/json' };
  const chunks = [Buffer.from('[{"type":"list"}]')];
  const { status, text } = await http.post({ port, headers, chunks });
  const [connections] = (parsed(text) ?? []) as (readonly Record<string, unknown>[])[];
  if (status !== 200 || !Array.isArray(connections) || !connections.every(hasOwnFields)) {
    throw new Error(`the broker's own fields have changed: ${text}`);
  }
  const tree = readJsonTree(text, maxTreeDepth);
  if (!tree || hasKey(tree, '__proto__')) throw new Error(`a sessionInfo has \`__proto__\`: ${text}`);
};
