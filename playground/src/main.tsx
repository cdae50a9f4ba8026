import 'graphiql/setup-workers/vite'
import '@graphiql/react/style.css'
import '@graphiql/plugin-doc-explorer/style.css'
import '@graphiql/plugin-history/style.css'
import 'graphiql/graphiql.css'
import './style.css'

import { createRoot } from 'react-dom/client'
import { App } from './App'
import { openSamples } from './samples'

// The editor measures its font once and reads its tabs once, so both have to be there before it is.
const editorFont = document.fonts.load('15px "Fira Code"')
const root = document.getElementById('root')
if (root) void Promise.allSettled([editorFont, openSamples()]).then(() => createRoot(root).render(<App />))
