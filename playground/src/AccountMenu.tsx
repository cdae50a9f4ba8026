import { ChevronDownIcon, DropdownMenu } from '@graphiql/react'
import { useState } from 'react'
import { useDemoAccounts, type DemoAccount } from './accounts'
import { signIn, signOut } from './session'
import { SignInDialog } from './SignInDialog'
import { useSession } from './useSession'

/** Who is signed in, and how to become somebody else. */
export function AccountMenu() {
  const session = useSession()
  const accounts = useDemoAccounts()
  const [dialogOpen, setDialogOpen] = useState(false)
  const [problem, setProblem] = useState('')
  const [signingInAs, setSigningInAs] = useState('')

  async function become({ name, email, password }: DemoAccount) {
    setProblem('')
    setSigningInAs(name)
    await signIn(email, password).catch((error: Error) => setProblem(`${name}: ${error.message}`))
    setSigningInAs('')
  }

  if (accounts === null) return null
  const status = signingInAs ? `Signing in as ${signingInAs}…` : session ? `Signed in as ${session.member.name}` : 'Not signed in'

  return (
    <>
      {problem && (
        <p className="header-problem" role="alert">
          {problem}
        </p>
      )}
      <p className="visually-hidden" role="status">
        {status}
      </p>
      {accounts.length === 0 && !session ? (
        <button type="button" className="button button-main" onClick={() => setDialogOpen(true)}>
          Sign in
        </button>
      ) : (
        <DropdownMenu>
          <DropdownMenu.Button className={session ? 'button account' : 'button button-main'}>
            {session && <Avatar name={session.member.name} />}
            {signingInAs ? status : session ? session.member.name : 'Sign in as'}
            <ChevronDownIcon className="button-chevron" aria-hidden="true" />
          </DropdownMenu.Button>
          <DropdownMenu.Content align="end" className="accounts" aria-label="Accounts">
            {accounts.map((account) => (
              <DropdownMenu.Item key={account.email} className="accounts-item" onSelect={() => void become(account)}>
                <Avatar name={account.name} />
                <span className="accounts-text">
                  <span className="accounts-name">
                    {account.name}
                    {account.roles.map((role) => (
                      <span key={role} className="accounts-role">
                        {role.toLowerCase()}
                      </span>
                    ))}
                  </span>
                  <span className="accounts-note">{account.note}</span>
                </span>
              </DropdownMenu.Item>
            ))}
            {accounts.length > 0 && <div role="separator" className="accounts-line" />}
            <DropdownMenu.Item className="accounts-item" onSelect={() => setDialogOpen(true)}>
              Use e-mail and password…
            </DropdownMenu.Item>
            {session && (
              <DropdownMenu.Item className="accounts-item" onSelect={() => void signOut()}>
                Sign out
              </DropdownMenu.Item>
            )}
          </DropdownMenu.Content>
        </DropdownMenu>
      )}
      <SignInDialog open={dialogOpen} onOpenChange={setDialogOpen} />
    </>
  )
}

function Avatar({ name }: { name: string }) {
  const initials = name
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .join('')
    .slice(0, 2)
  return (
    <span className="avatar" aria-hidden="true">
      {initials.toUpperCase()}
    </span>
  )
}
