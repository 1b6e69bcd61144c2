// Runs `tether SUB-COMMAND`, as an operator would.
import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { binary } from './scratch.mjs';

// Never throws: returns { code, stdout, stderr }.
export function runCli(args, { input = '', env = {}, cwd } = {}) {
  const { TETHER_PASSWORD, TETHER_CONFIG, ...rest } = process.env;
  const result = spawnSync(binary, args, { input, cwd, env: { ...rest, ...env }, encoding: 'utf8', timeout: 60_000 });
  if (result.error) throw result.error;
  assert.doesNotMatch(result.stderr, /Sanitizer|runtime error:/, `tether ${args.join(' ')}`);
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

// A failure is one sentence: "tether: …" on stderr, nothing on stdout.
export function refused(result, pattern, code = 1) {
  assert.equal(result.code, code, `${result.stdout}${result.stderr}`);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /^tether: .+\n$/);
  assert.match(result.stderr, pattern);
}

// For the commands that a test only needs to work; returns what they print.
export function admin(scratch, args, password) {
  const result = runCli([...args, '--config', scratch.configPath], { input: password ? `${password}\n` : '' });
  assert.equal(result.code, 0, `tether ${args.join(' ')}: ${result.stderr}`);
  return result.stdout.trim();
}
