/** What the tests of every package start, break and look at. */
export {
  type StartableBroker,
  type StartedBroker,
  type StartedBrokerFields,
  brokerStarter,
} from './broker-starter.ts';
export { launchBrowser } from './browser.ts';
export {
  authority,
  certificate,
  type CertificateName,
  encryptedKeyFile,
  type TestCertificate,
  weakCiphers,
} from './certificates.ts';
export { check, type FaultKind, faultKinds, faultsIn, type Report } from './checker.ts';
export { Disposables } from './disposables.ts';
export {
  closeFrame,
  decodeFrame,
  encodeFrame,
  type Frame,
  type FrameParts,
  frameSize,
  opcodes,
  textFrame,
} from './frame.ts';
export {
  type Answer,
  type AnswerTo,
  type BackendEvent,
  FakeBackend,
  type FakeBackendOptions,
  type HttpAnswer,
  startFakeBackend,
} from './fake-backend.ts';
export { freePort } from './free-port.ts';
export {
  type Arrival,
  type ConnectionEvent,
  type Downward,
  type DownwardArrival,
  History,
  type Numbered,
} from './history.ts';
export { Inbox } from './inbox.ts';
export { watchForLeaks } from './leak-check.ts';
export { type LogEntry, MemoryLogger, type MemoryLogLevel } from './memory-logger.ts';
export { misbehave, type Misbehaviour, misbehaviours } from './misbehaviour.ts';
export { postCommands, type PostOptions, type PostResult, postText } from './post-commands.ts';
export { chromiumPath, has, type ProgramName } from './programs.ts';
export {
  type CloseFacts,
  connectRaw,
  RawClient,
  type RawClientOptions,
  type Received,
  UpgradeRefused,
} from './raw-client.ts';
export { connectTcp, RawTcp } from './raw-tcp.ts';
export { type ExitFacts, SpawnedProcess, spawnProcess, type SpawnOptions } from './spawned-process.ts';
export {
  connectV1,
  V1Client,
  type V1Frame,
  type V1Message,
  type V1Opened,
  type V1Options,
} from './v1-client.ts';
