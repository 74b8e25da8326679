import type { ILoadOptionsFunctions, INodeListSearchItems, INodeListSearchResult } from 'n8n-workflow';

import { Executors } from './executors';
import { credentialIdOf } from './keeping';
import { readLocation } from './locationFields';
import { toNodeError } from './nodeError';
import { parametersInEditor } from './parameters';
import { toDeployError } from '../shared/errors';
import { printable } from '../shared/text/printable';
import { type Inventory, listReleases, type ReleaseSummary } from '../shared/operations/list';

const MOST_SHOWN = 24;

/** The releases kept on the engine's side, for the resource locator. */
export async function searchReleases(
  this: ILoadOptionsFunctions,
  filter?: string,
): Promise<INodeListSearchResult> {
  const { releases, counts } = await inventory(this);
  const found = releases.map((release) => ({ name: releaseLabel(release), value: release.release }));
  return { results: [...matching(found, filter), ...leftOut(found.length, counts.releases)] };
}

/** The backups kept on the engine's side, for the resource locator. */
export async function searchBackups(
  this: ILoadOptionsFunctions,
  filter?: string,
): Promise<INodeListSearchResult> {
  const { backups, counts } = await inventory(this);
  const found = backups.map(({ name, bytes, createdAt }) => ({
    name: `${name} · ${day(createdAt)} · ${size(bytes)}`,
    value: name,
  }));
  return { results: [...matching(found, filter), ...leftOut(found.length, counts.backups)] };
}

/** That there are more: choosing it names nothing. */
function leftOut(listed: number, all: number): INodeListSearchItems[] {
  if (listed >= all) return [];
  const left = (all - listed).toLocaleString('en');
  return [{ name: `… and ${left} older ones, which can be given By Name`, value: '' }];
}

async function inventory(context: ILoadOptionsFunctions): Promise<Inventory> {
  const executors = new Executors();
  try {
    const location = readLocation(parametersInEditor(context));
    const client = await executors.open(
      location,
      () => context.getCredentials('hotDeploySshApi'),
      credentialIdOf(context.getNode().credentials?.hotDeploySshApi?.id),
    );
    try {
      return await listReleases(client, location.basePath);
    } finally {
      await client.close();
    }
  } catch (error) {
    throw toNodeError(context.getNode(), toDeployError(error));
  } finally {
    await executors.close();
  }
}

function releaseLabel({ release, state, source, processes }: ReleaseSummary): string {
  const origin = source.commit?.slice(0, 7) ?? endOf(source.reference ?? source.type);
  const use = processes > 0 ? ` · in use by ${processes}` : '';
  // The id begins with the day and time.
  return `${release} · ${state} · ${origin}${use}`;
}

/** As much of a path's end as the list has room for. */
function endOf(text: string): string {
  return text.length > MOST_SHOWN ? `…${text.slice(1 - MOST_SHOWN)}` : text;
}

function matching(items: INodeListSearchItems[], filter = ''): INodeListSearchItems[] {
  const wanted = filter.toLowerCase();
  const shown = items.map((item) => ({ ...item, name: printable(item.name) }));
  return shown.filter(({ name }) => name.toLowerCase().includes(wanted));
}

function day(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

function size(bytes: number): string {
  return bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
