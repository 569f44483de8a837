// Signpost. Apache-2.0; see LICENSE.
// Master files (RFC 1035 5) read by ldns, with what it lacks: $INCLUDE, line numbers, a clear no to $GENERATE,
// byte-order marks, over-long lines and TTLs above 2^31-1. What the records mean together is not looked at here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::dns {

struct ZoneFileRecord {
  std::string owner;  // wire form, letter case as written
  uint16_t type = 0;
  uint16_t rclass = 1;
  uint32_t ttl = 0;   // seconds
  std::string rdata;  // wire form, names not compressed, letter case as written
  uint32_t line = 0;  // where it begins
  uint32_t file = 0;  // index into ZoneFile::files
};

struct ZoneFile {
  std::vector<std::string> files;  // the first is the zone's own, then those it includes
  std::vector<ZoneFileRecord> records;
};

// Reads the master file at `path` for the zone `origin` ("example.com", final dot or none). Included files lie in the
// folder of `path` or below it, at most 8 deep. The Status of a failure is one sentence with "FILE:LINE: ", or "FILE: "
// when the file cannot be read.
Result<ZoneFile> ReadZoneFile(const std::string& path, std::string_view origin);
// The same from memory; `name` stands for the file in messages; $INCLUDE fails.
Result<ZoneFile> ReadZoneText(std::string_view text, std::string_view name, std::string_view origin);

}  // namespace signpost::dns
