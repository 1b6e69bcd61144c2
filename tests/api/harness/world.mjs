// The tenants and users that most tests use.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { admin } from './cli.mjs';
import { makeScratch } from './scratch.mjs';

export const ROOT_HOST = 'tether.test';
export const ACME_HOST = 'acme.tether.test';
export const GLOBEX_HOST = 'globex.tether.test';
export const ACME_DOMAIN = 'assets.acme.example';

// One password per person, so that a mix-up shows.
export const people = {
  superadmin: { tenant: 'root', email: 'root@msp.example', name: 'Administrator', role: 'superadmin', password: 'violet-anchor-19' },
  staff: { tenant: 'root', email: 'dana@msp.example', name: 'Dana Kim', role: 'staff', password: 'silver-barrel-23' },
  owner: { tenant: 'acme', email: 'olivia@acme.example', name: 'Olivia Grant', role: 'owner', password: 'copper-bottle-31' },
  admin: { tenant: 'acme', email: 'Sarah.Chen@acme.example', name: 'Sarah Chen', role: 'admin', password: 'yellow-candle-47' },
  head: { tenant: 'acme', email: 'tom@acme.example', name: 'Tom Becker', role: 'department_head', password: 'orange-ladder-53' },
  member: { tenant: 'acme', email: 'lena@acme.example', name: 'Lena Ortiz', role: 'member', password: 'purple-magnet-61' },
  viewer: { tenant: 'acme', email: 'paul@acme.example', name: 'Paul Novák', role: 'viewer', password: 'bronze-needle-73' },
  outsider: { tenant: 'globex', email: 'mei@globex.example', name: 'Mei Tanaka', role: 'admin', password: 'marble-oyster-89' },
};

// The usual world, made once for the many servers of a run, with the ids that makeWorld() returned.
export function keepWorld(scratch, folder) {
  writeFileSync(join(folder, 'ids.json'), JSON.stringify(makeWorld(scratch)));
  scratch.database.keep(folder);
}

// A scratch with the usual world, and its ids: a copy of the run's, where there is one. Another cluster than the run's has it
// where it is a copy too. Whoever gets them removes the scratch.
export function makeScratchWithWorld(options = {}) {
  const from = options.postgresHost && !process.env.TETHER_PG_KEPT ? undefined : process.env.TETHER_WORLD;
  const scratch = makeScratch({ ...options, from });
  try {
    return { scratch, world: from ? JSON.parse(readFileSync(join(from, 'ids.json'), 'utf8')) : makeWorld(scratch) };
  } catch (error) {
    scratch.remove();
    throw error;
  }
}

// Returns ids: { tenants: { acme, globex }, users: { owner, … } }.
export function makeWorld(scratch) {
  admin(scratch, ['init', '--email', people.superadmin.email, '--name', 'Northwind MSP'], people.superadmin.password);
  const tenants = {
    acme: Number(admin(scratch, ['tenant', 'add', '--slug', 'acme', '--name', 'Acme Corporation', '--plan', 'pro', '--domain',
      ACME_DOMAIN, '--logo-url', 'https://assets.acme.example/logo.svg', '--accent-colour', '#d9480f'])),
    globex: Number(admin(scratch, ['tenant', 'add', '--slug', 'globex', '--name', 'Globex'])),
  };
  const users = {};
  for (const [key, person] of Object.entries(people)) {
    if (key !== 'superadmin') users[key] = Number(addPerson(scratch, person));
  }
  return { tenants, users };
}

export function addPerson(scratch, person) {
  return admin(scratch, ['user', 'add', '--tenant', person.tenant, '--email', person.email, '--name', person.name, '--role',
    person.role], person.password);
}
