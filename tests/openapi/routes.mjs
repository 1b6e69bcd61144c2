// docs/api-routes.md, made of what `tether routes` prints.
//
//   node tests/openapi/routes.mjs ROUTES >docs/api-routes.md     ROUTES: a file with that output
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TITLES = {
  assets: 'Assets', crm: 'CRM', v1: 'v1', spaces: 'Spaces', oauth: 'For other programs', system: 'The server itself', page: 'Pages for people',
};

export function readRoutes(text) {
  return text.trim().split('\n').slice(1).map((line) => {
    const [, method, path, surface, needs, op, summary] = line.match(/^(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(.+)$/);
    return { method, path, surface, needs, op, summary };
  });
}

const table = (routes) => ['| route | needs | what it does |', '| --- | --- | --- |',
  ...routes.map(({ method, path, needs, summary }) => `| \`${method} ${path}\` | ${needs} | ${summary} |`)];

export function markdown(routes) {
  const surfaces = [...new Set([...Object.keys(TITLES), ...routes.map(({ surface }) => surface)])];
  const parts = surfaces.map((surface) => [surface, routes.filter((route) => route.surface === surface)]).filter(([, own]) => own.length > 0);
  return [
    '# Every route', '',
    'Made of what `tether routes` prints; `./check` fails when the two differ. To make it anew:', '',
    '```sh', 'build/check/src/tether routes --config conf/tether.yaml >routes.txt && node tests/openapi/routes.mjs routes.txt >docs/api-routes.md', '```', '',
    'What is needed: a permission\'s name; **public**, no token; **optional**, none, but one that is sent has to be good; **self**, any valid',
    'token; **member**, one of an active member of the tenant; **session**, a user\'s session and no API token; **device**, a device\'s token.',
    ...parts.flatMap(([surface, own]) => ['', `## ${TITLES[surface] ?? surface}`, '', ...table(own)]), '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(markdown(readRoutes(readFileSync(process.argv[2], 'utf8'))));
