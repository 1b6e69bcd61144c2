// Better Auth with its SQLite database, as its documentation sets it up: sessions in the database, asked there at
// every request (that is the preset; its cookie cache is off), its rate limit off as Tether's is here.
//
//   node server.mjs PORT DATABASE
import http from 'node:http';
import Database from 'better-sqlite3';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';

const [port, path] = process.argv.slice(2);
const database = new Database(path);
database.pragma('journal_mode = WAL');
const options = {
    database,
    baseURL: `http://127.0.0.1:${port}`,
    secret: process.env.BETTER_AUTH_SECRET,
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
};
await (await getMigrations(options)).runMigrations();
http.createServer(toNodeHandler(betterAuth(options))).listen(Number(port), '127.0.0.1');
