import { useEffect, useState } from 'react'

export interface DemoAccount {
  name: string
  email: string
  password: string
  roles: string[]
  note: string
}

/** The accounts to sign in as with one click: `null` while asking, empty where the server offers none. */
export function useDemoAccounts(): DemoAccount[] | null {
  const [accounts, setAccounts] = useState<DemoAccount[] | null>(null)
  useEffect(() => {
    void fetchDemoAccounts().then(setAccounts)
  }, [])
  return accounts
}

async function fetchDemoAccounts(): Promise<DemoAccount[]> {
  try {
    const response = await fetch('/dev/accounts', { headers: { accept: 'application/json' } })
    return response.ok ? ((await response.json()) as DemoAccount[]) : []
  } catch {
    return []
  }
}
