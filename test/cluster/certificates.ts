/**
 * An authority and certificates that it signed, made by openssl for one test and valid for years.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const DAYS = '7300'
const LOOPBACK = 'DNS:localhost,IP:127.0.0.1'

/** Paths of PEM files. */
export interface Certificate {
  readonly key: string
  readonly certificate: string
  /** Key and certificate in one file, as Kafka's PEM key stores have them. */
  readonly store: string
}

export class Authority {
  readonly #directory = mkdtempSync(join(tmpdir(), 'sluice-authority-'))
  /** What others trust. */
  readonly certificate = this.#path('authority.crt')

  constructor() {
    const subject = ['-subj', '/CN=authority', '-days', DAYS]
    this.#openssl(['req', '-x509', ...this.#newKey('authority'), ...subject, '-out', this.certificate])
  }

  /** A certificate for those hosts: this machine's loopback, unless told otherwise. */
  issue(name: string, hosts = LOOPBACK): Certificate {
    const [key, request, certificate] = [`${name}.key`, `${name}.csr`, `${name}.crt`].map((file) =>
      this.#path(file),
    )
    const extensions = this.#path(`${name}.ext`)
    if (key === undefined || request === undefined || certificate === undefined) throw new Error('no paths')
    writeFileSync(extensions, `subjectAltName=${hosts}`)
    this.#openssl(['req', ...this.#newKey(name), '-subj', `/CN=${name}`, '-out', request])
    const signer = ['-CA', this.certificate, '-CAkey', this.#path('authority.key'), '-CAcreateserial']
    const signed = ['-days', DAYS, '-extfile', extensions, '-out', certificate]
    this.#openssl(['x509', '-req', '-in', request, ...signer, ...signed])
    const store = this.#path(`${name}.pem`)
    writeFileSync(store, readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'))
    return { key, certificate, store }
  }

  /** The same key, encrypted; answers its path. */
  encrypted({ key }: Certificate, password: string): string {
    const out = `${key}.encrypted`
    this.#openssl(['pkcs8', '-topk8', '-in', key, '-passout', `pass:${password}`, '-out', out])
    return out
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }

  #newKey(name: string): string[] {
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    return [...kind, '-keyout', this.#path(`${name}.key`)]
  }

  #openssl(options: readonly string[]): void {
    execFileSync('openssl', options, { stdio: 'ignore' })
  }
}
