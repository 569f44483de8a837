// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/message_text.h"

#include <ldns/ldns.h>

#include <cstdlib>
#include <memory>

namespace signpost::dns {
namespace {

void Append(const ldns_rr_list* list, std::vector<std::string>& out) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const std::unique_ptr<char, void (*)(void*)> text(ldns_rr2str(ldns_rr_list_rr(list, i)), std::free);
    if (text == nullptr) continue;
    std::string line(text.get());
    while (line.ends_with('\n')) line.pop_back();
    out.push_back(std::move(line));
  }
}

}  // namespace

std::vector<std::string> RecordTexts(std::span<const uint8_t> message) {
  std::vector<std::string> out;
  ldns_pkt* raw = nullptr;
  if (ldns_wire2pkt(&raw, message.data(), message.size()) != LDNS_STATUS_OK) return out;
  const std::unique_ptr<ldns_pkt, void (*)(ldns_pkt*)> packet(raw, ldns_pkt_free);
  Append(ldns_pkt_answer(packet.get()), out);
  Append(ldns_pkt_authority(packet.get()), out);
  Append(ldns_pkt_additional(packet.get()), out);
  return out;
}

}  // namespace signpost::dns
