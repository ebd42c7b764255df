// An unmodified Baileys on the simulator: only the address and the root key are the simulator's.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import makeWASocket, { initAuthCreds, proto } from '@whiskeysockets/baileys'
import { WA_CERT_DETAILS } from '@whiskeysockets/baileys/lib/Defaults/index.js'
import pino from 'pino'

const KEY_TYPES = { 'app-state-sync-key': value => proto.Message.AppStateSyncKeyData.fromObject(value) }

/** Everything that Baileys keeps, in memory. */
export const memoryAuth = () => {
	const store = new Map()
	return {
		creds: initAuthCreds(),
		keys: {
			get: async (type, ids) =>
				Object.fromEntries(
					ids
						.map(id => [id, store.get(`${type} ${id}`)])
						.filter(([, value]) => value !== undefined)
						.map(([id, value]) => [id, KEY_TYPES[type] ? KEY_TYPES[type](value) : value])
				),
			set: async data => {
				for (const [type, values] of Object.entries(data)) {
					for (const [id, value] of Object.entries(values)) {
						if (value === null || value === undefined) store.delete(`${type} ${id}`)
						else store.set(`${type} ${id}`, value)
					}
				}
			},
			count: type => [...store.keys()].filter(key => key.startsWith(`${type} `)).length
		}
	}
}

/** The public half of an X25519 key: node takes private keys as PKCS #8 only. */
const publicKeyOf = secret => {
	const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret])
	const key = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }))
	return Buffer.from(key.export({ format: 'jwk' }).x, 'base64url')
}

/** The credentials of a device that is linked already. */
export const authOf = device => {
	const auth = memoryAuth()
	const secret = Buffer.from(device.noise_private_key, 'hex')
	auth.creds.noiseKey = { private: secret, public: publicKeyOf(secret) }
	auth.creds.me = { id: device.jid, lid: device.lid, name: 'Simulated' }
	auth.creds.registered = true
	return auth
}

export const connect = (simulator, auth) => {
	WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(simulator.root_key, 'hex')
	const socket = makeWASocket({
		waWebSocketUrl: simulator.url,
		auth,
		logger: pino({ level: process.env.LOG_LEVEL ?? 'silent' }, pino.destination(2)),
		defaultQueryTimeoutMs: 20_000
	})
	socket.ev.on('creds.update', update => Object.assign(auth.creds, update))
	return socket
}

/** Resolves with the first `connection.update` that satisfies a condition; fails on a deadline. */
export const update = (socket, condition) =>
	new Promise((resolve, reject) => {
		const deadline = setTimeout(() => reject(new Error('no such update in 60 s')), 60_000)
		socket.ev.on('connection.update', seen => {
			if (condition(seen)) {
				clearTimeout(deadline)
				resolve(seen)
			} else if (seen.connection === 'close') {
				clearTimeout(deadline)
				reject(seen.lastDisconnect?.error ?? new Error('closed'))
			}
		})
	})

export const isOpen = seen => seen.connection === 'open'
export const isClosed = seen => seen.connection === 'close'
