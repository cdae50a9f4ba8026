// Replaces every file of dist/ by its gzip form `<name>.gz`, but for fonts that are compressed already.
// The same input gives the same bytes on every machine: the header carries no time, no name and no operating system.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { constants, gzipSync } from 'node:zlib'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const UNKNOWN_SYSTEM = 255

function compress(path) {
  const bytes = gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION })
  bytes.fill(0, 4, 8)
  bytes[9] = UNKNOWN_SYSTEM
  writeFileSync(`${path}.gz`, bytes)
  rmSync(path)
}

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))

for (const path of files) if (!path.endsWith('.woff2')) compress(path)

let total = 0
for (const path of readdirSync(dist, { recursive: true }).sort()) {
  const stat = statSync(join(dist, path))
  if (!stat.isFile()) continue
  total += stat.size
  console.log(String(stat.size).padStart(9), relative(dist, join(dist, path)))
}
console.log(String(total).padStart(9), 'bytes in all')
