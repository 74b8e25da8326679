/** Loads n8n's engine once per process and says where its logs and binary data go. */
import './environment';
import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';

import { BinaryDataConfig, BinaryDataService } from 'n8n-core';
import type { IBinaryData } from 'n8n-workflow';

/** `memory` keeps binary data as base64 in the items; `filesystem` is what n8n does unless told otherwise. */
export type BinaryDataMode = 'memory' | 'filesystem';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Receives what nodes and the engine log. */
export type LogSink = (level: LogLevel, message: string, metadata?: unknown) => void;

/** The part of n8n's service container used here. */
interface ServiceContainer {
  get<T>(identifier: new (...args: never[]) => T): T;
  set(identifier: unknown, service: unknown): void;
}

// n8n-core's own dependencies: they must be the very copies it uses, wherever they are installed.
const requireFromCore = createRequire(require.resolve('n8n-core'));
const { Container } = requireFromCore('@n8n/di') as { Container: ServiceContainer };
const { Logger } = requireFromCore('@n8n/backend-common') as { Logger: unknown };
/** How n8n reads a request's content type, encoding and file name; n8n has it in this package since 2.33. */
export function parseIncomingMessage(message: IncomingMessage): void {
  const network = requireFromCore('@n8n/backend-network') as { parseIncomingMessage(message: unknown): void };
  network.parseIncomingMessage(message);
}

let sink: LogSink = () => undefined;

/** Sends what is logged from now on, anywhere in this process, to `next`. Until then it goes nowhere. */
export function setLogSink(next: LogSink): void {
  sink = next;
}

/** Chooses how binary data is kept from now on, anywhere in this process. */
export async function setBinaryDataMode(mode: BinaryDataMode): Promise<void> {
  Container.get(BinaryDataConfig).mode = mode === 'memory' ? 'default' : 'filesystem';
  await Container.get(BinaryDataService).init();
}

/** The content of an item's file, wherever n8n keeps it. */
export async function contentOf(file: IBinaryData | undefined): Promise<Buffer> {
  if (!file) throw new Error('there is no such file');
  return Container.get(BinaryDataService).getAsBuffer(file);
}

function createLogger(): Record<LogLevel | 'scoped', unknown> {
  const at = (level: LogLevel) => (message: string, metadata?: unknown) => sink(level, message, metadata);
  const logger = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    scoped: () => logger,
  };
  return logger;
}

Container.set(Logger, createLogger());
