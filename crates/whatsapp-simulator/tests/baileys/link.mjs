// A new companion is linked (`qr` or `code`), is sent the phone's first messages, leaves a group,
// and unlinks itself.
import assert from 'node:assert/strict'
import { connect, isClosed, isOpen, memoryAuth, update } from './client.mjs'
import { startSimulator } from './simulator.mjs'

const [program, method] = process.argv.slice(2)
const simulator = await startSimulator(program)
const auth = memoryAuth()

const pairing = connect(simulator, auth)
const restart = update(pairing, isClosed)
const { qr } = await update(pairing, seen => seen.qr)
const linked =
	method === 'qr'
		? await simulator.ask({ scan: qr })
		: await simulator.ask({ enter_code: await pairing.requestPairingCode(simulator.phone) })
assert.ok(linked.jid, JSON.stringify(linked))
const { lastDisconnect } = await restart
assert.equal(lastDisconnect.error.output.statusCode, 515)
assert.equal(auth.creds.me.id, linked.jid)

const socket = connect(simulator, auth)
const history = new Promise(resolve => socket.ev.on('messaging-history.set', resolve))
await update(socket, isOpen)
await history
assert.ok(auth.keys.count('app-state-sync-key') > 0)

await socket.groupLeave(simulator.groups.plain)
assert.deepEqual(await simulator.ask({ is_member: simulator.groups.plain }), { is_member: false })

const receipts = async () => {
	const { received } = await simulator.ask('record')
	return received.filter(({ device, tag }) => device === linked.jid && tag === 'receipt').map(({ type }) => type)
}
const deadline = Date.now() + 20_000
while (!(await receipts()).includes('hist_sync')) {
	assert.ok(Date.now() < deadline, `receipts: ${await receipts()}`)
	await new Promise(resolve => setTimeout(resolve, 50))
}
assert.ok((await receipts()).includes('peer_msg'))

await socket.logout()
simulator.stop()
console.log('linked')
process.exit(0)
