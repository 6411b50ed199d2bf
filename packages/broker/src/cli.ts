#!/usr/bin/env node
// Nothing is imported before the version is known: on an older Node the libraries fail with a stack trace.
const oldest = [22, 19] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  console.error(
    `wsbroker: Node ${process.versions.node} is too old: Node ${oldest.join('.')} or newer is needed`,
  );
  process.exitCode = 1;
} else {
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine(process.argv.slice(2), process.env);
}
