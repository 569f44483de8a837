// Signpost. Apache-2.0; see LICENSE.
// The options that say which services come from DNS.
#pragma once

#include "common/base/status.h"
#include "common/options/options.h"
#include "lb/discovery/dns_source.h"
#include "lb/publish/config.h"

namespace signpost::lb {

options::Rows DnsRows();
// The names of --dns-name and of the config file's services. kConfig names the option at fault.
Result<DnsOptions> ReadDnsOptions(const options::Values& values, const FileConfig& config);

// Whether a source made with `a` may go on where `b` is wanted.
bool SameDns(const DnsOptions& a, const DnsOptions& b);

}  // namespace signpost::lb
