// A PostgreSQL server for tests: the wire protocol in front of one PGlite with TimescaleDB's full edition.
//
// usage: node pglite.mjs PACKAGE SOCKET   The password comes as the first line of the input; when that closes, this ends.
//
// PGlite has one session. A connection has its turn from its first message until it is idle outside a transaction, and
// the others wait: what needs two sessions at once (locks, time-outs, cancelling) can't be tested here. Names of
// statements and portals are each connection's own. COPY FROM STDIN, which kills PGlite, is collected and given to it
// as a file. It must never be used for anything but tests.

import net from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [, , folder, socketPath] = process.argv
const load = file => import(pathToFileURL(path.join(folder, 'dist', file)).href)
const { PGlite } = await load('index.js')
const { timescaledb } = await load('timescaledb/index.js')
const { btree_gist: btreeGist } = await load('contrib/btree_gist.js')

const SYNC = Buffer.from([0x53, 0, 0, 0, 4])
const COPY = /^\s*copy\s[\s\S]*\bfrom\s+stdin\b/i

const text = string => Buffer.from(`${string}\0`)
const int32 = number => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(number)
  return bytes
}
const frame = (type, ...parts) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}
const failure = (code, message) => frame('E', text('SERROR'), text('VERROR'), text(`C${code}`), text(`M${message}`), Buffer.from([0]))
/** The string that begins at an offset, and where the next thing begins. */
const stringAt = (bytes, from) => {
  const end = bytes.indexOf(0, from)
  return [bytes.toString('utf8', from, end), end + 1]
}

/** PGlite's only session, and whose turn it is. */
class Session {
  static async open() {
    const session = new Session()
    session.lite = await PGlite.create({ dataDir: 'memory://', extensions: { timescaledb, btree_gist: btreeGist } })
    // It has no shared_preload_libraries; without the library compressed rows would not be seen.
    await session.lite.exec(`CREATE EXTENSION IF NOT EXISTS timescaledb; LOAD 'timescaledb';
      SET client_min_messages = warning; SET timezone = 'UTC'`)
    session.owner = null
    session.waiting = []
    /** As in ReadyForQuery: I idle, T in a transaction, E in a failed one. */
    session.state = 'I'
    return session
  }

  turn(connection) {
    if (this.owner === null || this.owner === connection) {
      this.owner = connection
      return Promise.resolve()
    }
    return new Promise(resolve => this.waiting.push({ connection, resolve }))
  }

  pass() {
    const next = this.waiting.shift()
    this.owner = next?.connection ?? null
    next?.resolve()
  }

  /** Sends one message and returns the answer without what is meant for other sessions. */
  async send(message) {
    const answer = Buffer.from(await this.lite.execProtocolRaw(new Uint8Array(message)))
    const kept = []
    for (let at = 0; at + 5 <= answer.length; ) {
      const end = at + 1 + answer.readInt32BE(at + 1)
      const type = String.fromCharCode(answer[at])
      if (type === 'Z') this.state = String.fromCharCode(answer[at + 5])
      if (type !== 'A') kept.push(answer.subarray(at, end))
      at = end
    }
    return Buffer.concat(kept)
  }

  /** Copies what was collected. */
  async copy(sql, parts) {
    const blob = new Blob(parts)
    const result = await this.lite.query(sql.replace(/from\s+stdin/i, "FROM '/dev/blob'"), [], { blob })
    return result.affectedRows ?? 0
  }
}

/** One client. Its messages are handled one after another. */
class Connection {
  static count = 0

  constructor(session, socket, password) {
    Object.assign(this, { session, socket, password, number: ++Connection.count })
    this.input = Buffer.alloc(0)
    this.stage = 'start'
    this.work = Promise.resolve()
    this.statements = new Map()
    this.portals = new Map()
    /** What is being copied: the statement and the parts so far. */
    this.copying = null
    /** After an error, everything up to the next Sync is passed over. */
    this.isFailed = false
    socket.setNoDelay(true)
    socket.on('data', bytes => this.take(bytes))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.queue(() => this.leave()))
  }

  queue(step) {
    this.work = this.work.then(step).catch(error => {
      console.error('bridge:', error)
      this.socket.destroy()
    })
  }

  take(bytes) {
    this.input = this.input.length ? Buffer.concat([this.input, bytes]) : bytes
    for (;;) {
      const head = this.stage === 'start' ? 0 : 1
      if (this.input.length < head + 4) return
      const end = head + this.input.readInt32BE(head)
      if (this.input.length < end) return
      const message = Buffer.from(this.input.subarray(0, end))
      this.input = this.input.subarray(end)
      if (this.stage === 'start') this.start(message)
      else if (this.stage === 'password') this.admit(message)
      else this.queue(() => this.handle(String.fromCharCode(message[0]), message))
    }
  }

  start(message) {
    const version = message.readInt32BE(4)
    if (version === 80877103 || version === 80877104) return this.socket.write('N')
    if (version !== 196608) return this.socket.destroy()
    this.stage = 'password'
    this.socket.write(frame('R', int32(3)))
  }

  admit(message) {
    if (message[0] !== 0x70 || stringAt(message, 5)[0] !== this.password) {
      this.socket.end(failure('28P01', 'password authentication failed'))
      return
    }
    this.stage = 'ready'
    const said = { server_version: '17.5', server_encoding: 'UTF8', client_encoding: 'UTF8', DateStyle: 'ISO, MDY', TimeZone: 'UTC', integer_datetimes: 'on', standard_conforming_strings: 'on' }
    const parameters = Object.entries(said).map(([name, value]) => frame('S', text(name), text(value)))
    this.socket.write(Buffer.concat([frame('R', int32(0)), ...parameters, frame('K', int32(this.number), int32(0)), frame('Z', text('I').subarray(0, 1))]))
  }

  own(name) {
    return name === '' ? '' : `c${this.number}_${name}`
  }

  async handle(type, message) {
    if (this.socket.destroyed) return
    const body = message.subarray(5)
    if (this.copying) return this.whileCopying(type, body)
    if (type === 'X') return this.socket.end()
    await this.session.turn(this)
    if (type === 'S') return this.sync()
    if (this.isFailed) return
    switch (type) {
      case 'Q':
        return this.simple(message)
      case 'P': {
        const [name, rest] = stringAt(body, 0)
        this.statements.set(name, stringAt(body, rest)[0])
        return this.answer(frame('P', text(this.own(name)), body.subarray(rest)))
      }
      case 'B': {
        const [portal, at] = stringAt(body, 0)
        const [name, rest] = stringAt(body, at)
        this.portals.set(portal, this.statements.get(name) ?? '')
        if (COPY.test(this.portals.get(portal))) return this.socket.write(frame('2'))
        return this.answer(frame('B', text(this.own(portal)), text(this.own(name)), body.subarray(rest)))
      }
      case 'E': {
        const [portal, rest] = stringAt(body, 0)
        const sql = this.portals.get(portal) ?? ''
        if (COPY.test(sql)) return this.beginCopy(sql)
        return this.answer(frame('E', text(this.own(portal)), body.subarray(rest)))
      }
      case 'D':
      case 'C': {
        const [name] = stringAt(body, 1)
        if (type === 'C' && body[0] === 0x53) this.statements.delete(name)
        return this.answer(frame(type, body.subarray(0, 1), text(this.own(name))))
      }
      default:
        return this.answer(message)
    }
  }

  async answer(message) {
    const answer = await this.session.send(message)
    for (let at = 0; at + 5 <= answer.length; at += 1 + answer.readInt32BE(at + 1)) {
      if (answer[at] === 0x45) this.isFailed = true
    }
    this.socket.write(answer)
  }

  async sync() {
    this.isFailed = false
    this.socket.write(await this.session.send(SYNC))
    this.rest()
  }

  async simple(message) {
    if (COPY.test(stringAt(message, 5)[0])) {
      this.socket.write(failure('0A000', 'COPY FROM STDIN only with the extended protocol'))
      return this.sync()
    }
    this.socket.write(await this.session.send(message))
    this.rest()
  }

  beginCopy(sql) {
    this.copying = { sql, parts: [] }
    this.socket.write(frame('G', Buffer.from([/\bbinary\b/i.test(sql) ? 1 : 0, 0, 0])))
  }

  async whileCopying(type, body) {
    if (type === 'd') this.copying.parts.push(Buffer.from(body))
    if (type !== 'c' && type !== 'f') return
    const { sql, parts } = this.copying
    this.copying = null
    try {
      if (type === 'f') throw Object.assign(new Error('the client gave COPY up'), { code: '57014' })
      this.socket.write(frame('C', text(`COPY ${await this.session.copy(sql, parts)}`)))
    } catch (error) {
      this.isFailed = true
      this.socket.write(failure(error.code ?? 'XX000', error.message))
    }
  }

  /** Gives the turn on, outside a transaction. */
  rest() {
    if (this.session.state === 'I' && this.session.owner === this) this.session.pass()
  }

  /** Undoes what is open and forgets what was prepared. */
  async leave() {
    await this.session.turn(this)
    const close = [...this.statements.keys()].filter(name => name !== '').map(name => frame('C', Buffer.from('S'), text(this.own(name))))
    await this.session.send(SYNC)
    if (this.session.state !== 'I') await this.session.send(frame('Q', text('ROLLBACK')))
    for (const message of close) await this.session.send(message)
    await this.session.send(SYNC)
    this.session.pass()
  }
}

const lines = createInterface({ input: process.stdin })
const password = (await lines[Symbol.asyncIterator]().next()).value
process.stdin.on('end', () => process.exit(0))
process.stdin.on('close', () => process.exit(0))
process.stdin.resume()
const session = await Session.open()
net.createServer(socket => new Connection(session, socket, password)).listen(socketPath, () => console.log('ready'))
