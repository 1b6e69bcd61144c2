#!/usr/bin/env node
// The attack suite: node tests/attack/run.mjs DIRECTORY [SCENARIO…]
// TETHER_BIN names the program under attack; DIRECTORY holds attack_frames and libattack_preload.so. Everything stays on loopback and is
// bounded in count and time.
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { full, Honest, Target } from './target.mjs'
import { scenarios as framing } from './framing.mjs'
import { scenarios as slow } from './slow.mjs'
import { scenarios as floods } from './floods.mjs'
import { scenarios as limits } from './limits.mjs'
import { scenarios as pieces } from './pieces.mjs'
import { scenarios as ends } from './ends.mjs'
import { scenarios as tls } from './tls.mjs'
import { scenarios as faults } from './faults.mjs'

const [directory, ...wanted] = process.argv.slice(2)
if (!directory) { console.error('usage: run.mjs DIRECTORY [SCENARIO…]'); process.exit(2) }
const frames = resolve(directory, 'attack_frames'), preload = resolve(directory, 'libattack_preload.so')

function assertServed({ failures, times }) {
  assert.equal(failures.length, 0, `the honest client failed ${failures.length} of ${failures.length + times.length} times: ${failures[0]}`)
}

// Every line of the log is one of ours: nobody writes lines of their own into it, and no library does. What the leak checker says of
// leaks that are suppressed is neither.
function assertLog(target) {
  const strange = target.server.log.lines.find((line) => line.plain && !/^[-\s]*$|^Suppressions used:|^ *count +bytes template|^ +\d+ +\d+ /.test(line.msg))
  assert.ok(!strange, `a strange line in the log: ${strange?.msg}`)
}

function seconds(start) { return `${((performance.now() - start) / 1000).toFixed(1)} s` }

function saidBesideRequests(target) {
  const lines = target.server.log.lines.filter((line) => line.msg !== 'request').slice(-20)
  return `what the log says beside requests:\n${lines.map((line) => line.plain ? line.msg : JSON.stringify(line)).join('\n')}`
}

// Whatever the attack was: the process lives, nothing is left over, and an honest client was served all the time. Returns whether it was so.
async function attack(scenario, target) {
  const start = performance.now()
  const honest = scenario.honest === false ? null : new Honest(target)
  try {
    const note = await scenario.run(target, { frames })
    if (honest) assertServed(await honest.stop())
    if (scenario.ends) assertLog(target)
    else if (!scenario.waits) await target.untilIdle()
    const served = honest && `honest client: ${honest.times.length} answers, p99 ${honest.quantile(0.99).toFixed(0)} ms`
    console.log(`ok   ${scenario.name} (${seconds(start)}): ${[note, served].filter(Boolean).join('; ')}`)
    return true
  } catch (error) {
    console.log(`FAIL ${scenario.name}: ${error.stack}\n${saidBesideRequests(target)}`)
    return false
  } finally {
    await honest?.stop()
  }
}

// The end of a server that was attacked and attacked again.
async function end(scenarios, target) {
  try {
    await target.untilIdle()
    assert.equal(target.server.childPid(), target.child, 'the server process died')
    await target.stop()
    assertLog(target)
    return true
  } catch (error) {
    console.log(`FAIL the server after ${scenarios.map((s) => s.name).join(', ')}: ${error.stack}\n${saidBesideRequests(target)}`)
    return false
  }
}

// On one server of their kind. Returns how many failed.
async function runTogether(scenarios) {
  const [first] = scenarios
  const target = await Target.start({ ...first, preload: first.faults && preload })
  const results = []
  try {
    if (first.waits) results.push(...await Promise.all(scenarios.map((scenario) => attack(scenario, target))))
    else for (const scenario of scenarios) results.push(await attack(scenario, target))
    if (!first.ends) results.push(await end(scenarios, target))
  } finally {
    await target.remove()
  }
  return results.filter((ok) => !ok).length
}

const all = [...framing, ...limits, ...floods, ...slow, ...pieces, ...tls, ...ends, ...faults]
const chosen = wanted.length ? all.filter((s) => wanted.some((w) => s.name.startsWith(w))) : all

// Scenarios that want the same server share it, unless they end it.
const groups = new Map()
for (const scenario of chosen) {
  const { name, run, honest, ...kind } = scenario
  const key = JSON.stringify(scenario.ends ? scenario.name : kind)
  groups.set(key, [...groups.get(key) ?? [], scenario])
}
const [waiting, working] = [true, false].map((waits) => [...groups.values()].filter(([first]) => Boolean(first.waits) === waits))

async function runInTurn(groups) {
  let failed = 0
  for (const group of groups) failed += await runTogether(group)
  return failed
}

// Those that mostly wait do it beside the others; not in the full form, whose 400 readers alone are work for the whole machine.
const together = () => Promise.all([...waiting.map(runTogether), runInTurn(working)])
const counts = full ? [await runInTurn([...waiting, ...working])] : await together()
const failed = counts.reduce((sum, count) => sum + count, 0)
console.log(`${Math.max(chosen.length - failed, 0)} passed, ${failed} failed`)
process.exit(failed || chosen.length === 0 ? 1 : 0)
