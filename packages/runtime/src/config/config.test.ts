import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { childEnvironment } from './environment.ts';
import { loadConfig, projectFolder } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'redqueen-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const plain = fileWith('plain.yaml', 'log: { level: warn }\nservices:\n  world-model: { port: 9000 }\n');
const load = (options: Parameters<typeof loadConfig>[0] = {}) =>
  loadConfig({ environment: {}, workingFolder: folder, file: plain, ...options });

describe('loading', () => {
  it('fills in every default and makes folders absolute', () => {
    const { config, provenance } = load({ file: fileWith('empty.yaml', '# nothing\n') });
    expect(config.bus.kind).toBe('auto');
    expect(config.services.gateway).toEqual({ host: '127.0.0.1', port: 7108 });
    expect(config.dataDir).toBe(join(folder, '.redqueen'));
    expect(config.policy.modelsFolder).toBe(join(projectFolder, 'config/models'));
    expect(provenance['bus.kind']).toBe('default');
  });

  it('lets flags win over variables, variables over the file, the file over the defaults, and says which it was', () => {
    const environment = { REDQUEEN__LOG__LEVEL: 'error', REDQUEEN__SERVICES__WORLD_MODEL__PORT: '9001', REDQUEEN__DATA_DIR: '42' };
    const { config, provenance } = load({ environment, flags: { 'log.level': 'debug', 'bus.kind': undefined } });
    expect(config.log.level).toBe('debug');
    expect(config.services['world-model']).toEqual({ host: '127.0.0.1', port: 9001 });
    expect(config.dataDir).toBe(join(folder, '42'));
    expect(provenance).toMatchObject({
      'log.level': 'flag',
      'services.world-model.port': 'environment variable REDQUEEN__SERVICES__WORLD_MODEL__PORT',
      'bus.kind': 'default',
    });
    expect(load().config.services['world-model'].port).toBe(9000);
    expect(load().provenance['services.world-model.port']).toBe(`file ${plain}`);
  });

  it('knows NATS_URL and NATS_SERVER_BIN, below its own variables', () => {
    const environment = { NATS_URL: 'nats://a:1', NATS_SERVER_BIN: '/n' };
    expect(load({ environment }).config.bus).toMatchObject({ url: 'nats://a:1', serverBinary: '/n' });
    expect(load({ environment: { ...environment, REDQUEEN__BUS__URL: 'nats://b:2' } }).config.bus.url).toBe('nats://b:2');
  });

  it('is frozen all the way down', () => {
    const { config } = load();
    expect(() => Object.assign(config.services.policy, { port: 1 })).toThrow(TypeError);
  });

  it("accepts the project's own file, which repeats the defaults", () => {
    const own = load({ file: join(projectFolder, 'config/redqueen.yaml') }).config;
    expect(own).toEqual(load({ file: fileWith('empty.yaml', '') }).config);
  });

  it('gives a service process the file and nothing that could override it', () => {
    const environment = { PATH: '/bin', REDQUEEN__BUS__KIND: 'memory', NATS_URL: 'nats://a:1', UNSET: undefined };
    expect(childEnvironment(environment, '/c.yaml')).toEqual({ PATH: '/bin', REDQUEEN_CONFIG: '/c.yaml' });
    const nested = childEnvironment({ REDQUEEN_INSTANCE: 'outer' }, '/c.yaml', 'inner');
    expect(nested).toEqual({ REDQUEEN_CONFIG: '/c.yaml', REDQUEEN_INSTANCE: 'inner' });
  });
});

describe('faults', () => {
  it.each([
    ['unknown key', 'bus: { knid: nats }', /bad\.yaml.*bus\.knid: unknown key; known here: kind, url, serverBinary/],
    ['unknown service', 'services: { polcy: { port: 1 } }', /services\.polcy: unknown key; known here: policy, proposer/],
    ['wrong type', 'services: { policy: { port: high } }', /services\.policy\.port: .*number/],
    ['port out of range', 'gateway: { pagePort: 70000 }', /gateway\.pagePort/],
    ['no YAML', 'a: [', /cannot be read/],
    ['a list', '- a', /must hold keys and values/],
    ['a group without keys', 'bus:', /bus: /],
  ])('refuses %s in the file, naming file and key', (_, text, message) => {
    expect(() => load({ file: fileWith('bad.yaml', text) })).toThrow(message);
  });

  it('refuses an unknown variable and lists the known keys', () => {
    expect(() => load({ environment: { REDQUEEN__BUS__KNID: 'nats' } })).toThrow(
      'environment variable REDQUEEN__BUS__KNID: unknown key KNID; bus has kind, url, serverBinary',
    );
    expect(() => load({ environment: { REDQUEEN__BUS__KIND__X: 'nats' } })).toThrow('bus.kind has no keys below it');
  });

  it('refuses a wrong value of a variable, naming the variable', () => {
    expect(() => load({ environment: { REDQUEEN__GATEWAY__PAGE_PORT: 'x' } })).toThrow(
      /REDQUEEN__GATEWAY__PAGE_PORT \(gateway\.pagePort\): gateway\.pagePort/,
    );
  });

  it('refuses an unknown flag', () => {
    expect(() => load({ flags: { 'bus.knid': 'x' } })).toThrow(/^flag: bus\.knid: unknown key/);
  });

  it('says where a missing file was looked for', () => {
    expect(() => load({ file: 'nowhere.yaml' })).toThrow(join(folder, 'nowhere.yaml'));
  });
});
