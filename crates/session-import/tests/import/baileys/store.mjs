// Stores sessions in FOLDER as Baileys and programs on top of it do.
// Usage: node store.mjs FOLDER
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BufferJSON, initAuthCreds, useMultiFileAuthState } from '@whiskeysockets/baileys'

const folder = process.argv[2]
mkdirSync(folder, { recursive: true })
const write = (name, text) => writeFileSync(join(folder, name), text)

// Before linking: the keys are there.
const unlinked = await useMultiFileAuthState(join(folder, 'unlinked'))
await unlinked.saveCreds()

// After a pairing code was asked for, which sets `me` without a device.
const code = await useMultiFileAuthState(join(folder, 'code'))
code.state.creds.me = { id: '5511999990000@s.whatsapp.net', name: '~' }
await code.saveCreds()

// After linking, with what `configureSuccessfulPairing` sets of it.
const linked = await useMultiFileAuthState(join(folder, 'linked'))
const { creds } = linked.state
creds.me = { id: '5511999990000:12@s.whatsapp.net', name: 'Shop', lid: '100000000000001:12@lid' }
creds.platform = 'android'
await linked.saveCreds()
write('private-key', Buffer.from(creds.noiseKey.private).toString('hex'))

// Programs that do not use `BufferJSON` leave the form to JavaScript.
write('plain.json', JSON.stringify(creds))
const { private: secret, public: open } = creds.noiseKey
const numbered = { private: new Uint8Array(secret), public: new Uint8Array(open) }
write('numbered.json', JSON.stringify({ ...creds, noiseKey: numbered }))
const arrays = { private: [...secret], public: [...open] }
write('arrays.json', JSON.stringify({ ...creds, noiseKey: arrays }))
const base64 = { private: secret.toString('base64'), public: open.toString('base64') }
write('base64.json', JSON.stringify({ ...creds, noiseKey: base64 }))
write('one-file.json', JSON.stringify({ creds, keys: {} }, BufferJSON.replacer, 2))

// Evolution API's column, and rows of its table as a database's tools export them.
const column = creds => JSON.stringify(JSON.stringify(creds, BufferJSON.replacer))
const row = (id, creds) => ({ id, sessionId: id, creds: column(creds), createdAt: '2026-11-01T00:00:00Z' })
const second = { ...initAuthCreds(), me: { id: '5511999990002:3@s.whatsapp.net', name: 'Desk' } }
write('column.txt', column(creds))
write('row.json', JSON.stringify(row('one', creds)))
write('rows.json', JSON.stringify([row('one', creds), row('two', second), row('new', initAuthCreds())], null, 2))
