/**
 * Every known difference from `wsbroker@1.0.15`: the heading of its entry in
 * docs/decisions/0002-differences-from-the-seed.md, and the steps of the script that show it.
 *
 * A step that differs and is not here fails the test; so does one that is here and no longer differs. How it
 * differs is in the snapshot beside the test.
 */
export const differences: Readonly<Record<string, readonly string[]>> = {
  'Messages that are no JSON object': [
    'a text that is not JSON',
    'JSON that is no object',
    'JSON null',
    'a binary frame that is no UTF-8',
  ],
  'Types of messages': [
    'an empty type',
    'a type with a space, and one of another alphabet',
    'a long type',
    'a type that is a number',
    'a type that is an object',
  ],
  'A second type': ['a message with a type that is there twice', 'a message with a type in capitals'],
  'Numbers as they are written': ['a message with numbers that JavaScript cannot hold'],
  'Half a character': ['a message with half a character'],
  'Size and depth of messages': ['a message of 100 kB', 'a message with 100 levels'],
  'The key __proto__': ['a key __proto__'],
  'Values of cookies': [
    'a cookie value with an equals sign',
    'a cookie value with a space after it',
    'the same cookie twice',
  ],
  'The field ip': [
    'no x-forwarded-for',
    'x-forwarded-for with several hops',
    'x-forwarded-for that is no address',
    'cookies with names of the broker, without a proxy',
  ],
  'The field wskey': ['who makes wskey'],
  'Fields of the broker': ['session with ip and wskey'],
  'Pages of other hosts': ['a page of another host'],
  Compression: ['compression is asked for'],
  'How an event is posted': ['how an event is posted'],
  'One event at a time': ['messages while the backend is slow'],
  'A backend that fails': [
    'the backend is down, and comes back',
    'a list with status 503, and later 200',
    'a list with status 400',
  ],
  'Answers that ended the process': [
    'JSON null as an answer',
    'null among commands',
    'a command that is null',
  ],
  'A byte order mark': ['a list after a byte order mark'],
  'Missing fields in criteria': ['send with match on the text undefined, and a field that some have not'],
  'Lists and objects in criteria': [
    'send with a list in match',
    'send with match on a field that is a list',
    'send with match on a field that is an object',
    'send with match on a field named length',
  ],
  'Criteria that are none': ['send with match null', 'send with match false'],
  'A send without message': ['send without message'],
  'Lists in session': ['session with a list where there was one'],
  'Results of commands': [
    'results of close, send and session',
    'result of an unknown command',
    'result of a command without type',
    'a command of the application that returns a promise',
    'an empty list of commands',
  ],
  'Bodies of command POSTs': [
    'commands as JSON',
    'commands as multipart',
    'a form with another content type',
    'one command without its list, by POST',
    'a form without data',
    'a form with empty data',
    'a form with data that is not JSON',
    'a form with data twice',
    'an empty body',
  ],
  'Who may POST commands': [
    'commands from an address that is not allowed',
    'commands through a proxy',
    'commands from a page in a browser',
  ],
  'Answers to HTTP requests': ['the content type of an answer', 'a GET'],
  'Text in broadcast': ['broadcast of a text'],
  'Handlers that return promises': ['onClientMessage returns a promise'],
  'Handlers that throw': ['onClientMessage throws', 'a command of the application that throws'],
  'Arguments of handlers': ['the arguments of onClientConnect', 'sendBackendMessage'],
  'Commands that go to onBackendMessage': [
    'a command without type goes to onBackendMessage',
    'a command named like a method of objects',
  ],
  'What handlers get hold of': ['what a connection is', 'what a broker is', 'what the package exports'],
  'The log': ['log lines of a client that comes, speaks and goes', 'what is printed without log'],
};
