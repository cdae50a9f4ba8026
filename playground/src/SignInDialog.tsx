import { Dialog } from '@graphiql/react'
import { useState, type FormEvent } from 'react'
import { signIn } from './session'

interface Props {
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function SignInDialog({ open, onOpenChange }: Props) {
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    setProblem('')
    setBusy(true)
    try {
      await signIn(String(fields.get('email')), String(fields.get('password')))
      onOpenChange(false)
    } catch (error) {
      setProblem((error as Error).message)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <div className="graphiql-dialog-header">
        <Dialog.Title className="graphiql-dialog-title">Sign in</Dialog.Title>
      </div>
      <Dialog.Description className="visually-hidden">Sign in to SkillSwap with e-mail and password.</Dialog.Description>
      <form className="sign-in" onSubmit={submit}>
        <label htmlFor="sign-in-email">E-mail</label>
        <input id="sign-in-email" name="email" type="email" autoComplete="username" required />
        <label htmlFor="sign-in-password">Password</label>
        <input id="sign-in-password" name="password" type="password" autoComplete="current-password" required />
        {problem && (
          <p className="sign-in-problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="button button-main" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
      <Dialog.Close />
    </Dialog>
  )
}
