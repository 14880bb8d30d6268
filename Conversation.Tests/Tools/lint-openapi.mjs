// Checks an OpenAPI document by Spectral's `oas` rules. Prints what it finds; ends with 1 when any of it is an error or a warning.
import { readFileSync } from 'node:fs';
import spectral from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';
import parsers from '@stoplight/spectral-parsers';

const linter = new spectral.Spectral();
linter.setRuleset({ extends: [[rulesets.oas, 'recommended']] });
const found = await linter.run(new spectral.Document(readFileSync(process.argv[2], 'utf8'), parsers.Json));
for (const { code, message, path, severity } of found) {
  console.log(`${['error', 'warning', 'info', 'hint'][severity]} ${code}: ${message} (${path.join('.')})`);
}

process.exitCode = found.some(({ severity }) => severity <= 1) ? 1 : 0;
