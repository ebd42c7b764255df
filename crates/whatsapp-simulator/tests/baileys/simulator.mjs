// The simulator as a child process that speaks JSON lines (see src/bin/simulated-whatsapp.rs).
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export const startSimulator = async program => {
	const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
	const read = async () => JSON.parse((await lines.next()).value)
	return {
		...(await read()),
		ask: async request => {
			child.stdin.write(JSON.stringify(request) + '\n')
			return read()
		},
		stop: () => child.stdin.end()
	}
}
