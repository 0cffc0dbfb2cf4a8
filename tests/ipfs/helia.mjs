// Files and directories put into IPFS by Helia, and a trustless gateway that hands out their blocks:
// https://specs.ipfs.tech/http-gateways/trustless-gateway/
//
//   node helia.mjs PORT
//
// Prints one line of JSON for each file: its URL, its length and its SHA-256. Then "ready" with its
// URL, and "asked" with each request.

import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { car, UnixFSPath } from '@helia/car'
import { unixfs } from '@helia/unixfs'
import { MemoryBlockstore } from 'blockstore-core'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced, trickle } from 'ipfs-unixfs-importer/layout'
import * as dagPb from '@ipld/dag-pb'
import * as raw from 'multiformats/codecs/raw'
import { CID } from 'multiformats/cid'

const blockstore = new MemoryBlockstore()
const codecs = new Map([[dagPb.code, dagPb], [raw.code, raw]])
const helia = { blockstore, getCodec: async (code) => codecs.get(code), logger: console }
const fs = unixfs(helia)

// Bytes that differ from place to place, the same each time.
function content (length, seed) {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

function tell (name, url, bytes) {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  console.log(JSON.stringify({ name, url, length: bytes.length, sha256 }))
}

async function file (name, bytes, options) {
  tell(name, `ipfs://${await fs.addBytes(bytes, options)}`, bytes)
}

async function directory (name, files, shown, options) {
  const source = files.map(([path, bytes]) => ({ path, content: bytes }))
  let root
  for await (const entry of fs.addAll(source, { wrapWithDirectory: true, ...options })) root = entry.cid
  for (const [path, bytes] of files.filter(([path]) => shown.includes(path))) {
    tell(`${name} ${path}`, `ipfs://${root}/${path.split('/').map(encodeURIComponent).join('/')}`, bytes)
  }
}

await file('a file of one block', content(1000, 1))
await file('a file as it is cut by default', content(5_000_000, 2))
await file('CIDv0 with wrapped leaves', content(3_000_000, 3), { cidVersion: 0, rawLeaves: false, chunker: fixedSize({ chunkSize: 262144 }) })
await file('five levels', content(700_000, 4), { chunker: fixedSize({ chunkSize: 4096 }), layout: balanced({ maxChildrenPerNode: 4 }) })
await file('the trickle layout', content(700_000, 5), { chunker: fixedSize({ chunkSize: 4096 }), layout: trickle({ maxChildrenPerNode: 4 }) })
await file('repeated blocks', new Uint8Array(4_000_000), { chunker: fixedSize({ chunkSize: 65536 }) })
await file('an empty file', new Uint8Array())
await directory('a directory', [
  ['boot/vmlinuz', content(1_500_000, 6)],
  ['boot/a name with spaces & ünicode?', content(300, 7)],
  ['README', content(20, 8)]
], ['boot/vmlinuz', 'boot/a name with spaces & ünicode?', 'README'])
const many = Array.from({ length: 3000 }, (_, index) => [`many/file-${index}`, content(40 + index, index)])
await directory('a directory in shards', many, ['many/file-0', 'many/file-1234', 'many/file-2999'], { shardSplitThresholdBytes: 1 })

async function block (cid) {
  const parts = []
  for await (const part of blockstore.get(cid)) parts.push(part)
  return Buffer.concat(parts)
}

async function answer (request, response) {
  const url = new URL(request.url, 'http://gateway')
  const [, , cid, ...path] = url.pathname.split('/')
  const root = CID.parse(cid)
  if (url.searchParams.get('format') === 'raw' && path.length === 0) {
    const bytes = await block(root)
    response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw', 'content-length': bytes.length })
    return response.end(bytes)
  }
  if (url.searchParams.get('format') === 'car') {
    response.writeHead(200, { 'content-type': 'application/vnd.ipld.car; version=1; order=dfs; dups=n' })
    const traversal = path.length > 0 ? new UnixFSPath('/' + path.map(decodeURIComponent).join('/')) : undefined
    for await (const part of car(helia).export(root, { traversal })) {
      if (!response.write(part)) await once(response, 'drain')
    }
    return response.end()
  }
  response.writeHead(400).end('blocks and CARs only')
}

const server = createServer((request, response) => {
  console.log(`asked ${request.url}`)
  answer(request, response).catch((error) => {
    if (response.headersSent) return response.destroy()
    response.writeHead(error.name === 'NotFoundError' ? 404 : 500).end(String(error))
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}`))
