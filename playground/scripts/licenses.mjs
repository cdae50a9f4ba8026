// Writes dist/licenses.txt: the licence of every package that went into the page.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))

function licenceOf([folder, { version }]) {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  const { license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name))
  const text = file ? readFileSync(join(path, file), 'utf8').trim() : ''
  return [`${folder.replace(/^.*node_modules\//, '')} ${version} (${license})\n\n${text}\n`]
}

const shipped = Object.entries(packages).filter(([folder, entry]) => folder && !entry.dev && !folder.includes('/@types/'))
writeFileSync(join(root, 'dist/licenses.txt'), shipped.flatMap(licenceOf).join(`\n${'-'.repeat(80)}\n\n`))
