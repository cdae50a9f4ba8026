import { readdirSync, readFileSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

export default defineConfig({
  base: '/playground/',
  plugins: [react(), operations(), tabTitles()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      output: {
        // The libraries apart from our own code, so that a change of ours leaves the large files of dist/ as they are.
        manualChunks: { graphiql: ['graphiql', '@graphiql/react', 'graphql', 'graphql-ws', 'react', 'react-dom/client', 'react/jsx-runtime'] },
      },
    },
  },
})

/** Gathers the sample operations into one file that the page fetches. */
function operations(): Plugin {
  const folder = new URL('./operations/', import.meta.url)
  return {
    name: 'operations',
    generateBundle() {
      const files = readdirSync(folder).sort()
      const texts = files.map((file) => ({ domain: file.replace('.graphql', ''), text: readFileSync(new URL(file, folder), 'utf8') }))
      this.emitFile({ type: 'asset', fileName: 'operations.json', source: JSON.stringify(texts) })
    },
  }
}

/**
 * GraphiQL names a tab after its operation and has no setting for it. Here a first line such as `# Wallet` names the tab.
 * A GraphiQL whose source no longer fits stops the build.
 */
function tabTitles(): Plugin {
  const places = ['title: operationName ||', 'title: newTab.operationName ||']
  return {
    name: 'tab-titles',
    transform(code, id) {
      if (!id.endsWith('/@graphiql/react/dist/utility/tabs.js')) return undefined
      const [created, edited] = places.map((place) => code.split(place))
      if (created?.length !== 3 || edited?.length !== 2) return this.error('GraphiQL builds its tab titles in another way now')
      const heading = '\nfunction headingOf(query) { return /^# (.{1,40})$/m.exec(query?.split("\\n", 1)[0] ?? "")?.[1]; }\n'
      return {
        code:
          code
            .replaceAll('title: operationName ||', 'title: headingOf(query) || operationName ||')
            .replace('title: newTab.operationName ||', 'title: headingOf(newTab.query) || newTab.operationName ||') + heading,
        map: null,
      }
    },
  }
}
