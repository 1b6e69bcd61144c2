"""Glewlwyd: Debian's package with an SQLite database of its own, made from the package's schema with the user that
it comes with. It is asked for the profile of the session in a cookie."""
import json
import os
import re
import shutil
import subprocess

import cases
import peer_session
from servers import Server, await_port, free_port

MISSING = 'Glewlwyd is not installed (apt-get install glewlwyd sqlite3)'
SCHEMA = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3'
SETTINGS = '/etc/glewlwyd/glewlwyd.conf'  # as the package has them, but for these
OURS = {'port': '{port}', 'bind_address': '"127.0.0.1"', 'external_url': '"http://127.0.0.1:{port}"', 'log_file': '"{folder}/glewlwyd.log"',
        '@include': None, 'database': '{{ type = "sqlite3"; path = "{folder}/glewlwyd.db"; }};'}
USER = {'username': 'admin', 'password': 'password'}


class Glewlwyd(Server):
    running = []

    def __init__(self, folder):
        self.http = self.https = free_port()
        with open(SCHEMA, encoding='utf-8') as schema:
            subprocess.run(['sqlite3', os.path.join(folder, 'glewlwyd.db')], stdin=schema, check=True)
        with open(SETTINGS, encoding='utf-8') as file:
            kept = [line for line in file if re.split(r'[\s=]', line, maxsplit=1)[0] not in OURS]
        config = os.path.join(folder, 'glewlwyd.conf')
        with open(config, 'w', encoding='utf-8') as file:
            file.writelines(kept)
            file.writelines(f'{key} = {value.format(port=self.http, folder=folder)}\n' for key, value in OURS.items() if value)
        super().__init__(['glewlwyd', f'--config-file={config}'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await_port(self.http, self.process)

    def sign_in(self):
        head = subprocess.run(['curl', '-s', '-D', '-', '-o', os.devnull, '-H', 'content-type: application/json', '-d',
                               json.dumps(USER), f'http://127.0.0.1:{self.http}/api/auth/'], check=True, capture_output=True,
                              text=True).stdout
        return re.search(r'(?im)^set-cookie: ([^;]+)', head).group(1)


def is_there():
    return all(shutil.which(program) for program in ('glewlwyd', 'sqlite3')) and os.path.exists(SCHEMA)


def measure(tether, wanted):
    peer = Glewlwyd(tether.data.folder)
    case = cases.Case('profile', '/api/profile_list', headers=[f'cookie: {peer.sign_in()}'])
    peer_session.measure(tether, 'Glewlwyd', peer, case, wanted)
    peer.end()
