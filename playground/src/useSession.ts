import { useSyncExternalStore } from 'react'
import { current, onChange, type Session } from './session'

export function useSession(): Session | null {
  return useSyncExternalStore(onChange, current)
}
