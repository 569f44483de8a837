// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/rows.h"

#include <algorithm>
#include <tuple>

namespace signpost::registry {
namespace {

auto Content(const CheckRow& row) {
  return std::tie(row.node, row.check_id, row.name, row.status, row.notes, row.output, row.service_id, row.service_name,
                  row.service_tags, row.type, row.definition);
}

}  // namespace

bool operator==(const CheckRow& a, const CheckRow& b) {
  if (Content(a) != Content(b)) return false;
  return a.run == b.run || (a.run && b.run && *a.run == *b.run);
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string NodeKey(std::string_view node) { return Lower(node); }

// A NUL in a node's name must not look like the one between the parts.
std::string PartKey(std::string_view node, std::string_view id) {
  std::string key;
  for (const char c : Lower(node)) {
    if (c == '\0' || c == '\1') {
      key += '\1';
      key += c == '\0' ? '\1' : '\2';
    } else {
      key += c;
    }
  }
  key += '\0';
  return key + Lower(id);
}

std::string KeyOf(const NodeRow& row) { return NodeKey(row.node.name); }
std::string KeyOf(const ServiceRow& row) { return PartKey(row.node, row.id); }
std::string KeyOf(const CheckRow& row) { return PartKey(row.node, row.check_id); }
std::string KeyOf(const KvRow& row) { return row.key; }
std::string KeyOf(const SessionRow& row) { return row.id; }
std::string KeyOf(const QueryRow& row) { return row.id; }

}  // namespace signpost::registry
