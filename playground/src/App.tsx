import { GraphiQL } from 'graphiql'
import { Header } from './Header'
import { fetcher } from './transport'

export function App() {
  return (
    <div className="page">
      <Header />
      <main className="page-editor">
        <GraphiQL fetcher={fetcher} defaultEditorToolsVisibility="variables">
          <GraphiQL.Logo>
            <span />
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </div>
  )
}
