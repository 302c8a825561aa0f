/**
 * Every bound of the house, with its unit: queues, caches, frames, counts, sessions.
 *
 * A number that limits memory, time or file descriptors stands here and nowhere else (the pure rooms,
 * which may not import this one, keep their own `limits.ts`). Those that an operator may want to move
 * are defaults of a Kafka setting, named in the comment.
 */
const KiB = 1024
const MiB = 1024 * KiB

export const limits = {
  /** One request frame; `socket.request.max.bytes`. */
  frameSizeBytesMax: 100 * MiB,
  /** Requests of one connection that are being worked on at once; reading pauses above. */
  inFlightRequestsPerConnectionMax: 1_000,
  /** Unsent response bytes of one connection above which its reading pauses. */
  unsentBytesPerConnectionPause: 4 * MiB,
  /** A connection whose peer takes no byte for this long while we have some to send is closed. */
  sendStallMs: 60_000,
  /** Open client connections in all; `max.connections`. */
  connectionsMax: 10_000,
  /** Open client connections from one address; `max.connections.per.ip`. */
  connectionsPerAddressMax: 10_000,
  /** Share of the file descriptors that connections may have; the rest is for segment files (Node tells nobody of a connection that it could not accept). */
  descriptorsForConnectionsShare: 0.5,
  /** Share that open segment files may have; syncs of directories and small files need some, too. */
  descriptorsForSegmentsShare: 0.4,
  /** Segment files that may be open at once, where the system allows as many. */
  openSegmentFilesMax: 4_096,
  /** How often connections are looked over for idle and stalled peers. */
  connectionSweepMs: 5_000,
  /** A connection that has sent no whole request after this long is closed. */
  firstRequestMs: 30_000,
  /** Bytes of requests and responses in memory over all connections; reading pauses above. */
  requestMemoryBytesMax: 64 * MiB,
  /** One user gets this part of the free request memory, so that no few of them use it up. */
  memoryShareDivisor: 16,
  /** What a user gets however little is free. */
  memoryShareBytesMin: 64 * KiB,
  /** As `sendStallMs`, while the request memory is used up. */
  sendStallMsExhausted: 5_000,
  /** Other connections' turn comes after this long and this many requests of one. */
  requestSliceMs: 2,
  requestsPerSliceMin: 16,
  /** Lines about refused requests that go to the log in one second; the others are counted. */
  refusalLinesPerSecondMax: 5,
  /** The memory of the start is given back after this: soon, but not while the first clients wait. */
  memoryFirstLookMs: 1_000,
  /** How often the process looks at its own size. */
  memoryLookMs: 10_000,
  /** Growth since the last full collection that is worth the next one. */
  memoryGrowthBytesBeforeTrim: 96 * MiB,
  /** Window of a socket read. */
  readWindowBytes: 256 * KiB,
  /** First receive slab of a connection. */
  receiveSlabBytes: 64 * KiB,
  /** Largest slab that a connection keeps for its next frame; bigger ones serve one frame. */
  receiveSlabBytesMax: 4 * MiB,
  /** Requests of one connection read but not yet begun, because an earlier one must be answered first. */
  waitingRequestsPerConnectionMax: 100,
  /** Free slabs kept for reuse. */
  slabPoolBytesMax: 16 * MiB,
  /** Requests parked until time or data arrives (fetches, produces, joins). */
  parkedRequestsMax: 100_000,
  /** Fetch sessions kept; `max.incremental.fetch.session.cache.slots`. */
  fetchSessionsMax: 1_000,
  /** One fetch answer; `fetch.max.bytes`. */
  fetchResponseBytesMax: 55 * MiB,
  /** A write to a log up to this size is done in the event loop's own thread. */
  syncWriteBytesMax: 64 * KiB,
  /** Largest chunk of a read from a log. */
  readChunkBytes: 1024 * KiB,
  /** Free read buffers kept for reuse. */
  readPoolBytesMax: 32 * MiB,
  /** Bytes at the end of a log that are believed to be in the page cache: they are read in the event loop's own thread. */
  warmTailBytes: 32 * MiB,
  /** Bytes of one write to a log; what waits beyond goes with the next. */
  writeBytesMax: 8 * MiB,
  /** Bytes of one log that wait for a slow disk; appends beyond are refused. */
  pendingAppendBytesPerLogMax: 128 * MiB,
  /** Chunk that compaction reads and writes. */
  compactionChunkBytes: 256 * KiB,
  /** Memory for the keys of one compaction; what does not fit waits for the next. */
  compactionMapBytesMax: 64 * MiB,
  /** Compaction and retention let other work run after this long. */
  maintenanceSliceMs: 5,
  /** Records and bytes of one batch of a metadata snapshot. */
  snapshotBatchRecordsMax: 1_024,
  snapshotBatchBytesMax: 256 * KiB,
  /** Opening logs lets other work run after this long. */
  loadSliceMs: 50,
  /** Logs that are opened, checkpointed or closed at once. */
  logsWorkedOnAtOnceMax: 32,
  /** Bytes appended to a log after which the next checkpoint also writes a producer snapshot: what a restart replays. */
  bytesBetweenProducerSnapshotsMax: 64 * MiB,
  /** A move between directories that found no room tries again after this long. */
  replicaMoveRetryMs: 1_000,
  /** A checkpoint that a cut waits for, and that found no room, is written again after this long. */
  checkpointRetryMs: 500,
  /** A sync that found no file descriptor is tried again after this long. */
  syncRetryMs: 100,
  /** Syncs of one log directory under way at once: fewer than the threads that do them. */
  syncsPerDirectoryMax: 8,
  /** Entries of the metadata log in one message to another node; a larger batch goes alone. */
  quorumEntriesBytesMax: MiB,
  /** One piece of a metadata snapshot on its way to another node. */
  quorumSnapshotPieceBytesMax: 512 * KiB,
  /** One message between nodes; larger than the largest batch of the metadata log. */
  peerMessageBytesMax: 32 * MiB,
  /** Unsent bytes of one stream to another node above which the stream is given up. */
  peerUnsentBytesMax: 64 * MiB,
  /** Streams from nodes that have not said who they are; the next is refused. */
  peerStreamsUnnamedMax: 64,
  /** How long a node may take to say who it is. */
  peerHelloMs: 5_000,
  /** Silence on a connection to another node after which it is asked whether it lives, and how long it may take to answer. */
  peerKeepaliveMs: 3_000,
  peerKeepaliveTimeoutMs: 3_000,
  /** How long a call waits for its connection. */
  peerConnectMs: 2_000,
  /** How long a node whose stream has closed is looked for; who takes no connection by then cannot be reached. */
  peerProbeMs: 200,
  /** How long a connection must last to prove that somebody listens, and the wait before another is tried. */
  presenceProofMs: 30,
  presenceRetryMs: 2,
  /** Connections kept for calls to other nodes. */
  peerCallConnectionsMax: 64,
  /** Wait before a node that cannot be reached is dialled again: the first, and the longest. */
  peerRedialMsMin: 20,
  peerRedialMsMax: 250,
  /** What could not be written to the metadata log for want of room is tried again after this long. */
  quorumDiskRetryMs: 500,
  /** Bytes of entries from the leader that wait for room; a node with more has failed. */
  quorumWaitingEntriesBytesMax: 64 * MiB,
  /** New partitions whose files are made in one turn of the event loop. */
  newPartitionsAtOnce: 50,
  /** Commands decided and not yet committed; later ones wait undecided. */
  quorumCommandsDecidedMax: 1_000,
  /** Commands that wait to be decided; more are refused. */
  quorumCommandsWaitingMax: 100_000,
  /** Commands for the controller that this node has sent, or serves, and that are not answered; more are refused. */
  controllerCallsMax: 10_000,
  /** Wait before a controller that was none is asked again when nobody else is known. */
  controllerRetryMs: 50,
  /** How long a stop waits for another leader. */
  leadershipTransferMs: 1_000,
  /** A snapshot stays for this long after a piece of it was sent to a node. */
  snapshotSendingMs: 60_000,
  /** Uncompressed size of one batch that the broker has to look into. */
  decompressedBatchBytesMax: 64 * MiB,
  /** How often leaders look for followers that lag or may come into the in-sync set. */
  isrTickMs: 500,
  /** A leader whose log is damaged asks again for another one after this long. */
  leadershipGivenUpAgainMs: 5_000,
  /** A follower waits this long for its own sync before it fetches on with what is not persisted yet. */
  followerHoldMsMax: 2,
  /** An answer of this size says that more is waiting: the follower fetches on at once. */
  followerPipelineBytesMin: 256 * KiB,
  /** A follower hears of a high watermark without new records after this long at most: where consumers may read from it, and where none does. */
  highWatermarkNewsMsServing: 5,
  highWatermarkNewsMs: 100,
  /** Waits between attempts of a follower to reach its leader. */
  leaderRetryMsMin: 50,
  leaderRetryMsMax: 1_000,
  /** How long a follower waits for a connection to its leader. */
  leaderConnectMs: 1_500,
  /** How long nothing may come of a leader that owes a follower an answer; doubled with each failure that follows. */
  leaderPatienceMsMin: 1_500,
  /** How long an answer waits that would send a client to a leader whose connection has just broken. */
  leaderDoubtMs: 500,
  /** The same where only a connection that came from it is gone. */
  leaderDoubtBriefMs: 50,
  /** A leader whose followers have not asked it twice within this may have been deposed without knowing. */
  followerContactMs: 1_500,
  /** How long a broker that stops still answers when others lead what it led. */
  farewellMs: 100,
  /** How long a process may take to die: between the first of its connections that closes and the last. */
  dyingConnectionsMs: 20,
  /** Lines of what happened to a test cluster; the oldest go. */
  historyLinesMax: 10_000,
} as const
