// Redocly's recommended rules and Spectral's. Errors fail, and so does every warning but those listed, with the reason.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import spectral from '@stoplight/spectral-core';
import parsers from '@stoplight/spectral-parsers';
import rulesets from '@stoplight/spectral-rulesets';

const text = readFileSync(process.env.OPENAPI, 'utf8');

const LET_PASS = new Set([
  'no-ambiguous-paths', // /api/displays/{id}/link beside /api/displays/state/{device_token}: what is spelled out goes first
]);

async function redocly(source) {
  const config = await createConfig({ extends: ['recommended'] });
  const found = await lintFromString({ source, absoluteRef: '/openapi.json', config });
  return found.filter((one) => one.severity === 'error' || !LET_PASS.has(one.ruleId))
    .map((one) => `${one.ruleId}: ${one.message} ${one.location[0]?.pointer}`);
}

async function spectralRules(source) {
  const linter = new spectral.Spectral();
  linter.setRuleset({ extends: [[rulesets.oas, 'recommended']] });
  const found = await linter.run(new spectral.Document(source, parsers.Json, '/openapi.json'));
  return found.map((one) => `${one.code}: ${one.message} ${one.path.join('/')}`);
}

describe('the OpenAPI document', () => {
  it('has nothing that Redocly finds', async () => {
    assert.deepEqual(await redocly(text), []);
  });

  it('has nothing that Spectral finds', async () => {
    assert.deepEqual(await spectralRules(text), []);
  });

  it('would not pass with a mistake in it', async () => {
    const broken = JSON.parse(text);
    broken.paths['/api/auth/me'].get.operationId = 'assets_login';
    broken.components.schemas.AssetsMe.properties.id.type = 'whole';
    assert.notDeepEqual(await redocly(JSON.stringify(broken)), []);
    assert.notDeepEqual(await spectralRules(JSON.stringify(broken)), []);
  });
});
