// Reads an AsyncAPI document by its own parser. Prints the names of its operations; ends with 1 when anything is wrong with it.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], 'utf8'));
const wrong = diagnostics.filter(({ severity }) => severity <= 1);
for (const { message, path } of wrong) {
  console.error(`${message} (${path.join('.')})`);
}

console.log(JSON.stringify({
  version: document?.version(),
  operations: document?.operations().all().map(operation => operation.id()),
  messages: document?.allMessages().all().map(message => message.name() ?? message.id()),
}));
process.exitCode = document && wrong.length === 0 ? 0 : 1;
