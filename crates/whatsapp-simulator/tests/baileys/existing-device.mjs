// A device that is linked already lists its groups and leaves two of them.
import assert from 'node:assert/strict'
import { authOf, connect, isOpen, update } from './client.mjs'
import { startSimulator } from './simulator.mjs'

const simulator = await startSimulator(process.argv[2])
const { groups } = simulator
const socket = connect(simulator, authOf(simulator.device))
await update(socket, isOpen)

const all = await socket.groupFetchAllParticipating()
assert.deepEqual(Object.keys(all).sort(), Object.values(groups).sort())
assert.equal(all[groups.plain].desc, 'Old ones')
assert.equal(all[groups.lid_addressed].addressingMode, 'lid')
assert.equal(all[groups.community].isCommunity, true)
assert.equal(all[groups.subgroup].linkedParent, groups.community)
const metadata = await socket.groupMetadata(groups.plain)
assert.equal(metadata.participants.length, 2)

for (const group of [groups.plain, groups.lid_addressed]) {
	await socket.groupLeave(group)
	assert.deepEqual(await simulator.ask({ is_member: group }), { is_member: false })
}
await assert.rejects(socket.groupMetadata(groups.plain), /forbidden/)
await socket.end(undefined)
simulator.stop()
console.log('left')
process.exit(0)
