import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { jsonSchemaFiles } from './json-schemas.ts';

const folder = new URL('../schema/', import.meta.url);
const files = jsonSchemaFiles();

await mkdir(folder, { recursive: true });
for (const name of await readdir(folder)) {
  if (!files.has(name)) await rm(new URL(name, folder));
}
for (const [name, content] of files) await writeFile(new URL(name, folder), content);
