/**
 * Why a node could not be spoken to, in words that tell an operator what to look at.
 *
 * What gRPC says of a dial whose other side wants TLS and gets none, or the other way round, is no help: both look like
 * a connection that closed. It decides nothing.
 */

/** Something listened, and hung up before gRPC was spoken. */
const HUNG_UP = /Failed to connect|ECONNRESET|socket disconnected before secure TLS connection/
const NO_TLS = /wrong version number|packet length too long/i
const ALERT = /alert|certificate required|unknown ca|bad certificate/i
const DISTRUSTED = /self.signed|unable to (get|verify)|certificate has expired|not yet valid|altnames/i

/** @param usesTls whether this node dialled with TLS. */
export function explained(message: string, usesTls: boolean): string {
  if (/ECONNREFUSED/.test(message)) return message
  if (!usesTls && HUNG_UP.test(message))
    return `${message}; it hung up at once: if it speaks TLS, so must this node (listener.security.protocol.map, ssl.*)`
  if (!usesTls) return message
  if (NO_TLS.test(message)) return `it does not speak TLS, and this node does: ${message}`
  if (DISTRUSTED.test(message)) return `its certificate is not to be trusted (ssl.truststore): ${message}`
  if (ALERT.test(message) || HUNG_UP.test(message))
    return `${message}; it refused the handshake: does it trust this node's certificate (ssl.keystore)?`
  return message
}
