"""nginx: answers the bytes that Tether answers, without any work; with as many worker processes as Tether has event
loops, and an access log like Tether's."""
import os
import shutil

import cases
from servers import Server, await_port, free_port, loops_here

MISSING = 'nginx is not installed (apt-get install nginx)'

NGINX = """
worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error warn;
worker_rlimit_nofile 20000;
events {{ worker_connections 10000; }}
http {{
    access_log {folder}/nginx.access combined;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 75s;
    http2_max_concurrent_streams 128;
    server {{
        listen 127.0.0.1:{port}{http2};
        location / {{
            default_type application/json;
            {fields}
            return {status} '{body}';
        }}
    }}
}}
"""
BY_NGINX = ('date', 'server', 'content-length', 'content-type', 'connection')


class Nginx(Server):
    """Answers with the bytes of `reply`, a file that `curl -i` wrote."""
    running = []

    def __init__(self, data, reply, http2):
        self.http = self.https = free_port()
        with open(reply, encoding='utf-8', newline='') as file:
            head, body = file.read().split('\r\n\r\n', 1)
        status, *lines = head.split('\r\n')
        fields = [line.split(': ', 1) for line in lines]
        config = os.path.join(data.folder, 'nginx.conf')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(NGINX.format(workers=loops_here(), folder=data.folder, port=self.http, http2=' http2' if http2 else '',
                                    status=status.split()[1], body=body.replace("'", "\\'"),
                                    fields='\n            '.join(f'add_header {name} "{value}" always;' for name, value in fields
                                                                 if name.lower() not in BY_NGINX)))
        super().__init__(['nginx', '-c', config, '-e', os.path.join(data.folder, 'nginx.error')])
        await_port(self.http, self.process)


def is_there():
    return shutil.which('nginx') is not None


def measure(tether, wanted):
    case = cases.me_case(tether.data.tokens[0][1])
    reply = os.path.join(tether.data.folder, 'reply')
    cases.save_reply(tether, case, reply)
    cases.heading('Tether beside nginx with a fixed reply of the same bytes', 'request', 'protocol', 'Tether req/s', 'nginx req/s',
                  'ratio', 'Tether CPU us', 'nginx CPU us', 'Tether p50 / p99 ms', 'nginx p50 / p99 ms', 'others')
    for protocol in ('h2c', 'HTTP/1.1'):
        peer = Nginx(tether.data, reply, protocol == 'h2c')
        cases.compare(tether, peer, case, protocol, wanted)
        peer.end()
