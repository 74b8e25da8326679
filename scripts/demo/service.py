"""The sample engine as a service: each request is an extraction from one document, as run.py does it.

    service.py DOCUMENT

Its socket comes from serve.py. A configuration without its six blocks is answered with 500.
"""
import io
import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from extractor import EvidenceExtractor

VERSION = '1'

CONFIG = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'config/default_config.json')


def extraction():
    """Status and content of an answer; modules are loaded as late as run.py loads them."""
    extractor = EvidenceExtractor(CONFIG)
    if len(extractor.blocks) != 6:
        return 500, '%d blocks instead of six' % len(extractor.blocks)
    from reader import read_pages

    result = extractor.extract(os.path.basename(sys.argv[1]), read_pages(sys.argv[1]))
    import writer

    output = io.StringIO()
    writer.write_result(result, None, output)
    return 200, output.getvalue()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, text = extraction()
        content = text.encode()
        self.send_response(status)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(('127.0.0.1', 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=int(os.environ['HOT_DEPLOY_FD']))
server.serve_forever()
