import { AccountMenu } from './AccountMenu'
import { restoreSamples } from './samples'

export function Header() {
  return (
    <header className="header">
      <svg className="header-mark" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M8 12.5h13m0 0-4-4m4 4-4 4M24 20H11m0 0 4-4m-4 4 4 4" />
      </svg>
      <h1 className="header-name">SkillSwap</h1>
      <span className="header-place">GraphQL playground</span>
      <div className="header-tools">
        <button type="button" className="button button-quiet" onClick={() => void restore()}>
          Restore samples
        </button>
        <AccountMenu />
      </div>
    </header>
  )
}

async function restore() {
  if (!confirm('Close the open tabs and bring the sample operations back?')) return
  await restoreSamples()
  location.reload()
}
