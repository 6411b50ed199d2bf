import { readFileSync } from 'node:fs';
import ts from 'typescript';
import * as z from 'zod';
import { functionBackendSchema, httpBackendSchema, settingsSchema } from '../src/options.ts';

/** An option with bounds, as the schema and the comment on it say. */
interface Limit {
  readonly name: string;
  readonly text: string;
  /** Instead of a number, where the default depends on something. */
  readonly defaultText: string | undefined;
  readonly default: number | undefined;
  readonly min: number;
  readonly max: number;
}

/** Where an option stands on the page. One that stands nowhere fails the test. */
const groups: readonly {
  readonly title: string;
  readonly intro: string;
  readonly names: readonly string[];
}[] = [
  {
    title: 'Who connects',
    intro:
      'Past these a handshake is answered with 503 and `Retry-After`; the clients that are there notice nothing.',
    names: [
      'maxConnections',
      'maxConnectionsPerAddress',
      'handshakesPerSecond',
      'handshakeBurst',
      'handshakesPerSecondPerAddress',
      'handshakeBurstPerAddress',
      'handshakeTimeoutMs',
      'maxPendingSockets',
    ],
  },
  {
    title: 'What clients send',
    intro: 'Rates and queues pause the reading, and TCP holds the client back: nothing is dropped.',
    names: [
      'maxMessageBytes',
      'maxFragments',
      'maxMessageDepth',
      'messagesPerSecond',
      'messageBurst',
      'maxQueuedEvents',
      'maxQueuedBytes',
      'maxTotalQueuedBytes',
    ],
  },
  {
    title: 'What clients do not read',
    intro: 'A client that is closed for this gets the code 4001, which tells it to come back.',
    names: [
      'maxUnreadBytes',
      'maxTotalUnreadBytes',
      'unreadTimeoutMs',
      'replayMessages',
      'replayBytes',
      'resumeGraceMs',
      'pingIntervalMs',
      'pongTimeoutMs',
    ],
  },
  {
    title: 'Commands',
    intro: 'Of who may send them, and is refused before the body is read otherwise.',
    names: ['maxCommandBytes', 'requestTimeoutMs'],
  },
  {
    title: 'Events and the backend',
    intro: 'An event that is given up is a dead letter: logged, and told to its sender.',
    names: [
      'backend.timeoutMs',
      'backend.maxRequests',
      'backend.maxAnswerBytes',
      'backend.maxBatchBytes',
      'slowRequestMs',
      'retryMinMs',
      'retryMaxMs',
      'maxPoisonAttempts',
      'maxEventAgeMs',
    ],
  },
  {
    title: 'The journal',
    intro: 'A full journal is a full disk: nothing is acknowledged until there is room.',
    names: ['maxJournalBytes', 'maxDeadLetters'],
  },
  {
    title: 'The application',
    intro: 'Handlers and commands of yours, and the end of the process.',
    names: ['handlerTimeoutMs', 'drainMs'],
  },
];

const source = ts.createSourceFile(
  'options.ts',
  readFileSync(new URL('../src/options.ts', import.meta.url), 'utf8'),
  ts.ScriptTarget.Latest,
  true,
);

/** The comments on the fields of a schema in options.ts, by the field's name. */
const commentsOf = (schemaName: string): Map<string, { text: string; defaultText: string | undefined }> => {
  const comments = new Map<string, { text: string; defaultText: string | undefined }>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) {
      const [doc] = ts.getJSDocCommentsAndTags(node).filter((part) => ts.isJSDoc(part));
      if (doc) {
        const tag = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === 'default');
        comments.set(node.name.text, {
          text: (ts.getTextOfJSDocComment(doc.comment) ?? '').replaceAll(/\s+/g, ' '),
          defaultText: tag && (ts.getTextOfJSDocComment(tag.comment) ?? '').replaceAll(/\s+/g, ' '),
        });
      }
      return;
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && name.text === schemaName && initializer) visit(initializer);
    }
  }
  return comments;
};

const limitsIn = (schema: z.ZodObject, schemaName: string, prefix = ''): Limit[] => {
  const comments = commentsOf(schemaName);
  const { properties } = z.toJSONSchema(schema, { unrepresentable: 'any' }) as {
    properties: Record<string, { default?: unknown; minimum?: number; maximum?: number }>;
  };
  return Object.entries(properties).flatMap(([name, option]) => {
    if (option.minimum === undefined || option.maximum === undefined) return [];
    const isNumber = typeof option.default === 'number';
    return {
      name: prefix + name,
      text: comments.get(name)?.text ?? '',
      defaultText: isNumber ? undefined : comments.get(name)?.defaultText,
      default: isNumber ? (option.default as number) : undefined,
      min: option.minimum,
      max: option.maximum,
    };
  });
};

/** Ports are numbers with bounds, but no limits. */
const isLimit = ({ name }: Limit): boolean => !/port$/i.test(name);

/** Every option of options.ts that is a limit. */
export const limits = (): Limit[] => {
  const http = limitsIn(httpBackendSchema, 'httpBackendSchema', 'backend.');
  const known = new Set(http.map(({ name }) => name));
  const ofFunctions = limitsIn(functionBackendSchema, 'functionBackendSchema', 'backend.');
  return [
    ...limitsIn(settingsSchema, 'settingsSchema'),
    ...http,
    ...ofFunctions.filter(({ name }) => !known.has(name)),
  ].filter(isLimit);
};

/** Options that no group, or more than one, has; and names in groups that are no option. */
export const misplaced = (): string[] => {
  const placed = groups.flatMap(({ names }) => names);
  const names = limits().map(({ name }) => name);
  return [
    ...names.filter((name) => placed.filter((other) => other === name).length !== 1),
    ...placed.filter((name) => !names.includes(name)),
  ];
};

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const timeUnits: readonly [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
  [1, 'ms'],
];

const shownBytes = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && value % 1_024 === 0 && unit < byteUnits.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value} ${byteUnits[unit]}`;
};

const shownTime = (timeMs: number): string => {
  const [size, unit] = timeUnits.find(([ofUnit]) => timeMs >= ofUnit && timeMs % ofUnit === 0) ?? [1, 'ms'];
  return `${timeMs / size} ${unit}`;
};

const shown = (name: string, value: number): string => {
  if (/bytes$/i.test(name)) return shownBytes(value);
  if (name.endsWith('Ms')) return shownTime(value);
  return value.toLocaleString('en-US');
};

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_cell, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[], fill: string): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [
    line(head, ' '),
    line(
      head.map(() => ''),
      '-',
    ),
    ...body.map((row) => line(row, ' ')),
  ].join('\n');
};

/** docs/limits.md, as it has to be. */
export const limitsPage = (): string => {
  const byName = new Map(limits().map((limit) => [limit.name, limit]));
  const rowOf = (name: string): string[] => {
    const limit = byName.get(name);
    if (!limit) return [name];
    const { text, min, max } = limit;
    const shownDefault =
      limit.default === undefined ? (limit.defaultText ?? 'none') : shown(name, limit.default);
    return [`\`${name}\``, shownDefault, `${shown(name, min)} – ${shown(name, max)}`, text];
  };
  const sections = groups.map(
    ({ title, intro, names }) =>
      `## ${title}\n\n${intro}\n\n${table([['option', 'default', 'from – to', 'meaning'], ...names.map(rowOf)])}\n`,
  );
  return `# Limits

Every bound of the broker, as \`packages/broker/src/options.ts\` has it; this page is made from that file. Options are
given in bytes and milliseconds, and shown here in larger units.

${sections.join('\n')}`;
};
