import 'graphiql/setup-workers/vite'
import '@graphiql/react/style.css'
import '@graphiql/plugin-doc-explorer/style.css'
import '@graphiql/plugin-history/style.css'
import 'graphiql/graphiql.css'
import './style.css'

import { createRoot } from 'react-dom/client'
import { App } from './App'
import { openSamples } from './samples'

openSamples()

// The editor measures its font once, so the font has to be there before the editor is.
const editorFont = document.fonts.load('15px "Fira Code"').catch(() => [])
const root = document.getElementById('root')
if (root) void editorFont.then(() => createRoot(root).render(<App />))
