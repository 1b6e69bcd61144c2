// Judges generated tokens twice, by Tether (token_verdict) and by jose, and compares. The two must agree on every token of
// every class; only in a class that says why (`stricter`) may Tether refuse what jose takes. Tether never takes what jose
// refuses. A class that no token exercised fails, and so does a `stricter` that was never needed.
//
//   differential.mjs TOKEN_VERDICT [SEED]
import { spawnSync } from 'node:child_process'
import { jwtVerify } from 'jose'
import { classes } from './classes.mjs'
import { KEY, NOW, ISSUER, OLD_KEY, Random, claims } from './forge.mjs'

const TOKENS = 5000
const [program, seed = '1'] = process.argv.slice(2)

const program_lines = (mode, keys, lines) => {
  const run = spawnSync(program, [mode, String(NOW), ISSUER, ...keys], {
    input: lines.join('\n') + '\n',
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  })
  if (run.status !== 0) {
    console.error(run.error ?? run.stderr)
    process.exit(1)
  }
  return run.stdout.split('\n').slice(0, -1)
}

const jose_verdict = async (token, keys) => {
  let expired = false
  for (const key of keys) {
    try {
      await jwtVerify(token, Buffer.from(key), {
        algorithms: ['HS256'],
        issuer: ISSUER,
        requiredClaims: ['iss', 'sub', 'sid', 'tid', 'iat', 'exp', 'jti', 'token_use'],
        currentDate: new Date(NOW * 1000),
      })
      return 'valid'
    } catch (error) {
      expired ||= error.code === 'ERR_JWT_EXPIRED'
    }
  }
  return expired ? 'expired' : 'invalid'
}

const problem_of = (cls, ours, jose) => {
  if (ours === jose) return null
  if (cls.stricter && ours === 'invalid') return null
  return `Tether says ${ours}, jose says ${jose}`
}

const generate = (random) => {
  const cases = []
  for (let round = 0; cases.length < TOKENS; round++)
    for (const cls of classes)
      if (cls.once === undefined || round < cls.once)
        for (const token of [cls.make(random, round)].flat()) cases.push({ cls, token })
  return cases
}

const compare = async () => {
  const cases = generate(new Random(Number(seed)))
  const ours = program_lines('verify', [KEY, OLD_KEY], cases.map((c) => c.token))
  const results = new Map(classes.map((cls) => [cls, { n: 0, differ: 0, verdicts: {}, problems: [] }]))
  if (ours.length !== cases.length) throw new Error(`${cases.length} tokens, ${ours.length} verdicts`)
  for (const [i, { cls, token }] of cases.entries()) {
    const jose = await jose_verdict(token, [KEY, OLD_KEY])
    const result = results.get(cls)
    const problem = problem_of(cls, ours[i], jose)
    result.n++
    result.differ += ours[i] !== jose
    result.verdicts[ours[i]] = (result.verdicts[ours[i]] ?? 0) + 1
    if (problem) result.problems.push(`${problem}: ${token.slice(0, 400)}`)
  }
  for (const [cls, result] of results) {
    const seen = Object.keys(result.verdicts).sort().join()
    if (result.n === 0) result.problems.push('no token exercised this class')
    if (cls.stricter && result.differ === 0) result.problems.push('jose is as strict here; the exception is not needed')
    if (cls.expect !== seen) result.problems.push(`verdicts were ${seen}, expected ${cls.expect}`)
  }
  return { results, total: cases.length }
}

// The other way round: what Tether issues, jose takes, with the claims that went in.
const issued_problems = async () => {
  const random = new Random(Number(seed))
  const wanted = Array.from({ length: 200 }, () => claims(random))
  const lines = wanted.map((c) => [c.sub, c.sid, c.tid, c.iat, c.exp, c.jti].join(' '))
  const tokens = program_lines('issue', [KEY], lines)
  const problems = tokens.length === 200 ? [] : [`${tokens.length} tokens came out of 200`]
  for (const [i, token] of tokens.entries()) {
    const { payload } = await jwtVerify(token, Buffer.from(KEY), { currentDate: new Date(NOW * 1000) })
    for (const name of new Set([...Object.keys(payload), ...Object.keys(wanted[i])]))
      if (payload[name] !== wanted[i][name]) problems.push(`${name}: ${payload[name]}, not ${wanted[i][name]}`)
  }
  return problems
}

const { results, total } = await compare()
let passed = 0
let failed = 0
const report = (name, problems, note) => {
  problems.length ? failed++ : passed++
  console.log(`${problems.length ? 'FAILED' : 'ok    '} ${name} ${note}`)
  for (const problem of problems.slice(0, 3)) console.log(`         ${problem}`)
}
for (const [cls, { n, differ, verdicts, problems }] of results)
  report(cls.name, problems, `(${n}: ${JSON.stringify(verdicts)}${differ ? `; stricter in ${differ}: ${cls.stricter}` : ''})`)
report('what Tether issues, jose takes', await issued_problems(), '(200)')
console.log(`seed ${seed}, ${total} tokens in ${classes.length} classes`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
