#!/usr/bin/env node
// The attack suite, short form: node tests/attack/run.mjs DIRECTORY [SCENARIO…]
// DIRECTORY holds http_target and attack_frames. Everything stays on loopback and is bounded in count and time.
import assert from 'node:assert/strict'
import { Target, Honest, until } from './target.mjs'
import { scenarios as framing } from './framing.mjs'
import { scenarios as slow } from './slow.mjs'
import { scenarios as floods } from './floods.mjs'
import { scenarios as limits } from './limits.mjs'
import { scenarios as pieces } from './pieces.mjs'
import { scenarios as ends } from './ends.mjs'
import { scenarios as tls } from './tls.mjs'

const [directory, ...wanted] = process.argv.slice(2)
if (!directory) { console.error('usage: run.mjs DIRECTORY [SCENARIO…]'); process.exit(2) }
const program = `${directory}/http_target`
const frames = `${directory}/attack_frames`

// Whatever the attack was: the process lives, nothing is left over, an honest client was served all the time, the end is clean.
async function run(scenario) {
  const start = performance.now()
  const settings = await scenario.prepare?.() ?? scenario
  const target = await Target.start(program, settings.args, settings.urls)
  const honest = scenario.honest === false ? null : new Honest(target.port)
  let note
  try {
    note = await scenario.run(target, { program, frames })
    if (honest) {
      await honest.stop()
      assert.equal(honest.failures.length, 0, `the honest client failed ${honest.failures.length} of ${honest.failures.length + honest.times.length} times: ${honest.failures[0]}`)
      assert.ok(honest.quantile(0.99) < 2000 * (target.slack > 1 ? 5 : 1), `the honest client waited ${honest.quantile(0.99).toFixed(0)} ms`)
    }
    if (!scenario.ends) {
      await until('every call is freed', async () => (await target.stats()).calls <= 1)
      const end = await target.stop()
      assert.deepEqual(end, { code: 0, signal: null }, `ended with ${JSON.stringify(end)}: ${target.log.slice(-2000)}`)
    }
  } finally {
    if (honest) await honest.stop()
    await target.stop(5000)
    await settings.clean?.()
  }
  const seen = honest ? `; honest client: ${honest.times.length} answers, p99 ${honest.quantile(0.99).toFixed(0)} ms` : ''
  console.log(`ok   ${scenario.name} (${((performance.now() - start) / 1000).toFixed(1)} s)${note ? `: ${note}` : ''}${seen}`)
}

const all = [...framing, ...limits, ...floods, ...slow, ...pieces, ...tls, ...ends]
const chosen = wanted.length ? all.filter((s) => wanted.some((w) => s.name.startsWith(w))) : all
let failed = 0
for (const scenario of chosen) {
  try { await run(scenario) } catch (error) {
    failed++
    console.log(`FAIL ${scenario.name}: ${error.stack ?? error}`)
  }
}
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed || chosen.length === 0 ? 1 : 0)
