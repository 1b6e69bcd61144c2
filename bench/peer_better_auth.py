"""Better Auth: the npm packages that better_auth/package-lock.json pins, on Node.js, with an SQLite database. It is
asked for the session in a cookie."""
import json
import os
import shutil
import subprocess

import cases
import peer_session
from servers import ROOT, Server, await_port, free_port

FOLDER = os.path.join(ROOT, 'bench', 'better_auth')
MISSING = 'Better Auth is not installed (npm --prefix bench/better_auth run setup; Node.js 20 or newer)'
USER = {'email': 'u1@example.com', 'password': 'correct horse battery', 'name': 'User 1'}


class BetterAuth(Server):
    running = []

    def __init__(self, folder):
        self.http = self.https = free_port()
        super().__init__(['node', 'server.mjs', str(self.http), os.path.join(folder, 'better_auth.db')], cwd=FOLDER,
                         env={**os.environ, 'BETTER_AUTH_SECRET': os.urandom(32).hex(), 'NODE_ENV': 'production'})
        await_port(self.http, self.process)

    def sign_up(self):
        """The cookies of a new user's session."""
        origin = f'http://127.0.0.1:{self.http}'
        head = subprocess.run(['curl', '-s', '-D', '-', '-o', os.devnull, '-H', 'content-type: application/json', '-H',
                               f'origin: {origin}', '-d', json.dumps(USER), f'{origin}/api/auth/sign-up/email'], check=True,
                              capture_output=True, text=True).stdout
        lines = [line.split(': ', 1)[1] for line in head.splitlines() if line.lower().startswith('set-cookie: ')]
        return '; '.join(line.split(';')[0] for line in lines)


def is_there():
    return shutil.which('node') is not None and os.path.exists(os.path.join(FOLDER, 'node_modules', 'better-sqlite3', 'build',
                                                                             'Release', 'better_sqlite3.node'))


def measure(tether, wanted):
    peer = BetterAuth(tether.data.folder)
    case = cases.Case('session', '/api/auth/get-session', headers=[f'cookie: {peer.sign_up()}'])
    reply = os.path.join(tether.data.folder, 'reply')
    cases.save_reply(peer, case, reply)
    with open(reply, encoding='utf-8') as file:
        if USER['email'] not in file.read():  # it says null, with 200, to whom it does not know
            raise RuntimeError('Better Auth does not know the session that it made')
    peer_session.measure(tether, 'Better Auth', peer, case, wanted)
    peer.end()
