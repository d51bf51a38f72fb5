"""A server of HTTP that is known to be fast."""
import shutil

from suite.systems.base import System

CONFIG = '''
worker_processes 1;
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    {connections}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        default_type text/plain;
        location / {{ return 200{body}; }}
    }}
}}
'''
KEPT = 'keepalive_requests 1000000000;'
CLOSED = 'keepalive_timeout 0;'


def write(folder, port, connections, body=''):
    """The command that runs it in one process, with this said of connections, and answering so."""
    config = folder / f'nginx-{port}.conf'
    config.write_text(CONFIG.format(folder=folder, port=port, connections=connections, body=body),
                      encoding='utf-8')
    return ['nginx', '-p', folder, '-c', config, '-e', folder / 'error']


class Nginx(System):
    """A lone server that answers a constant and ends the connection."""
    name = 'nginx'
    about = ('nginx (Debian), one process, keep-alive off: reads a POST of the same report, answers '
             'a constant 200 and ends the connection, so that it is the one to keep it for a while '
             '(TIME_WAIT). It stores nothing.')
    speaks = 'http'
    scenarios = frozenset(('visits',))

    def missing(self):
        return None if shutil.which('nginx') else 'There is no nginx (Debian: nginx-light).'

    def commands(self, topology, folder, settings):
        return {name: write(folder, topology.clients(name), CLOSED) for name in topology.servers}
