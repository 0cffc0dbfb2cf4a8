"""A trustless IPFS gateway for tests, which cuts the files that it serves into blocks itself.

    gateway.py MOOD PORT FILE...

MOOD is `honest`, or what it does wrong: `lies` (another byte in each block), `cuts` (half of each block), `lost` (404),
`tires` (404 after some blocks), `slow` (a tenth of a second for each block).
Prints a line of JSON for each file, whose names are those in one directory. Then "ready" with its URL, and "asked" with
each request. https://specs.ipfs.tech/http-gateways/trustless-gateway/, https://specs.ipfs.tech/unixfs/
"""

import base64
import hashlib
import http.server
import json
import os
import sys
import time

CHUNK, WIDTH = 256 << 10, 174
RAW, DAG_PB = b"\x55", b"\x70"
blocks = {}
served = 0


def varint(number):
    out = b""
    while number >= 0x80:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(codec, content):
    cid = b"\x01" + codec + b"\x12\x20" + hashlib.sha256(content).digest()
    blocks["b" + base64.b32encode(cid).decode().lower().rstrip("=")] = content
    return cid


def text(cid):
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def node(links, data):
    content = b"".join(field(2, field(1, cid) + field(2, name.encode()) + field(3, size)) for name, cid, size in links)
    return block(DAG_PB, content + field(1, data))


def file(content):
    chunks = [content[at:at + CHUNK] for at in range(0, len(content), CHUNK)] or [b""]
    level = [(block(RAW, chunk), len(chunk)) for chunk in chunks]
    while len(level) > 1:
        level = [parent(level[at:at + WIDTH]) for at in range(0, len(level), WIDTH)]
    return level[0][0]


def parent(parts):
    size = sum(size for _, size in parts)
    data = field(1, 2) + field(3, size) + b"".join(field(4, size) for _, size in parts)
    return node([("", cid, size) for cid, size in parts], data), size


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        print("asked", self.path, flush=True)
        path, _, query = self.path.partition("?")
        content = blocks.get(path.removeprefix("/ipfs/"))
        if query != "format=raw":
            return self.send(406, b"single blocks only")
        global served
        served += 1
        if content is None or MOOD == "lost" or (MOOD == "tires" and served > 10):
            return self.send(404, b"nobody has it")
        if MOOD == "slow":
            time.sleep(0.1)
        if MOOD == "lies":
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.send(200, content)

    def send(self, status, content):
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.ipld.raw")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if MOOD == "cuts":
            content, self.close_connection = content[:len(content) // 2], True
        self.wfile.write(content)

    def log_message(self, *_):
        pass


MOOD, port, paths = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
contents = {os.path.basename(path): open(path, "rb").read() for path in paths}
root = text(node([(name, file(content), len(content)) for name, content in sorted(contents.items())], field(1, 1)))
for name, content in contents.items():
    sha256 = hashlib.sha256(content).hexdigest()
    print(json.dumps({"name": name, "url": f"ipfs://{root}/{name}", "length": len(content), "sha256": sha256}))
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Gateway)
print(f"ready http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
