// Signpost. Apache-2.0; see LICENSE.
// lookup.js c-ares|lookup KIND NAME: what Node finds, one record a line. c-ares is dns.resolve*, lookup is the C library's.
'use strict';
const dns = require('dns').promises;

const [how, kind, name] = process.argv.slice(2);

async function addresses() {
  if (how === 'lookup') {
    const family = {a: 4, aaaa: 6, any: 0}[kind];
    return (await dns.lookup(name, {all: true, family, verbatim: true})).map((each) => each.address);
  }
  dns.setServers(['127.0.0.1']);
  const found = await Promise.allSettled([
    ...(kind === 'aaaa' ? [] : [dns.resolve4(name)]),
    ...(kind === 'a' ? [] : [dns.resolve6(name)]),
  ]);
  const good = found.filter((each) => each.status === 'fulfilled').flatMap((each) => each.value);
  if (!good.length) throw found[0].reason;
  return good;
}

async function main() {
  if (kind === 'srv') {
    dns.setServers(['127.0.0.1']);
    for (const each of await dns.resolveSrv(name)) {
      console.log('SRV', each.priority, each.weight, each.port, each.name);
    }
    return;
  }
  for (const each of await addresses()) console.log(each.includes(':') ? 'AAAA' : 'A', each);
}

main().catch((error) => {
  console.log('ERROR', error.code);
  process.exitCode = 1;
});
